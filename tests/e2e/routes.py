"""All addresses that show a page, with one to look at each; what is not listed here or below is in no test."""

from typing import Final

from workflow_engine.ui.pages.task_tabs import TABS

PAGES: Final = {
    "overview.show": ("/",),
    "inbox.show": ("/inbox", "/inbox?who=all&text=nothing"),
    "inbox.question": ("/inbox/{question}", "/inbox/winds/approve/1/1q0", "/inbox/tides/approve/9/9q9"),
    "tasks.show": ("/tasks", "/tasks?status=failed", "/tasks?text=nothing"),
    "task.show": (
        *("/tasks/tides", "/tasks/winds", "/tasks/order-1", "/tasks/order-4", "/tasks/rains"),
        *(f"/tasks/soils?tab={tab}" for tab in TABS),
    ),
    "task.log": ("/tasks/tides/logs/check/1/1",),
    "task.retry": ("/tasks/order-1/retry",),
    "task.fork": ("/tasks/winds/fork",),
    "workflows.show": ("/workflows",),
    "workflows.workflow": ("/workflows/report", "/workflows/order"),
    "workflows.new": ("/workflows/new",),
    "workflows.edit": ("/workflows/order/edit",),
    "workflows.moving": ("/workflows/order/migrate",),
    "workflows.submit": ("/workflows/report/submit", "/workflows/order/submit"),
    "failures.show": ("/failures", "/failures?group={group}"),
    "api.reference": ("/api/v1/docs",),
    "security.login": ("/login",),
    "security.account": ("/account",),
}
"""By endpoint, addresses on a stocked server; {question} is of a task that was sent back, {group} one of failures."""

NO_PAGE: Final = {
    "artifacts.download": "a file",
    "health.show": "JSON",
    "live.of_task": "a stream of events",
    "live.whole": "a stream of events",
    "static": "files",
    "task.drawing": "a style sheet",
    "task.live_log": "a stream of events",
    "tasks.done": "leads on where nothing was done",
    "workflows.source": "a file",
}
"""Addresses that are asked with GET and show no page of ours, and what they show."""

API: Final = "api."
"""How endpoints of the REST API begin; those answer with JSON."""
