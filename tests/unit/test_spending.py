"""Spending: what turns cost is booked to task and workflow, and what they may cost is put aside before."""

from typing import Any

import msgspec
import pytest

from tests.unit.core_helpers import Driven, failed, raw, settled
from workflow_engine.core.components import Cost, Costs, Ledger, Reserved, Spent, ledger_entity
from workflow_engine.core.core import Core
from workflow_engine.core.inputs import Cancel, FanOut, Reserve, Serving, StepRecorded
from workflow_engine.core.tick import Decision
from workflow_engine.errors import BudgetExceeded, IllegalTransition
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import Budget, ForEach

EACH = ForEach(items="inputs")
TOKENS = Budget(task_tokens=100, workflow_tokens=150)


def driven(budget: Budget | None = TOKENS, *phases: Phase, tasks: tuple[str, ...] = ("t",), **given: Any) -> Driven:
    """Return a core with tasks that are under way in their first phases."""
    found = Driven(*phases, budget=budget, **given)
    for task in tasks:
        found.tick(100.0, found.submit(task))
    return found


def aside(run: str = "t/a/1", step: str = "turn", tokens: int = 60, attempt: int = 1, dollars: float = 0.0) -> Reserve:
    return Reserve(run, attempt, step, Cost(tokens, dollars), ticket=1)


def turn(run: str = "t/a/1", step: str = "turn", tokens: int = 40, attempt: int = 1, **given: Any) -> StepRecorded:
    cost = given.pop("cost", Cost(tokens, 0.5))
    return StepRecorded(run, attempt, step, 0, raw("said"), 1, cost, **given)


def replied(decision: Decision) -> object:
    """Return what the one caller was told: the run, or the error."""
    [(_, reply)] = decision.replies
    return reply


def bound(decision: Decision) -> tuple[str, str, float, float]:
    """Return the bound that a reservation was refused for."""
    reply = replied(decision)
    assert isinstance(reply, BudgetExceeded), reply
    return reply.scope, reply.unit, reply.allowed, reply.used


def stored(core: Driven, entity: str, kind: type[Any]) -> Any:
    return core.core.snapshot()[entity].get(kind.__name__.lower())


def reopened(before: Driven, lost: str | None = None) -> Driven:
    """Return the core as it comes back from its journal after a crash, which may have cost it a run."""
    after = Driven.__new__(Driven)
    after.core, after.digest = Core(), before.digest
    entities = {
        entity: {name: _written(component) for name, component in components.items()}
        for entity, components in before.core.snapshot().items()
        if entity != lost
    }
    assert bool(after.core.restore(entities, {}, 100.0)) is (lost is not None)
    after.tick(100.0, Serving(on=True))
    return after


def _written(component: Any) -> Any:
    if hasattr(component, "entries"):
        return {key: raw(entry) for key, entry in component.entries.items()}
    return raw(component)


# ---------------------------------------------------------------- booking


def test_turns_are_booked_to_their_phases_over_all_visits() -> None:
    core = driven(None, Phase(id="a", next_classifications=("b",)), Phase(id="b", next_classifications=("a",)))
    core.tick(101.0, turn(tokens=10), settled("t/a/1"))
    core.tick(102.0, turn("t/b/1", tokens=5), settled("t/b/1"))
    core.tick(103.0, turn("t/a/2", tokens=2))
    assert stored(core, "t", Costs).entries == {"a": Cost(12, 1.0), "b": Cost(5, 0.5)}
    assert stored(reopened(core), "t", Costs).entries == {"a": Cost(12, 1.0), "b": Cost(5, 0.5)}


def test_a_turn_is_booked_to_its_task_and_workflow() -> None:
    core = driven(None, tasks=("t", "u"))
    core.tick(101.0, turn(), turn("u/a/1", tokens=2))
    core.tick(102.0, turn(step="turn#2", cost=Cost(1, 0.0, 1)))
    assert core.find("t", Spent) == Spent(Cost(41, 0.5, 1))
    assert core.find("u", Spent) == Spent(Cost(2, 0.5))
    assert stored(core, ledger_entity("w"), Ledger) == Ledger("w", Cost(43, 1.0, 1))


def test_a_step_without_a_cost_books_nothing() -> None:
    core = driven(None)
    core.tick(101.0, StepRecorded("t/a/1", 1, "s", 0, raw(1), 1))
    assert ledger_entity("w") not in core.core.snapshot()


def test_a_turn_of_an_attempt_that_is_over_is_refused_and_books_nothing() -> None:
    core = driven(None)
    core.tick(101.0, failed())
    [(_, reply)] = core.tick(102.0, turn()).replies
    assert isinstance(reply, IllegalTransition)
    assert ledger_entity("w") not in core.core.snapshot()


def test_what_was_spent_outlives_the_task() -> None:
    core = driven(None)
    core.tick(101.0, turn(), settled())
    assert core.find("t", Spent) == Spent(Cost(40, 0.5))
    assert stored(core, ledger_entity("w"), Ledger) == Ledger("w", Cost(40, 0.5))


# ---------------------------------------------------------------- reserving


@pytest.mark.parametrize(
    ("budget", "asked", "refused"),
    [
        (Budget(task_tokens=60), Cost(60), None),
        (Budget(task_tokens=59), Cost(60), ("task", "tokens", 59, 0)),
        (Budget(workflow_tokens=59), Cost(60), ("workflow", "tokens", 59, 0)),
        (Budget(task=0.3), Cost(60, 0.1 + 0.2), None),
        (Budget(task=0.3), Cost(60, 0.31), ("task", "dollars", 0.3, 0)),
        (Budget(workflow=0.3), Cost(60, 0.31), ("workflow", "dollars", 0.3, 0)),
        (None, Cost(10**9, 1e9), None),
    ],
    ids=str,
)
def test_a_turn_that_would_break_a_bound_is_refused(
    budget: Budget | None, asked: Cost, refused: tuple[str, str, float, float] | None
) -> None:
    decision = driven(budget).tick(101.0, Reserve("t/a/1", 1, "turn", asked, ticket=1))
    assert (bound(decision) if refused is not None else replied(decision)) == (refused or "t/a/1")


def test_what_is_put_aside_counts_for_the_next_turn_and_what_was_not_used_is_free_again() -> None:
    core = driven()
    core.tick(101.0, aside(step="one"))
    assert bound(core.tick(102.0, aside(step="two"))) == ("task", "tokens", 100, 60)
    core.tick(103.0, turn(step="one", tokens=40))
    assert replied(core.tick(104.0, aside(step="two"))) == "t/a/1"
    assert bound(core.tick(105.0, aside(step="three", tokens=1))) == ("task", "tokens", 100, 100)


def test_several_tasks_share_the_budget_of_their_workflow() -> None:
    core = driven(tasks=("t", "u", "v"))
    core.tick(101.0, aside("t/a/1"), aside("u/a/1"))
    assert bound(core.tick(102.0, aside("v/a/1"))) == ("workflow", "tokens", 150, 120)
    core.tick(103.0, turn("t/a/1", tokens=10))
    assert replied(core.tick(104.0, aside("v/a/1"))) == "v/a/1"


def test_two_reservations_of_one_tick_do_not_both_take_the_last_of_the_budget() -> None:
    core = driven(tasks=("t", "u", "v"))
    told = [reply for _, reply in core.tick(101.0, *(aside(f"{task}/a/1") for task in "tuv")).replies]
    assert [isinstance(reply, BudgetExceeded) for reply in told] == [False, False, True]


def test_a_turn_may_cost_more_than_was_put_aside_and_the_next_one_is_then_refused() -> None:
    core = driven()
    core.tick(101.0, aside())
    core.tick(102.0, turn(tokens=130))
    assert bound(core.tick(103.0, aside(step="next", tokens=1))) == ("task", "tokens", 100, 130)


def test_the_same_turn_is_put_aside_once() -> None:
    core = driven()
    core.tick(101.0, aside())
    assert replied(core.tick(102.0, aside())) == "t/a/1"
    assert bound(core.tick(103.0, aside(step="other", tokens=41))) == ("task", "tokens", 100, 60)


def test_an_attempt_that_is_over_puts_nothing_aside() -> None:
    core = driven()
    core.tick(101.0, failed())
    assert isinstance(replied(core.tick(102.0, aside())), IllegalTransition)


def test_the_next_attempt_finds_what_the_one_before_has_put_aside() -> None:
    core = driven()
    core.tick(101.0, aside(), failed())
    core.tick(200.0)
    assert replied(core.tick(201.0, aside(attempt=2))) == "t/a/1"
    core.tick(202.0, turn(tokens=5, attempt=2))
    assert core.find("t", Spent) == Spent(Cost(5, 0.5))
    assert replied(core.tick(203.0, aside(step="next", tokens=95, attempt=2))) == "t/a/1"


# ---------------------------------------------------------------- runs that end


@pytest.mark.parametrize("end", [settled(), Cancel("t")], ids=["completed", "cancelled"])
def test_what_is_put_aside_is_free_again_when_the_run_ends(end: Any) -> None:
    core = driven(tasks=("t", "u"))
    core.tick(101.0, aside(tokens=100))
    assert bound(core.tick(102.0, aside("u/a/1"))) == ("workflow", "tokens", 150, 100)
    core.tick(103.0, end)
    assert replied(core.tick(104.0, aside("u/a/1"))) == "u/a/1"


def fanned(core: Driven, item: str = "t/a/1.0") -> None:
    """Have task t carried out for each of two items, and put all but 50 tokens aside for one of them."""
    core.tick(100.0, core.submit("t"))
    core.tick(101.0, FanOut("t/a/1", 1, raw([1, 2])))
    core.tick(102.0, aside(item, tokens=100))


@pytest.mark.parametrize("end", [settled("t/a/1.0"), Cancel("t")], ids=["ended", "withdrawn"])
def test_what_is_put_aside_for_an_item_is_free_again_with_it(end: Any) -> None:
    core = driven(TOKENS, Phase(id="a", for_each=EACH), tasks=())
    fanned(core)
    assert bound(core.tick(103.0, aside("t/a/1.1"))) == ("task", "tokens", 100, 100)
    core.tick(104.0, end, core.submit("u"))
    core.tick(105.0, FanOut("u/a/1", 1, raw([1])))
    assert replied(core.tick(106.0, aside("u/a/1.0"))) == "u/a/1.0"


def test_what_is_put_aside_for_an_item_survives_a_crash_and_goes_with_a_fan_out_that_has_lost_others() -> None:
    before = driven(TOKENS, Phase(id="a", for_each=EACH), tasks=())
    fanned(before, "t/a/1.1")
    before.tick(103.0, before.submit("u"))
    whole, damaged = reopened(before), reopened(before, lost="t/a/1.0")
    for core, told in ((whole, BudgetExceeded), (damaged, str)):
        core.tick(104.0, FanOut("u/a/1", 1, raw([1])))
        assert isinstance(replied(core.tick(105.0, aside("u/a/1.0"))), told)


# ---------------------------------------------------------------- after a crash


def test_what_is_put_aside_survives_a_crash_between_reserving_and_settling() -> None:
    before = driven(tasks=("t", "u"))
    before.tick(101.0, aside(tokens=100))
    after = reopened(before)
    assert bound(after.tick(102.0, aside("u/a/1"))) == ("workflow", "tokens", 150, 100)
    assert replied(after.tick(103.0, aside(tokens=100))) == "t/a/1"
    after.tick(104.0, turn(tokens=7))
    assert after.find("t", Spent) == Spent(Cost(7, 0.5))
    assert replied(after.tick(105.0, aside("u/a/1"))) == "u/a/1"


def test_what_was_settled_survives_a_crash_and_is_put_aside_no_more() -> None:
    before = driven(tasks=("t", "u"))
    before.tick(101.0, aside(tokens=100))
    before.tick(102.0, turn(tokens=7))
    after = reopened(before)
    assert stored(after, "t/a/1", Reserved).entries == {"turn": Cost()}
    assert replied(after.tick(103.0, aside("u/a/1", tokens=100))) == "u/a/1"
    assert bound(after.tick(104.0, aside(step="next", tokens=50))) == ("workflow", "tokens", 150, 107)


# ---------------------------------------------------------------- extending


@pytest.mark.parametrize(("scope", "then"), [("task", 160), ("workflow", 210)])
def test_an_extension_counts_for_its_scope_alone(scope: str, then: int) -> None:
    core = driven(Budget(task_tokens=100) if scope == "task" else Budget(workflow_tokens=150), tasks=("t", "u"))
    core.tick(101.0, StepRecorded("t/a/1", 1, "more", 0, raw(None), 1, extends=scope, by=Cost(60)))
    assert replied(core.tick(102.0, aside(tokens=then))) == "t/a/1"
    assert bound(core.tick(103.0, aside(step="next", tokens=1))) == (scope, "tokens", then, then)
    assert bound(core.tick(104.0, aside("u/a/1", tokens=101)))[0] == scope


def test_an_extension_survives_a_crash() -> None:
    before = driven(tasks=("t",))
    for scope in ("task", "workflow"):
        more = StepRecorded("t/a/1", 1, f"more {scope}", 0, raw(None), 1, extends=scope, by=Cost(60, 1.0))
        before.tick(101.0, more)
    after = reopened(before)
    assert after.find("t", Spent) == Spent(extended=Cost(60, 1.0))
    assert stored(after, ledger_entity("w"), Ledger) == Ledger("w", extended=Cost(60, 1.0))
    assert replied(after.tick(102.0, aside(tokens=160))) == "t/a/1"


def test_costs_are_added_and_taken_away_field_by_field() -> None:
    cost = Cost(3, 0.25, 1)
    assert cost.plus(Cost(1, 0.5, 2)) == Cost(4, 0.75, 3)
    assert cost.plus(cost.negative()) == Cost()
    assert msgspec.json.encode(Cost()) == b"{}"
