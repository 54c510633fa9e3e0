"""Spending: what the models of tasks have cost, what is put aside for turns under way, and what they may cost."""

from typing import Final, NamedTuple

from workflow_engine.core.components import (
    Cost,
    Costs,
    Identity,
    Ledger,
    Reserved,
    Run,
    Spent,
    ledger_entity,
)
from workflow_engine.core.tick import State, Tick

_NOTHING: Final = Cost()


class Bound(NamedTuple):
    """A bound that a turn would break.

    Attributes:
        scope: "task" or "workflow".
        unit: "dollars" or "tokens".
        allowed: the bound, what people have extended it by included.
        used: what is spent and put aside already.
        wanted: what the turn may cost at most.
    """

    scope: str
    unit: str
    allowed: float
    used: float
    wanted: float


def settle(tick: Tick, run: str, step: str, cost: Cost) -> None:
    """Book what a turn did cost to its task and workflow, in place of what was put aside for it."""
    world = tick.world
    identity = world.get(world.get(run, Run).task, Identity)
    table = world.find(run, Reserved)
    aside: Cost | None = table.entries.get(step) if table is not None else None
    if aside is not None:
        world.put_entry(run, Reserved, step, _NOTHING)
        _change(tick.state, identity, aside.negative())
    spent = world.find(identity.id, Spent) or Spent()
    world.put(identity.id, Spent(spent.cost.plus(cost), spent.extended))
    phase, costs = world.get(run, Run).phase, world.find(identity.id, Costs)
    before: Cost = costs.entries.get(phase, _NOTHING) if costs is not None else _NOTHING
    world.put_entry(identity.id, Costs, phase, before.plus(cost))
    book(tick, identity.workflow, cost, _NOTHING)


def book(tick: Tick, workflow: str, cost: Cost, extension: Cost) -> None:
    """Add to what the tasks of a workflow have cost together, and to what people let them cost more."""
    entity = ledger_entity(workflow)
    ledger = tick.world.find(entity, Ledger)
    if ledger is None:
        tick.world.spawn(entity, Ledger(workflow, cost, extension))
    else:
        tick.world.put(entity, Ledger(workflow, ledger.cost.plus(cost), ledger.extended.plus(extension)))


def extend(tick: Tick, task: str, scope: str, by: Cost) -> None:
    """Let a task, or all tasks of its workflow, cost more."""
    if scope == "workflow":
        book(tick, tick.world.get(task, Identity).workflow, _NOTHING, by)
    else:
        spent = tick.world.find(task, Spent) or Spent()
        tick.world.put(task, Spent(spent.cost, spent.extended.plus(by)))


def reserve(tick: Tick, run: str, step: str, cost: Cost) -> Bound | None:
    """Put aside what a turn may cost; return the bound that this would break, with nothing put aside.

    A turn that comes again after a crash finds what was put aside for it.
    """
    identity = tick.world.get(tick.world.get(run, Run).task, Identity)
    table = tick.world.find(run, Reserved)
    if table is not None and table.entries.get(step, _NOTHING) != _NOTHING:
        return None
    bound = _broken(tick, identity, cost)
    if bound is None:
        tick.world.put_entry(run, Reserved, step, cost)
        _change(tick.state, identity, cost)
    return bound


def free(state: State, run: str) -> None:
    """Forget what is put aside for a run that ends."""
    if not state.reserved:
        return
    table = state.world.find(run, Reserved)
    if table is not None:
        identity = state.world.get(state.world.get(run, Run).task, Identity)
        for cost in table.entries.values():
            _change(state, identity, cost.negative())


def index_reserved(state: State, run: str) -> None:
    """Count what is put aside for a run that was loaded."""
    table = state.world.find(run, Reserved)
    if table is not None:
        identity = state.world.get(state.world.get(run, Run).task, Identity)
        for cost in table.entries.values():
            _change(state, identity, cost)


def _change(state: State, identity: Identity, cost: Cost) -> None:
    for key in (identity.id, ledger_entity(identity.workflow)):
        total = state.reserved.get(key, _NOTHING).plus(cost)
        if total.tokens > 0 or total.dollars > DUST:
            state.reserved[key] = total
        else:
            state.reserved.pop(key, None)


DUST: Final = 1e-9
"""Dollars that adding and taking away leave over."""


def _broken(tick: Tick, identity: Identity, cost: Cost) -> Bound | None:
    budget = tick.state.plan(identity.definition).budget
    if budget is None:
        return None
    key = ledger_entity(identity.workflow)
    spent = tick.world.find(identity.id, Spent) or Spent()
    ledger = tick.world.find(key, Ledger) or Ledger(identity.workflow)
    bounds = (
        ("task", identity.id, budget.task, budget.task_tokens, spent),
        ("workflow", key, budget.workflow, budget.workflow_tokens, ledger),
    )
    for scope, entity, dollars, tokens, known in bounds:
        used, extended = known.cost.plus(tick.state.reserved.get(entity, _NOTHING)), known.extended
        if dollars is not None and used.dollars + cost.dollars > dollars + extended.dollars + DUST:
            return Bound(scope, "dollars", dollars + extended.dollars, used.dollars, cost.dollars)
        if tokens is not None and used.tokens + cost.tokens > tokens + extended.tokens:
            return Bound(scope, "tokens", tokens + extended.tokens, used.tokens, cost.tokens)
    return None
