"""A dashboard on a real engine and a real socket, and a small browser without scripts that fills in its forms."""

import asyncio
import http.client
import threading
import urllib.parse
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple

from tests.contract.engine_helpers import engine_on
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.ui.server import Dashboard
from workflow_engine.ui_settings import UiSettings

WITHIN = 20.0
"""Seconds that anything here may take."""


class Form(NamedTuple):
    """A form of a page: where it is sent, how, and what its fields hold at first.

    Attributes:
        action: a path; empty for the page's own.
        method: "get" or "post".
        fields: names and values, in their order; buttons are left out.
        buttons: names and values of the buttons that send it.
    """

    action: str
    method: str
    fields: list[tuple[str, str]]
    buttons: list[tuple[str, str]]


class Answer(NamedTuple):
    """What the server answered.

    Attributes:
        status: of HTTP.
        headers: by name in lower case.
        body: as it came.
        path: where it came from, after redirects.
    """

    status: int
    headers: dict[str, str]
    body: bytes
    path: str

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def words(self) -> str:
        """What a person reads, with single spaces."""
        return _read(self.text).words

    @property
    def elements(self) -> list[tuple[str, dict[str, str | None]]]:
        """All elements of the page: name and attributes."""
        return _read(self.text).elements

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [attributes["href"] or "" for name, attributes in self.elements if name == "a" and "href" in attributes]

    @property
    def forms(self) -> list[Form]:
        """Its forms."""
        return _read(self.text).forms

    def form(self, action: str) -> Form:
        """Return the one form whose action, or one of whose buttons, has these words in it."""
        named = [
            form
            for form in self.forms
            if action in form.action or any(action in word for button in form.buttons for word in button)
        ]
        assert len(named) == 1, f"{len(named)} forms with {action!r} on {self.path}: {[f.action for f in self.forms]}"
        return named[0]


class Browser:
    """Follows redirects, keeps cookies, sends forms.  It runs no scripts.

    Args:
        url: of the server.
        headers: sent with every request.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urllib.parse.urlsplit(url)
        self.host = parts.hostname or ""
        self.port = parts.port or 80
        self.cookies: dict[str, str] = {}
        self._headers = dict(headers or {})

    def get(self, path: str, *, follow: bool = True, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page."""
        return self.request("GET", path, follow=follow, headers=headers)

    def send(self, page: Answer, form: Form, values: Mapping[str, str | Sequence[str]] | None = None, *,
             button: tuple[str, str] | None = None, follow: bool = True) -> Answer:  # fmt: skip
        """Send a form of a page with *values* in place of what its fields hold, as pressing *button* does."""
        given = dict(values or {})
        fields = [(name, value) for name, value in form.fields if name not in given]
        for name, value in given.items():
            fields += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        if button is not None:
            fields.append(button)
        path = urllib.parse.urljoin(page.path, form.action)
        if form.method == "get":
            return self.get(
                f"{path.partition('#')[0].partition('?')[0]}?{urllib.parse.urlencode(fields)}", follow=follow
            )
        return self.post(path, fields, follow=follow)

    def post(self, path: str, fields: Sequence[tuple[str, str]], *, follow: bool = True,
             headers: Mapping[str, str] | None = None) -> Answer:  # fmt: skip
        """Send fields, with nothing added."""
        body = urllib.parse.urlencode(fields).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.request("POST", path, body=body, headers=kind, follow=follow)

    def request(self, method: str, path: str, *, body: bytes | None = None, follow: bool = True,
                headers: Mapping[str, str] | None = None) -> Answer:  # fmt: skip
        """Send a request; follow where it leads."""
        for _ in range(10):
            answer = self._once(method, path, body, headers or {})
            if not follow or answer.status not in (301, 302, 303, 307, 308):
                return answer
            path = urllib.parse.urljoin(path, answer.headers["location"])
            if answer.status in (301, 302, 303):
                method, body, headers = "GET", None, {}
        raise AssertionError(f"{path} redirects without end")

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=WITHIN)
        try:
            sent = {**self._headers, **headers}
            if self.cookies:
                sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(cookie).items():
                    self.cookies[name] = morsel.value
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read(), path)
        finally:
            connection.close()


class Site:
    """An engine with its dashboard.

    Attributes:
        engine: runs in a thread with a loop of its own; use ``engine.blocking``.
        dashboard: serves it.
        browser: somebody who looks at it from this machine.
    """

    def __init__(self, engine: ECSWorkflowEngine, dashboard: Dashboard) -> None:
        self.engine = engine
        self.dashboard = dashboard
        self.url = dashboard.url
        self.browser = self.another()

    def another(self, headers: Mapping[str, str] | None = None) -> Browser:
        """Return another browser, with cookies of its own."""
        return Browser(self.url, headers)

    def until(self, look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        """Return what *look* sees once it is *good*."""
        bell = threading.Event()
        self.engine.watch(lambda _: bell.set())
        for _ in range(400):
            seen = look()
            if good(seen):
                return seen
            bell.wait(WITHIN / 400)
            bell.clear()
        raise AssertionError(f"that has not come about: {look()!r}")


@contextmanager
def site(
    data_dir: Path, prepare: Callable[[ECSWorkflowEngine], None] | None = None, settings: UiSettings | None = None
) -> Generator[Site]:
    """Serve an engine on *data_dir*; *prepare* registers what it needs."""
    engine = engine_on(data_dir)
    if prepare is not None:
        prepare(engine)
    loop = asyncio.new_event_loop()
    opened: Future[None] = Future()

    async def run() -> None:
        await engine.open()
        loop.call_soon(opened.set_result, None)
        await engine.run()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        opened.result(WITHIN)
        with Dashboard(engine, settings or UiSettings(port=0)) as dashboard:
            yield Site(engine, dashboard)
    finally:
        engine.stop()
        thread.join(WITHIN)
        loop.close()


class _Reader(HTMLParser):
    """Reads a page: its words, its elements, its forms."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.forms: list[Form] = []
        self._texts: list[str] = []
        self._silent = 0
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None
        self._begins = False
        self._form: Form | None = None

    @property
    def words(self) -> str:
        """What a person reads."""
        return " ".join(" ".join(self._texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = dict(attrs)
        self.elements.append((tag, given))
        if tag in ("script", "style", "template"):
            self._silent += 1
        elif tag == "form":
            self._form = Form(given.get("action") or "", (given.get("method") or "get").lower(), [], [])
            self.forms.append(self._form)
        elif self._silent == 0:
            self._field(tag, given)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of one."""
        if tag in ("script", "style", "template"):
            self._silent -= 1
        elif tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select" and self._select is not None and self._form is not None:
            chosen = [value for value, selected in self._options if selected] or [v for v, _ in self._options[:1]]
            self._form.fields.extend((self._select, value) for value in chosen)
            self._select = None

    def handle_data(self, data: str) -> None:
        """Note a text."""
        if self._area is not None and self._form is not None:
            name, value = self._form.fields.pop()
            # A browser leaves out a line end right behind <textarea>.
            begins = self._begins
            self._begins = False
            self._form.fields.append((name, value + (data.removeprefix("\n") if begins else data)))
        if self._silent == 0:
            self._texts.append(data)

    def _field(self, tag: str, given: dict[str, str | None]) -> None:
        name, value = given.get("name"), given.get("value")
        if tag == "option" and self._select is not None:
            self._options.append((value or "", "selected" in given))
        if self._form is None or "disabled" in given or (name is None and tag != "button"):
            return
        kind = (given.get("type") or "").lower()
        if tag == "button" or (tag == "input" and kind == "submit"):
            self._form.buttons.append((name or "", value or ""))
        elif tag == "textarea":
            self._area, self._begins = name, True
            self._form.fields.append((name or "", ""))
        elif tag == "select":
            self._select, self._options = name, []
        elif tag == "input" and kind in ("checkbox", "radio"):
            if "checked" in given:
                self._form.fields.append((name or "", "on" if value is None else value))
        elif tag == "input" and kind != "file":
            self._form.fields.append((name or "", value or ""))


def _read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader
