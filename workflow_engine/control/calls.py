"""The calls of the control socket: their names, their arguments, and what each does with an engine."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import WaitKind
from workflow_engine.errors import IllegalTransition, InputRefused
from workflow_engine.task import Task

if TYPE_CHECKING:
    from workflow_engine.face.commanding import Commanding


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the arguments of a call; without fields, those of a call that has none."""


class SubmitTask(Arguments, frozen=True):
    """See `ECSWorkflowEngine.submit_task`."""

    data: msgspec.Raw
    workflow_name: str | None = None
    classification: str | None = None
    assigned_to: str | None = None
    task_id: str | None = None
    priority: int = 0
    labels: dict[str, str] | None = None
    parent: str | None = None


class Answer(Arguments, frozen=True):
    """See `ECSWorkflowEngine.answer`."""

    question: str
    value: Any
    by: str | None = None


class Cancel(Arguments, frozen=True):
    """See `ECSWorkflowEngine.cancel`."""

    task: str
    reason: str | None = None


class Retry(Arguments, frozen=True):
    """See `ECSWorkflowEngine.retry`."""

    task: str
    phase: str | None = None


class Purge(Arguments, frozen=True):
    """See `ECSWorkflowEngine.purge`."""

    tasks: tuple[str, ...]


class Suspend(Arguments, frozen=True):
    """See `ECSWorkflowEngine.suspend`."""

    task: str
    kind: WaitKind = WaitKind.IO
    prompt: str = "to be resumed"
    form: dict[str, Any] | None = None
    due: float | None = None


class Resume(Arguments, frozen=True):
    """See `ECSWorkflowEngine.resume`."""

    task: str
    value: Any = None
    by: str | None = None


class Named(Arguments, frozen=True):
    """The arguments of a call about one task."""

    task: str


class Wait(Arguments, frozen=True):
    """See `ECSWorkflowEngine.wait`; the timeout is in seconds."""

    task: str
    timeout: float | None = None


class Call(NamedTuple):
    """How a call is decoded and done.

    Attributes:
        decode: turns JSON into arguments.
        perform: is passed the engine and the arguments, and gives a result that can be JSON.
        idle: whether it only waits, so that it is given up when its caller goes away.
    """

    decode: Callable[[bytes | msgspec.Raw], Any]
    perform: Callable[["Commanding", Any], Awaitable[Any]]
    idle: bool = False


async def perform(engine: "Commanding", name: str, arguments: bytes | msgspec.Raw) -> Any:
    """Do the call *name* with JSON *arguments* on *engine*, and return what can be JSON.

    Raises:
        InputRefused: there is no such call, or the arguments are not its.
        EngineError: the engine refused.
        TimeoutError: a wait took longer than it was to.
    """
    call = CALLS.get(name)
    if call is None:
        raise InputRefused(f"there is no call {name!r}; the calls are {', '.join(CALLS)}")
    try:
        decoded = call.decode(arguments)
    except msgspec.DecodeError as error:
        raise InputRefused(f"the arguments of {name} are not acceptable: {error}") from error
    return await call.perform(engine, decoded)


def brief(task: Task) -> dict[str, Any]:
    """Return what is said of a task after every command."""
    failure = task.failure
    return {
        "id": task.id,
        "workflow": task.workflow,
        "classification": task.classification,
        "phase": task.phase,
        "status": task.status.value,
        "reason": task.reason,
        "failure": msgspec.to_builtins(failure) if failure is not None else None,
    }


def whole(task: Task) -> dict[str, Any]:
    """Return all that a `Task` says of itself."""
    return {
        **brief(task),
        "submitted_at": task.submitted_at,
        "assigned_to": task.assigned_to,
        "priority": task.priority,
        "labels": task.labels,
        "data": task.data,
        "context": dict(task.context),
        "outputs": task.outputs,
        "output": task.output,
        "artifacts": task.artifacts,
    }


async def _submit(engine: "Commanding", given: SubmitTask) -> dict[str, Any]:
    task = await engine.submit_task(
        given.data,
        given.workflow_name,
        given.classification,
        given.assigned_to,
        task_id=given.task_id,
        priority=given.priority,
        labels=given.labels,
        parent=given.parent,
    )
    return brief(task)


async def _answer(engine: "Commanding", given: Answer) -> dict[str, Any]:
    return brief(await engine.answer(given.question, given.value, given.by))


async def _cancel(engine: "Commanding", given: Cancel) -> dict[str, Any]:
    return brief(await engine.cancel(given.task, given.reason))


async def _retry(engine: "Commanding", given: Retry) -> dict[str, Any]:
    return brief(await engine.retry(given.task, given.phase))


async def _purge(engine: "Commanding", given: Purge) -> list[dict[str, Any]]:
    """Remove all or none, unless one is retried meanwhile; return how they stood."""
    found = [await engine.get_task(task) for task in dict.fromkeys(given.tasks)]
    for task in found:
        if not task.status.terminal:
            raise IllegalTransition(f"task {task.id}", task.status.value, "purge")
    for task in found:
        await engine.purge(task)
    return [brief(task) for task in found]


async def _suspend(engine: "Commanding", given: Suspend) -> dict[str, Any]:
    question = await engine.suspend(given.task, given.kind, given.prompt, form=given.form, due=given.due)
    return {"question": question}


async def _resume(engine: "Commanding", given: Resume) -> dict[str, Any]:
    return brief(await engine.resume(given.task, given.value, given.by))


async def _get_task(engine: "Commanding", given: Named) -> dict[str, Any]:
    return whole(await engine.get_task(given.task))


async def _explain(engine: "Commanding", given: Named) -> str:
    return await engine.explain(given.task)


async def _wait(engine: "Commanding", given: Wait) -> dict[str, Any]:
    try:
        return whole(await engine.wait(given.task, given.timeout))
    except TimeoutError as error:
        raise TimeoutError(f"task {given.task} has not ended within {given.timeout:g} s; it goes on") from error


def _decoder(kind: type[Arguments]) -> Callable[[bytes | msgspec.Raw], Any]:
    return msgspec.json.Decoder(kind).decode


CALLS: Final[Mapping[str, Call]] = {
    "submit_task": Call(_decoder(SubmitTask), _submit),
    "answer": Call(_decoder(Answer), _answer),
    "cancel": Call(_decoder(Cancel), _cancel),
    "retry": Call(_decoder(Retry), _retry),
    "purge": Call(_decoder(Purge), _purge),
    "suspend": Call(_decoder(Suspend), _suspend),
    "resume": Call(_decoder(Resume), _resume),
    "get_task": Call(_decoder(Named), _get_task),
    "explain": Call(_decoder(Named), _explain),
    "wait": Call(_decoder(Wait), _wait, idle=True),
}
"""Every call that an engine takes, beside ``status``, which is the server's."""
