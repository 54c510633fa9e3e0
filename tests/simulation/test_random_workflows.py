"""Random workflows end as the reference says, whatever happens first, and whenever the process dies."""

import asyncio
import contextlib
from random import Random
from typing import Any

import pytest

from tests.simulation.carrying_out import (
    TASK,
    LoopClock,
    Workers,
    carried_out,
    core_of,
    decoded,
    everything,
    faults,
    folded,
)
from tests.simulation.lives import Lives
from tests.simulation.patterns import PATTERNS
from tests.simulation.random_workflows import Case, random_case
from tests.simulation.reference import ANY, Expected, expected
from workflow_engine.core.core import Core
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task
from workflow_engine.errors import EngineStopped, IllegalTransition
from workflow_engine.journal.port import Commit
from workflow_engine.testing.memory_artifacts import MemoryArtifactStore
from workflow_engine.testing.memory_journal import MemoryJournal
from workflow_engine.testing.simulation.loop import SimulatedLoop


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    seeds = int(str(metafunc.config.getoption("seeds")))
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(seeds))
    if "some" in metafunc.fixturenames:
        metafunc.parametrize("some", range(seeds // 3))


def compare(task: Task, wanted: Expected, case: Case) -> None:
    """Hold how a task has ended against what the reference says."""
    if wanted.errors:
        assert task.failure is not None, task.status
        assert task.failure.error in wanted.errors, task.failure
        return
    assert task.failure is None, task.failure
    assert task.status == "completed"
    entries = task._progress()  # pyright: ignore[reportPrivateUsage] - outcomes are not shown to handlers
    phases = {phase.id: phase for phase in case.spec.phases}
    gates = {phase.id for phase in case.spec.phases if phase.gate is not None}
    outputs = task.outputs
    for name, entry in wanted.entries.items():
        dependants = {phase.id for phase in case.spec.phases if name in phase.needed}
        if dependants and dependants <= gates and entries[name].outcome == "skipped":
            continue  # the gates have passed without it
        assert (name, entries[name].outcome) == (name, entry.outcome)
        assert (name, entries[name].chose) == (name, entry.chose if phases[name].depends_on is not None else None)
        if entry.outcome == "completed" and entry.output != ANY:
            assert (name, outputs[name]) == (name, entry.output)
        if phases[name].on_reject is not None:
            assert (name, entries[name].rejections) == (name, entry.rejections)
    assert task.output == wanted.output


class CheckedJournal(MemoryJournal):
    """A journal in memory that, at each commit, restores another core from it and compares."""

    engine: ECSWorkflowEngine
    checked = 0

    def append(self, commit: Commit) -> "asyncio.Future[None]":
        """Store and compare; see the class."""
        stored = super().append(commit)
        live, other = core_of(self.engine), Core()
        other.restore(folded(decoded(self.lines)).entities, {}, commit.at)
        assert everything(other) == everything(live)
        assert other._state.held == live._state.held  # pyright: ignore[reportPrivateUsage]
        assert other._state.runs.keys() == live._state.runs.keys()  # pyright: ignore[reportPrivateUsage]
        other.close()
        self.checked += 1
        return stored


def engine_of(journal: MemoryJournal, workers: Workers) -> ECSWorkflowEngine:
    engine = ECSWorkflowEngine(
        "random", journal=lambda archived: journal, artifacts=MemoryArtifactStore(), clock=LoopClock()
    )
    workers.register(engine)
    return engine


def idle(core: Core) -> None:
    """Hold what a core counts against the fact that nothing is under way."""
    state = core._state  # pyright: ignore[reportPrivateUsage] - indexes are nobody else's business
    assert (state.running, state.runs, state.fans, state.held, len(state.timers)) == ({}, {}, {}, {}, 0)
    used = {key: slots.used for key, slots in state.lanes._slots.items()}  # pyright: ignore[reportPrivateUsage]
    assert set(used.values()) <= {0}, used


def on_simulated_loop(coroutine: Any) -> Any:
    loop = SimulatedLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def go_through(
    seed: int, case: Case, journal: MemoryJournal, *, retry: bool = False, cancel: bool = False
) -> Task:
    workers = Workers(case, Random(seed))
    engine = engine_of(journal, workers)
    if isinstance(journal, CheckedJournal):
        journal.engine = engine
    async with engine:
        if cancel:
            asyncio.get_running_loop().create_task(cancelled(engine, Random(seed).random() * 60))
        task = await carried_out(engine, workers, case)
        if retry and task.status == "failed":
            workers.healed = True
            await engine.retry(task)
            task = await carried_out(engine, workers, case)
        idle(core_of(engine))
    return task


async def cancelled(engine: ECSWorkflowEngine, after: float) -> None:
    await asyncio.sleep(after)
    with contextlib.suppress(IllegalTransition, EngineStopped):  # it has ended, or is compensating already
        await engine.cancel(TASK)


def test_random_workflows_end_as_the_reference_says(seed: int) -> None:
    case, journal = random_case(seed), MemoryJournal()
    task = on_simulated_loop(go_through(seed, case, journal))
    assert faults(decoded(journal.lines), case) == []
    compare(task, expected(case), case)


def test_random_workflows_can_be_cancelled_at_any_moment(some: int) -> None:
    case, journal = random_case(some), MemoryJournal()
    task = on_simulated_loop(go_through(some, case, journal, cancel=True))
    assert faults(decoded(journal.lines), case) == []
    if task.status != "cancelled":
        compare(task, expected(case), case)


def test_random_workflows_complete_when_they_are_retried_and_nothing_fails_any_more(some: int) -> None:
    case, journal = random_case(some), MemoryJournal()
    task = on_simulated_loop(go_through(some, case, journal, retry=True))
    assert faults(decoded(journal.lines), case) == []
    first = expected(case)
    if not any(act.rounds for act in case.acts.values()):
        compare(task, expected(case.healed) if first.errors else first, case)
    else:  # whoever was asked for work once more gives another output
        assert task.status == "completed"


@pytest.mark.parametrize("number", range(60))
def test_at_every_commit_a_restored_core_is_the_live_one(number: int) -> None:
    case, journal = random_case(number), CheckedJournal()
    on_simulated_loop(go_through(number, case, journal, retry=True, cancel=number % 3 == 0))
    assert journal.checked > 0


def test_random_workflows_end_as_the_reference_says_though_the_process_dies(seed: int) -> None:
    case = random_case(seed)
    lives = Lives(seed, case, crash=0.03)
    task = lives.run()
    assert faults(decoded(lives.lines), case) == []
    compare(task, expected(case), case)


def test_the_processes_do_die() -> None:
    crashes = 0
    for seed in range(20):
        lives = Lives(seed, random_case(seed), crash=0.03)
        lives.run()
        crashes += lives.crashes
    assert crashes > 20


@pytest.mark.parametrize("name", PATTERNS)
def test_each_pattern_survives_a_crash_at_every_single_commit_boundary(name: str) -> None:
    case = PATTERNS[name]
    whole = Lives(1, case, dies_at=0)
    compare(whole.run(), expected(case), case)
    for boundary in range(1, whole.boundaries + 1):
        lives = Lives(1, case, dies_at=boundary)
        task = lives.run()
        assert lives.crashes == 1, f"boundary {boundary}"
        assert faults(decoded(lives.lines), case) == [], f"boundary {boundary}"
        compare(task, expected(case), case)
