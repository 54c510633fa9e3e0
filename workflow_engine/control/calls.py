"""The calls of the control socket: their names, their arguments, and what each does with an engine."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from workflow_engine.control.arguments import (
    Answer,
    Arguments,
    Assess,
    AssignQuestion,
    Cancel,
    ClaimQuestion,
    CommentQuestion,
    DelegateQuestion,
    ExportTask,
    ForkTask,
    GetQuestion,
    ImportTask,
    Migrate,
    Named,
    Preview,
    Purge,
    Resume,
    Retry,
    SetQuestionDue,
    SubmitTask,
    Suspend,
    Wait,
)
from workflow_engine.core.migrating import Assessment
from workflow_engine.errors import IllegalTransition, InputRefused
from workflow_engine.task import Task
from workflow_engine.task_document import read_document

if TYPE_CHECKING:
    from workflow_engine.face.moving import Moving
    from workflow_engine.spec.model import WorkflowSpec


AT_ONCE: Final = 500
"""How many tasks are moved at once: they share commits, and others have their turn."""


class Call(NamedTuple):
    """How a call is decoded and done.

    Attributes:
        decode: turns JSON into arguments.
        perform: is passed the engine and the arguments, and gives a result that can be JSON.
        idle: whether it only waits, so that it is given up when its caller goes away.
    """

    decode: Callable[[bytes | msgspec.Raw], Any]
    perform: Callable[["Moving", Any], Awaitable[Any]]
    idle: bool = False


async def perform(engine: "Moving", name: str, arguments: bytes | msgspec.Raw) -> Any:
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
        "cost": {"tokens": task.spent.tokens, "dollars": task.spent.dollars, "unpriced": task.spent.unpriced},
    }


async def _submit(engine: "Moving", given: SubmitTask) -> dict[str, Any]:
    task = await engine.submit_task(
        given.data,
        given.workflow_name,
        given.classification,
        given.assigned_to,
        task_id=given.task_id,
        priority=given.priority,
        labels=given.labels,
        parent=given.parent,
        by=given.by,
    )
    return brief(task)


async def _answer(engine: "Moving", given: Answer) -> dict[str, Any]:
    return brief(await engine.answer(given.question, given.value, given.by, given.shown))


async def _get_question(engine: "Moving", given: GetQuestion) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(await engine.get_question(given.question)))
    return found


async def _claim(engine: "Moving", given: ClaimQuestion) -> dict[str, Any]:
    return brief(await engine.claim_question(given.question, given.by))


async def _unclaim(engine: "Moving", given: ClaimQuestion) -> dict[str, Any]:
    return brief(await engine.unclaim_question(given.question, given.by))


async def _assign(engine: "Moving", given: AssignQuestion) -> dict[str, Any]:
    return brief(await engine.assign_question(given.question, given.assignee, given.candidates, given.by, given.note))


async def _delegate(engine: "Moving", given: DelegateQuestion) -> dict[str, Any]:
    return brief(await engine.delegate_question(given.question, given.to, given.by))


async def _comment(engine: "Moving", given: CommentQuestion) -> dict[str, Any]:
    return brief(await engine.comment_question(given.question, given.text, given.by))


async def _set_due(engine: "Moving", given: SetQuestionDue) -> dict[str, Any]:
    return brief(await engine.set_question_due(given.question, given.due_in, given.by))


async def _cancel(engine: "Moving", given: Cancel) -> dict[str, Any]:
    return brief(await engine.cancel(given.task, given.reason, by=given.by))


async def _retry(engine: "Moving", given: Retry) -> dict[str, Any]:
    return brief(await engine.retry(given.task, given.phase, by=given.by))


async def _preview_retry(engine: "Moving", given: Preview) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(await engine.preview_retry(given.task, given.phase))
    return told


async def _preview_fork(engine: "Moving", given: Preview) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(await engine.preview_fork(given.task, given.phase))
    return told


async def _fork(engine: "Moving", given: ForkTask) -> dict[str, Any]:
    task = await engine.fork_task(
        given.source,
        given.phase,
        context=given.context,
        remove_context=given.remove_context,
        data=given.data,
        task_id=given.task_id,
        labels=given.labels,
        by=given.by,
    )
    return brief(task)


async def _purge(engine: "Moving", given: Purge) -> list[dict[str, Any]]:
    """Remove all or none, unless one is retried meanwhile; return how they stood."""
    found = [await engine.get_task(task) for task in dict.fromkeys(given.tasks)]
    for task in found:
        if not task.status.terminal:
            raise IllegalTransition(f"task {task.id}", task.status.value, "purge")
    for task in found:
        await engine.purge(task, by=given.by)
    return [brief(task) for task in found]


async def _suspend(engine: "Moving", given: Suspend) -> dict[str, Any]:
    question = await engine.suspend(given.task, given.kind, given.prompt, form=given.form, due=given.due, by=given.by)
    return {"question": question}


async def _resume(engine: "Moving", given: Resume) -> dict[str, Any]:
    return brief(await engine.resume(given.task, given.value, given.by))


async def _assess(engine: "Moving", given: Assess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.to_builtins(await engine.assess(_spec(given.spec)))
    return found


async def _migrate(engine: "Moving", given: Migrate) -> list[dict[str, Any]]:
    """Move the tasks that may go over; return of each how it stood, and whether it was moved.

    Where one of the named tasks is not of the workflow, or has ended, none is moved.
    """
    spec = _spec(given.spec)
    found = {assessment.task: assessment for assessment in await engine.assess(spec)}
    for task in given.tasks or ():
        if task not in found:
            await engine.migrate(task, spec)  # it says why not
    chosen = [found[task] for task in dict.fromkeys(given.tasks if given.tasks is not None else found)]
    moved: list[dict[str, Any]] = []
    for start in range(0, len(chosen), AT_ONCE):
        batch = (_moved(engine, one, spec, given) for one in chosen[start : start + AT_ONCE])
        moved += await asyncio.gather(*batch)
    return moved


async def _moved(engine: "Moving", assessment: Assessment, spec: "WorkflowSpec", given: Migrate) -> dict[str, Any]:
    said: dict[str, Any] = msgspec.to_builtins(assessment)
    if assessment.current:
        return {**said, "moved": False}
    try:
        await engine.migrate(assessment.task, spec, given.phases, by=given.by)
    except (IllegalTransition, InputRefused) as error:  # it may not, or has gone on or ended meanwhile
        return {**said, "moved": False, "reasons": said["reasons"] or [str(error)]}
    return {**said, "moved": True}


def _spec(written: msgspec.Raw) -> "WorkflowSpec":
    from workflow_engine.spec.model import WorkflowSpec

    return WorkflowSpec.model_validate(msgspec.json.decode(written))


async def _export(engine: "Moving", given: ExportTask) -> dict[str, Any]:
    return await engine.export_task(given.task, given.cancel, by=given.by)


async def _import(engine: "Moving", given: ImportTask) -> dict[str, Any]:
    document = await asyncio.to_thread(read_document, Path(given.file))
    return brief(await engine.import_task(document, by=given.by))


async def _get_task(engine: "Moving", given: Named) -> dict[str, Any]:
    return whole(await engine.get_task(given.task))


async def _explain(engine: "Moving", given: Named) -> str:
    return await engine.explain(given.task)


async def _wait(engine: "Moving", given: Wait) -> dict[str, Any]:
    try:
        return whole(await engine.wait(given.task, given.timeout))
    except TimeoutError as error:
        raise TimeoutError(f"task {given.task} has not ended within {given.timeout:g} s; it goes on") from error


def _decoder(kind: type[Arguments]) -> Callable[[bytes | msgspec.Raw], Any]:
    return msgspec.json.Decoder(kind).decode


CALLS: Final[Mapping[str, Call]] = {
    "submit_task": Call(_decoder(SubmitTask), _submit),
    "answer": Call(_decoder(Answer), _answer),
    "get_question": Call(_decoder(GetQuestion), _get_question),
    "claim_question": Call(_decoder(ClaimQuestion), _claim),
    "unclaim_question": Call(_decoder(ClaimQuestion), _unclaim),
    "assign_question": Call(_decoder(AssignQuestion), _assign),
    "delegate_question": Call(_decoder(DelegateQuestion), _delegate),
    "comment_question": Call(_decoder(CommentQuestion), _comment),
    "set_question_due": Call(_decoder(SetQuestionDue), _set_due),
    "cancel": Call(_decoder(Cancel), _cancel),
    "retry": Call(_decoder(Retry), _retry),
    "preview_retry": Call(_decoder(Preview), _preview_retry),
    "fork_task": Call(_decoder(ForkTask), _fork),
    "preview_fork": Call(_decoder(Preview), _preview_fork),
    "purge": Call(_decoder(Purge), _purge),
    "suspend": Call(_decoder(Suspend), _suspend),
    "resume": Call(_decoder(Resume), _resume),
    "assess": Call(_decoder(Assess), _assess),
    "migrate": Call(_decoder(Migrate), _migrate),
    "export_task": Call(_decoder(ExportTask), _export),
    "import_task": Call(_decoder(ImportTask), _import),
    "get_task": Call(_decoder(Named), _get_task),
    "explain": Call(_decoder(Named), _explain),
    "wait": Call(_decoder(Wait), _wait, idle=True),
}
"""Every call that an engine takes, beside ``status``, which is the server's."""
