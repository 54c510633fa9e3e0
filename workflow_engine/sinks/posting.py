"""Posting: one request to a receiver, and what its answer means."""

import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlsplit

from workflow_engine.errors import ConfigError, PermanentFailure, TransientFailure
from workflow_engine.sinks.references import expanded

PASSING: Final = frozenset({408, 409, 425, 429})
"""Answers from 400 to 499 that may be others the next time."""

ANSWER_BYTES: Final = 4 << 10
"""How much of an answer is read."""

SAID_MAX: Final = 200
"""Characters of an answer that an error shows."""


class Poster:
    """Posts JSON to one address.

    Redirects are not followed: what is sent is meant for the receiver that was named.  Nothing of the address but its
    host is ever shown: it may hold a secret.

    Args:
        url: the address; ``${NAME}`` in it stands for a variable of the environment.
        headers: sent with each request; ``${NAME}`` in their values, too.
        timeout: seconds for which the receiver may be silent.
    """

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float) -> None:
        self._url = url
        self._headers = headers
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_NoRedirects)

    def post(self, body: bytes, headers: Mapping[str, str]) -> None:
        """Return when the receiver has taken *body*.

        Raises:
            PermanentFailure: it refuses that.
            TransientFailure: it cannot be reached, does not answer in time, or is to be asked again later.
            ConfigError: a variable is not set, or the address is none.
        """
        url = expanded(self._url)
        host = urlsplit(url).hostname
        if urlsplit(url).scheme not in ("http", "https") or not host:
            raise ConfigError(f"{self._url} is no address; it begins with https:// or http:// and a host")
        own = {name: expanded(value) for name, value in self._headers.items()}
        sent = {"Content-Type": "application/json", "User-Agent": "workflow-engine", **own, **headers}
        try:
            status, said, asked = self._asked(urllib.request.Request(url, body, sent, method="POST"))
        except TimeoutError as error:
            raise TransientFailure(f"{host} did not answer within {self._timeout:g} s") from error
        except (OSError, HTTPException, ValueError) as error:
            why = getattr(error, "reason", error)
            if isinstance(why, TimeoutError):
                raise TransientFailure(f"{host} did not answer within {self._timeout:g} s") from error
            raise TransientFailure(f"{host} could not be reached: {why or type(error).__name__}") from error
        _judge(f"{host} answered {status}{_phrase(status)}", status, said, asked)

    def _asked(self, request: urllib.request.Request) -> tuple[int, str, str | None]:
        """Return status, beginning and ``Retry-After`` of the answer."""
        try:
            answer: HTTPResponse | HTTPError = self._opener.open(request, timeout=self._timeout)
        except HTTPError as refused:
            answer = refused
        with answer:
            return answer.status or 0, _beginning(answer), answer.headers.get("Retry-After")


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Takes an answer that leads elsewhere for one that is no success."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing."""


def _judge(what: str, status: int, said: str, asked: str | None) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise TransientFailure(f"{what}; redirects are not followed, so give the sink the address it leads to")
    if 400 <= status < 500 and status not in PASSING:
        raise PermanentFailure(what + said)
    raise TransientFailure(what + said, retry_after(asked, datetime.now(UTC)))


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return how many seconds the header ``Retry-After`` asks for, a number or a date; None where it says nothing."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def _beginning(answer: HTTPResponse | HTTPError) -> str:
    """Return the beginning of an answer, for an error."""
    try:
        content = answer.read(ANSWER_BYTES)
    except (OSError, HTTPException):
        return ""  # the status was received, and is what counts
    text = " ".join(content[: 4 * SAID_MAX].decode(errors="replace").split())[:SAID_MAX]
    return f": {text}" if text.isprintable() and text else ""


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""
