"""A client of the REST API, with the names of the engine's methods.

with Client("https://tasks.example.org", token="wfe_...") as client:
    task = client.submit_task({"order": 1001}, "approve-order")
    for event in client.watch(task):
        print(event.name)
    print(client.get_task(task).output)
"""

from workflow_engine.client.client import Client
from workflow_engine.client.refusals import ServerRefused, ServerUnreachable
from workflow_engine.client.views import (
    Artifact,
    BulkOutcome,
    BulkResult,
    Event,
    Question,
    QuestionPage,
    QuestionSummary,
    Rerun,
    Task,
    TaskPage,
    TaskSummary,
)
from workflow_engine.readmodel.rows import QuestionQuery, TaskQuery

__all__ = [
    "Artifact",
    "BulkOutcome",
    "BulkResult",
    "Client",
    "Event",
    "Question",
    "QuestionPage",
    "QuestionQuery",
    "QuestionSummary",
    "Rerun",
    "ServerRefused",
    "ServerUnreachable",
    "Task",
    "TaskPage",
    "TaskQuery",
    "TaskSummary",
]
