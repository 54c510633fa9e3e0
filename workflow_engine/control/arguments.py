"""What the calls of the control socket are told."""

from typing import Any

import msgspec

from workflow_engine.core.components import WaitKind


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
    by: str | None = None


class ForkTask(Arguments, frozen=True):
    """See `ECSWorkflowEngine.fork_task`."""

    source: str
    phase: str | None = None
    context: dict[str, msgspec.Raw] | None = None
    remove_context: tuple[str, ...] = ()
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    task_id: str | None = None
    labels: dict[str, str] | None = None
    by: str | None = None


class Preview(Arguments, frozen=True):
    """See `ECSWorkflowEngine.preview_retry` and `preview_fork`."""

    task: str
    phase: str | None = None


class Answer(Arguments, frozen=True):
    """See `ECSWorkflowEngine.answer`."""

    question: str
    value: Any
    by: str | None = None
    shown: str | None = None


class GetQuestion(Arguments, frozen=True):
    """See `ECSWorkflowEngine.get_question`."""

    question: str


class ClaimQuestion(Arguments, frozen=True):
    """See `ECSWorkflowEngine.claim_question` and `unclaim_question`."""

    question: str
    by: str


class AssignQuestion(Arguments, frozen=True):
    """See `ECSWorkflowEngine.assign_question`."""

    question: str
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    by: str | None = None
    note: str | None = None


class DelegateQuestion(Arguments, frozen=True):
    """See `ECSWorkflowEngine.delegate_question`."""

    question: str
    to: str
    by: str


class CommentQuestion(Arguments, frozen=True):
    """See `ECSWorkflowEngine.comment_question`."""

    question: str
    text: str
    by: str


class SetQuestionDue(Arguments, frozen=True):
    """See `ECSWorkflowEngine.set_question_due`."""

    question: str
    due_in: float | str | None
    by: str | None = None


class Cancel(Arguments, frozen=True):
    """See `ECSWorkflowEngine.cancel`."""

    task: str
    reason: str | None = None
    by: str | None = None


class Retry(Arguments, frozen=True):
    """See `ECSWorkflowEngine.retry`."""

    task: str
    phase: str | None = None
    by: str | None = None


class Purge(Arguments, frozen=True):
    """See `ECSWorkflowEngine.purge`."""

    tasks: tuple[str, ...]
    by: str | None = None


class Suspend(Arguments, frozen=True):
    """See `ECSWorkflowEngine.suspend`."""

    task: str
    kind: WaitKind = WaitKind.IO
    prompt: str = "to be resumed"
    form: dict[str, Any] | None = None
    due: float | None = None
    by: str | None = None


class Resume(Arguments, frozen=True):
    """See `ECSWorkflowEngine.resume`."""

    task: str
    value: Any = None
    by: str | None = None


class Assess(Arguments, frozen=True):
    """See `ECSWorkflowEngine.assess`; the definition is given as JSON."""

    spec: msgspec.Raw


class Migrate(Arguments, frozen=True):
    """See `ECSWorkflowEngine.migrate`; without *tasks*, all of the workflow that may go over."""

    spec: msgspec.Raw
    tasks: tuple[str, ...] | None = None
    phases: dict[str, str] | None = None
    by: str | None = None


class ExportTask(Arguments, frozen=True):
    """See `ECSWorkflowEngine.export_task`."""

    task: str
    cancel: bool = False
    by: str | None = None


class ImportTask(Arguments, frozen=True):
    """See `ECSWorkflowEngine.import_task`; *file* has the document, which may be too long for a line."""

    file: str
    by: str | None = None


class Named(Arguments, frozen=True):
    """The arguments of a call about one task."""

    task: str


class Wait(Arguments, frozen=True):
    """See `ECSWorkflowEngine.wait`; the timeout is in seconds."""

    task: str
    timeout: float | None = None
