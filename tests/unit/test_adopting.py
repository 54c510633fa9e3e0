"""Migrating, adopting and releasing: tasks go on by another definition, or in another core, from where they are."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.unit.core_helpers import Driven, answer, decided, defined, perform, raw, refused, settled, started
from tests.unit.moving_given import (
    ONE_TRY,
    STATES,
    adopt,
    as_json,
    asking,
    elsewhere,
    forked,
    given,
    holding,
    open_questions,
    reopened,
    undoing,
)
from workflow_engine.core.components import Artifacts, Failure, Identity, Progress, Status, TaskState
from workflow_engine.core.events import TaskAdopted, TaskCancelled, TaskMigrated
from workflow_engine.core.inputs import (
    Answer,
    Branch,
    Declined,
    Define,
    Fork,
    Limit,
    Migrate,
    Release,
    Serving,
    Skipped,
    Submit,
)
from workflow_engine.errors import AnswerRefused, IllegalTransition, InputRefused, UnknownTask
from workflow_engine.spec.model import Phase, WorkflowSpec

Make = Callable[[], tuple[Driven, WorkflowSpec]]


def known(driven: Driven, *phases: Phase, name: str = "w", **more: Any) -> str:
    """Tell a core of another definition, for tasks that come over; return its hash."""
    spec = WorkflowSpec(name=name, phases=phases, **more)
    driven.tick(50.0, msgspec.structs.replace(defined(spec), submitted=False))
    return spec.digest()


# ---------------------------------------------------------------- migrating


def test_what_follows_is_as_the_new_definition_says() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    new = known(driven, Phase(id="a"), Phase(id="x"), Phase(id="b"))
    moved = driven.tick(101.0, Migrate("t", new, None, 1))
    assert (moved.replies, decided(moved)) == ([(1, "t")], ([], [TaskMigrated("t", new)]))
    assert driven.find("t", Identity).definition == new
    assert driven.tick(102.0, settled()).effects == [perform("t/x/1")]


def test_a_task_whose_attempt_ends_in_the_same_moment_follows_the_new_definition() -> None:
    driven = started(Phase(id="a"), Phase(id="b", depends_on=["a"]))
    new = known(driven, Phase(id="a"), Phase(id="b", depends_on=["a"]), Phase(id="c", depends_on=["a"]))
    moved = driven.tick(101.0, settled(), Migrate("t", new, None, 1))
    assert moved.effects == [perform("t/b/1"), perform("t/c/1")]


def test_phases_of_a_graph_that_can_begin_now_begin() -> None:
    driven, _ = holding()
    new = known(
        driven,
        Phase(id="a"),
        Phase(id="b", depends_on=["a"]),
        Phase(id="d", depends_on=["b"]),
        Phase(id="e", depends_on=["a"]),
    )
    assert driven.tick(110.0, Migrate("t", new, None, 1)).effects == [perform("t/e/1")]
    assert driven.tick(111.0, answer("t/b/1/1q0")).effects == [perform("t/d/1")]


def test_an_attempt_keeps_the_timeout_that_it_began_with() -> None:
    driven = started(Phase(id="a", timeout=60, retry=ONE_TRY))
    new = known(driven, Phase(id="a", retry=ONE_TRY))
    driven.tick(101.0, Migrate("t", new, None, 1))
    driven.tick(160.0)
    assert driven.find("t", Failure).message == "the attempt took longer than it was allowed to"


def test_a_run_that_waits_for_a_handler_waits_for_the_new_one() -> None:
    driven = started(Phase(id="a", target_classification="missing"))
    driven.tick(101.0, Declined("t/a/1", 1, "a handler for 'missing'"))
    assert driven.core.lacks("t") == {"t/a/1": "a handler for 'missing'"}
    new = known(driven, Phase(id="a", target_classification="there"))
    assert driven.tick(102.0, Migrate("t", new, None, 1)).effects == [perform("t/a/1")]
    assert driven.tick(103.0, Serving(on=True)).effects == []
    assert driven.tick(104.0, settled()).ended.keys() == {"t"}


def test_a_run_that_queues_is_started_once() -> None:
    driven = started(Phase(id="a"))
    driven.tick(100.0, Limit("classification", "a", 1), driven.submit("u"))
    new = known(driven, Phase(id="a", target_classification="other"))
    assert driven.tick(101.0, Migrate("u", new, None, 1)).effects == [perform("u/a/1")]
    assert driven.tick(102.0, settled()).effects == []


@pytest.mark.parametrize("phases", [None, {}, {"a": "z"}])
def test_a_mappable_task_moves_when_somebody_says_so(phases: dict[str, str] | None) -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    driven.tick(101.0, settled())
    new = known(driven, Phase(id="z"), Phase(id="b"))
    moved = driven.tick(102.0, Migrate("t", new, phases, 1))
    if phases is None:
        why = "mappable (phase 'a', which it has completed, is gone; phase 'z' comes before, and it has not been there)"
        assert refused(moved) == (IllegalTransition, f"task t is {why} and does not accept migrate")
        assert not moved.changes
    else:
        assert moved.replies == [(1, "t")]
        assert set(driven.find("t", Progress).entries) == {"a", *phases.values()}


def test_a_phase_that_was_renamed_counts_as_done_in_a_graph() -> None:
    driven = started(Phase(id="a"), Phase(id="b", depends_on=["a"]))
    driven.tick(101.0, settled())
    new = known(driven, Phase(id="z"), Phase(id="b", depends_on=["z"]), Phase(id="c", depends_on=["z"]))
    assert driven.tick(102.0, Migrate("t", new, {"a": "z"}, 1)).effects == [perform("t/c/1")]


@pytest.mark.parametrize(
    ("phases", "said"),
    [
        ({"nil": "b"}, "task t cannot migrate: its definition has no phase 'nil'; it has a, b"),
        ({"a": "nil"}, "task t cannot migrate: the new definition has no phase 'nil'; it has a, b, c"),
    ],
)
def test_a_phase_that_does_not_exist_is_refused(phases: dict[str, str], said: str) -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    new = known(driven, Phase(id="a"), Phase(id="b"), Phase(id="c"))
    assert refused(driven.tick(101.0, Migrate("t", new, phases, 1))) == (InputRefused, said)


def test_who_cannot_move_is_told_why() -> None:
    driven = started(Phase(id="a"), Phase(id="b"))
    gone, other = known(driven, Phase(id="b")), known(driven, Phase(id="a"), name="v")
    assert refused(driven.tick(101.0, Migrate("t", gone, {}, 1))) == (
        IllegalTransition,
        "task t is blocked (phase 'a', which it is in, is gone) and does not accept migrate",
    )
    assert refused(driven.tick(101.0, Migrate("t", other, {}, 1))) == (
        InputRefused,
        "task t goes through 'w', and the definition is of 'v'; a task stays in its workflow",
    )
    assert refused(driven.tick(101.0, Migrate("t", "nil", {}, 1))) == (
        InputRefused,
        "task t is to go by a definition that is not known: nil",
    )
    assert refused(driven.tick(101.0, Migrate("nil", gone, {}, 1)))[0] is UnknownTask
    assert refused(driven.tick(101.0, driven.submit("u"), Migrate("u", gone, {}, 1))) == (
        IllegalTransition,
        "task u is just beginning (ask again) and does not accept migrate",
    )
    driven.tick(102.0, settled())
    driven.tick(103.0, settled("t/b/1"))
    assert refused(driven.tick(104.0, Migrate("t", gone, {}, 1))) == (
        IllegalTransition,
        "task t is completed and does not accept migrate",
    )


def test_moving_twice_changes_nothing() -> None:
    driven = started(Phase(id="a"))
    new = known(driven, Phase(id="a"), Phase(id="b"))
    driven.tick(101.0, Migrate("t", new, None, 1))
    again = driven.tick(102.0, Migrate("t", new, None, 2))
    assert (again.changes, again.events, again.replies) == ({}, [], [(2, "t")])


def test_a_definition_that_tasks_come_over_to_is_not_what_submissions_mean() -> None:
    driven = started(Phase(id="a"))
    first = driven.digest
    second = known(driven, Phase(id="a"), Phase(id="b"))
    assert (driven.core.latest("w"), driven.core.defined(second)) == (first, True)
    assert reopened(driven.core).core.latest("w") == first
    stored = driven.core.stored(second)
    driven.tick(200.0, Define(second, "w", stored.spec))
    assert reopened(driven.core).core.latest("w") == second
    driven.tick(300.0, Define(first, "w", driven.core.stored(first).spec))
    assert (driven.core.latest("w"), reopened(driven.core).core.latest("w")) == (first, first)


def test_a_name_that_is_known_of_tasks_alone_means_nothing_for_submissions() -> None:
    driven = started()
    known(driven, Phase(id="a"), name="v")
    assert (driven.core.latest("v"), driven.core.definition("v")) == (None, None)
    assert reopened(driven.core).core.latest("v") is None


# ---------------------------------------------------------------- adopting


@pytest.mark.parametrize("make", STATES)
def test_a_task_goes_on_in_another_core_as_it_would_have_here(make: Make) -> None:
    here, _ = make()
    there = elsewhere(here)
    plain = as_json(here.core.export("t"))
    taken = there.tick(105.0, adopt(plain))
    assert taken.replies == [(1, "t")]
    assert {type(event) for event in taken.events} == {TaskAdopted}
    assert as_json(there.core.export("t")) == plain
    restarted = reopened(there.core)
    asked = open_questions(here)
    ends: list[Any] = []
    for driven in (here, there, restarted):
        decided_here: list[Any] = []
        decision = driven.tick(110.0, *(answer(question, {"decision": "accept"}) for question in asked))
        for now in (200.0, 300.0, 400.0):
            while decision.effects:
                decided_here += decision.effects
                runs = [effect for effect in decision.effects if hasattr(effect, "attempt")]
                decision = driven.tick(now, *(settled(run.run, run.attempt, run.run) for run in runs))
            decision = driven.tick(now)
        record = driven.core.record("t")
        assert record is not None
        ends.append((decided_here, as_json({"t": record.components})))
    assert ends[0] == ends[1]
    assert ends[0] == ends[2]
    assert ends[0][1]["t"]["status"]["state"] in ("completed", "cancelled")


def test_an_id_that_is_taken_is_refused() -> None:
    here, _ = asking()
    plain = as_json(here.core.export("t"))
    there = elsewhere(here)
    there.tick(105.0, adopt(plain))
    said = (IllegalTransition, "task t is here already and does not accept import")
    assert refused(there.tick(106.0, adopt(plain))) == said
    there.tick(107.0, Release("t"))
    assert refused(there.tick(108.0, adopt(plain))) == said


def test_a_task_that_was_forked_does_not_come_alone() -> None:
    here, _ = forked()
    plain = as_json(here.core.export("t"))
    with pytest.raises(IllegalTransition, match=r"task t~a\.1\.2 is forked by t, which waits for it \(name that\)"):
        here.core.export("t~a.1.2")
    alone = {entity: components for entity, components in plain.items() if entity.startswith("t~")}
    assert refused(elsewhere(here).tick(105.0, adopt(alone, "t~a.1.2"))) == (
        InputRefused,
        "task t~a.1.2 cannot be imported: it was forked by t, which waits for it; export that one",
    )


def test_what_is_under_way_is_not_exported() -> None:
    driven = started()
    with pytest.raises(IllegalTransition, match=r"task t is being carried out \(suspend it, or wait\)"):
        driven.core.export("t")
    assert refused(driven.tick(101.0, Release("t", 1)))[0] is IllegalTransition
    assert driven.state() is TaskState.IN_PROGRESS


# ---------------------------------------------------------------- releasing


@pytest.mark.parametrize("make", STATES)
def test_a_task_that_is_given_away_ends_at_once_and_undoes_nothing(make: Make) -> None:
    driven, _ = make()
    before = driven.core.export("t")
    released = driven.tick(105.0, Release("t", 1))
    assert released.replies == [(1, before)]
    assert released.effects == []
    assert {type(event) for event in released.events} == {TaskCancelled}
    assert driven.find("t", Status) == Status(TaskState.CANCELLED, 105.0, "it was exported, and goes on elsewhere")
    assert (driven.core.tasks(), driven.core.next_due()) == (0, None)
    for now in (106.0, 10_000.0):
        later = driven.tick(now)
        assert (later.effects, later.events, later.changes) == ([], [], {})


def test_an_answer_in_the_moment_of_the_giving_away_is_refused() -> None:
    driven, _ = asking()
    released = driven.tick(105.0, Answer("t/b/1/1q1", raw("yes"), ticket=2), Release("t", 1))
    assert {ticket: type(reply) for ticket, reply in released.replies} == {1: dict, 2: AnswerRefused}


def test_a_task_that_begins_in_the_moment_of_the_giving_away_stays() -> None:
    driven = Driven()
    assert refused(driven.tick(1.0, Submit("t", driven.digest, raw(1)), Release("t", 1)))[0] is IllegalTransition
    assert driven.state() is TaskState.IN_PROGRESS


def test_an_unknown_or_ended_task_is_not_given_away() -> None:
    driven = started()
    assert refused(driven.tick(101.0, Release("nil", 1)))[0] is UnknownTask
    driven.tick(102.0, settled())
    assert refused(driven.tick(103.0, Release("t", 1))) == (
        IllegalTransition,
        "task t is completed and does not accept export",
    )


def test_an_export_keeps_what_it_was_when_the_task_goes_on() -> None:
    driven, _ = undoing()
    before = driven.core.export("t")
    told = as_json(before)
    driven.tick(110.0, answer("t/b:compensate/1/1q0"))
    assert as_json(before) == told
    assert isinstance(asking()[0].core.export("t")["t"]["artifacts"], Artifacts)


# ---------------------------------------------------------------- joining


def test_a_forked_task_of_which_every_phase_was_left_out_gives_null() -> None:
    driven, _ = given(Phase(id="a"))
    child = WorkflowSpec(name="child", phases=(Phase(id="c", when="false"),))
    driven.tick(101.0, defined(child))
    driven.tick(102.0, Fork("t/a/1", 1, "fork", 0, (Branch(child.digest(), raw(1)),), None))
    driven.tick(103.0, Skipped("t~a.1.1/c/1", 1))
    driven.tick(104.0)
    joined = as_json({"t/a/1": driven.core.snapshot()["t/a/1"]})["t/a/1"]["steps"]["fork"]["value"]
    assert joined == [{"task": "t~a.1.1", "output": None, "changes": {}}]
