"""Carrying out: the real engine goes through a random case, and what it journaled is held against what it promises."""

import asyncio
from collections.abc import Iterable
from random import Random
from typing import Any, Final

import msgspec

from tests.simulation.random_workflows import DATA, Act, Case
from tests.simulation.reference import seen, value_of
from workflow_engine.core.components import Component, PhaseProgress, Table
from workflow_engine.core.core import Core
from workflow_engine.core.plan import UNDO
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Output, Task
from workflow_engine.errors import PermanentFailure, TransientFailure
from workflow_engine.forking import Fork
from workflow_engine.journal.folding import Folding
from workflow_engine.spec.model import Phase

TASK: Final = "t"
EPOCH: Final = 1_800_000_000.0


class LoopClock:
    """Simulated time as a wall clock."""

    def now(self) -> float:
        """See `workflow_engine.runtime.clock.Clock`."""
        return EPOCH + asyncio.get_running_loop().time()


class Workers:
    """The handlers of a case.

    Args:
        case: which.
        random: how long work takes.

    Attributes:
        healed: whether nothing goes wrong from now on.
    """

    def __init__(self, case: Case, random: Random) -> None:
        self.healed = False
        self._case = case
        self._random = random
        self._specs = (case.spec, *case.children.values())
        self._phases = {phase.id: phase for spec in self._specs for phase in spec.phases}
        self._targets = {act.rounds for act in case.acts.values()}

    def register(self, engine: ECSWorkflowEngine) -> None:
        """Register handlers and workflows."""
        engine.register_handler("leaf", self._leaf)
        for phase in self._phases.values():
            if phase.gate is None and phase.wait is None and phase.workflow is None:
                engine.register_handler(phase.id, self._item if phase.for_each is not None else self._work)
            if phase.compensate is not None:
                engine.register_handler(phase.id + UNDO, self._undo)
        for spec in self._specs:
            engine.register_workflow(spec)

    def _act(self, phase: str) -> Act:
        return (self._case.healed if self.healed else self._case).acts[phase]

    async def _take_a_while(self) -> None:
        await asyncio.sleep(self._random.choice((0.0, 0.0, 0.001, 0.3, 7.0, 30.0)))

    async def _work(self, task: Task) -> Output:
        phase = self._phases[str(task.phase)]
        act = self._act(phase.id)
        await self._take_a_while()
        if task.attempt <= act.transient:
            raise TransientFailure("not yet")
        if task.attempt <= act.transient + act.unfit:
            return Output({"unfit": task.attempt})
        if act.unfit and not any(issue["message"] for issue in task.feedback):
            raise AssertionError(f"{task.key} was not told why its output did not fit")
        if act.permanent:
            raise PermanentFailure("never")
        await task.fork(*(Fork("leaf", {"name": name, "value": value}) for name, value in act.forks))
        context = {name: task.context[name] for name, _ in act.forks}
        outputs = task.outputs
        needed = {name: outputs[name] for name in seen(phase, self._phases) if name in outputs}
        rounds = outputs.get(act.rounds, {}).get("visit", 0) if act.rounds is not None else 0
        visit = task.visit if phase.id in self._targets else None
        pick = act.options[(act.number + rounds) % len(act.options)] if act.options else None
        return Output(value_of(phase.id, act, needed, visit, context or None, rounds), pick)

    async def _item(self, task: Task) -> dict[str, Any]:
        act, index = self._act(str(task.phase)), task.index
        await self._take_a_while()
        if index in act.slow_items and task.attempt == 1:
            raise TransientFailure("not yet")
        if index in act.bad_items:
            raise PermanentFailure(f"item {index} is bad")
        return {"phase": task.phase, "item": task.item, "index": index}

    async def _leaf(self, task: Task) -> None:
        await self._take_a_while()
        task.context[task.data["name"]] = task.data["value"]

    async def _undo(self, task: Task) -> None:
        await self._take_a_while()
        if self._act(str(task.phase).removesuffix(UNDO)).undo_fails:
            raise PermanentFailure("cannot be undone")

    async def answer(self, engine: ECSWorkflowEngine) -> None:
        """Answer what is asked, for ever."""
        while True:
            await asyncio.sleep(self._random.choice((0.5, 20.0)))
            for run, found in core_of(engine).snapshot().items():
                if "question" in found:
                    act = self._act(run.split("/")[1])
                    await engine.answer(found["question"].id, {"decision": act.ruling})  # type: ignore[union-attr]


def core_of(engine: ECSWorkflowEngine) -> Core:
    """Return the core of an engine that runs."""
    session = engine._live()  # pyright: ignore[reportPrivateUsage] - the face shows no more than people need
    assert session is not None
    return session.host.core


async def carried_out(engine: ECSWorkflowEngine, workers: Workers, case: Case) -> Task:
    """Submit the case's task, once, and return it when it has ended."""
    await engine.submit_task(DATA, case.spec.name, task_id=TASK)
    answering = asyncio.ensure_future(workers.answer(engine))
    task = await engine.wait(TASK)
    answering.cancel()
    while core_of(engine).tasks():  # what it has forked may be cancelled after it
        await asyncio.sleep(1.0)
    return task


# ---------------------------------------------------------------- what was journaled


class Told(msgspec.Struct):
    """An event, as far as it matters here."""

    event: str
    task: str
    run: str = ""
    phase: str = ""
    workflow: str = ""

    @property
    def visited(self) -> str:
        """The phase it is about."""
        return self.phase or self.run.split("/")[1]


class Line(msgspec.Struct):
    """A commit."""

    at: float
    changes: dict[str, dict[str, msgspec.Raw] | None] = {}
    ended: list[str] = []
    events: list[Told] = []


def decoded(lines: Iterable[bytes]) -> list[Line]:
    """Return the commits of a journal."""
    return [msgspec.json.decode(line, type=Line, strict=False) for line in lines]


def folded(lines: Iterable[Line]) -> Folding:
    """Return what they amount to."""
    folding = Folding()
    for line in lines:
        folding.apply(line.changes, line.ended)
    return folding


def everything(core: Core) -> dict[str, dict[str, Component | Table]]:
    """Return what lives, whatever the order in which it came."""
    return {entity: dict(sorted(found.items())) for entity, found in sorted(core.snapshot().items())}


def faults(lines: list[Line], case: Case) -> list[str]:
    """Return the promises that a journal of tasks that have all ended shows to be broken, as sentences."""
    found = [f"{entity} is left behind" for entity in folded(lines).entities if not entity.startswith("#")]
    events = [told for line in lines for told in line.events]
    specs = {spec.name: spec for spec in (case.spec, *case.children.values())}
    workflows = {told.task: specs[told.workflow] for told in events if told.workflow in specs}
    for task, spec in workflows.items():
        found += _crowds(task, lines, spec.max_concurrency)
        phases = {phase.id: phase for phase in spec.phases}
        if spec.is_graph:
            found += _hasty(task, lines, phases)
        found += _undone(task, [told for told in events if told.task == task], phases)
    return found + _orphans(lines)


def _orphans(lines: list[Line]) -> list[str]:
    """Return the forked tasks that went on after their parent had ended."""
    ended: set[str] = set()
    found: list[str] = []
    for line in lines:
        for told in line.events:
            parent = told.task.rpartition("~")[0]
            if told.event == "TaskCompleted" and parent in ended:
                found.append(f"{told.task} has completed though {parent} had ended")
        ended.update(line.ended)
        ended.difference_update(told.task for told in line.events if told.event == "TaskRetried")
    return found


def _hasty(task: str, lines: list[Line], phases: dict[str, Phase]) -> list[str]:
    """Return the phases of a graph that began before what they need was done."""
    done: dict[str, bool] = {}
    found: list[str] = []
    for line in lines:
        progress = (line.changes.get(task) or {}).get("progress+", msgspec.Raw(b"{}"))
        for phase, entry in msgspec.json.decode(progress, type=dict[str, PhaseProgress]).items():
            done[phase] = entry.done
        for entity, change in line.changes.items():
            phase = entity.split("/")[1] if entity.startswith(f"{task}/") else ""
            if change is not None and "run" in change and phase in phases and phases[phase].gate is None:
                needed = [name for name in phases[phase].needed if not done.get(name)]
                found += [f"{entity} began before {name} was done" for name in needed]
    return found


def _crowds(task: str, lines: list[Line], most: int | None) -> list[str]:
    """Return what is wrong with the runs of a task: too many at once, or some that outlive it."""
    live: set[str] = set()
    found: list[str] = []
    for line in lines:
        for entity, change in line.changes.items():
            if entity.startswith(f"{task}/") and "." not in entity.rpartition("/")[2]:
                live.discard(entity) if change is None else live.add(entity)
        if most is not None and len(live) > most:
            found.append(f"{task} has {len(live)} phases under way: {sorted(live)}")
        if task in line.ended:
            found += [f"{run} outlives its task" for run in sorted(live)]
    return found


def _undone(task: str, events: list[Told], phases: dict[str, Phase]) -> list[str]:
    """Return what is wrong with how a task was compensated: each phase once, the one that did its work last first."""
    done: dict[str, None] = {}
    left: list[str] | None = None
    found: list[str] = []
    for told in events:
        match told.event:
            case "PhaseCompleted" | "PhaseRejected" if told.visited.endswith(UNDO):
                found += _next_undone(task, told.visited.removesuffix(UNDO), left)
            case "PhaseCompleted" | "PhaseRejected" if phases[told.visited].compensate is not None:
                if "." not in told.run.rpartition("/")[2]:
                    done.pop(told.visited, None)
                    done[told.visited] = None
            case "UndoBegun":
                left = list(done)
            case "UndoFailed":
                found += _next_undone(task, told.phase, left)
            case "TaskRetried":
                done, left = dict.fromkeys(left if left is not None else done), None
            case "TaskFailed" | "TaskCancelled" if done if left is None else left:
                found.append(f"{task} has ended without undoing {', '.join(left or done)}")
            case _:
                pass
    return found


def _next_undone(task: str, phase: str, left: list[str] | None) -> list[str]:
    if not left or left[-1] != phase:
        return [f"{task} has undone {phase}, and was to undo {left}"]
    left.pop()
    return []
