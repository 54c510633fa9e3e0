"""A new task begins where another one was, with what that had done before."""

from typing import Any

import msgspec
import pytest

from tests.unit.core_helpers import Driven, decided, failed, performed, raw, refused, rejects, settled, started
from tests.unit.test_retaking import broken_line, needs, through
from workflow_engine.core.components import (
    Artifacts,
    Context,
    Data,
    Identity,
    Inherited,
    PhaseProgress,
    Progress,
    Stage,
    Status,
    TaskState,
)
from workflow_engine.core.events import PhaseStarted, TaskSubmitted
from workflow_engine.core.inputs import Attach, Cancel, ForkTask, Purge, Submit
from workflow_engine.core.reruns import Rerun
from workflow_engine.errors import DuplicateTask, InputRefused, UnknownTask
from workflow_engine.spec.model import Phase


def completed(**given: Any) -> Driven:
    """Return a core with a completed task of three phases, each of which has set a value."""
    driven = Driven(Phase(id="a"), Phase(id="b"), Phase(id="c"), **given)
    driven.tick(100.0, driven.submit(labels={"team": "sea"}, priority=3))
    for name in "abc":
        driven.tick(101.0, settled(f"t/{name}/1", output=f"out {name}", context={f"by {name}": raw(name)}))
    assert driven.state() is TaskState.COMPLETED
    return driven


def fork(phase: str | None = None, **given: Any) -> ForkTask:
    given.setdefault("ticket", 7)
    return ForkTask("f", "t", phase, **given)


def values(driven: Driven, task: str = "f") -> dict[str, Any]:
    """Return the context of a task."""
    record = driven.core.record(task)
    assert record is not None
    tables = (record.find(Inherited), record.find(Context))
    found = {name: value for table in tables if table is not None for name, value in table.entries.items()}
    return {name: msgspec.json.decode(value) for name, value in found.items()}


def test_a_fork_begins_at_its_phase_with_what_stands_before() -> None:
    driven = completed()
    decision = driven.tick(200.0, fork("b", by="ann"))
    assert decision.replies == [(7, "f")]
    assert decided(decision)[1] == [TaskSubmitted("f", "w", "ann", "t"), PhaseStarted("f", "f/b/1", 1)]
    assert performed(decision) == ["f/b/1"]
    assert driven.find("f", Identity) == Identity(
        "f", "w", driven.digest, 200.0, priority=3, labels={"team": "sea"}, forked_from="t", forked_at="b"
    )
    assert driven.find("f", Data) == Data(raw(1))
    assert driven.find("f", Progress).entries == {
        "a": PhaseProgress(started=100.0, ended=101.0, output=raw("out a"), sets=("by a",))
    }
    assert values(driven) == {"by a": "a"}


def test_a_fork_goes_its_own_way_and_leaves_the_source_as_it_was() -> None:
    driven = completed()
    before = driven.core.record("t")
    driven.tick(200.0, fork("c"))
    driven.tick(201.0, settled("f/c/1", output="anew", context={"by c": raw("f")}))
    assert driven.state("f") is TaskState.COMPLETED
    assert driven.core.record("t") == before
    assert values(driven) == {"by a": "a", "by b": "b", "by c": "f"}


def test_a_fork_from_the_first_phase_is_a_task_with_the_same_data() -> None:
    driven = completed()
    assert performed(driven.tick(200.0, fork())) == ["f/a/1"]
    assert (values(driven), driven.find("f", Identity).forked_at) == ({}, None)
    assert driven.core.preview_fork("t", None) == Rerun(
        "t", "a", ("a", "b", "c"), (), sentence="a, b and c are done in the new task."
    )


def test_a_fork_begins_with_the_values_and_the_data_that_it_is_given() -> None:
    driven = completed()
    driven.tick(
        200.0,
        fork("c", context={"tone": raw("dry"), "none": raw(None)}, without=("by a",), data=raw({"x": 2}), labels={}),
    )
    assert values(driven) == {"by b": "b", "tone": "dry", "none": None}
    assert (driven.find("f", Data), driven.find("f", Identity).labels) == (Data(raw({"x": 2})), None)


def test_a_fork_refers_to_the_artifacts_of_its_source() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    driven.tick(101.0, Attach("t", {"notes.txt": raw({"name": "notes.txt"})}))
    driven.tick(102.0, fork("b"))
    assert driven.find("f", Artifacts) == driven.find("t", Artifacts)
    driven.tick(103.0, Attach("f", {"more.txt": raw({})}))
    assert list(driven.find("t", Artifacts).entries) == ["notes.txt"]


def test_a_live_task_is_forked_as_it_stands() -> None:
    driven = through(started(needs("a"), needs("b", "a"), needs("c"), needs("d", "b", "c")), "t/a/1")
    assert driven.core.preview_fork("t", "b") == Rerun(
        "t", "b", ("b", "c", "d"), ("a",), sentence="b, c and d are done in the new task; a keeps its output."
    )
    assert performed(driven.tick(200.0, fork("b"))) == ["f/b/1", "f/c/1"]
    assert driven.outcomes("f") == {"a": "completed"}
    assert driven.state() is TaskState.IN_PROGRESS


def test_a_failed_task_is_forked_and_its_failure_stays_with_it() -> None:
    driven = broken_line()
    assert performed(driven.tick(200.0, fork("c"))) == ["f/c/1"]
    record = driven.core.record("f")
    assert record is not None
    assert sorted(record.components) == ["data", "identity", "progress", "status"]
    assert driven.find("f", Status) == Status(TaskState.IN_PROGRESS, 200.0)


def test_a_choice_of_the_source_stands() -> None:
    driven = started(needs("a", next_classifications=["b", "c"]), needs("b", "a"), needs("c", "a"), needs("d", "b"))
    driven.tick(101.0, settled("t/a/1", pick="b"))
    driven.tick(102.0, settled("t/b/1"))
    assert performed(driven.tick(200.0, fork("b"))) == ["f/b/1"]
    assert driven.outcomes("f") == {"a": "completed", "c": "unchosen"}
    assert refused(driven.tick(201.0, ForkTask("g", "t", "c", ticket=7)))[1] == (
        "phase 'c' of task t is on a way that was not taken: phase 'a' chose 'b'; fork from 'a'"
    )


def test_a_fork_does_not_undo_what_its_source_has_done() -> None:
    driven = started(Phase(id="a", compensate="x"), Phase(id="b", compensate="y"), Phase(id="c"))
    through(driven, "t/a/1", "t/b/1")
    driven.tick(150.0, fork("b"))
    driven.tick(151.0, settled("f/b/1"))
    assert performed(driven.tick(152.0, failed("f/c/1", permanent=True))) == ["f/b:compensate/1"]
    driven.tick(153.0, settled("f/b:compensate/1"))
    assert driven.state("f") is TaskState.FAILED


def test_a_fork_does_again_what_was_undone() -> None:
    driven = started(Phase(id="a", compensate="x"), Phase(id="b"), Phase(id="c"))
    through(driven, "t/a/1", "t/b/1").tick(150.0, Cancel("t"))
    driven.tick(151.0, settled("t/a:compensate/1"))
    assert driven.state() is TaskState.CANCELLED
    assert performed(driven.tick(200.0, fork("c"))) == ["f/a/1"]


def test_a_fork_counts_rejections_and_visits_anew() -> None:
    driven = started(Phase(id="a"), Phase(id="r", on_reject={"target": "a", "max_attempts": 1}), Phase(id="c"))
    driven.tick(101.0, settled("t/a/1"))
    driven.tick(102.0, rejects("t/r/1", 1, "no"))
    driven.tick(103.0, settled("t/a/2"))
    driven.tick(104.0, settled("t/r/2"))
    driven.tick(200.0, fork("c"))
    found = driven.find("f", Progress).entries
    assert {name: (entry.visits, entry.rejections) for name, entry in found.items()} == {"a": (1, 0), "r": (1, 0)}


def test_a_fork_stands_at_the_stage_that_its_phase_names() -> None:
    states = {"initial": "new", "transitions": {"new": ["writing"], "writing": ["reviewing"]}}
    driven = started(
        Phase(id="write", stages={"start": "writing"}), Phase(id="review", stages={"start": "reviewing"}), states=states
    )
    driven.tick(101.0, settled("t/write/1"))
    driven.tick(200.0, fork("review"), ForkTask("g", "t"))
    assert (driven.find("f", Stage), driven.find("g", Stage)) == (Stage("reviewing", 200.0), Stage("writing", 200.0))


def test_the_same_fork_twice_is_one_task() -> None:
    driven = completed()
    driven.tick(200.0, fork("b"))
    again = driven.tick(201.0, fork("b"))
    assert (again.replies, again.changes) == ([(7, "f")], {})
    for name in "bc":
        driven.tick(202.0, settled(f"f/{name}/1"))
    assert driven.tick(203.0, fork("b"), fork("b", ticket=8)).replies == [(7, "f"), (8, "f")]


@pytest.mark.parametrize(
    ("again", "why"),
    [
        (fork("c"), "exists and is not this fork"),
        (fork("b", data=raw(2)), "is this fork with other data"),
        (ForkTask("t", "t", "b", ticket=7), "exists and is not this fork"),
    ],
)
def test_another_task_of_the_same_id_is_refused(again: ForkTask, why: str) -> None:
    driven = completed()
    driven.tick(200.0, fork("b"))
    decision = driven.tick(201.0, again)
    assert refused(decision) == (DuplicateTask, f"task {again.task} {why}; fork under another id")
    assert decision.changes == {}


def test_the_id_of_a_fork_is_not_that_of_a_submission() -> None:
    driven = completed()
    driven.tick(200.0, driven.submit("f"))
    assert refused(driven.tick(201.0, fork("b")))[0] is DuplicateTask


@pytest.mark.parametrize("source", ["nobody", "t/a/1", "#", ""])
def test_what_is_no_task_is_not_forked(source: str) -> None:
    assert refused(started().tick(101.0, ForkTask("f", source, ticket=7)))[0] is UnknownTask


def test_a_phase_that_is_none_is_refused_and_nothing_is_made() -> None:
    decision = completed().tick(200.0, fork("z"))
    assert refused(decision) == (InputRefused, "task t has no phase 'z'; its phases are a, b, c")
    assert decision.changes == {}


def test_a_task_of_which_the_definition_is_lost_is_not_forked() -> None:
    driven, other = completed(), started(Phase(id="x"))
    ended = driven.core.record("t")
    assert ended is not None
    other.core.remember({"u": {name: raw(ended.components[name]) for name in ("identity", "data", "status")}})
    assert refused(other.tick(200.0, ForkTask("f", "u", ticket=7))) == (
        InputRefused,
        "task u cannot be forked: the journal has lost the definition of 'w'; submit a new task with its data",
    )


def test_a_fork_and_the_purge_of_its_source_in_one_tick_leave_the_fork() -> None:
    driven = completed()
    driven.tick(200.0, fork("c"), Purge("t"))
    assert driven.core.record("t") is None
    driven.tick(201.0, settled("f/c/1"))
    assert driven.state("f") is TaskState.COMPLETED


def test_a_value_that_a_fork_was_given_stands_whatever_is_forked_from_it_later() -> None:
    driven = completed()
    driven.tick(200.0, fork("b", context={"by a": raw("given"), "by b": raw("at first")}))
    assert values(driven) == {"by a": "given", "by b": "at first"}
    driven.tick(201.0, settled("f/b/1", context={"by b": raw("anew")}))
    driven.tick(202.0, ForkTask("g", "f", "b"), ForkTask("h", "f", "c"), ForkTask("i", "f", without=("by a",)))
    assert values(driven, "g") == {"by a": "given", "by b": "at first"}
    assert values(driven, "h") == {"by a": "given", "by b": "anew"}
    assert values(driven, "i") == {"by b": "at first"}


def test_a_fork_can_be_cancelled_in_the_tick_that_makes_it() -> None:
    driven = completed()
    decision = driven.tick(200.0, fork("b"), Cancel("f", ticket=8))
    assert (decision.effects, decision.replies) == ([], [(7, "f"), (8, "f")])
    assert driven.state("f") is TaskState.CANCELLED


def test_a_submission_under_the_id_of_a_fork_finds_it() -> None:
    driven = completed()
    driven.tick(200.0, fork("b"))
    [(_, reply)] = driven.tick(201.0, Submit("f", driven.digest, raw(1), ticket=7)).replies
    assert reply == "f"
