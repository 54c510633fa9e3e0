"""Assessing: which tasks may go on with another definition, and why others may not."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from workflow_engine.core.components import PhaseProgress
from workflow_engine.core.migrating import Assessment, Readiness, Standing, assess
from workflow_engine.core.plan import Plan
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.parts import Compensation, StateMachine

SAFE: Final = (Readiness.SAFE, ())


def sequence(*names: str, **more: Any) -> Plan:
    """Return a plan of phases one after the other."""
    return Plan(WorkflowSpec(name="w", phases=tuple(Phase(id=name) for name in names), **more))


def routed(**ways: Sequence[str]) -> Plan:
    """Return a plan of phases that choose the next."""
    phases = tuple(Phase(id=name, next_classifications=tuple(following)) for name, following in ways.items())
    return Plan(WorkflowSpec(name="w", phases=phases))


def graph(**needed: Sequence[str]) -> Plan:
    """Return a plan of phases that need others."""
    phases = tuple(Phase(id=name, depends_on=tuple(others)) for name, others in needed.items())
    return Plan(WorkflowSpec(name="w", phases=phases))


def found(old: Plan, new: Plan, done: str = "", live: str | Mapping[str, bool] = "", **more: Any) -> tuple[Any, ...]:
    """Return readiness and reasons of a task that has completed some phases, and is in others."""
    entries = {phase: PhaseProgress() for phase in done.split()}
    at = live if isinstance(live, Mapping) else dict.fromkeys(live.split(), False)
    said = assess("t", old, new, Standing(entries, at, **more))
    assert said == Assessment("t", said.readiness, said.reasons, tuple(at))
    return said.readiness, said.reasons


ABC: Final = sequence("a", "b", "c")
NOT_BEEN: Final = "phase {!r} comes before, and it has not been there"


@pytest.mark.parametrize(
    ("new", "done", "live", "said"),
    [
        (ABC, "a", "b", SAFE),
        (sequence("a", "b", "c", "d"), "a", "b", SAFE),
        (sequence("a", "b"), "a", "b", SAFE),
        (sequence("a", "b", "x", "c"), "a", "b", SAFE),
        (sequence("x", "b", "c"), "", "a", (Readiness.BLOCKED, ("phase 'a', which it is in, is gone",))),
        (sequence("b", "c"), "a", "b", (Readiness.MAPPABLE, ("phase 'a', which it has completed, is gone",))),
        (sequence("a", "x", "b", "c"), "a", "b", (Readiness.MAPPABLE, (NOT_BEEN.format("x"),))),
        (sequence("x", "a", "b", "c"), "", "a", (Readiness.MAPPABLE, (NOT_BEEN.format("x"),))),
        (sequence("a", "c", "b"), "a", "b", (Readiness.MAPPABLE, (NOT_BEEN.format("c"),))),
        (sequence("b", "a", "c"), "a", "b", SAFE),
    ],
)
def test_a_task_in_a_sequence_is(new: Plan, done: str, live: str, said: tuple[Any, ...]) -> None:
    assert found(ABC, new, done, live) == said


def test_a_task_that_began_in_the_middle_has_missed_nothing() -> None:
    assert found(ABC, ABC, "", "c") == SAFE


LOOP: Final = routed(draft=["review"], review=["publish", "draft"], publish=[])


def test_a_way_back_does_not_come_before() -> None:
    assert found(LOOP, LOOP, "", "draft") == SAFE
    checked = routed(draft=["review"], review=["check"], check=["publish", "draft"], publish=[])
    assert found(LOOP, checked, "", "draft") == SAFE
    assert found(LOOP, checked, "draft", "review") == SAFE
    assert found(LOOP, checked, "draft review", "publish") == (Readiness.MAPPABLE, (NOT_BEEN.format("check"),))


def test_another_way_to_the_same_place_does_not_come_before() -> None:
    wider = routed(draft=["review", "other"], review=["publish", "draft"], other=["publish"], publish=[])
    assert found(LOOP, wider, "draft review", "publish") == SAFE


DIAMOND: Final = graph(a=[], b=["a"], c=["a"], d=["b", "c"])


@pytest.mark.parametrize(
    ("new", "done", "live", "said"),
    [
        (DIAMOND, "a b", "c", SAFE),
        (graph(a=[], b=["a"], c=["a"], d=["b", "c", "x"], x=["a"]), "a b", "c", SAFE),
        (graph(a=[], b=["a"], c=["a"], d=["b", "c"], e=["d"]), "a b", "c", SAFE),
        (
            graph(a=[], b=["a", "x"], c=["a"], d=["b", "c"], x=[]),
            "a b", "c", (Readiness.MAPPABLE, (NOT_BEEN.format("x"),)),
        ),
        (
            graph(a=[], c=["a"], d=["c"]),
            "a b", "c", (Readiness.MAPPABLE, ("phase 'b', which it has completed, is gone",)),
        ),
        (graph(a=[], b=["a"], d=["b"]), "a b", "c", (Readiness.BLOCKED, ("phase 'c', which it is in, is gone",))),
        (
            sequence("a", "b", "c", "d"),
            "a b", "c", (Readiness.BLOCKED, ("one definition is a graph and the other a sequence",)),
        ),
    ],
)  # fmt: skip
def test_a_task_in_a_graph_is(new: Plan, done: str, live: str, said: tuple[Any, ...]) -> None:
    assert found(DIAMOND, new, done, live) == said


def test_what_is_to_be_done_again_has_not_been_reached() -> None:
    entries = {"a": PhaseProgress(outcome="superseded")}
    standing = Standing(entries, {"b": False})
    new = graph(x=[], a=["x"], b=[])
    assert assess("t", graph(a=[], b=[]), new, standing) == Assessment("t", Readiness.SAFE, (), ("b",))


@pytest.mark.parametrize(
    "phase",
    [
        Phase(id="b", assigned_to="human", prompt="?"),
        Phase(id="b", command=("true",)),
        Phase(id="b", for_each=[1]),  # pyright: ignore[reportArgumentType] - a list alone will do
    ],
)
def test_a_phase_that_is_carried_out_in_another_way_blocks_who_is_in_it(phase: Phase) -> None:
    new = Plan(WorkflowSpec(name="w", phases=(Phase(id="a"), phase, Phase(id="c"))))
    said = (Readiness.BLOCKED, ("phase 'b', which it is in, is carried out in another way",))
    assert found(ABC, new, "a", "b") == said
    assert found(ABC, new, "", "a") == SAFE
    assert found(ABC, new, "a b", "c") == SAFE


def test_another_handler_blocks_who_is_in_the_middle_of_its_steps() -> None:
    new = Plan(
        WorkflowSpec(name="w", phases=(Phase(id="a", target_classification="other"), Phase(id="b"), Phase(id="c")))
    )
    said = (Readiness.BLOCKED, ("phase 'a', in the middle of which it is, has another handler",))
    assert found(ABC, new, "", {"a": True}) == said
    assert found(ABC, new, "", {"a": False}) == SAFE


def test_a_task_that_compensates_is_blocked() -> None:
    assert found(ABC, ABC, "a", "b", undoing=True) == (Readiness.BLOCKED, ("it compensates what it has done",))


def test_work_that_can_no_longer_be_undone_is_for_somebody_to_decide() -> None:
    undo = Compensation(target_classification="undo")
    old = Plan(WorkflowSpec(name="w", phases=(Phase(id="a", compensate=undo), Phase(id="b"), Phase(id="c"))))
    said = (Readiness.MAPPABLE, ("phase 'a', which it has completed, has no compensation",))
    assert found(old, ABC, "a", "b") == said
    assert found(old, ABC, "", "a") == SAFE


def test_a_stage_that_is_gone_blocks_who_is_at_it() -> None:
    old = sequence("a", "b", states=StateMachine(initial="new", transitions={"new": ("old",), "old": ()}))
    new = sequence("a", "b", states=StateMachine(initial="new", transitions={"new": ("done",), "done": ()}))
    assert found(old, new, "", "a", stage="new") == SAFE
    assert found(old, new, "", "a", stage="old") == (Readiness.BLOCKED, ("stage 'old', at which it is, is gone",))
    assert found(old, sequence("a", "b"), "", "a", stage="old") == SAFE
    listed = sequence("a", "b", states=StateMachine(initial="new", stages=("new", "done")))
    assert found(old, listed, "", "a", stage="old")[0] is Readiness.BLOCKED
    assert found(old, sequence("a", "b", states=StateMachine(initial="new")), "", "a", stage="old") == SAFE
