"""Forks of tasks: a new task of its own that begins where another one was, with what that had done before.

What a handler forks, and waits for, is in `workflow_engine.core.systems.joining`.
"""

from typing import Any

import msgspec

from workflow_engine.core.components import (
    Artifacts,
    Component,
    Context,
    Data,
    Identity,
    Inherited,
    Progress,
    Status,
    Table,
    TaskState,
)
from workflow_engine.core.events import TaskSubmitted
from workflow_engine.core.inputs import ForkTask
from workflow_engine.core.retaking import entries_of
from workflow_engine.core.sources import Source, to_fork
from workflow_engine.core.tick import Components, Tick
from workflow_engine.errors import DuplicateTask, EngineError


def fork_task(tick: Tick, fork: ForkTask) -> None:
    """Make the task that is asked for, have it planned, and answer the caller."""
    known = _known(tick, fork.task)
    try:
        if known is not None:
            _check_same(tick, fork, known)
        else:
            _begin(tick, fork, to_fork(tick.state, fork.source, fork.phase))
    except EngineError as refusal:
        tick.reply(fork.ticket, refusal)
    else:
        tick.reply(fork.ticket, fork.task)


def _begin(tick: Tick, fork: ForkTask, source: Source) -> None:
    of, record = source.identity, source.record
    identity = Identity(
        fork.task, of.workflow, of.definition, tick.now, of.assigned_to, of.priority,
        labels=of.labels if fork.labels is None else fork.labels or None,
        forked_from=of.id, forked_at=fork.phase,
    )  # fmt: skip
    data = Data(fork.data) if isinstance(fork.data, msgspec.Raw) else _data(record)
    tables = (
        Progress(dict(source.found.entries)),
        Inherited(_given(record, fork)),
        Context(_context(source, fork)),
        Artifacts(_entries(record, Artifacts)),
    )
    kept: list[Component | Table] = [table for table in tables if table.entries]
    tick.world.spawn(fork.task, identity, data, Status(TaskState.PENDING, tick.now), *kept)
    if fork.phase is None:
        tick.begin.append((fork.task, None))
    else:
        tick.resume.append((fork.task, source.found.starts))
    tick.emit(TaskSubmitted(fork.task, of.workflow, fork.by, of.id))


def _given(record: Components, fork: ForkTask) -> dict[str, Any]:
    """Return the values that no phase of the new task has set: those it is given, and those its source began with."""
    began = {name: value for name, value in _entries(record, Inherited).items() if name not in fork.without}
    return {**began, **(fork.context or {})}


def _context(source: Source, fork: ForkTask) -> dict[str, Any]:
    """Return the values that phases of the source have set, but for those that only phases have that are done again."""
    record, stands = source.record, source.found.entries
    kept = {name for entry in stands.values() for name in entry.sets}
    later = {name for phase, entry in entries_of(record).items() if phase not in stands for name in entry.sets}
    left_out = {*(later - kept), *fork.without, *(fork.context or {})}
    return {name: value for name, value in _entries(record, Context).items() if name not in left_out}


def _entries(record: Components, kind: type[Table]) -> dict[str, Any]:
    table = record.get(kind.__name__.lower())
    return dict(table.entries) if isinstance(table, Table) else {}


def _data(record: Components) -> Data:
    data = record["data"]
    assert isinstance(data, Data)
    return data


def _known(tick: Tick, task: str) -> Components | None:
    """Return the components of the task that has this id already, or None."""
    if task in tick.state.ended:
        return tick.state.ended[task]
    return tick.world.components(task) if task in tick.world else None


def _check_same(tick: Tick, fork: ForkTask, known: Components) -> None:
    """Return if the task that is there is the fork that is asked for.

    Its context has gone on since, and is not compared.

    Raises:
        DuplicateTask: it is another task, or another fork.
    """
    identity = known["identity"]
    assert isinstance(identity, Identity)
    if (identity.forked_from, identity.forked_at) != (fork.source, fork.phase):
        raise DuplicateTask(fork.task, "exists and is not this fork", "fork under another id")
    source = _known(tick, fork.source)
    data = fork.data if isinstance(fork.data, msgspec.Raw) else _data(source).value if source is not None else None
    if data is not None and not same_json(data, _data(known).value):
        raise DuplicateTask(fork.task, "is this fork with other data", "fork under another id")


def same_json(one: msgspec.Raw, other: msgspec.Raw) -> bool:
    """Return whether two JSON texts mean the same, whatever the order of their keys.

    Those that are nested too deeply to be read are the same only where their bytes are.
    """
    if bytes(one) == bytes(other):
        return True
    try:
        return _canonical(one) == _canonical(other)
    except RecursionError:
        return False


def _canonical(data: msgspec.Raw) -> bytes:
    """Return JSON in one order of keys.  Not as values: in Python, ``true`` equals ``1``."""
    return msgspec.json.encode(msgspec.json.decode(data), order="sorted")
