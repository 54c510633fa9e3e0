"""The page of a task: what it is, where it stands, what it waits for, all it has done, and what can be done with it."""

import functools
import time
from typing import Any, Final

import msgspec
from flask import Blueprint, Response, g, render_template, request

from workflow_engine.core.components import Data, Inherited, Result, TaskState
from workflow_engine.core.outputs import last_output
from workflow_engine.drawing.style import STYLE
from workflow_engine.readmodel.rows import EventRow
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages import task_commands, task_fork, task_logs, task_retry
from workflow_engine.ui.pages.linking import link_of
from workflow_engine.ui.pages.task_context import phases_of
from workflow_engine.ui.pages.task_files import files_of
from workflow_engine.ui.pages.task_gantt import timeline
from workflow_engine.ui.pages.task_graph import VERSION, anchor, graph_of, phase_url
from workflow_engine.ui.pages.task_head import children_of, head_of
from workflow_engine.ui.pages.task_logs import logs_of
from workflow_engine.ui.pages.task_rounds import rounds_of
from workflow_engine.ui.pages.task_seen import EVENTS_MAX, Seen, events_of, seen
from workflow_engine.ui.pages.task_spans import lanes, with_progress
from workflow_engine.ui.pages.task_tabs import TABS, tabs_of
from workflow_engine.ui.pages.task_talks import talks_of
from workflow_engine.ui.security.headers import VERSIONED
from workflow_engine.ui.security.roles import Role, needs, public
from workflow_engine.ui.showing import show_value
from workflow_engine.ui.streaming.messages import place_of
from workflow_engine.values import from_json

task: Final = Blueprint("task", __name__)

EVENTS: Final = 100
"""Events of a page."""


@needs(Role.VIEWER)
def show(task: str) -> str:
    """Show a task."""
    found = seen(task)
    wanted = request.args.get("tab", "runs")
    tab = wanted if wanted in TABS else "runs"
    return render_template(
        "task/task.html",
        seen=found,
        head=head_of(found, g.person),
        graph=graph_of(found),
        children=children_of(task),
        tab=tab,
        sections=tabs_of(found, tab),
        link=link_of,
        anchor=anchor,
        phase_url=functools.partial(phase_url, task),
        drawing_version=VERSION,
        **_TELLING[tab](found),
    )


@public
def drawing() -> Response:
    """Give the style sheet of drawings, which holds nothing of any task."""
    kept = VERSIONED if request.args.get("v") == VERSION else "no-cache"
    return Response(STYLE, mimetype="text/css", headers={"Cache-Control": kept})


def _runs(found: Seen) -> dict[str, Any]:
    rows, more = events_of(found.record.id)
    told = with_progress(lanes(rows), found.record)
    now = found.status.since if found.status.state.terminal else time.time()
    failed_only = request.args.get("items") == "failed"
    return {
        "timeline": timeline(told, now, _number("page"), failed_only=failed_only),
        "failed_only": failed_only,
        "events_max": EVENTS_MAX if more else None,
    }


def _events(found: Seen) -> dict[str, Any]:
    n, i = place_of(request.args.get("after")) or (0, None)
    rows: tuple[EventRow, ...] = desk().model.events(found.record.id, n, i, EVENTS + 1)
    last = rows[EVENTS - 1] if len(rows) > EVENTS else None
    return {"events": rows[:EVENTS], "next": f"{last.n}.{last.i}" if last is not None else None, "later": n > 0}


def _context(found: Seen) -> dict[str, Any]:
    only = request.args.get("phase") or None
    return {"phases": phases_of(found, only, _number("page")), "only": only}


def _artifacts(found: Seen) -> dict[str, Any]:
    looked_at = request.args.get("artifact")
    return {"files": files_of(found.record, _number("page"), looked_at), "looked_at": looked_at}


def _transcript(found: Seen) -> dict[str, Any]:
    return {"talks": talks_of(found, request.args.get("transcript"))}


def _logs(found: Seen) -> dict[str, Any]:
    files, log = logs_of(found, request.args.get("log"))
    return {"log_files": files, "log": log}


def _iterations(found: Seen) -> dict[str, Any]:
    left, right = _number("left", 0), _number("right", 0)
    return {"rounds": rounds_of(found, request.args.get("phase"), left or None, right or None)}


def _input(found: Seen) -> dict[str, Any]:
    record = found.record
    data, result, inherited = record.find(Data), record.find(Result), record.find(Inherited)
    completed = found.status.state is TaskState.COMPLETED
    output = (result.value if result is not None else last_output(record.components)) if completed else None
    return {
        "data": show_value(from_json(data.value)) if data is not None else None,
        "output": show_value(from_json(output)) if isinstance(output, msgspec.Raw) else None,
        "began_with": len(inherited.entries) if inherited is not None else 0,
    }


def _number(name: str, otherwise: int = 1) -> int:
    given = request.args.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else otherwise


_TELLING: Final = {
    "runs": _runs,
    "events": _events,
    "context": _context,
    "artifacts": _artifacts,
    "transcript": _transcript,
    "logs": _logs,
    "iterations": _iterations,
    "input": _input,
}
"""By tab, what its template is given."""

_ROUTES: Final = (
    ("GET", "/tasks/<task>", show),
    ("GET", "/drawing.css", drawing),
    ("GET POST", "/tasks/<task>/retry", task_retry.retry),
    ("GET POST", "/tasks/<task>/fork", task_fork.fork),
    ("POST", "/tasks/<task>/cancel", task_commands.cancel),
    ("POST", "/tasks/<task>/purge", task_commands.purge),
    ("POST", "/tasks/<task>/export", task_commands.export),
    ("GET", "/tasks/<task>/logs/<path:path>", task_logs.log),
    ("GET", "/live/logs/<task>/<path:path>", task_logs.live_log),
)
for _methods, _rule, _view in _ROUTES:
    task.add_url_rule(_rule, view_func=_view, methods=_methods.split())
