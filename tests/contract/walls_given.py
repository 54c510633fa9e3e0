"""What tests of the dashboard's walls share: a task in every state, people of every role, raw requests."""

import http.client
import logging
import re
import socket
import urllib.parse
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.contract.agent_helpers import Tools
from tests.contract.engine_helpers import ONCE
from tests.contract.ui_given import WITHIN, Answer, Browser, Site, site
from tests.contract.ui_given import Form as PageForm
from tests.contract.walls_table import Route
from workflow_engine.agents.agent import AgentAdapter
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType
from workflow_engine.errors import PermanentFailure
from workflow_engine.testing.scripted_model import PlainCaller, ScriptedModel, says
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.security.passwords import Cost
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui_settings import UiSettings

FROM_PAGES: Final = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
"""Headers of what a page of ours has a browser send."""

PASSWORD: Final = "seven grey herons"

PEOPLE: Final = {Role.VIEWER: "vera", Role.OPERATOR: "otto", Role.ADMIN: "anna"}
"""Who has which role; each has a double, ``vera-too``, for what ends sessions."""

FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"enum": ["approve", "reject"]}, "comment": {"type": "string"}},
}

SAVED: Final = "name: saved\nphases:\n  - id: approve\n    assigned_to: human\n    prompt: Publish?\n"

STREAM: Final = "text/event-stream"


class Reply(NamedTuple):
    """What the server answered.

    Attributes:
        status: of HTTP.
        headers: as they came, names in lower case.
        body: as it came; nothing of a stream, which does not end.
    """

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header, "" where it is not there."""
        return next((value for known, value in self.headers if known == name.lower()), "")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def page(self) -> Answer:
        """The body as a page that is read."""
        return Answer(self.status, dict(self.headers), self.body, "")

    @property
    def leads_to_login(self) -> bool:
        """Whether somebody is to log in first."""
        return self.status in (302, 303) and self.header("location").startswith("/login")


class World:
    """A dashboard, and what stands in it.

    Attributes:
        site: see there.
        desk: of the dashboard.
        browsers: of people who are logged in, by role.
        tokens: of the same people.
        notes: what tests keep for one another.
        shared: ids of what must not be changed, by word: see `standing`.
    """

    def __init__(self, given: Site, tokens: Mapping[Role, str]) -> None:
        self.site = given
        self.tokens = dict(tokens)
        self.desk: Desk = given.dashboard._desk  # pyright: ignore[reportPrivateUsage] - looked at, not changed
        self.shared: dict[str, str] = {}
        self.browsers = {role: self.logged_in(name) for role, name in PEOPLE.items()}
        self._fresh = 0
        self.notes: dict[str, str] = {}
        self._csrf: dict[str, str] = {}

    @property
    def ask(self) -> Any:
        """The engine, for threads that wait."""
        return self.site.engine.blocking

    def logged_in(self, name: str) -> Browser:
        """Return a browser in which somebody has logged in."""
        browser = self.site.another()
        page = browser.get("/login")
        done = browser.send(page, page.form("/login"), {"name": name, "password": PASSWORD}, follow=False)
        assert done.status == 303, done.words
        return browser

    def send(self, method: str, path: str, *, browser: Browser | None = None, headers: Mapping[str, str] | None = None,
             body: bytes | None = None) -> Reply:  # fmt: skip
        """Send one request, and follow nothing; of a stream, only its head is read."""
        sent = dict(headers or {})
        if browser is not None and browser.cookies and "Cookie" not in sent:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        connection = http.client.HTTPConnection(self.site.browser.host, self.site.browser.port, timeout=WITHIN)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            headers_found = [(name.lower(), value) for name, value in response.getheaders()]
            streamed = dict(headers_found).get("content-type", "").startswith(STREAM)
            return Reply(response.status, headers_found, b"" if streamed else response.read())
        finally:
            connection.close()

    def raw(self, request: bytes) -> bytes:
        """Send bytes, and return all that comes back until the connection is closed, or for a moment nothing comes."""
        with socket.create_connection((self.site.browser.host, self.site.browser.port), timeout=2.0) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            found = b""
            try:
                while piece := connection.recv(65_536):
                    found += piece
            except TimeoutError:
                pass
            return found

    def csrf(self, browser: Browser) -> str:
        """Return the token that the forms of somebody carry."""
        if not browser.cookies:
            return csrf_in(browser.get("/login").forms)
        cookie = repr(sorted(browser.cookies.items()))
        if cookie not in self._csrf:
            self._csrf[cookie] = csrf_in(browser.get("/account").forms)
        return self._csrf[cookie]

    def state(self) -> tuple[object, ...]:
        """Return all that requests may change: the journal, files, sessions."""
        folder = self.desk.data_dir
        files = [
            (str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not _NOTES.search(str(path.relative_to(folder)))
        ]
        sessions = re.findall(r'"digest":"([0-9a-f]+)"', (folder / "ui" / "sessions.json").read_text())
        return self.site.engine.commits, files, sorted(sessions)

    # ------------------------------------------------------------ what stands there

    def value(self, word: str, *, fresh: bool) -> str:
        """Return what ``$word`` of a sample stands for: what is there for all, or something made for this once."""
        if not fresh and word in self.shared:
            return self.shared[word]
        self._fresh += 1
        return MAKERS[word](self, f"{word}-{self._fresh}")

    def filled(self, text: str, *, fresh: bool = False) -> str:
        """Return a text with the values of its words."""
        values: dict[str, str] = {}
        for word in dict.fromkeys(re.findall(r"\$([a-z]+)", text)):
            if word == "shown":
                values[word] = self.ask.get_question(values["asking"]).shown
            else:
                values[word] = self.value(word, fresh=fresh)
        return re.sub(r"\$([a-z]+)", lambda found: values[found[1]], text)

    def submitted(self, task: str, workflow: str, good: str, data: Any = None, **more: Any) -> str:
        """Submit a task, and return its id once it stands as it should."""
        given: dict[str, Any] = {"prompt": "Publish?", "text": "tides", **(data or {})}
        self.ask.submit_task(given, workflow_name=workflow, task_id=task, **more)
        self.site.until(lambda: self.ask.get_task(task).status, lambda status: status == good)
        self.desk.settle()
        return task


def standing(world: World) -> None:
    """Have a task in every state."""
    for word in ("asking", "failed", "ended", "logged", "talked", "waiting", "cancelled", "exported"):
        world.shared[word] = MAKERS[word](world, word)
    world.shared["sha"] = world.ask.get_task("ended").artifacts["notes.txt"]["sha256"]
    world.desk.library.save(SAVED)
    world.desk.settle()


def csrf_in(forms: Sequence[PageForm]) -> str:
    """Return the token of some form of a page."""
    return next(value for form in forms for name, value in form.fields if name == "csrf_token")


def _cancelled(world: World, task: str) -> str:
    world.submitted(task, "asks", "waiting_human")
    world.ask.cancel(task, "not needed", by="anna")
    world.desk.settle()
    return task


def _removable(world: World, _: str) -> str:
    name = PEOPLE[Role.VIEWER] + "-too"
    return world.desk.people.add_token(name, "to be revoked").split("_")[1]


MAKERS: Final[dict[str, Callable[[World, str], str]]] = {
    "asking": lambda world, task: world.submitted(task, "asks", "waiting_human"),
    "failed": lambda world, task: world.submitted(task, "fails", "failed"),
    "ended": lambda world, task: world.submitted(task, "works", "completed"),
    "logged": lambda world, task: world.submitted(task, "logs", "completed"),
    "talked": lambda world, task: world.submitted(task, "talks", "completed"),
    "waiting": lambda world, task: world.submitted(task, "waits", "waiting_io"),
    "cancelled": _cancelled,
    "sha": lambda world, _: world.shared["sha"],
    "group": lambda world, _: str(world.desk.model.failures(limit=1).rows[0].key),
    "definition": lambda world, _: next(one.digest() for one in world.site.engine.workflows() if one.name == "saved"),
    "exported": lambda world, task: _exported(world, task),
    "token": _removable,
    "new": lambda _, name: name,
}
"""What samples name, by word: each makes one under an id, and returns what it is called."""


def _exported(world: World, task: str) -> str:
    import json

    world.submitted(task, "asks", "waiting_human")
    document = world.ask.export_task(task, True)
    world.desk.settle()
    world.ask.purge(task, by="anna")
    return json.dumps(document)


def prepare(engine: ECSWorkflowEngine) -> None:
    """Register workflows that end in every way."""

    async def work(task: Task) -> dict[str, Any]:
        given: Any = task.data
        for name, content in given.get("files", {"notes.txt": "fine"}).items():
            await task.add_artifact(name, content)
        task.context.update(given.get("context", {}))
        return {"done": given.get("output", "well")}

    async def fail(task: Task) -> None:
        given: Any = task.data
        raise PermanentFailure(given.get("message", "the bank said no"))

    engine.register_handler("work", work)
    engine.register_handler("fail", fail)
    model = ScriptedModel(lambda request: says(f"I was told: {request.messages[-1].text}"))
    engine.register_adapter(TaskType.AGENTIC, AgentAdapter(model, "small", PlainCaller(0.0), Tools()))
    printing = "import sys, json; print(json.load(sys.stdin).get('data', {}).get('text', 'a line'))"
    asked = "{{ inputs.prompt }}"
    for name, phase in {
        "works": Phase(target_classification="work"),
        "fails": Phase(target_classification="fail", retry=ONCE),
        "asks": Phase(id="approve", assigned_to="human", prompt=asked, form=FORM, show="{{ inputs }}"),
        "logs": Phase(id="print", assigned_to="functional", command=["{python}", "-c", printing]),
        "talks": Phase(id="draft", assigned_to="ai", prompt="Write on {{ inputs.text }}.", retry=ONCE),
        "waits": Phase(id="pause", wait=86_400.0),
    }.items():
        engine.register_workflow(name, [phase])


@contextmanager
def walled(data_dir: Path, ready: Callable[[ECSWorkflowEngine], None] = prepare, **settings: Any) -> Generator[World]:
    """Serve an engine to people who log in."""
    people, tokens = People(data_dir / "users.json", cost=Cost(4, 1, 1)), dict[Role, str]()
    for role, name in PEOPLE.items():
        people.add(name, role, (), PASSWORD)
        people.add(f"{name}-too", role, (), PASSWORD)
        tokens[role] = people.add_token(name, "tests")
    with site(data_dir, ready, UiSettings(port=0, login="always", **settings)) as given:
        yield World(given, tokens)


def request_of(world: World, route: Route, *, fresh: bool) -> tuple[str, bytes | None, dict[str, str]]:
    """Return path, body and headers of the sample of a route."""
    if route.form is None and route.body is None:
        return world.filled(route.path, fresh=fresh), None, dict(FROM_PAGES)
    form = urllib.parse.urlencode(route.form or {}, safe="$")
    whole = world.filled(f"{route.path}\0{form if route.body is None else route.text}", fresh=fresh)
    path, _, body = whole.partition("\0")
    return path, body.encode(), {"Content-Type": route.media_type, **FROM_PAGES}


def asked(world: World, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
    """Return the answer to what an admin sends from a page of ours."""
    admin = world.browsers[Role.ADMIN]
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return world.send(method, path, browser=admin, body=body, headers={"X-CSRF-Token": world.csrf(admin), **names})


def logged_well(records: Sequence[logging.LogRecord]) -> None:
    """Check that the log has no failures, and one line for each entry."""
    for record in records:
        assert record.levelno < logging.ERROR, record.getMessage()
        assert record.exc_info is None, record.getMessage()
        assert record.getMessage().isprintable(), f"a log of several lines: {record.getMessage()!r}"


def quoted(text: str) -> str:
    """Return a text as a part of an address."""
    return urllib.parse.quote(text, safe="", errors="surrogatepass")


_NOTES: Final = re.compile(r"^(index|ui/(\.|audit|strangers|sessions|replays))|\.lock$|-(wal|shm)$|\.sqlite")
"""Files that requests write, though they change nothing: the index, notes of requests, when somebody was seen."""
