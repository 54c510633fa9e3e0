"""What a preview says of a retry or a fork is what then happens, in random workflows."""

import re
from collections.abc import Coroutine
from random import Random
from typing import Any, Final

import pytest

from tests.simulation.carrying_out import TASK, Line, Workers, carried_out, core_of, decoded, faults
from tests.simulation.random_workflows import Case, random_case
from tests.simulation.test_random_workflows import CheckedJournal, engine_of, idle, on_simulated_loop
from workflow_engine.core.components import Progress
from workflow_engine.core.plan import UNDO
from workflow_engine.core.reruns import Rerun
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import InputRefused

FORK: Final = "forked"
"""Id of the new task."""

DONE: Final = ("PhaseStarted", "PhaseCompleted")
"""Events of a phase that is carried out; a gate only completes."""


def carried(lines: list[Line], task: str) -> set[str]:
    """Return the phases of a task that these commits tell of."""
    told = (event for line in lines for event in line.events if event.task == task and event.event in DONE)
    return {event.visited for event in told if not event.visited.endswith(UNDO)}


def hold(told: Rerun, done: set[str]) -> None:
    """Hold what was carried out against what was told before."""
    certain = set(told.runs) - set(told.perhaps)
    assert certain <= done, f"{told.sentence} Not done: {sorted(certain - done)}"
    assert done <= set(told.runs), f"{told.sentence} Done too: {sorted(done - set(told.runs))}"


async def asked(preview: Coroutine[Any, Any, Rerun]) -> Rerun | str:
    """Return what a preview says, or why it is refused."""
    try:
        return await preview
    except InputRefused as refusal:
        return str(refusal)


def outputs(engine: ECSWorkflowEngine, task: str, phases: tuple[str, ...]) -> dict[str, bytes]:
    record = core_of(engine).record(task)
    table = record.find(Progress) if record is not None else None
    entries = table.entries if table is not None else {}
    return {name: bytes(entries[name].output) for name in phases}


async def retried(seed: int, case: Case, journal: CheckedJournal) -> Rerun | None:
    """Retry a task that has failed from some phase; return what the preview said, None where nothing was retried."""
    random, workers = Random(seed), Workers(case, Random(seed))
    engine = journal.engine = engine_of(journal, workers)
    async with engine:
        task = await carried_out(engine, workers, case)
        if task.status != "failed":
            return None
        workers.healed = True
        phase = random.choice([None, *(phase.id for phase in case.spec.phases)])
        told = await asked(engine.preview_retry(task, phase))
        if isinstance(told, str):
            with pytest.raises(InputRefused, match=re.escape(told)):
                await engine.retry(task, phase)
            return None
        before, kept = len(journal.lines), outputs(engine, TASK, told.keeps)
        await engine.retry(task, phase)
        task = await carried_out(engine, workers, case)
        assert (task.status, task.failure) == ("completed", None)
        hold(told, carried(decoded(journal.lines)[before:], TASK))
        assert outputs(engine, TASK, told.keeps) == kept
        idle(core_of(engine))
    assert faults(decoded(journal.lines), case) == []
    return told


async def forked(seed: int, case: Case, journal: CheckedJournal) -> Rerun | None:
    """Fork a task that has ended at some phase; return what the preview said, None where that was refused."""
    random, workers = Random(seed), Workers(case, Random(seed))
    engine = journal.engine = engine_of(journal, workers)
    async with engine:
        source = await carried_out(engine, workers, case)
        workers.healed = True
        phase = random.choice([None, *(phase.id for phase in case.spec.phases)])
        told = await asked(engine.preview_fork(source, phase))
        if isinstance(told, str):
            with pytest.raises(InputRefused, match=re.escape(told)):
                await engine.fork_task(source, phase, task_id=FORK)
            return None
        kept = outputs(engine, TASK, told.keeps)
        await engine.fork_task(source, phase, task_id=FORK)
        task = await engine.wait(FORK)
        assert (task.status, task.failure) == ("completed", None)
        hold(told, carried(decoded(journal.lines), FORK))
        assert outputs(engine, FORK, told.keeps) == kept
        after = await engine.get_task(TASK)
        assert (after.status, after.outputs, after.output) == (source.status, source.outputs, source.output)
    return told


@pytest.mark.parametrize("seed", range(150))
def test_a_retry_does_what_its_preview_says(seed: int) -> None:
    on_simulated_loop(retried(seed, random_case(seed), CheckedJournal()))


@pytest.mark.parametrize("seed", range(100))
def test_a_fork_does_what_its_preview_says(seed: int) -> None:
    on_simulated_loop(forked(seed, random_case(seed), CheckedJournal()))


def test_enough_of_them_are_retried_and_forked() -> None:
    told = [on_simulated_loop(retried(seed, random_case(seed), CheckedJournal())) for seed in range(60)]
    assert sum(1 for one in told if one is not None and one.keeps) > 5
    told = [on_simulated_loop(forked(seed, random_case(seed), CheckedJournal())) for seed in range(30)]
    assert sum(1 for one in told if one is not None and one.keeps) > 5
