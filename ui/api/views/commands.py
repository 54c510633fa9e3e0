"""Commands: what is done with one task."""

from typing import Final

from workflow_engine.core.reruns import Rerun as EngineRerun
from workflow_engine.ui.api import told
from workflow_engine.ui.api.models.commands import (
    CancelTask,
    ForkTask,
    Rerun,
    RerunQuery,
    ResumeTask,
    RetryTask,
    Suspended,
    SuspendTask,
)
from workflow_engine.ui.api.models.common import NoQuery
from workflow_engine.ui.api.models.tasks import Task
from workflow_engine.ui.api.operation import Answer, Asked, JsonBody, Operation, Reply, operation
from workflow_engine.ui.api.views.answering import check_may_answer
from workflow_engine.ui.api.views.tasks import ABOUT_ID, LOCATION, at
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.roles import Role

TAG: Final = "Commands"

COMMAND: Final = (404, 409, 422)
"""How a command about a task may be refused."""


@operation(
    "POST",
    "/tasks/{task}/cancel",
    TAG,
    Reply(Task, "The task: it has ended, or undoes what it has done."),
    body=JsonBody(CancelTask, {"reason": "ordered twice"}, optional=True),
    role=Role.OPERATOR,
    refusals=COMMAND,
)
def cancel(asked: Asked[NoQuery, CancelTask]) -> Answer:
    """Cancel a task.

    What is under way for it is stopped.  One that has ended is refused with 409.
    """
    task = desk().ask.cancel(asked.path["task"], asked.body.reason, by=asked.person.name)
    desk().settle()
    return Answer(told.task(task))


@operation(
    "POST",
    "/tasks/{task}/retry",
    TAG,
    Reply(Task, "The task, which lives again."),
    body=JsonBody(RetryTask, {}, optional=True),
    role=Role.OPERATOR,
    refusals=COMMAND,
)
def retry(asked: Asked[NoQuery, RetryTask]) -> Answer:
    """Take a failed task up again.

    It begins at the phase that failed, or at another one.  A task that has not failed is refused with 409.
    """
    task = desk().ask.retry(asked.path["task"], asked.body.phase, by=asked.person.name)
    desk().settle()
    return Answer(told.task(task))


@operation(
    "GET", "/tasks/{task}/retry-preview", TAG, Reply(Rerun, "What is done again."), query=RerunQuery, refusals=COMMAND
)
def preview_retry(asked: Asked[RerunQuery, None]) -> Answer:
    """Say what a retry would do again, and what it would keep.

    Nothing is changed.
    """
    return Answer(_rerun(desk().ask.preview_retry(asked.path["task"], asked.query.phase)))


@operation(
    "GET", "/tasks/{task}/fork-preview", TAG, Reply(Rerun, "What is done."), query=RerunQuery, refusals=(404, 422)
)
def preview_fork(asked: Asked[RerunQuery, None]) -> Answer:
    """Say what a fork would do, and what it would take over.

    Nothing is changed.
    """
    return Answer(_rerun(desk().ask.preview_fork(asked.path["task"], asked.query.phase)))


@operation(
    "POST",
    "/tasks/{task}/fork",
    TAG,
    Reply(Task, "The new task.", 201, LOCATION),
    body=JsonBody(ForkTask, {"context": {"discount": 0.1}}, optional=True),
    role=Role.OPERATOR,
    refusals=COMMAND,
    links=ABOUT_ID,
)
def fork_task(asked: Asked[NoQuery, ForkTask]) -> Answer:
    """Make a new task that begins at a phase of another one.

    The other stays as it is.  With an `Idempotency-Key` and no `task_id`, the id is made of the key.
    """
    given = asked.body
    derived = f"key-{asked.key}" if asked.key is not None else None
    about = {"data": given.data} if "data" in given.model_fields_set else {}
    task = desk().ask.fork_task(
        asked.path["task"],
        given.phase,
        context=given.context,
        remove_context=given.remove_context,
        task_id=given.task_id or derived,
        labels=given.labels,
        by=asked.person.name,
        **about,
    )
    desk().settle()
    return Answer(told.task(task), 201, at(task.id))


@operation(
    "POST",
    "/tasks/{task}/suspend",
    TAG,
    Reply(Suspended, "The question that resumes it."),
    body=JsonBody(SuspendTask, {"kind": "human", "prompt": "The customer is asked."}, optional=True),
    role=Role.OPERATOR,
    refusals=COMMAND,
)
def suspend(asked: Asked[NoQuery, SuspendTask]) -> Answer:
    """Have a task wait until it is resumed.

    What is under way for it is stopped, and done again afterwards.  One that waits, or has ended, is refused with 409.
    """
    given, task = asked.body, asked.path["task"]
    question = desk().ask.suspend(
        task, given.kind.value, given.prompt, form=given.form, due=given.due_in, by=asked.person.name
    )
    desk().settle()
    return Answer(Suspended(task=task, question=question))


@operation(
    "POST",
    "/tasks/{task}/resume",
    TAG,
    Reply(Task, "The task, which goes on."),
    body=JsonBody(ResumeTask, {"value": {"answer": "go on"}}, optional=True),
    role=Role.OPERATOR,
    refusals=(403, *COMMAND),
)
def resume(asked: Asked[NoQuery, ResumeTask]) -> Answer:
    """Let a suspended task go on, with a value for its one open question."""
    name = asked.path["task"]
    check_may_answer(asked.person, name)
    task = desk().ask.resume(name, asked.body.value, by=asked.person.name)
    desk().settle()
    return Answer(told.task(task))


@operation(
    "DELETE",
    "/tasks/{task}",
    TAG,
    Reply(None, "It is gone.", 204),
    role=Role.ADMIN,
    refusals=(404, 409),
)
def purge(asked: Asked[NoQuery, None]) -> Answer:
    """Remove a task that has ended, for good.

    Its history, its logs and its workspace go with it, and its id is free again.  One that lives is refused with 409.
    """
    desk().ask.purge(asked.path["task"], by=asked.person.name)
    desk().settle()
    return Answer(None, 204)


def _rerun(found: EngineRerun) -> Rerun:
    return Rerun.of(found)


OPERATIONS: Final[tuple[Operation, ...]] = (
    cancel, retry, preview_retry, fork_task, preview_fork, suspend, resume, purge,
)  # fmt: skip
"""In the order in which they are shown."""
