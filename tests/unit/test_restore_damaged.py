"""A repaired journal lacks commits: that costs what they held, never the start of the engine."""

from random import Random

import pytest

from tests.unit.core_helpers import Driven, raw
from tests.unit.core_story import Story
from workflow_engine.core.components import Status, TaskState
from workflow_engine.core.core import Core
from workflow_engine.core.inputs import Retry, Serving
from workflow_engine.core.tick import Decision
from workflow_engine.journal.folding import Folding

TICKS = 60


def without(decisions: list[Decision], lost: int) -> Core:
    """Return a core restored from all commits but the one at index *lost*."""
    folding = Folding()
    for index, decision in enumerate(decisions):
        if index != lost:
            folding.apply(decision.changes, decision.ended)
    core = Core()
    core.restore(folding.entities, folding.ended, 0.0)
    return core


@pytest.mark.parametrize("seed", range(60))
def test_an_engine_starts_and_goes_on_without_any_one_commit(seed: int) -> None:
    story, first = Story(seed), Core()
    decisions: list[Decision] = []
    rest = Random(seed).randrange(10, TICKS)
    inputs_and_times = story.ticks(TICKS)
    for inputs, now in inputs_and_times:
        decisions.append(first.tick(inputs, now))
        story.heard(decisions[-1])
        if len(decisions) == rest:
            break
    core = without(decisions, Random(seed + 1_000).randrange(rest))
    core.tick([Serving(on=True)], 1e6)
    for inputs, now in inputs_and_times:
        story.heard(core.tick(inputs, 1e6 + now))


def test_a_task_that_lost_its_submission_is_erased_and_said_so() -> None:
    driven = Driven()
    decisions = [driven.tick(1.0, driven.submit(data=raw(1)))]
    folding = Folding()
    for decision in decisions:
        del decision.changes["t"]
        folding.apply(decision.changes, decision.ended)
    core = Core()
    (task, run) = core.restore(folding.entities, {}, 1.0), core.snapshot()
    assert run == {}
    assert any("run t/a/1 is erased" in sentence for sentence in task)
    assert core.tick([], 2.0).changes["t/a/1"] is None


def test_a_task_that_lost_its_run_fails_and_can_be_retried() -> None:
    driven = Driven()
    decision = driven.tick(1.0, driven.submit())
    del decision.changes["t/a/1"]
    folding = Folding()
    folding.apply(driven_definition(driven), ())
    folding.apply(decision.changes, ())
    core = Core()
    assert core.restore(folding.entities, {}, 1.0) == []
    assert core.next_due() == 1.0
    core.tick([], 2.0)
    record = core.record("t")
    assert record is not None
    assert record.get(Status).state is TaskState.FAILED
    core.tick([Retry("t")], 3.0)
    again = core.record("t")
    assert again is not None
    assert list(again.runs) == ["t/a/1"]


def test_a_task_whose_definition_is_lost_is_left_aside() -> None:
    driven = Driven()
    decision = driven.tick(1.0, driven.submit())
    folding = Folding()
    folding.apply(decision.changes, ())
    core = Core()
    (warning,) = core.restore(folding.entities, {}, 1.0)
    assert "register that workflow as it was" in warning
    assert core.tick([], 2.0).changes == {}


def driven_definition(driven: Driven) -> dict[str, dict[str, object] | None]:
    """Return the change that journaled the workflow."""
    snapshot = driven.core.snapshot()
    return {entity: dict(found) for entity, found in snapshot.items() if entity.startswith("#")}
