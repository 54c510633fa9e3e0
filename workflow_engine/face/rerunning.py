"""What can be asked for where work is to be done again: what a retry does, and a new task that begins in the middle."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.components import Context, Identity, Inherited, Json
from workflow_engine.core.inputs import ForkTask
from workflow_engine.core.record import TaskRecord
from workflow_engine.core.reruns import Rerun
from workflow_engine.errors import InputRefused
from workflow_engine.face.commanding import Commanding
from workflow_engine.face.submitting import own_id, who, words
from workflow_engine.face.threads import on_engine_loop
from workflow_engine.registry import check_inputs
from workflow_engine.runtime.session import Session
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.task import Task
from workflow_engine.values import to_json, to_text, to_text_if

UNSET: Final = msgspec.UNSET
"""What is not given, which is not the same as None."""


class Rerunning(Commanding):
    """Says what a retry does, and forks tasks as new ones."""

    @on_engine_loop
    async def preview_retry(self, task: Task | str, phase: str | None = None) -> Rerun:
        """Return what `retry` with the same arguments does again, and what it keeps; nothing is changed.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it has not failed; the message says what can be done instead.
            InputRefused: it has no such phase, or that is on a way that was not taken.
        """
        start = to_text_if(phase, "the phase")
        session, name = await self._found(task)
        told = session.host.core.preview_retry(name, start)
        await session.host.durable()
        return told

    @on_engine_loop
    async def preview_fork(self, source: Task | str, phase: str | None = None) -> Rerun:
        """Return what a task does that `fork_task` makes, and which outputs it takes over; nothing is changed.

        Raises:
            UnknownTask: there is none of this id.
            InputRefused: it has no such phase, or that is on a way that was not taken.
        """
        start = to_text_if(phase, "the phase")
        session, name = await self._found(source)
        told = session.host.core.preview_fork(name, start)
        await session.host.durable()
        return told

    @on_engine_loop
    async def fork_task(
        self,
        source: Task | str,
        phase: str | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        remove_context: Iterable[str] = (),
        data: Any = UNSET,
        task_id: str | None = None,
        labels: Mapping[str, str] | None = None,
        by: str | None = None,
    ) -> Task:
        """Make a new task that begins at a phase of another one, as if what comes before had been done for it.

        It goes by the definition of the source, and takes over its data, its artifacts, the outputs of the phases that
        stand before *phase*, and its context values, but for those that only later phases have set.  The source stays
        as it is, live or ended; nobody waits for the new task.  What a handler forks, and waits for, is `Task.fork`.

        Args:
            source: the task it is forked from.
            phase: what it begins at; None for the first.
            context: values it begins with beside those of the source, or in place of them, by name.
            remove_context: names of values of the source that it does not begin with.
            data: what it is about, where that is not what the source is about.
            task_id: an id of your own: the same fork again returns the same task.
            labels: words for people and filters; None for those of the source.
            by: who forks it, for the history.

        Raises:
            UnknownTask: there is no source of this id.
            InputRefused: the source has no such phase, its definition is lost, or something given is not acceptable.
            DuplicateTask: another task has this id.
            EngineStopped: nothing can be stored at the moment.
        """
        start, whom, wanted, named = to_text_if(phase, "the phase"), who(by), own_id(task_id), words(labels)
        given = _context(context)
        about: Json = to_json(data, "the task's data") if data is not UNSET else msgspec.UNSET
        session, name = await self._found(source)
        if wanted is not None:
            await self._recall(session, wanted)
        record = self._record(session, name)
        without = _names(remove_context, given, record)
        _check(session, record, about)
        new = wanted or session.host.new_id()
        await session.ask(lambda ticket: ForkTask(new, name, start, about, given or None, without, named, ticket, whom))
        return await self._seen(session, new)


def _check(session: Session, record: TaskRecord, data: Json) -> None:
    """Return if the workflow of the source accepts *data*."""
    digest = record.get(Identity).definition
    if data is not msgspec.UNSET and session.host.core.defined(digest):  # else the core refuses
        check_inputs(WorkflowSpec.from_stored(bytes(session.host.core.stored(digest).spec)), data)


def _context(context: Mapping[str, Any] | None) -> dict[str, msgspec.Raw]:
    if context is None:
        return {}
    if not isinstance(context, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise InputRefused(f"context are values by name, not {context!r}")
    return {to_text(key, "the name of a value"): to_json(value, f"value {key!r}") for key, value in context.items()}


def _names(names: Iterable[str], given: Mapping[str, msgspec.Raw], record: TaskRecord) -> tuple[str, ...]:
    """Return the names of the values to be removed, each of which is there."""
    if isinstance(names, str) or not isinstance(names, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise InputRefused(f"remove_context are names of values, not {names!r}; write ({names!r},)")
    tables = (record.find(Inherited), record.find(Context))
    known = dict.fromkeys(name for table in tables if table is not None for name in table.entries)
    found = tuple(dict.fromkeys(to_text(name, "the name of a value") for name in names))
    for name in found:
        if name not in known:
            has = ", ".join(known) or "none"
            raise InputRefused(f"task {record.id} has no context value {name!r} to be removed; it has {has}")
        if name in given:
            raise InputRefused(f"context value {name!r} is to be set and to be removed; say one of both")
    return found
