"""Requests to a server: sent again where the connection failed, and their refusals raised."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from workflow_engine.client.refusals import ServerUnreachable, error_from, problem_of
from workflow_engine.errors import InputRefused
from workflow_engine.values import to_json

if TYPE_CHECKING:
    import httpx2

    PrimitiveData = str | int | float | bool | None

PREFIX: Final = "/api/v1"

TRIES: Final = 5
"""How often a request is sent at most."""

PAUSE: Final = 0.1
"""Seconds before a request is sent again the first time; then twice as long each time."""

QUIET_SECONDS: Final = 45.0
"""After which a stream counts as broken: a server says something every 15 seconds."""

JSON_HEADERS: Final = {"Content-Type": "application/json"}

Query = Mapping[str, Any]


class Transport:
    """Sends requests.  For several threads.

    Every ``POST`` carries an ``Idempotency-Key``, so all requests can be sent again without harm.

    Args:
        url: of the server.
        token: of a person, None where nobody has to log in.
        timeout: seconds that a server has for an answer.
        sleep: waits so many seconds.
    """

    def __init__(
        self, url: str, token: str | None, timeout: float, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        import httpx2

        if not url.startswith(("http://", "https://")):
            raise InputRefused(f"{url!r} is no address of a server; write it as http://127.0.0.1:5000")
        self.url = url.rstrip("/")
        self.timeout = timeout
        self._token = token
        self._sleep = sleep
        self._csrf: str | None = None
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        self._http = httpx2.Client(base_url=self.url + PREFIX, headers=headers, timeout=timeout)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, query: Query | None = None, timeout: float | None = None) -> bytes:
        """Return the body of an answer."""
        return self.send("GET", path, query, timeout=timeout)

    def post(self, path: str, body: Any = None, query: Query | None = None) -> bytes:
        """Send JSON, and return the body of the answer."""
        return self.send("POST", path, query, b"" if body is None else json_of(body), JSON_HEADERS)

    def send(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> bytes:
        """Send a request, and return the body of the answer.

        Raises:
            EngineError: the server refused, or cannot be reached.
            TimeoutError: it did not answer in time.
        """
        sent = {**(headers or {}), **({"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {})}
        for attempt in range(TRIES):
            answer = self._try(method, path, query, content, sent, timeout, last=attempt == TRIES - 1)
            if answer is not None and not (attempt and _still_under_way(answer)):
                return self._body(answer, repeated=attempt > 0)
            self._sleep(PAUSE * 2**attempt)
        raise ServerUnreachable(self.url, "the request is still being answered")

    def stream(self, path: str, query: Query, place: str | None) -> "AbstractContextManager[httpx2.Response]":
        """Open a stream behind a place."""
        import httpx2

        headers = {"Last-Event-ID": place} if place is not None else {}
        timeout = httpx2.Timeout(self.timeout, read=max(self.timeout, QUIET_SECONDS))
        return self._http.stream("GET", path, params=_parameters(query), headers=headers, timeout=timeout)

    def _try(
        self,
        method: str,
        path: str,
        query: Query | None,
        content: bytes | None,
        headers: Mapping[str, str],
        timeout: float | None,
        *,
        last: bool,
    ) -> "httpx2.Response | None":
        """Return the answer, None where the connection failed and it is not the last try."""
        import httpx2

        try:
            return self._answered(method, path, _parameters(query or {}), content, headers, timeout or self.timeout)
        except (httpx2.ConnectError, httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError) as error:
            if last:
                raise ServerUnreachable(self.url, str(error) or type(error).__name__) from error
            return None
        except httpx2.TimeoutException as error:
            raise TimeoutError(
                f"the server at {self.url} has not answered within {timeout or self.timeout:g} s"
            ) from error
        except httpx2.HTTPError as error:
            raise ServerUnreachable(self.url, str(error) or type(error).__name__) from error

    def _answered(
        self,
        method: str,
        path: str,
        query: "list[tuple[str, PrimitiveData]]",
        content: bytes | None,
        headers: Mapping[str, str],
        timeout: float,
    ) -> "httpx2.Response":
        proof = self._proof() if method != "GET" else {}

        def send(more: Mapping[str, str]) -> "httpx2.Response":
            return self._http.request(
                method, path, params=query, content=content, headers={**headers, **more}, timeout=timeout
            )

        answer = send(proof)
        if answer.status_code == 403 and proof:  # the server was started anew with another key, or the cookie is gone
            self._csrf = None
            answer = send(self._proof())
        return answer

    def _proof(self) -> dict[str, str]:
        """Return what requests without a token have to carry that change something."""
        if self._token is not None:
            return {}
        if self._csrf is None:
            answer = self._http.get("/me")
            if answer.status_code != 200:
                raise error_from(answer.status_code, problem_of(answer.content))
            self._csrf = str(msgspec.json.decode(answer.content)["csrf_token"])
        return {"X-CSRF-Token": self._csrf}

    def _body(self, answer: "httpx2.Response", *, repeated: bool) -> bytes:
        if answer.status_code < 300:
            return answer.content
        if answer.status_code == 404 and repeated and answer.request.method == "DELETE":
            return b""  # the try before, whose answer was lost, has removed it
        raise error_from(answer.status_code, problem_of(answer.content))


def json_of(body: Any) -> bytes:
    """Return the JSON of a body.

    Raises:
        InputRefused: it is none.
    """
    return bytes(to_json(body, "what is sent", 1 << 40))


def part(name: str) -> str:
    """Return a variable part of a path as it is sent."""
    return quote(name, safe="")


def _parameters(query: Query) -> "list[tuple[str, PrimitiveData]]":
    return [pair for name, value in query.items() for pair in _pairs(name, value)]


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, list | tuple):
        several: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType] - of parameters
        for one in several:
            yield from _pairs(name, one)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    else:
        yield name, str(value)


def _still_under_way(answer: "httpx2.Response") -> bool:
    """Return whether the request before, whose answer was lost, is still being answered."""
    return answer.status_code == 409 and problem_of(answer.content).error is None
