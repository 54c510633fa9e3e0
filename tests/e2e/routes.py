"""All addresses that show a page, with one to look at each; what is not listed here or below is in no test."""

from typing import Final

PAGES: Final = {
    "overview.show": ("/",),
    "inbox.show": ("/inbox", "/inbox?who=all&text=nothing"),
    "inbox.question": ("/inbox/{question}", "/inbox/tides/approve/9/9q9"),
    "tasks.show": ("/tasks", "/tasks?status=failed", "/tasks?text=nothing"),
    "task.show": ("/tasks/tides", "/tasks/winds", "/tasks/order-1", "/tasks/order-4", "/tasks/rains"),
    "workflows.show": ("/workflows",),
    "workflows.workflow": ("/workflows/report", "/workflows/order"),
    "failures.show": ("/failures",),
    "api.reference": ("/api/v1/docs",),
    "security.login": ("/login",),
    "security.account": ("/account",),
}
"""By endpoint: addresses on a stocked server; {question} is that of a task that was sent back."""

NO_PAGE: Final = {
    "artifacts.download": "a file",
    "health.show": "JSON",
    "live.of_task": "a stream of events",
    "live.whole": "a stream of events",
    "static": "files",
    "tasks.done": "leads on where nothing was done",
}
"""Addresses that are asked with GET and show no page of ours, and what they show."""

API: Final = "api."
"""How endpoints of the REST API begin; those answer with JSON."""
