"""Timetables: tasks that are submitted by themselves, at the moments of a schedule."""

from collections.abc import Iterator

import msgspec

from workflow_engine.core.beginnings import begin_task
from workflow_engine.core.components import Identity, Timetable, timetable_entity
from workflow_engine.core.inputs import SetTimetable
from workflow_engine.core.tick import State, Tick
from workflow_engine.spec.schedules import latest, moments, occasion

CATCH_UP_MAX = 1_000
"""Most moments that passed while no engine ran for which tasks are made."""


def set_timetable(tick: Tick, given: SetTimetable) -> None:
    """Begin, change or end the timetable of a workflow; one that stays as it is goes on from where it was."""
    entity = timetable_entity(given.workflow)
    before = tick.world.find(entity, Timetable)
    if given.cron is None:
        if before is not None:
            tick.state.timers.drop(entity)
            tick.world.remove(entity)
        return
    data = given.data if isinstance(given.data, msgspec.Raw) else msgspec.Raw(b"{}")
    last = before.last if before is not None else tick.now
    timetable = Timetable(given.workflow, given.cron, given.timezone, given.catch_up, data, last)
    if before is None:
        tick.world.spawn(entity, timetable)
    elif before != timetable:
        changed = (before.cron, before.timezone) != (given.cron, given.timezone)
        tick.world.put(entity, msgspec.structs.replace(timetable, last=tick.now) if changed else timetable)
    set_timer(tick.state, entity)


def set_timer(state: State, entity: str) -> None:
    """Have the tick at the next moment of a timetable look at it."""
    timetable = state.world.get(entity, Timetable)
    due = next(moments(timetable.cron, timetable.timezone, timetable.last), None)
    if due is not None:
        state.timers.set(entity, due)


def fire(tick: Tick, entity: str) -> None:
    """Submit the tasks of the moments that have come."""
    timetable = tick.world.get(entity, Timetable)
    definition = tick.state.named.get(timetable.workflow)
    for at in _occasions(timetable, tick.now, tick.state.opened):
        task = occasion(timetable.workflow, at)
        if definition is not None and task not in tick.world and task not in tick.state.ended:
            identity = Identity(task, timetable.workflow, definition, tick.now)
            begin_task(tick, identity, timetable.data, None)
    tick.world.put(entity, msgspec.structs.replace(timetable, last=tick.now))
    set_timer(tick.state, entity)


def _occasions(timetable: Timetable, now: float, opened: float) -> list[float]:
    """Return the moments for which tasks are to be made, earliest first."""
    due = list(_due(timetable, now))
    missed = [at for at in due if at < opened]
    match timetable.catch_up:
        case "skip":
            caught_up: list[float] = []
        case "once":
            caught_up = missed[-1:]
        case _:
            caught_up = missed
    return caught_up + [at for at in due if at >= opened]


def _due(timetable: Timetable, now: float) -> Iterator[float]:
    """Return the latest moments since the timetable was looked at last, earliest first."""
    found: list[float] = []
    for at in latest(timetable.cron, timetable.timezone, now):
        if at <= timetable.last or len(found) == CATCH_UP_MAX:
            break
        found.append(at)
    return reversed(found)
