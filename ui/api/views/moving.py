"""Moving: tasks as documents, from one engine to another."""

from typing import Any, Final

from pydantic import RootModel

from workflow_engine.ui.api import told
from workflow_engine.ui.api.models.commands import ExportTask
from workflow_engine.ui.api.models.common import JsonValue, NoQuery
from workflow_engine.ui.api.models.tasks import Task
from workflow_engine.ui.api.operation import Answer, Asked, JsonBody, Operation, Reply, operation
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.api.views.tasks import LOCATION, at
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.roles import Role

TAG: Final = "Moving tasks"


class TaskDocument(RootModel[dict[str, JsonValue]]):
    """A task as a document, for `POST /tasks/import` of another engine; its parts are not to be relied on."""


@operation(
    "POST",
    "/tasks/{task}/export",
    TAG,
    Reply(TaskDocument, "The document."),
    body=JsonBody(ExportTask, {}, optional=True),
    role=Role.OPERATOR,
    refusals=(404, 409, 422),
)
def export_task(asked: Asked[NoQuery, ExportTask]) -> Answer:
    """Get a task as a document, for another engine.

    With its runs, questions, timers, artifacts, and the tasks it waits for.  With `cancel`, which takes an admin, it
    ends here, so that its copy alone goes on.
    """
    if asked.body.cancel and not asked.person.role.allows(Role.ADMIN):
        raise Refused(403, f"to export with cancel takes the role admin, and {asked.person.name} is "
                           f"{asked.person.role}; ask an admin, or export a copy")  # fmt: skip
    found: dict[str, Any] = desk().ask.export_task(asked.path["task"], asked.body.cancel)
    if asked.body.cancel:
        desk().settle()
    return Answer(TaskDocument(found))


@operation(
    "POST",
    "/tasks/import",
    TAG,
    Reply(Task, "The task, which goes on here.", 201, LOCATION),
    body=JsonBody(None, {"format": 1}, bytes_max=None),
    role=Role.ADMIN,
    refusals=(404, 409, 422),
)
def import_task(asked: Asked[NoQuery, bytes]) -> Answer:
    """Take in a task that another engine exported.

    It keeps its id.  Its workflow comes with it, the programs that it names too: import only what you trust.
    """
    task = desk().ask.import_task(asked.body)
    desk().settle()
    return Answer(told.task(task), 201, at(task.id))


OPERATIONS: Final[tuple[Operation, ...]] = (export_task, import_task)
"""In the order in which they are shown."""
