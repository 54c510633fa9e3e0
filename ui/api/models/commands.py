"""Commands about tasks as the API has them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from workflow_engine.core.components import WaitKind
from workflow_engine.readmodel.rows import LIMIT_MAX
from workflow_engine.ui.api.models.common import Count, Duration, JsonValue, Name, Reply, Request, TaskId, Text
from workflow_engine.ui.api.models.tasks import Labels, NewTaskId, TaskSelection


class CancelTask(Request):
    """Why a task is ended."""

    reason: Text | None = None


class RetryTask(Request):
    """From where a task is taken up again; null for the phase that failed."""

    phase: Name | None = None


class SuspendTask(Request):
    """What a task waits for."""

    kind: WaitKind = WaitKind.IO
    prompt: Annotated[Text, Field(min_length=1)] = "to be resumed"
    form: Annotated[dict[str, JsonValue] | None, Field(description="JSON Schema of what it is resumed with.")] = None
    due_in: Annotated[Duration | None, Field(description="After which that is overdue.")] = None


class Suspended(Reply):
    """The question that resumes a task when it is answered."""

    task: str
    question: str


class ResumeTask(Request):
    """What a task is resumed with."""

    value: JsonValue = None


class RerunQuery(Request):
    """The phase to begin at."""

    phase: Name | None = None


class Rerun(Reply):
    """What a retry or a fork would do."""

    task: str
    phase: str | None
    runs: Annotated[tuple[str, ...], Field(description="Phases that are carried out, or may be.")]
    keeps: Annotated[tuple[str, ...], Field(description="Phases whose outputs stand.")]
    perhaps: Annotated[tuple[str, ...], Field(description="Those of `runs` that may be left out.")]
    left_out: tuple[str, ...]
    sentence: str


class ForkTask(Request):
    """A new task that begins where another one was."""

    phase: Annotated[Name | None, Field(description="The phase it begins at, null for the beginning.")] = None
    data: Annotated[JsonValue, Field(description="Instead of the data of the other; leave it out to keep that.")] = None
    context: Annotated[
        dict[Name, JsonValue] | None, Field(description="Values that are set in its context.", max_length=1_000)
    ] = None
    remove_context: Annotated[
        tuple[Name, ...], Field(description="Names that are left out of its context.", max_length=1_000)
    ] = ()
    task_id: NewTaskId | None = None
    labels: Labels | None = None


class ExportTask(Request):
    """Whether the task ends here, so that its copy alone goes on; that needs an admin."""

    cancel: bool = False


Action = Literal["cancel", "retry", "purge", "answer"]


class BulkTasks(Request):
    """What is done with many tasks: those named in `tasks`, or those of `filter`."""

    action: Action
    tasks: Annotated[tuple[TaskId, ...] | None, Field(min_length=1, max_length=LIMIT_MAX)] = None
    filter: TaskSelection | None = None
    dry_run: Annotated[bool, Field(description="Only say what would be done with which.")] = False
    reason: Annotated[Text | None, Field(description="Of `cancel`.")] = None
    phase: Annotated[Name | None, Field(description="Of `retry`.")] = None
    value: Annotated[JsonValue, Field(description="Of `answer`: the answer to the one open question of each.")] = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.tasks is None) == (self.filter is None):
            raise ValueError("name `tasks`, or a `filter`, and not both")
        return self


class BulkOutcome(Reply):
    """What happened to a task; `error` and `detail` say why it was refused."""

    task: str
    outcome: Literal["done", "would be done", "refused"]
    error: str | None = None
    detail: str | None = None


class BulkResult(Reply):
    """What happened to each; `more` says that the filter fits further tasks, which were not looked at."""

    action: Action
    dry_run: bool
    done: Count
    refused: Count
    more: bool
    tasks: tuple[BulkOutcome, ...]
