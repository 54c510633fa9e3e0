"""Fan-outs: a phase is carried out once for each item of a list."""

from typing import Any, Final

import msgspec

from workflow_engine.core.components import (
    Failure,
    ItemResult,
    Items,
    Joining,
    Results,
    Run,
    Running,
)
from workflow_engine.core.events import FannedOut, ItemFailed, PhaseCompleted
from workflow_engine.core.fan import Fan, group_of
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.spending import free
from workflow_engine.core.tick import Done, Ending, Failed, Tick, Visit

_EMPTY: Final = msgspec.Raw(b"[]")


def fan_out(tick: Tick, visit: Visit, items: msgspec.Raw) -> Done | None:
    """Begin the items of a fan-out whose run has just evaluated its list; return its end where the list is empty."""
    run_id, task = visit.run_id, visit.run.task
    fan = Fan(items)
    tick.emit(FannedOut(task, run_id, len(fan.items)))
    if fan.complete:
        return Done(visit, tick.now, _EMPTY, visit.phase.pick(None))
    tick.world.turn(run_id, Running, Joining(tick.now))
    tick.world.put(run_id, Items(items))
    tick.state.fans[run_id] = fan
    tick.touched[task] = False
    begin_items(tick, visit, fan)
    return None


def begin_items(tick: Tick, group: Visit, fan: Fan) -> None:
    """Plan the runs of as many items as may be under way."""
    spec = group.phase.spec.for_each
    most = spec.max_concurrency if spec is not None else 1
    run = group.run
    while fan.next < len(fan.items) and len(fan.live) < most:
        run_id = f"{group.run_id}.{fan.next}"
        item = Run(run.task, run.phase, run.visit, tick.now, fan.next)
        fan.live[run_id] = None
        fan.next += 1
        tick.ready.append((Visit(run_id, item, group.identity, group.phase, 1), None))


def item_done(tick: Tick, done: Done) -> Done | None:
    """Keep the result of an item; return the end of its fan-out where it was the last."""
    visit = done.visit
    tick.emit(PhaseCompleted(visit.run.task, visit.run_id))
    return _close_item(tick, visit.run_id, visit.run, ItemResult(done.output, sets=done.sets))


def item_failed(tick: Tick, failed: Failed, run: Run, attempt: int) -> Done | None:
    """Keep the failure of an item, or fail its task; return the end of the fan-out where it was the last."""
    spec = tick.state.phase(run).spec.for_each
    if spec is not None and spec.on_item_failure == "collect":
        tick.emit(ItemFailed(run.task, failed.run_id, failed.error, failed.message))
        error = msgspec.json.encode({"error": failed.error, "message": failed.message})
        return _close_item(tick, failed.run_id, run, ItemResult(msgspec.Raw(error), failed=True))
    if run.task not in tick.ending:
        message = f"item {run.item}: {failed.message}"
        failure = Failure(run.phase, failed.error, message, attempt, failed.detail)
        tick.ending[run.task] = Ending(Move.FAIL, message, failure)
    return None


def _close_item(tick: Tick, run_id: str, run: Run, result: ItemResult) -> Done | None:
    group = group_of(run_id)
    fan = tick.state.fans[group]
    tick.world.put_entry(group, Results, str(run.item), result)
    free(tick.state, run_id)
    tick.world.remove(run_id)
    del fan.live[run_id]
    fan.ended += 1
    tick.touched[run.task] = False
    visit = tick.state.visit(group)
    if not fan.complete:
        begin_items(tick, visit, fan)
        return None
    del tick.state.fans[group]
    entries: dict[str, Any] = tick.world.get(group, Results).entries
    outputs = b",".join(entries[str(position)].output for position in range(len(fan.items)))
    since = tick.world.get(group, Joining).since
    sets = tuple(dict.fromkeys(name for entry in entries.values() if entry.sets for name in entry.sets))
    return Done(visit, since, msgspec.Raw(b"[" + outputs + b"]"), visit.phase.pick(None), sets=sets)
