"""What lasts from tick to tick, what one tick carries from system to system, and what it decides."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from workflow_engine.core.components import (
    Attempt,
    Component,
    Cost,
    Failure,
    Feedback,
    Identity,
    Json,
    PhaseProgress,
    Progress,
    Run,
    Table,
    definition_entity,
)
from workflow_engine.core.effects import Effect
from workflow_engine.core.events import Event
from workflow_engine.core.fan import Fan
from workflow_engine.core.inputs import Input
from workflow_engine.core.lanes import Lane, Lanes
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import PhasePlan, Plan
from workflow_engine.core.timers import Timers
from workflow_engine.core.world import World
from workflow_engine.errors import EngineError

I = TypeVar("I", bound=Input)  # noqa: E741 - an input

Components = dict[str, Component | Table]
"""The components of one entity, by their names in journals."""


Reply = str | Components | dict[str, Components] | EngineError
"""What a caller is told: an id, the components of the task it has just submitted, the entities of a task that is given
away, or a refusal."""


class Visit(msgspec.Struct, frozen=True, gc=False):
    """What the systems ask about a run again and again, looked up once.

    Attributes:
        run_id: id of the run.
        run: its component.
        identity: of its task.
        phase: the phase it visits.
        attempt: number of its attempt.
    """

    run_id: str
    run: Run
    identity: Identity
    phase: PhasePlan
    attempt: int


class UnderWay(msgspec.Struct, frozen=True, gc=False):
    """An attempt that the host was told to carry out, the lane it takes a place in, and since when (engine time)."""

    attempt: int
    visit: Visit
    lane: Lane
    since: float


_NO_PROGRESS: Final[Mapping[str, PhaseProgress]] = MappingProxyType({})


class State:
    """The world and its indexes.  Every index can be rebuilt from components.

    Attributes:
        plans: compiled definitions, by hash.
        named: hash of the definition that was told last, by workflow.
        runs: ids of the live runs of each task, items of fan-outs left out.
        fans: fan-outs under way, by run id.
        undo_numbers: number of the last phase that each task can undo, as far as that was asked for.
        held: phases that could begin and wait for others of their task to end, by task.
        joined: runs of which all parts may have ended, for the next tick to look at.
        orphans: forked tasks that nobody waits for any more, for the next tick to cancel.
        reserved: what is put aside for turns of models under way, by task and by ledger.
        running: attempts under way, by run id.
        interrupted: runs that were under way when the journal ended, to be taken up by the next tick.
        stranded: live tasks without a run, which a repaired journal may leave; the next tick fails them.
        ended: components of tasks that ended not long ago, by task id.
        serving: whether the host carries out runs.
        news: see `Serving`.
        opened: engine time at which the host opened its journal, in seconds.
        now: engine time, in seconds; it never goes back.
    """

    def __init__(self) -> None:
        self.world = World()
        self.lanes = Lanes()
        self.timers = Timers()
        self.plans: dict[str, Plan] = {}
        self.named: dict[str, str] = {}
        self.runs: dict[str, tuple[str, ...]] = {}
        self.fans: dict[str, Fan] = {}
        self.held: dict[str, dict[str, None]] = {}
        self.undo_numbers: dict[str, int] = {}
        self.joined: dict[str, None] = {}
        self.orphans: list[str] = []
        self.reserved: dict[str, Cost] = {}
        self.running: dict[str, UnderWay] = {}
        self.interrupted: list[str] = []
        self.stranded: list[str] = []
        self.ended: dict[str, Components] = {}
        self.serving = False
        self.news = 0
        self.opened = 0.0
        self.now = 0.0

    def plan(self, digest: str) -> Plan:
        """Return the compiled definition with this hash, which must be known."""
        return self.plans[digest]

    def phase(self, run: Run) -> PhasePlan:
        """Return the phase that *run* visits."""
        return self.plans[self.world.get(run.task, Identity).definition].phases[run.phase]

    def progress(self, task: str) -> Mapping[str, PhaseProgress]:
        """Return how the phases of a task that lives ended, by phase id: what is known, not a copy."""
        table = self.world.find(task, Progress)
        return table.entries if table is not None else _NO_PROGRESS

    def under_way(self, run: str, attempt: int) -> UnderWay | None:
        """Return an attempt that the host carries out, None where it is no longer under way."""
        found = self.running.get(run)
        return found if found is not None and found.attempt == attempt else None

    def visit(self, run_id: str) -> Visit:
        """Look up what systems ask about a run."""
        world = self.world
        run = world.get(run_id, Run)
        identity = world.get(run.task, Identity)
        phase = self.plans[identity.definition].phases[run.phase]
        return Visit(run_id, run, identity, phase, world.get(run_id, Attempt).number)

    def knows(self, digest: str) -> bool:
        """Return whether a definition with this hash exists."""
        return definition_entity(digest) in self.world


class Done(msgspec.Struct, frozen=True, gc=False):
    """A run that gave its output: its visit is to be closed, and what follows to be planned.

    Attributes:
        visit: of which run.
        since: when work on it began, engine time in seconds.
        output: what it gave.
        follow: id of the phase that was chosen to follow; None for the end, or in a graph for no choice.
        rebind: hash of the definition the task goes on with, or None.
        issues: why it rejects what it reviewed.
        again: whether a person wants the work to be sent back, however often it was.
        stage: the stage that the handler moved its task to, or None.
        skipped: whether its condition does not hold.
        sets: names of the context values that it changed.
    """

    visit: Visit
    since: float
    output: msgspec.Raw
    follow: str | None
    rebind: str | None = None
    issues: Json = msgspec.UNSET
    again: bool = False
    stage: str | None = None
    skipped: bool = False
    sets: tuple[str, ...] = ()


class Failed(msgspec.Struct, frozen=True, gc=False):
    """A run whose attempt failed."""

    run_id: str
    error: str
    message: str
    permanent: bool = False
    retry_after: float | None = None
    detail: str | None = None


class Ending(msgspec.Struct, frozen=True, gc=False):
    """How a task ends in this tick; *by* is who cancels it, where that is known."""

    move: Move
    reason: str | None = None
    failure: Failure | None = None
    ticket: int | None = None
    by: str | None = None


class Decision(NamedTuple):
    """What one tick decided.

    Attributes:
        changes: for the journal; see its port.
        ended: components of the tasks that became terminal, by task id.
        effects: to be performed once the changes are durable.
        events: to be published once the changes are durable.
        replies: to be given once the changes are durable: a ticket, and what its caller is told.
    """

    changes: dict[str, dict[str, Any] | None]
    ended: dict[str, Components]
    effects: list[Effect]
    events: list[Event]
    replies: list[tuple[int, Reply]]


class Tick:
    """One tick under way: inputs by kind, and the lists that systems fill for the systems after them.

    Attributes:
        state: what lasts.
        now: engine time, in seconds.
        done: runs to close and follow up (settling -> planning).
        failed: attempts that failed (settling, timing -> retrying).
        begin: tasks, and the phase they are to begin with, None for where a task begins (intake, timing -> planning).
        resume: tasks that were taken up again, and the phases to do again; none for what is left (intake -> planning).
        planned: phases of which runs were planned in this tick, by task (feedback, planning).
        moved: tasks that go through a graph, of which phases have ended or were superseded (feedback, planning).
        feedback: what runs that are planned are told, by task and phase (feedback -> dispatch).
        undone: tasks, and a phase of theirs that was compensated (planning -> undoing).
        ready: runs to queue, with the marker they have (planning, settling, timing -> dispatch).
        needs: what ready runs lack, by run id (settling -> dispatch).
        touched: tasks whose runs changed, and whether one of them is known to be under way (all -> finishing).
        ending: tasks that end in this tick (settling, retrying, planning -> finishing).
    """

    def __init__(self, state: State, inputs: list[Input], now: float) -> None:
        self.state = state
        self.world = state.world
        self.now = now
        self._inputs: dict[type[Input], list[Any]] = {}
        for given in inputs:
            kind = type(given)
            if kind in self._inputs:
                self._inputs[kind].append(given)
            else:
                self._inputs[kind] = [given]
        self.done: list[Done] = []
        self.failed: list[Failed] = []
        self.begin: list[tuple[str, str | None]] = []
        self.resume: list[tuple[str, tuple[str, ...]]] = []
        self.planned: dict[str, dict[str, None]] = {}
        self.moved: dict[str, Identity] = {}
        self.feedback: dict[tuple[str, str], Feedback] = {}
        self.undone: list[tuple[str, str]] = []
        self.ready: list[tuple[Visit, type[Component] | None]] = []
        self.needs: dict[str, str] = {}
        self.touched: dict[str, bool] = {}
        self.ending: dict[str, Ending] = {}
        self.ended: dict[str, Components] = {}
        self.effects: list[Effect] = []
        self.events: list[Event] = []
        self.replies: list[tuple[int, Reply]] = []

    def of(self, kind: type[I]) -> list[I]:
        """Return the inputs of one kind, in the order they came."""
        return self._inputs.get(kind, [])

    def emit(self, event: Event) -> None:
        """Tell the world that something was decided."""
        self.events.append(event)

    def reply(self, ticket: int | None, answer: Reply) -> None:
        """Answer the caller with this ticket, if there is one."""
        if ticket is not None:
            self.replies.append((ticket, answer))
