"""Every route of the dashboard: who may use it, and a request that it takes.  A route that is not here fails a test."""

import json
from typing import Any, Final, NamedTuple

from workflow_engine.ui.security.roles import Role

WELL: Final = (200, 201, 204, 303)


class Route(NamedTuple):
    """A route, and a sample of what it takes.

    Attributes:
        method: of HTTP.
        rule: as the app has it.
        role: who may, None for everybody.
        path: a sample address; ``$word`` stands for what `walls_given.MAKERS` makes.
        form: fields that are sent.
        body: JSON that is sent, or a text.
        good: statuses of the sample for those who may.
        own: whether it ends sessions, so that it is tried by somebody's double.
    """

    method: str
    rule: str
    role: Role | None
    path: str
    form: dict[str, str] | None = None
    body: Any = None
    good: tuple[int, ...] = WELL
    own: bool = False

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return f"{self.method} {self.rule}"

    @property
    def unsafe(self) -> bool:
        """Whether it may change something."""
        return self.method not in ("GET", "HEAD", "OPTIONS")

    @property
    def media_type(self) -> str:
        """Of its body."""
        if isinstance(self.body, str):
            return "application/json" if self.body.startswith("$") else "text/plain"
        return "application/json" if self.body is not None else "application/x-www-form-urlencoded"

    @property
    def text(self) -> str:
        """Its body that is no form."""
        if self.body is None:
            return ""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


_V, _O, _A = Role.VIEWER, Role.OPERATOR, Role.ADMIN

_QUESTION: Final = "$asking/approve/1/1q0"
_API: Final = "/api/v1"
_FILE: Final = "name: another\nphases:\n  - id: approve\n    assigned_to: human\n    prompt: Publish?\n"


def _tending(word: str, **form: str) -> Route:
    return Route("POST", f"/inbox/{word}/<question:question>", _O, f"/inbox/{word}/{_QUESTION}", form)


def _look(rule: str, path: str, role: Role | None = _V, good: tuple[int, ...] = (200,)) -> Route:
    return Route("GET", rule, role, path, None, None, good)


def _api(method: str, rule: str, role: Role, path: str, body: Any = None, *good: int) -> Route:
    return Route(method, _API + rule, role, _API + path, None, body, good or WELL)


def _asked(word: str, body: Any, *good: int) -> Route:
    return _api("POST", f"/questions/<path:question>/{word}", _O, f"/questions/{_QUESTION}/{word}", body, *good)


PAGES: Final = (
    _look("/static/<path:filename>", "/static/style.css", None),
    _look("/health", "/health", None),
    _look("/drawing.css", "/drawing.css", None),
    _look("/", "/"),
    _look("/live", "/live"),
    _look("/live/tasks/<task>", "/live/tasks/$ended"),
    _look("/live/logs/<task>/<path:path>", "/live/logs/$logged/print/1/1"),
    _look("/inbox", "/inbox"),
    _look("/inbox/<path:question>", f"/inbox/{_QUESTION}"),
    Route("POST", "/inbox/<path:question>", _O, f"/inbox/{_QUESTION}", {"/decision": "approve", "shown": "$shown"}),
    _tending("draft", **{"/comment": "half of it"}),
    _tending("claim"),
    _tending("release")._replace(good=(303, 409)),
    _tending("assign", to="otto"),
    _tending("delegate", to="vera"),
    _tending("comment", text="I have asked the customer."),
    _tending("due", other="3d"),
    _tending("forget"),
    _look("/tasks", "/tasks"),
    Route("POST", "/tasks/bulk/preview", _O, "/tasks/bulk/preview", {"action": "cancel", "task": "$asking"}),
    Route("POST", "/tasks/bulk", _O, "/tasks/bulk", {"action": "cancel", "tasks": "$asking"}),
    _look("/tasks/bulk/done/<token>", "/tasks/bulk/done/none", _V, (302, 303)),
    _look("/tasks/<task>", "/tasks/$ended"),
    _look("/tasks/<task>/retry", "/tasks/$failed/retry", _O),
    Route("POST", "/tasks/<task>/retry", _O, "/tasks/$failed/retry", {}),
    _look("/tasks/<task>/fork", "/tasks/$ended/fork", _O),
    Route("POST", "/tasks/<task>/fork", _O, "/tasks/$ended/fork", {"do": "fork", "task_id": "$new"}),
    Route("POST", "/tasks/<task>/cancel", _O, "/tasks/$asking/cancel", {"reason": "ordered twice"}),
    Route("POST", "/tasks/<task>/purge", _A, "/tasks/$ended/purge", {"sure": "yes"}),
    Route("POST", "/tasks/<task>/export", _O, "/tasks/$asking/export", {}),
    _look("/tasks/<task>/logs/<path:path>", "/tasks/$logged/logs/print/1/1"),
    _look("/tasks/<task>/artifacts/<sha256>/<path:name>", "/tasks/$ended/artifacts/$sha/notes.txt"),
    _look("/workflows", "/workflows"),
    _look("/workflows/<name>", "/workflows/asks"),
    _look("/workflows/<name>/source", "/workflows/asks/source"),
    _look("/workflows/<name>/migrate", "/workflows/saved/migrate", _A),
    Route("POST", "/workflows/<name>/migrate", _A, "/workflows/saved/migrate", {"definition": "$definition"}),
    _look("/workflows/<name>/submit", "/workflows/asks/submit", _O),
    Route("POST", "/workflows/<name>/submit", _O, "/workflows/asks/submit", {"~root": "{}", "task_id": "$new"}),
    Route("POST", "/workflows/<name>/submit/draft", _O, "/workflows/asks/submit/draft", {"~root": "{"}),
    _look("/workflows/new", "/workflows/new", _A),
    Route("POST", "/workflows/new", _A, "/workflows/new", {"text": _FILE.replace("another", "$new"), "do": "save"}),
    _look("/workflows/<name>/edit", "/workflows/saved/edit", _A),
    Route("POST", "/workflows/<name>/edit", _A, "/workflows/saved/edit", {"text": _FILE, "do": "check"}),
    Route("POST", "/workflows/check", _A, "/workflows/check", None, {"text": _FILE}),
    _look("/failures", "/failures"),
    _look("/login", "/login", None, (200, 303)),
    Route("POST", "/login", None, "/login", {"name": "nobody", "password": "x"}, None, (401, 429)),
    Route("POST", "/logout", _V, "/logout", {}, own=True),
    _look("/account", "/account"),
    Route("POST", "/account/tokens", _V, "/account/tokens", {"days": "30", "label": "tests"}, own=True),
    Route("POST", "/account/tokens/<token>/revoke", _V, "/account/tokens/none/revoke", {}, None, (404,), own=True),
    Route("POST", "/account/password", _V, "/account/password", {"current": "x", "new": "y"}, None, (422,), own=True),
    Route("POST", "/account/sessions/end", _V, "/account/sessions/end", {}, own=True),
)

API: Final = (
    _api("GET", "/openapi.json", _V, "/openapi.json"),
    _api("GET", "/docs", _V, "/docs"),
    _api("POST", "/tasks", _O, "/tasks", {"workflow": "works", "data": {}}),
    _api("GET", "/tasks", _V, "/tasks"),
    _api("GET", "/tasks/counts", _V, "/tasks/counts"),
    _api("GET", "/tasks/<task>", _V, "/tasks/$ended"),
    _api("GET", "/tasks/<task>/explanation", _V, "/tasks/$ended/explanation"),
    _api("GET", "/tasks/<task>/wait", _V, "/tasks/$ended/wait"),
    _api("POST", "/tasks/<task>/cancel", _O, "/tasks/$asking/cancel", {}),
    _api("POST", "/tasks/<task>/retry", _O, "/tasks/$failed/retry", {}),
    _api("GET", "/tasks/<task>/retry-preview", _V, "/tasks/$failed/retry-preview"),
    _api("POST", "/tasks/<task>/fork", _O, "/tasks/$ended/fork", {}),
    _api("GET", "/tasks/<task>/fork-preview", _V, "/tasks/$ended/fork-preview"),
    _api("POST", "/tasks/<task>/suspend", _O, "/tasks/$asking/suspend", {}, 200, 201, 409),
    _api("POST", "/tasks/<task>/resume", _O, "/tasks/$asking/resume", {"value": 1}, 200, 409, 422),
    _api("DELETE", "/tasks/<task>", _A, "/tasks/$ended"),
    _api("POST", "/tasks/bulk", _O, "/tasks/bulk", {"action": "cancel", "tasks": ["$asking"]}),
    _api("GET", "/questions", _V, "/questions"),
    _api("GET", "/questions/counts", _V, "/questions/counts"),
    _api("GET", "/questions/<path:question>", _V, f"/questions/{_QUESTION}"),
    _asked("answer", {"value": {"decision": "approve"}}),
    _asked("claim", None),
    _asked("unclaim", None, 200, 409),
    _asked("assign", {"assignee": "otto"}),
    _asked("delegate", {"to": "vera"}),
    _asked("comments", {"text": "I have asked the customer."}),
    _asked("due", {"due_in": "3d"}),
    _api("GET", "/tasks/<task>/artifacts", _V, "/tasks/$ended/artifacts"),
    _api("GET", "/tasks/<task>/artifacts/<path:artifact>", _V, "/tasks/$ended/artifacts/notes.txt"),
    _api("PUT", "/tasks/<task>/artifacts/<path:artifact>", _O, "/tasks/$asking/artifacts/a/b.txt", "three boxes"),
    _api("GET", "/events", _V, "/events"),
    _api("GET", "/tasks/<task>/events", _V, "/tasks/$ended/events"),
    _api("GET", "/events/stream", _V, "/events/stream?timeout=1"),
    _api("GET", "/tasks/<task>/events/stream", _V, "/tasks/$ended/events/stream?timeout=1"),
    _api("GET", "/workflows", _V, "/workflows"),
    _api("GET", "/workflows/<workflow>", _V, "/workflows/asks"),
    _api("GET", "/workflows/<workflow>/graph", _V, "/workflows/asks/graph"),
    _api("POST", "/workflows", _A, "/workflows", _FILE),
    _api("GET", "/overview", _V, "/overview"),
    _api("GET", "/failures", _V, "/failures"),
    _api("GET", "/schedules", _V, "/schedules"),
    _api("GET", "/costs", _V, "/costs"),
    _api("GET", "/status", _V, "/status"),
    _api("GET", "/me", _V, "/me"),
    _api("POST", "/tasks/<task>/export", _O, "/tasks/$asking/export", {}),
    _api("POST", "/tasks/import", _A, "/tasks/import", "$exported"),
)

ROUTES: Final = (*PAGES, *API)
"""All of them."""

UNSAFE: Final = tuple(route for route in ROUTES if route.unsafe)
SAFE: Final = tuple(route for route in ROUTES if not route.unsafe)


def named(route: Route) -> str:
    """Return how a test of a route is called."""
    return route.name
