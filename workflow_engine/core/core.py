"""The core: inputs and the time go in, decisions come out.  Synchronous, without I/O, clock or randomness."""

from collections.abc import Iterable
from typing import Final

import msgspec

from workflow_engine.core.components import (
    Artifacts,
    Definition,
    Earlier,
    Escalated,
    Feedback,
    Identity,
    Json,
    Question,
    Run,
    Steps,
    WaitKind,
    definition_entity,
)
from workflow_engine.core.earlier import earlier_artifacts
from workflow_engine.core.exporting import family
from workflow_engine.core.fan import group_of
from workflow_engine.core.inputs import Input
from workflow_engine.core.migrating import Assessment
from workflow_engine.core.plan import PhasePlan, Plan
from workflow_engine.core.question_record import QuestionRecord, question_record
from workflow_engine.core.record import RunView, TaskRecord, as_it_is
from workflow_engine.core.reruns import Rerun, rerun_of
from workflow_engine.core.restoring import Stored, decode, is_task, restore
from workflow_engine.core.retaking import begins_at
from workflow_engine.core.runs import live_runs
from workflow_engine.core.sources import to_fork, to_retry
from workflow_engine.core.systems.adopting import AdoptingSystem, assess_task
from workflow_engine.core.systems.budgeting import BudgetingSystem
from workflow_engine.core.systems.dispatch import DispatchSystem
from workflow_engine.core.systems.feedback import FeedbackSystem
from workflow_engine.core.systems.finishing import FinishingSystem
from workflow_engine.core.systems.intake import IntakeSystem
from workflow_engine.core.systems.joining import JoiningSystem
from workflow_engine.core.systems.planning import PlanningSystem
from workflow_engine.core.systems.retrying import RetryingSystem
from workflow_engine.core.systems.settling import SettlingSystem
from workflow_engine.core.systems.suspending import SuspendingSystem
from workflow_engine.core.systems.tending import TendingSystem
from workflow_engine.core.systems.timing import TimingSystem
from workflow_engine.core.systems.undoing import UndoingSystem
from workflow_engine.core.tick import Components, Decision, State, Tick, Visit
from workflow_engine.core.world import System
from workflow_engine.errors import AnswerRefused, UnknownTask

SYSTEMS: Final[tuple[type[System], ...]] = (
    IntakeSystem,
    AdoptingSystem,
    BudgetingSystem,
    SettlingSystem,
    TendingSystem,
    TimingSystem,
    SuspendingSystem,
    JoiningSystem,
    RetryingSystem,
    FeedbackSystem,
    PlanningSystem,
    UndoingSystem,
    DispatchSystem,
    FinishingSystem,
)
"""The rules, in the order data flows through one tick."""


class Core:
    """The world, its indexes and its systems."""

    def __init__(self) -> None:
        self._state = State()
        with self._state.world.entered():
            for position, system in enumerate(SYSTEMS):
                self._state.world.add_system(system(), -position)

    def tick(self, inputs: list[Input], now: float) -> Decision:
        """Decide what follows from *inputs* at *now*, seconds since the epoch.

        Engine time never runs backwards: where *now* is earlier than before, the time of the last tick holds.
        An exception out of here is a defect of the core; the world is then half changed and must not be used again.
        """
        state = self._state
        state.now = max(state.now, now)
        tick = Tick(state, inputs, state.now)
        with state.world.entered():
            state.world.run_systems(tick)
            changes = state.world.take_changes()
        return Decision(changes, tick.ended, tick.effects, tick.events, tick.replies)

    def restore(self, entities: Stored, ended: Stored, now: float, opened: float | None = None) -> list[str]:
        """Take over what a journal held: *entities* that live, tasks that *ended* not long ago, the last engine time.

        Args:
            entities: see above.
            ended: see above.
            now: the last engine time, in seconds.
            opened: engine time at this moment, in seconds, where that is later: what was due before it was missed.

        Returns:
            What could not be taken over, as sentences; see `workflow_engine.core.restoring`.

        Raises:
            msgspec.ValidationError: a component is not what this version can read.
        """
        state = self._state
        state.now = max(state.now, now)
        state.opened = max(state.now, opened or 0.0)
        with state.world.entered():
            warnings = restore(state, entities, state.world.load)
        self.remember(ended)
        return warnings

    def remember(self, ended: Stored) -> None:
        """Know these ended tasks again, so that a duplicate or a retry of them finds them."""
        for task, stored in ended.items():
            if is_task(stored):  # else a repaired journal has lost parts of it
                self._state.ended[task] = decode(stored)

    def forget(self, tasks: Iterable[str]) -> None:
        """Drop what is remembered of ended tasks."""
        for task in tasks:
            self._state.ended.pop(task, None)

    def next_due(self) -> float | None:
        """Return the engine time, in seconds, at which a tick is due without any input, or None."""
        state = self._state
        waiting = state.interrupted or state.stranded or state.joined or state.orphans
        return state.now if waiting else state.timers.next()

    def knows(self, task: str) -> bool:
        """Return whether *task* is live or ended not long ago."""
        if task in self._state.ended:
            return True
        return task in self._state.world and "/" not in task and not task.startswith("#")

    def has_ended(self, task: str) -> bool:
        """Return whether *task* ended not long ago."""
        return task in self._state.ended

    def defined(self, digest: str) -> bool:
        """Return whether a definition with this hash exists."""
        return digest in self._state.plans

    def digests(self) -> list[str]:
        """Return the hashes of all definitions."""
        return list(self._state.plans)

    def latest(self, name: str) -> str | None:
        """Return the hash of the definition of this name that was told last, or None."""
        return self._state.named.get(name)

    def phase(self, run: str) -> PhasePlan | None:
        """Return the compiled phase that a live run visits, None where there is no such run."""
        with self._state.world.entered():
            return self._state.visit(run).phase if run in self._state.world else None

    def plan(self, digest: str) -> Plan:
        """Return the compiled definition with this hash, which must exist."""
        return self._state.plans[digest]

    def stored(self, digest: str) -> Definition:
        """Return the definition with this hash, which must exist, as it was told."""
        with self._state.world.entered():
            return self._state.world.get(definition_entity(digest), Definition)

    def definition(self, name: str) -> tuple[str, bytes] | None:
        """Return hash and JSON of the definition of this name that was told last, or None."""
        with self._state.world.entered():
            digest = self._state.named.get(name)
            if digest is None:
                return None
            return digest, bytes(self._state.world.get(definition_entity(digest), Definition).spec)

    def live(self) -> int:
        """Return how many entities live, tasks, runs and definitions together."""
        return len(self._state.world)

    def tasks(self) -> int:
        """Return how many tasks live."""
        return len(self._state.runs)

    def under_way(self) -> int:
        """Return how many attempts are under way."""
        return len(self._state.running)

    def view(self, run: str, attempt: int) -> RunView | None:
        """Return what an adapter needs for an attempt, or None where it is no longer under way."""
        state = self._state
        under_way = state.running.get(run)
        if under_way is None or under_way.attempt != attempt:
            return None
        visit = under_way.visit
        with state.world.entered():
            task = state.world.components(visit.run.task)
            steps = state.world.find(run, Steps)
            feedback = state.world.find(run, Feedback) if visit.phase.returns else None
            if feedback is None and visit.run.item is not None:
                feedback = state.world.find(group_of(run), Feedback)
        item = self._item(visit) if visit.run.item is not None else msgspec.UNSET
        return RunView(run, attempt, task, steps, visit.phase, visit.run, item, feedback)

    def _item(self, visit: Visit) -> Json:
        position = visit.run.item
        return msgspec.UNSET if position is None else self._state.fans[group_of(visit.run_id)].items[position]

    def waiting(self, run: str) -> RunView | None:
        """Return a live run as its adapter would see it, though it waits; None where there is no such run."""
        state = self._state
        with state.world.entered():
            if run not in state.world:
                return None
            visit = state.visit(run)
            task = state.world.components(visit.run.task)
        return RunView(run, visit.attempt, task, None, visit.phase, visit.run, self._item(visit))

    def record(self, task: str) -> TaskRecord | None:
        """Return all that is known of a task that is live or ended not long ago."""
        state = self._state
        ended = state.ended.get(task)
        if ended is not None:
            return TaskRecord(task, as_it_is(ended), {})
        with state.world.entered():
            if task not in state.world or "/" in task or task.startswith("#"):
                return None
            runs = {run: as_it_is(state.world.components(run)) for run in live_runs(state, task)}
            held = tuple(state.held.get(task, ()))
            return TaskRecord(task, as_it_is(state.world.components(task)), runs, held)

    def going_through(self, workflow: str) -> list[str]:
        """Return the live tasks of a workflow.  Costs what exists: for chores."""
        state = self._state
        with state.world.entered():
            return [task for task in state.runs if state.world.get(task, Identity).workflow == workflow]

    def preview_retry(self, task: str, phase: str | None) -> Rerun:
        """Return what a retry of *task* does again; the retry decides by the same rules.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has not failed.
            InputRefused: it has no such phase, or that is on a way that was not taken, or its definition is lost.
        """
        with self._state.world.entered():
            _, record, plan, found = to_retry(self._state, task, phase)
            return rerun_of(task, begins_at(record, plan, found.starts), plan, found)

    def preview_fork(self, task: str, phase: str | None) -> Rerun:
        """Return what a task does that is forked from *task*; raises as `preview_retry`, but for the transition."""
        with self._state.world.entered():
            source = to_fork(self._state, task, phase)
            begins = source.found.starts[0] if source.found.starts else None
            return rerun_of(task, begins, source.plan, source.found, forks=True)

    def assess(self, tasks: Iterable[str], digest: str, plan: Plan) -> list[Assessment]:
        """Return of each of *tasks* that lives whether it may go on with *plan*, whose definition has this hash."""
        state = self._state
        with state.world.entered():
            return [assess_task(state, task, digest, plan) for task in tasks if task in state.world]

    def export(self, task: str) -> dict[str, Components]:
        """Return the entities of a task, of its runs, and of the tasks that it has forked and waits for.

        Raises:
            IllegalTransition: an attempt is under way, or another task waits for this one.
        """
        ended = self._state.ended.get(task)
        if ended is not None:
            return {task: as_it_is(ended)}
        with self._state.world.entered():
            return family(self._state, task)

    def question(self, question: str) -> Question | None:
        """Return an open question, or None."""
        run = question.rpartition("/")[0]
        with self._state.world.entered():
            found = self._state.world.find(run, Question)
        return found if found is not None and found.id == question else None

    def question_record(self, question: str) -> QuestionRecord | AnswerRefused | UnknownTask:
        """Return an open question with what stands around it, or the refusal that says what has become of it."""
        with self._state.world.entered():
            return question_record(self._state, question)

    def questions(self, kind: WaitKind) -> list[Question]:
        """Return all open questions of a kind, in no order.  Costs what exists: for whoever begins."""
        with self._state.world.entered():
            return [question for question in self._state.world.every(Question) if question.kind is kind]

    def adapter(self, run: str) -> str | None:
        """Return the task type that carries a live run out, None where there is no such run."""
        state = self._state
        with state.world.entered():
            if run not in state.world:
                return None
            visit = state.visit(run)
            return visit.phase.place(visit.identity.assigned_to).adapter

    def lacks(self, task: str) -> dict[str, str]:
        """Return what the ready runs of a task need that the host has not, by run id."""
        state = self._state
        found: dict[str, str] = {}
        with state.world.entered():
            for entity in live_runs(state, task):
                run = state.world.get(entity, Run)
                lane = state.phase(run).place(state.world.get(task, Identity).assigned_to).lane
                needs = state.lanes.lane(lane).needs
                if needs is not None:
                    found[entity] = needs
        return found

    def escalated(self, run: str) -> bool:
        """Return whether a run waits for a person to decide about what it rejects."""
        with self._state.world.entered():
            return self._state.world.find(run, Escalated) is not None

    def snapshot(self) -> dict[str, Components]:
        """Return every live entity with its components.  Costs what exists: for tests and comparisons."""
        with self._state.world.entered():
            return {entity: self._state.world.components(entity) for entity in self._state.world.entities()}

    def artifacts(self) -> list[Artifacts]:
        """Return the artifacts of all tasks that live or ended not long ago.  Costs what exists: for chores."""
        with self._state.world.entered():
            found = self._state.world.every(Artifacts)
            earlier = self._state.world.every(Earlier)
        for components in self._state.ended.values():
            for table in (components.get("artifacts"), components.get("earlier")):
                if isinstance(table, Artifacts):
                    found.append(table)
                elif isinstance(table, Earlier):
                    earlier.append(table)
        return found + [Artifacts(kept) for table in earlier for kept in earlier_artifacts(table)]

    def close(self) -> None:
        """Give the memory back."""
        self._state.world.close()
