"""Who did it is in the event that it led to, and costs nothing where nobody said so."""

import msgspec

from tests.unit.core_helpers import Driven, raw, rejects, settled, started
from workflow_engine.core.components import PhaseProgress, Progress, WaitKind
from workflow_engine.core.events import (
    ArtifactAdded,
    Event,
    QuestionAsked,
    TaskCancelled,
    TaskPurged,
    TaskRetried,
    TaskSubmitted,
)
from workflow_engine.core.inputs import Attach, Cancel, FanOut, Input, Purge, Release, Retry, Suspend
from workflow_engine.spec.model import Phase


def told(driven: Driven, *inputs: Input, now: float = 200.0) -> list[Event]:
    return driven.tick(now, *inputs).events


def test_each_command_is_told_with_who_gave_it() -> None:
    driven = Driven()
    assert TaskSubmitted("t", "w", "ann") in told(driven, driven.submit(by="ann"))
    assert told(driven, Attach("t", {"a.txt": raw({})}, by="bob", outside=True)) == [ArtifactAdded("t", "a.txt", "bob")]
    paused = Suspend("", 0, WaitKind.IO, prompt="later", task="t", by="cho")
    assert told(driven, paused) == [QuestionAsked("t", "t/a/1", "t/a/1/1x1", "io", None, "cho")]
    assert told(driven, Cancel("t", "why", by="dee")) == [TaskCancelled("t", "why", "dee")]
    assert told(driven, Purge("t", by="eli")) == [TaskPurged("t", "eli")]


def test_a_retry_and_a_release_are_told_with_who_wanted_them() -> None:
    driven = started(Phase(id="a", on_reject={"target": "a", "max_attempts": 1}))
    driven.tick(101.0, rejects("t/a/1", 1, "no"))
    driven.tick(102.0, rejects("t/a/2", 1, "no"))
    assert TaskRetried("t", "a", "ann") in told(driven, Retry("t", by="ann"))
    told(driven, Suspend("", 0, WaitKind.IO, prompt="p", task="t"), now=201.0)
    [ended] = [event for event in told(driven, Release("t", by="bob"), now=202.0) if isinstance(event, TaskCancelled)]
    assert ended.by == "bob"


def test_who_cancels_is_told_though_something_is_compensated_first() -> None:
    driven = started(Phase(id="a", compensate="x"), Phase(id="b"))
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, Cancel("t", "enough", by="ann"))
    assert TaskCancelled("t", "enough", "ann") in told(driven, settled("t/a:compensate/1"))


def test_an_artifact_of_a_handler_is_not_told() -> None:
    assert told(started(), Attach("t", {"a.txt": raw({})})) == []


def test_nobody_costs_nothing() -> None:
    assert msgspec.json.encode(TaskSubmitted("t", "w")) == b'{"event":"TaskSubmitted","task":"t","workflow":"w"}'
    assert b"sets" not in msgspec.json.encode(PhaseProgress())


def test_a_phase_says_which_values_it_has_set_and_a_second_visit_adds_to_them() -> None:
    driven = started(Phase(id="a"), Phase(id="r", on_reject={"target": "a", "max_attempts": 2}))
    driven.tick(101.0, settled("t/a/1", context={"title": raw(1), "tone": raw(2)}))
    verdict = msgspec.structs.replace(rejects("t/r/1", 1, "no"), context={"seen": raw(True)})
    driven.tick(102.0, verdict)
    driven.tick(103.0, settled("t/a/2", context={"tone": raw(3), "length": raw(4)}))
    entries = driven.find("t", Progress).entries
    assert (entries["a"].sets, entries["r"].sets) == (("title", "tone", "length"), ("seen",))


def test_a_phase_that_is_withdrawn_has_set_what_it_had_set_before() -> None:
    driven = started(
        Phase(id="a", depends_on=()),
        Phase(id="b", depends_on=["a"]),
        Phase(id="r", depends_on=["a"], on_reject={"target": "a", "max_attempts": 3}),
    )
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, settled("t/b/1", context={"x": raw(1)}))
    driven.tick(103.0, rejects("t/r/1", 1, "no"))
    driven.tick(104.0, settled("t/a/2"))
    driven.tick(105.0, rejects("t/r/2", 1, "no"))
    assert driven.find("t", Progress).entries["b"].sets == ("x",)


def test_the_items_of_a_fan_out_set_values_together() -> None:
    driven = started(Phase(id="a", for_each="inputs"))
    driven.tick(101.0, FanOut("t/a/1", 1, raw([1, 2])))
    driven.tick(102.0, settled("t/a/1.0", context={"x": raw(1)}))
    driven.tick(103.0, settled("t/a/1.1", context={"y": raw(1), "x": raw(2)}))
    assert driven.find("t", Progress).entries["a"].sets == ("x", "y")
