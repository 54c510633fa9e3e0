"""What of a task that failed is done again, from whichever phase it is taken up, and what the preview says of that."""

from typing import Any

import pytest

from tests.unit.core_helpers import Driven, failed, performed, raw, refused, rejects, settled, started
from workflow_engine.core.components import Context, Progress, Stage, TaskState
from workflow_engine.core.inputs import Retry
from workflow_engine.core.reruns import Rerun
from workflow_engine.errors import IllegalTransition, InputRefused, UnknownTask
from workflow_engine.spec.model import Phase


def needs(name: str, *needed: str, **given: Any) -> Phase:
    return Phase(id=name, depends_on=needed, **given)


def through(driven: Driven, *runs: str, now: float = 101.0) -> Driven:
    """Have these runs succeed, one after the other."""
    for run in runs:
        driven.tick(now, settled(run))
    return driven


def broken(driven: Driven, run: str) -> Driven:
    """Have the task fail in this run."""
    driven.tick(150.0, failed(run, permanent=True))
    assert driven.state() is TaskState.FAILED
    return driven


def broken_line() -> Driven:
    """Return a sequence of four phases that failed in the third."""
    line = started(Phase(id="a"), Phase(id="b"), Phase(id="c"), Phase(id="d"))
    return broken(through(line, "t/a/1", "t/b/1"), "t/c/1")


def preview(driven: Driven, phase: str | None = None) -> Rerun:
    return driven.core.preview_retry("t", phase)


def test_a_sequence_goes_on_from_what_failed_and_keeps_what_came_before() -> None:
    assert preview(broken_line()) == Rerun(
        "t", "c", ("c", "d"), ("a", "b"), sentence="c is done again; d is done; a and b keep their outputs."
    )


def test_a_sequence_that_goes_back_does_again_what_comes_behind() -> None:
    driven = broken_line()
    assert preview(driven, "b") == Rerun(
        "t", "b", ("b", "c", "d"), ("a",), sentence="b and c are done again; d is done; a keeps its output."
    )
    assert performed(driven.tick(200.0, Retry("t", "b"))) == ["t/b/2"]
    assert driven.outcomes() == {"a": "completed", "b": "superseded", "c": "failed"}
    assert performed(through(driven).tick(201.0, settled("t/b/2"))) == ["t/c/2"]


def test_a_sequence_that_is_taken_up_further_on_leaves_out_what_failed() -> None:
    driven = broken_line()
    assert preview(driven, "d") == Rerun(
        "t", "d", ("d",), ("a", "b"), (), ("c",), "d is done; c is left out; a and b keep their outputs."
    )
    assert performed(driven.tick(200.0, Retry("t", "d"))) == ["t/d/1"]


def test_a_preview_changes_nothing() -> None:
    driven = broken_line()
    before = driven.find("t", Progress).entries
    preview(driven, "a")
    assert driven.find("t", Progress).entries == before
    assert driven.state() is TaskState.FAILED
    assert driven.tick(200.0).changes == {}


def test_context_and_outputs_stay_when_a_task_goes_back() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    driven.tick(101.0, settled("t/a/1", output="first", context={"tone": raw("dry")}))
    broken(driven, "t/b/1").tick(200.0, Retry("t", "a"))
    assert driven.find("t", Context).entries == {"tone": raw("dry")}
    assert driven.find("t", Progress).entries["a"].output == raw("first")


def test_reviews_that_a_sequence_goes_back_behind_do_not_count_for_its_gate() -> None:
    driven = started(
        Phase(id="a", next_classifications=["r", "b"]), Phase(id="r", next_classifications=["b"]),
        Phase(id="b", next_classifications=["gate"]), Phase(id="gate", gate={"of": ["r"]}),
    )  # fmt: skip
    driven.tick(101.0, settled("t/a/1", pick="r"))
    driven.tick(102.0, rejects("t/r/1", 1, "no"))
    driven.tick(103.0, settled("t/b/1"))
    assert driven.state() is TaskState.FAILED
    driven.tick(200.0, Retry("t", "a"))
    driven.tick(201.0, settled("t/a/2", pick="b"))
    driven.tick(202.0, settled("t/b/2"))
    assert driven.state() is TaskState.COMPLETED


def test_the_outputs_on_the_way_to_a_phase_in_a_loop_stand() -> None:
    driven = started(
        Phase(id="a", next_classifications=["b"]), Phase(id="b", next_classifications=["a", "c", "d"]),
        Phase(id="c", next_classifications=["a"]), Phase(id="d"),
    )  # fmt: skip
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, settled("t/b/1", pick="c"))
    driven.tick(103.0, settled("t/c/1"))
    driven.tick(104.0, settled("t/a/2"))
    broken(driven, "t/b/2")
    told = preview(driven, "b")
    assert (told.runs, told.keeps, told.perhaps) == (("b", "a", "c", "d"), ("a",), ("a", "c"))
    driven.tick(200.0, Retry("t", "b"))
    assert driven.outcomes() == {"a": "completed", "b": "failed", "c": "superseded"}


def test_a_graph_goes_on_with_all_that_is_left() -> None:
    driven = started(needs("a"), needs("b", "a"), needs("c", "a"), needs("d", "b", "c"))
    broken(through(driven, "t/a/1", "t/b/1"), "t/c/1")
    assert preview(driven) == Rerun(
        "t", "c", ("c", "d"), ("a", "b"), sentence="c is done again; d is done; a and b keep their outputs."
    )
    assert performed(driven.tick(200.0, Retry("t"))) == ["t/c/2"]


def test_a_graph_that_goes_back_does_again_what_builds_on_that_and_keeps_the_rest() -> None:
    driven = started(needs("d", "b", "c"), needs("a"), needs("b", "a"), needs("c"))
    broken(through(driven, "t/a/1", "t/c/1", "t/b/1"), "t/d/1")
    assert preview(driven, "a") == Rerun(
        "t", "a", ("a", "b", "d"), ("c",), sentence="a, b and d are done again; c keeps its output."
    )
    assert performed(driven.tick(200.0, Retry("t", "a"))) == ["t/a/2"]
    assert driven.outcomes() == {"a": "superseded", "b": "superseded", "c": "completed", "d": "failed"}


def test_what_may_be_left_out_is_said_so() -> None:
    driven = started(
        needs("a", next_classifications=["b", "c"]), needs("b", "a"), needs("c", "a"), needs("end", "b", "c"),
        needs("note", "a", when="inputs > 3"),
    )  # fmt: skip
    broken(driven, "t/a/1")
    told = preview(driven)
    assert (told.runs, told.perhaps) == (("a", "b", "c", "end", "note"), ("b", "c", "end", "note"))
    assert told.sentence == "a is done again; b, c, end and note may be done."


def test_a_way_that_was_not_taken_is_no_place_to_begin_at() -> None:
    driven = started(
        needs("a", next_classifications=["b", "c"]), needs("b", "a"), needs("c", "a"), needs("d", "c"), needs("e", "b")
    )
    driven.tick(101.0, settled("t/a/1", pick="b"))
    broken(driven, "t/b/1")
    assert preview(driven).runs == ("b", "e")
    for phase in ("c", "d"):
        why = f"phase {phase!r} of task t is on a way that was not taken: phase 'a' chose 'b'; retry from 'a'"
        assert refused(driven.tick(200.0, Retry("t", phase, ticket=7))) == (InputRefused, why)
        with pytest.raises(InputRefused, match="on a way that was not taken"):
            preview(driven, phase)


def test_reviewers_that_a_gate_may_pass_without_may_be_left_out() -> None:
    driven = started(needs("a"), needs("r", "a"), needs("s", "a"), Phase(id="g", gate={"of": ["r", "s"], "require": 1}))
    broken(driven, "t/a/1")
    assert preview(driven).perhaps == ("r", "s")


def test_what_was_undone_is_done_again_whichever_phase_is_named() -> None:
    driven = started(Phase(id="a", compensate="x"), Phase(id="b"), Phase(id="c"))
    through(driven, "t/a/1", "t/b/1").tick(150.0, failed("t/c/1", permanent=True))
    driven.tick(151.0, settled("t/a:compensate/1"))
    assert (preview(driven).phase, preview(driven).runs) == ("a", ("a", "b", "c"))
    told = preview(driven, "c")
    assert (told.phase, told.runs, told.keeps) == ("a", ("a", "b", "c"), ())
    assert performed(driven.tick(200.0, Retry("t", "c"))) == ["t/a/2"]


def test_rejections_are_counted_anew_where_a_phase_is_named() -> None:
    driven = started(Phase(id="a"), Phase(id="r", on_reject={"target": "a", "max_attempts": 1}), Phase(id="c"))
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, rejects("t/r/1", 1, "no"))
    driven.tick(103.0, settled("t/a/2"))
    driven.tick(104.0, settled("t/r/2"))
    broken(driven, "t/c/1").tick(200.0, Retry("t", "a"))
    driven.tick(201.0, settled("t/a/3"))
    assert performed(driven.tick(202.0, rejects("t/r/3", 1, "no"))) == ["t/a/4"]


STATES: dict[str, Any] = {"initial": "new", "transitions": {"new": ["writing"], "writing": ["reviewing"]}}


def test_a_task_that_goes_back_leaves_a_stage_from_which_no_way_leads_there() -> None:
    driven = started(
        Phase(id="write", stages={"start": "writing"}), Phase(id="review", stages={"start": "reviewing"}), states=STATES
    )
    broken(through(driven, "t/write/1"), "t/review/1")
    assert performed(driven.tick(200.0, Retry("t", "write"))) == ["t/write/2"]
    assert driven.find("t", Stage) == Stage("writing", 200.0)


def test_a_move_that_failed_a_task_stays_illegal_when_it_is_retried() -> None:
    driven = started(Phase(id="a"), Phase(id="b", stages={"start": "reviewing"}), states=STATES)
    driven.tick(101.0, settled("t/a/1"))
    assert driven.state() is TaskState.FAILED
    driven.tick(200.0, Retry("t", "b"))
    assert (driven.state(), driven.find("t", Stage)) == (TaskState.FAILED, Stage("new", 100.0))


def test_a_task_that_has_not_failed_is_not_retried_and_the_refusal_says_what_to_do() -> None:
    live = started()
    with pytest.raises(IllegalTransition) as refusal:
        preview(live)
    assert str(refusal.value) == (
        "task t is in_progress and does not accept retry; "
        "wait until it has ended, or cancel it and fork it as a new task"
    )
    live.tick(101.0, settled())
    with pytest.raises(IllegalTransition, match="is completed and does not accept retry; fork it as a new task"):
        preview(live)
    with pytest.raises(UnknownTask):
        live.core.preview_retry("nobody", None)
    with pytest.raises(InputRefused, match="task t has no phase 'z'; its phases are a, b, c, d"):
        preview(broken_line(), "z")


def test_a_sentence_names_no_more_phases_than_can_be_read() -> None:
    driven = broken(started(*(Phase(id=f"p{number}") for number in range(15))), "t/p0/1")
    assert preview(driven).sentence == (
        "p0 is done again; p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12 and 2 more are done."
    )
