"""Tasks: taking them in, looking at them, waiting for them."""

import threading
from typing import Any, Final
from urllib.parse import quote

from workflow_engine.errors import DuplicateTask, EngineStopped
from workflow_engine.ui.api import told
from workflow_engine.ui.api.models.common import Counted, NoQuery
from workflow_engine.ui.api.models.tasks import (
    Explanation,
    SubmitTask,
    Task,
    TaskCounts,
    TaskDetail,
    TaskFilter,
    TaskPage,
    TaskSelection,
    WaitQuery,
)
from workflow_engine.ui.api.operation import Answer, Asked, JsonBody, Link, Operation, Reply, operation
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.roles import Role

TAG: Final = "Tasks"

WAITS_MAX: Final = 64
"""Requests that may wait for tasks at once: each has a thread."""

_WAITS: Final = threading.BoundedSemaphore(WAITS_MAX)

ABOUT_ID: Final = tuple(
    Link(name, "task", "$response.body#/id")
    for name in ("get_task", "explain", "wait", "list_task_events", "cancel", "retry", "suspend", "fork_task", "purge")
)
"""What can follow an answer that is a task."""


def at(task: str) -> dict[str, str]:
    """Return the header that says where a task is found."""
    return {"Location": f"/api/v1/tasks/{quote(task, safe='')}"}


LOCATION: Final = {"Location": "Where it is found."}


@operation(
    "POST",
    "/tasks",
    TAG,
    Reply(Task, "The task was taken in, or was there already with the same data.", 201, LOCATION),
    body=JsonBody(
        SubmitTask,
        {"workflow": "approve-order", "data": {"order": 1001, "total": 250.0}, "labels": {"customer": "acme"}},
    ),
    role=Role.OPERATOR,
    refusals=(409, 422),
    links=ABOUT_ID,
)
def submit_task(asked: Asked[NoQuery, SubmitTask]) -> Answer:
    """Submit a task.

    It is durable when this answers.  Without `workflow` and `classification`, a classifier finds out what it is.

    Submitting the same data under the same `task_id` again gives the task that is there; other data is refused with
    409.  With an `Idempotency-Key` and no `task_id`, the id is made of the key, so that a repeat finds the task even
    after the day for which answers are kept.
    """
    given, own = asked.body, asked.body.task_id
    derived = f"key-{asked.key}" if own is None and asked.key is not None else None
    try:
        task = desk().ask.submit_task(
            given.data,
            given.workflow,
            given.classification,
            given.assigned_to,
            task_id=own or derived,
            priority=given.priority,
            labels=given.labels,
            parent=given.parent,
            by=asked.person.name,
        )
    except DuplicateTask as error:
        if derived is None:
            raise
        raise Refused(422, "this Idempotency-Key was used for other data; use a new key for each request") from error
    desk().settle()
    return Answer(told.task(task), 201, at(task.id))


@operation("GET", "/tasks", TAG, Reply(TaskPage, "A page of tasks."), query=TaskFilter, refusals=(422,))
def list_tasks(asked: Asked[TaskFilter, None]) -> Answer:
    """List tasks.

    Those that ended long ago are among them.  `next` of a page is `after` of the next one; the other parameters stay as
    they were.
    """
    given = asked.query
    page = desk().model.tasks(given.query(given.order, given.limit, given.after))
    return Answer(TaskPage(tasks=tuple(map(told.summary, page.rows)), next=page.next))


@operation("GET", "/tasks/counts", TAG, Reply(TaskCounts, "How many."), query=TaskSelection, refusals=(422,))
def count_tasks(asked: Asked[TaskSelection, None]) -> Answer:
    """Count tasks by where they stand.

    Many tasks that are filtered further than by state, workflow and definition are counted up to a bound; `capped` says
    so.
    """
    found = desk().model.counted(asked.query.query())
    counts = {state: Counted.of(number) for state, number in found.items()}
    total = Counted(n=sum(one.n for one in counts.values()), capped=any(one.capped for one in counts.values()))
    return Answer(TaskCounts(counts=counts, total=total))


def detailed(task: str) -> TaskDetail:
    """Return a task with all that is told of one.

    Raises:
        UnknownTask: there is none of this id.
    """
    ask = desk().ask
    return told.detail(ask.get_task(task), ask.inspect(task).record)


@operation("GET", "/tasks/{task}", TAG, Reply(TaskDetail, "The task."), refusals=(404,))
def get_task(asked: Asked[NoQuery, None]) -> Answer:
    """Get a task."""
    return Answer(detailed(asked.path["task"]))


@operation("GET", "/tasks/{task}/explanation", TAG, Reply(Explanation, "A sentence."), refusals=(404,))
def explain(asked: Asked[NoQuery, None]) -> Answer:
    """Say what or whom a task waits for, since when, and what happens next."""
    task = asked.path["task"]
    return Answer(Explanation(task=task, explanation=desk().ask.explain(task)))


@operation(
    "GET",
    "/tasks/{task}/wait",
    TAG,
    Reply(TaskDetail, "The task: it has ended, or the time is over; its status says which."),
    query=WaitQuery,
    refusals=(404, 503),
)
def wait(asked: Asked[WaitQuery, None]) -> Answer:
    """Wait until a task has ended.

    Ask again while `status` is none of `completed`, `failed` and `cancelled`.
    """
    task = asked.path["task"]
    if not _WAITS.acquire(blocking=False):
        raise EngineStopped(f"{WAITS_MAX} requests wait already, as many as may; look at the task, or try again")
    try:
        _waited(desk().ask, task, asked.query.timeout)
    finally:
        _WAITS.release()
    desk().settle()
    return Answer(detailed(task))


def _waited(ask: Any, task: str, timeout: float) -> None:
    try:
        ask.wait(task, timeout=timeout)
    except TimeoutError:
        return


OPERATIONS: Final[tuple[Operation, ...]] = (submit_task, list_tasks, count_tasks, get_task, explain, wait)
"""In the order in which they are shown."""
