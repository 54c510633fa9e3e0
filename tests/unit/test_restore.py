"""A core that is restored from what was journaled is the core that journaled it."""

import msgspec
import pytest

from tests.unit.core_helpers import Driven, asks, defined, failed, perform, settled, sleeps, started
from tests.unit.core_story import LIMITS, SPECS, TASKS, Story
from workflow_engine.core.components import Attempt, Component, Cost, Reserved, Running, Table
from workflow_engine.core.core import Core
from workflow_engine.core.explain import explain
from workflow_engine.core.inputs import Declined, HandedBack, Input, Limit, Serving
from workflow_engine.core.restoring import decode
from workflow_engine.core.tick import Decision
from workflow_engine.journal.folding import Folding
from workflow_engine.journal.lines import encode_commit
from workflow_engine.journal.port import Commit

TICKS = 60


class Journaled:
    """A core, and the fold of what it journaled."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.folding = Folding()
        self._n = 0

    def tick(self, inputs: list[Input], now: float) -> Decision:
        """Decide and journal."""
        decision = self.core.tick(inputs, now)
        self._n += 1
        encode_commit(Commit(self._n, now, decision.changes, tuple(decision.ended), tuple(decision.events)))
        self.folding.apply(decision.changes, decision.ended)
        return decision

    def restored(self, now: float) -> Core:
        """Return another core, made from what was journaled."""
        core = Core()
        core.restore(self.folding.entities, self.folding.ended, now)
        return core


def everything(core: Core) -> dict[str, dict[str, Component | Table]]:
    """Return what lives, whatever the order in which it came."""
    return {entity: dict(sorted(found.items())) for entity, found in sorted(core.snapshot().items())}


def explanations(core: Core, now: float) -> dict[str, str]:
    """Return what each task of the stories waits for, as told while no engine runs."""
    records = {task: core.record(task) for task in TASKS}
    return {task: explain(record, now, serving=False) for task, record in records.items() if record is not None}


@pytest.mark.parametrize("seed", range(100))
def test_a_restored_core_is_what_was_journaled_and_goes_on_like_the_first(seed: int) -> None:
    story, first = Story(seed), Journaled(Core())
    for inputs, now in story.ticks(TICKS):
        story.heard(first.tick(inputs, now))
        second = first.restored(now)
        assert everything(second) == everything(first.core)
        assert explanations(second, now) == explanations(first.core, now)
        assert {task: second.record(task) for task in TASKS} == {task: first.core.record(task) for task in TASKS}
        under_way = any("running" in found for found in second.snapshot().values())
        assert second.next_due() == (now if under_way else first.core.next_due())
        second.close()
    _go_on_alike(first, story)


def attempt(found: dict[str, Component | Table]) -> int:
    number = found["attempt"]
    assert isinstance(number, Attempt)
    return number.number


def _go_on_alike(first: Journaled, story: Story) -> None:
    """Stop the first core gracefully, restore a second, and tell both the rest of the story."""
    snapshot = first.core.snapshot()
    back = [HandedBack(run, attempt(found)) for run, found in snapshot.items() if "running" in found]
    first.tick([Serving(False), *back], story.now)
    second = Journaled(first.restored(story.now))
    # Limits are the host's to say again; in the first nothing changes, but that parked lanes may try again.
    start: list[Input] = [*map(defined, SPECS), *LIMITS, Serving(True)]
    assert _alike(first.tick(start, story.now)) == _alike(second.tick(start, story.now))
    for inputs, now in story.ticks(TICKS // 2):
        decision = first.tick(inputs, now)
        assert _alike(second.tick(inputs, now)) == _alike(decision)
        story.heard(decision)
    second.core.close()
    first.core.close()


def _alike(decision: Decision) -> bytes:
    """Return a decision as bytes that can be compared; refusals are exceptions, which compare by identity."""
    return msgspec.json.encode(decision, enc_hook=repr, order="sorted")


# ---------------------------------------------------------------- one by one


def restored(driven: Driven, *decisions: Decision) -> Core:
    """Return a core that was made from the snapshot of another."""
    folding = Folding()
    folding.apply({name: dict(found) for name, found in _journal_form(driven).items()}, ())
    core = Core()
    core.restore(folding.entities, {}, 500.0)
    return core


def _journal_form(driven: Driven) -> dict[str, dict[str, object]]:
    return {
        entity: {
            name + "+" * isinstance(part, Table): part.entries if isinstance(part, Table) else part
            for name, part in found.items()
        }
        for entity, found in driven.core.snapshot().items()
    }


def test_what_was_under_way_is_taken_up_again_with_the_same_attempt() -> None:
    driven = started()
    driven.tick(101.0, failed())
    driven.tick(111.0)
    core = restored(driven)
    assert core.next_due() == 500.0
    assert core.tick([Serving(True)], 500.0).effects == [perform(attempt=2)]


def test_what_was_under_way_is_ready_while_nothing_is_carried_out() -> None:
    core = restored(started())
    decision = core.tick([], 500.0)
    assert (decision.effects, list(decision.changes)) == ([], ["t/a/1", "t"])
    assert core.next_due() is None
    assert core.tick([Serving(True)], 501.0).effects == [perform()]


def test_engine_time_goes_on_where_it_was() -> None:
    core = restored(started())
    decision = core.tick([Serving(True)], 10.0)
    assert decision.changes["t/a/1"] == {"running": Running(500.0)}


@pytest.mark.parametrize(("come", "due"), [(failed(), 111.0), (sleeps(60.0), 161.0), (asks(due_in=9.0), 110.0)])
def test_what_was_due_is_due(come: Input, due: float) -> None:
    driven = started()
    driven.tick(101.0, come)
    assert restored(driven).next_due() == due


def test_an_overdue_question_is_not_announced_again() -> None:
    driven = started()
    driven.tick(101.0, asks(due_in=9.0))
    driven.tick(120.0)
    assert restored(driven).next_due() is None


def test_ready_runs_keep_their_order() -> None:
    driven = Driven(serving=False)
    for at, (name, priority) in enumerate((("old", 0), ("urgent", 9), ("young", 0))):
        driven.tick(100.0 + at, driven.submit(name, priority=priority))
    effects = restored(driven).tick([Serving(True)], 500.0).effects
    assert effects == [perform(f"{name}/a/1") for name in ("urgent", "old", "young")]


def test_limits_hold_for_what_is_taken_up_again() -> None:
    driven = Driven()
    driven.tick(100.0, driven.submit("t"), driven.submit("u"))
    core = restored(driven)
    assert core.tick([Limit("pool", "functional", 1), Serving(True)], 500.0).effects == [perform("t/a/1")]
    assert core.tick([settled()], 501.0).effects == [perform("u/a/1")]


def test_what_was_parked_is_tried_again() -> None:
    driven = started()
    driven.tick(101.0, Declined("t/a/1", 1, "a handler"))
    assert restored(driven).tick([Serving(True)], 500.0).effects == [perform()]


def test_components_of_a_later_version_are_left_out() -> None:
    assert decode({"attempt": msgspec.Raw(b'{"number":2}'), "from_the_future": msgspec.Raw(b"[1]")}).keys() == {
        "attempt"
    }


def test_fields_of_a_later_version_are_left_out_and_missing_ones_have_their_defaults() -> None:
    [run] = decode({"running": msgspec.Raw(b'{"since":1.0,"mood":"good"}')}).values()
    assert run == Running(1.0, None)


def test_a_component_that_cannot_be_read_says_so() -> None:
    with pytest.raises(msgspec.ValidationError, match="Expected `int`, got `str`"):
        decode({"attempt": msgspec.Raw(b'{"number":"two"}')})


def test_a_run_whose_turn_has_something_put_aside_is_restored_with_it() -> None:
    reserved = decode({"reserved": {"turn": msgspec.Raw(b'{"tokens":5,"dollars":0.5}')}})["reserved"]
    assert reserved == Reserved({"turn": Cost(5, 0.5)})
