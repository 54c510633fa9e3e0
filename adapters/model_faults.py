"""Faults: what providers of models complain of, as failures of ours that say what to do about them."""

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from workflow_engine.errors import AdapterFailure, PermanentFailure, TransientFailure

MESSAGE_MAX: Final = 500
"""Most characters of a provider's message that ours repeats."""


class Fault(NamedTuple):
    """A complaint of a provider.

    Attributes:
        status: the HTTP status, or None where the complaint came without one.
        code: what the provider calls it: its type and its code, as far as there are any.
        message: in words.
        retry_after: seconds to wait, as far as it said so.
    """

    status: int | None
    code: str
    message: str
    retry_after: float | None = None


class Faults:
    """Makes failures of the faults of one provider.

    Args:
        provider: its name as people know it.
        variable: the environment variable of its key.
        secret: the key, which is never to be repeated.
    """

    def __init__(self, provider: str, variable: str, secret: str) -> None:
        self._provider = provider
        self._variable = variable
        self._secret = secret

    def failure(self, fault: Fault) -> AdapterFailure:
        """Return the failure that a complaint is."""
        status = fault.status or _status(fault.code)
        number = f" ({fault.status})" if fault.status else ""
        if remedy := _hopeless(fault):
            return PermanentFailure(self._sentence(f"refuses the request{number}", fault.message, remedy))
        if status in _PERMANENT or (400 <= status < 500 and status not in _TRANSIENT):
            fact, remedy = _PERMANENT.get(status, ("refuses the request", ""))
            remedy = remedy.format(variable=self._variable)
            return PermanentFailure(self._sentence(f"{fact}{number}", fault.message, remedy))
        fact = _TRANSIENT.get(status, "has an error of its own")
        return TransientFailure(self._sentence(f"{fact}{number}", fault.message), fault.retry_after)

    def broken(self, what: str) -> TransientFailure:
        """Return the failure that a broken connection or stream is; *what* goes behind "the reply of OpenAI"."""
        return TransientFailure(f"the reply of {self._provider} {what}")

    def no_connection(self, host: str, cause: BaseException | None) -> AdapterFailure:
        """Return the failure that a connection error is, by the kind of its cause alone: its words may hold keys."""
        kind = type(cause).__name__
        if kind in _MISTAKES:
            return self.impossible(f"{kind} at {host or 'an address without a host'}; check the base URL and the key")
        if kind in _BROKEN:
            return self.broken(f"broke off ({kind})")
        return TransientFailure(f"{self._provider} cannot be reached at {host}: {kind}")

    def impossible(self, why: str) -> PermanentFailure:
        """Return the failure that a request is which could not even be made."""
        return PermanentFailure(f"{self._provider} cannot be asked: {self._clean(why)}")

    def _sentence(self, fact: str, message: str, remedy: str = "") -> str:
        said = self._clean(message)
        return f"{self._provider} {fact}" + (f": {said}" if said else "") + (f"; {remedy}" if remedy else "")

    def _clean(self, message: str) -> str:
        """Return a message of others without anything that looks like a key."""
        known = message.replace(self._secret, "***") if len(self._secret) >= _SECRET_MIN else message
        cleaned = " ".join(_KEY.sub("***", known).split()).rstrip(".;")
        return cleaned if len(cleaned) <= MESSAGE_MAX else f"{cleaned[: MESSAGE_MAX - 1]}…"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds a server wants us to wait, or None, as ``retry-after-ms`` or ``retry-after`` says.

    The latter may be a number of seconds or a moment (RFC 9110, section 10.2.3).
    """
    milliseconds, written = headers.get("retry-after-ms"), headers.get("retry-after")
    for text, unit in ((milliseconds, 1000.0), (written, 1.0)):
        seconds = _number(text) / unit if text else math.nan
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    try:
        return max(0.0, parsedate_to_datetime(written).timestamp() - time.time()) if written else None
    except ValueError:
        return None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _status(code: str) -> int:
    """Return the status that a code without one stands for: that of an error of the server, unless it is known."""
    return next((status for word, status in _CODES.items() if word in code), 500)


def _hopeless(fault: Fault) -> str | None:
    """Return the remedy for a complaint whose status says too little about it."""
    said = f"{fault.code} {fault.message}"
    if fault.status is not None and fault.status >= 500:
        return None
    return next((remedy for pattern, remedy in _HOPELESS if pattern.search(said)), None)


_MISTAKES: Final = ("UnsupportedProtocol", "LocalProtocolError", "InvalidURL")
_BROKEN: Final = ("ReadError", "RemoteProtocolError", "WriteError")
"""Kinds of errors of connections: those of whoever set them up, and those under way."""

_SECRET_MIN: Final = 6
"""Shorter keys are placeholders ("none", "x"); cutting them out of messages would only garble those."""

_KEY: Final = re.compile(r"\bsk-[\w*-]{6,}|\bBearer\s+\S{8,}")

_PERMANENT: Final[Mapping[int, tuple[str, str]]] = {
    400: ("refuses the request", ""),
    401: ("does not accept the key", "set {variable} to a key that is valid"),
    402: ("asks for payment", "check the billing of the account behind {variable}"),
    403: ("does not allow this", "use a model and a region that the key in {variable} may use"),
    404: ("does not know the model or the address", "check the name of the model, and the base URL"),
    413: ("finds the request too large", "give the model less to read"),
    422: ("refuses the request", ""),
}
"""By status: the fact, and the remedy."""

_TRANSIENT: Final[Mapping[int, str]] = {
    408: "took too long",
    409: "has a conflict",
    425: "is not ready",
    429: "limits the rate of requests",
    503: "is not available",
    504: "took too long",
    529: "is overloaded",
}

_CODES: Final[Mapping[str, int]] = {
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found": 404,
    "request_too_large": 413,
    "rate_limit": 429,
    "timeout": 504,
    "overloaded": 529,
    "invalid_request": 400,
    "invalid_prompt": 400,
}
"""Statuses of the codes that come inside of streams and batches."""

_HOPELESS: Final = (
    (
        re.compile(
            r"context_length_exceeded|maximum context length|prompt is too long|exceeds? the context|input is too long"
        ),
        "the conversation is longer than the model can read: give it less, or use a model with a larger context",
    ),
    (
        re.compile(r"content_filter|content_policy|content management policy"),
        "a content filter objects: change the prompt",
    ),
    (
        re.compile(r"insufficient_quota|billing_hard_limit|spend_limit_reached"),
        "the account has nothing left to spend: check its billing",
    ),
)
