"""A definition, compiled: which phases follow, who carries them out, how long to pause."""

import pytest

from workflow_engine.core.lanes import LaneKey
from workflow_engine.core.plan import Place, Plan, pause
from workflow_engine.errors import SpecError
from workflow_engine.spec.graph import follow
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.parts import Defaults, RetryPolicy


def spec(*phases: Phase) -> WorkflowSpec:
    return WorkflowSpec(name="w", phases=phases)


def routed(name: str, *following: str, **given: str) -> Phase:
    return Phase(id=name, next_classifications=following, **given)  # type: ignore[arg-type]


def test_phases_follow_in_order_where_none_says_otherwise() -> None:
    assert follow(spec(Phase(id="a"), Phase(id="b"), Phase(id="c"))) == {"a": ("b",), "b": ("c",), "c": ()}


def test_where_one_phase_says_what_follows_the_silent_ones_end_the_task() -> None:
    phases = spec(routed("a", "b", "c"), Phase(id="b"), routed("c", "a"))
    assert follow(phases) == {"a": ("b", "c"), "b": (), "c": ("a",)}


def test_what_follows_is_named_by_id_or_classification_and_the_id_wins() -> None:
    phases = spec(
        routed("a", "review", "b"),
        routed("r1", target_classification="review"),
        routed("b", target_classification="c"),
    )
    assert follow(phases) == {"a": ("r1", "b"), "r1": (), "b": ()}
    shadowed = spec(routed("a", "x", "y"), routed("x"), routed("y", target_classification="x"))
    assert follow(shadowed)["a"] == ("x", "y")


@pytest.mark.parametrize(
    ("phases", "fact"),
    [
        ((routed("a", "c"), Phase(id="b"), Phase(id="c")), "phase 'b' is never reached"),
        ((routed("a", "z"),), "next_classifications of phase 'a' names 'z', which is no phase of this workflow"),
        (
            (routed("a", "x"), routed("b", target_classification="x"), routed("c", target_classification="x")),
            "next_classifications of phase 'a': 'x' means several phases (b, c); write an id",
        ),
        ((Phase(id="a"), Phase(id="a")), "two phases have the id 'a'; give each its own"),
    ],
    ids=["unreachable", "unknown", "ambiguous", "twice"],
)
def test_phases_that_cannot_be_followed_are_refused(phases: tuple[Phase, ...], fact: str) -> None:
    with pytest.raises(SpecError) as refusal:
        spec(*phases)
    assert fact in str(refusal.value)


def test_a_pick_is_an_id_or_a_classification_and_none_is_the_first() -> None:
    plan = Plan(spec(routed("a", "review", "b"), routed("r1", target_classification="review"), routed("b")))
    phase = plan.phases["a"]
    assert [phase.pick(name) for name in (None, "review", "r1", "b")] == ["r1", "r1", "r1", "b"]
    assert phase.picks == ("review", "b")


def test_at_the_end_nothing_follows_and_nothing_can_be_picked() -> None:
    phase = Plan(spec(Phase(id="a"))).phases["a"]
    assert (phase.pick(None), phase.picks) == (None, ())
    with pytest.raises(ValueError, match=r"picked 'b', which is not among .* \(none: the task ends"):
        phase.pick("b")


def test_a_pick_outside_the_list_is_refused_with_the_list() -> None:
    phase = Plan(spec(routed("a", "b", "c"), routed("b"), routed("c"))).phases["a"]
    with pytest.raises(ValueError, match=r"phase 'a' picked 'd', .* \(b, c\)"):
        phase.pick("d")


def test_one_following_phase_is_no_choice() -> None:
    assert Plan(spec(routed("a", "b"), routed("b"))).phases["a"].picks == ()


@pytest.mark.parametrize(
    ("phase", "task", "adapter"),
    [(None, None, "functional"), (None, "agentic", "agentic"), ("human", None, "human"), ("human", "agentic", "human")],
)
def test_the_phase_says_who_then_the_task_then_it_is_functional(
    phase: str | None, task: str | None, adapter: str
) -> None:
    plan = Plan(spec(Phase(id="a", target_classification="x", assigned_to=phase))).phases["a"]
    assert plan.place(task) == Place(adapter, LaneKey(adapter, "x"))


def test_programs_have_a_pool_of_their_own() -> None:
    plan = Plan(spec(Phase(id="a", command=("true",)))).phases["a"]
    assert plan.place(None) == Place("functional", LaneKey("process", "a"))


def test_a_phase_has_its_own_retry_policy_or_the_workflow_s() -> None:
    mine, theirs = RetryPolicy(max_attempts=7), RetryPolicy(max_attempts=9)
    plan = Plan(
        WorkflowSpec(name="w", defaults=Defaults(retry=theirs), phases=(Phase(id="a", retry=mine), Phase(id="b")))
    )
    assert (plan.phases["a"].retry, plan.phases["b"].retry) == (mine, theirs)


def test_a_stored_definition_compiles_to_the_same_plan() -> None:
    written = WorkflowSpec(
        name="w",
        defaults=Defaults(retry=RetryPolicy(initial=2)),
        phases=(
            routed("a", "b", target_classification="x"),
            Phase(id="b", form={"type": "object"}, due="2d", retry=RetryPolicy(), options={"deep": [1, {"x": None}]}),
        ),
    )
    plan, again = Plan(written), Plan.stored(written.stored())
    assert (again.name, again.first) == ("w", "a") == (plan.name, plan.first)
    assert again.phases == plan.phases


def test_pauses_grow_by_the_multiplier_up_to_the_longest() -> None:
    policy = RetryPolicy(initial=1.5, multiplier=3.0, max=20.0, jitter=False)
    assert [pause(policy, attempt, "k") for attempt in (1, 2, 3, 4, 1_000)] == [1.5, 4.5, 13.5, 20.0, 20.0]
    level = RetryPolicy(initial=2.0, multiplier=1.0, jitter=False)
    assert [pause(level, attempt, "k") for attempt in (1, 2, 1_000)] == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("policy", [RetryPolicy(initial=0.0), RetryPolicy(max=0.0)])
def test_a_policy_without_pauses_has_none(policy: RetryPolicy) -> None:
    assert pause(policy, 5, "k") == 0.0


def test_jitter_takes_between_half_and_all_of_a_pause_and_spreads_tasks() -> None:
    policy = RetryPolicy(initial=8.0)
    pauses = [pause(policy, 1, f"t{number}/a/1/1") for number in range(1_000)]
    assert 4.0 <= min(pauses) < 4.1
    assert 7.9 < max(pauses) <= 8.0
    assert len(set(pauses)) > 990


def test_jitter_is_the_same_for_the_same_attempt() -> None:
    policy = RetryPolicy(initial=8.0)
    assert [pause(policy, 2, key) for key in ("t/a/1/2", "u/a/1/2")] == [14.52546476200223, 11.707954790443182]
