"""Refusals of the API: problem details, by whose ``error`` a client rebuilds the error of the engine."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from flask import Response
from pydantic import ValidationError

from workflow_engine.control.messages import refusal
from workflow_engine.errors import EngineError, SpecError
from workflow_engine.ui.problems import problem
from workflow_engine.ui.refusals import status_of

PAGE: Final = "/api/v1/docs"
"""Where what is meant by the type of a problem can be read."""

TITLES: Final = {
    400: "The request cannot be understood",
    401: "Say who you are",
    403: "You may not do that",
    404: "There is no such thing",
    405: "That cannot be done here",
    409: "That is not possible any more",
    413: "That is too large",
    415: "That is in a form that is not understood",
    422: "That cannot be accepted",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "The engine cannot do that at the moment",
    504: "It took too long",
}
"""By status."""

RETRY_AFTER: Final = {503: "1", 504: "1"}
"""Seconds after which asking again may help, by status."""


class Refused(EngineError):
    """A request is refused before the engine is asked.

    Attributes:
        status: of HTTP.
        detail: the fact and the remedy.
        errors: what is wrong, one by one: ``{"pointer": "#/labels/a", "detail": "..."}``; a parameter of the query is
            named by ``"parameter"`` in place of the pointer.
    """

    def __init__(self, status: int, detail: str, errors: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(status, detail, tuple(errors))
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return self.detail


def refused(error: Exception) -> Response:
    """Return the problem that says what *error* says."""
    if isinstance(error, Refused):
        more: dict[str, Any] = {"errors": list(error.errors)} if error.errors else {}
        return _answered(error.status, error.detail, f"{PAGE}#status-{error.status}", more)
    status, found = status_of(error), {}
    if isinstance(error, EngineError | TimeoutError):
        found = {"error": msgspec.to_builtins(refusal(error))}
    if isinstance(error, SpecError):
        found["errors"] = [diagnostic(said) for said in error.problems]
    return _answered(status, str(error), f"{PAGE}#error-{type(error).__name__}", found)


def _answered(status: int, detail: str, kind: str, more: dict[str, Any]) -> Response:
    answer = problem(status, TITLES.get(status, "That did not work"), detail, type=kind, **more)
    if status in RETRY_AFTER:
        answer.headers["Retry-After"] = RETRY_AFTER[status]
    return answer


def diagnostic(said: Any) -> dict[str, Any]:
    """Return one thing that is wrong with a workflow: of a file with its place, else with its path."""
    line, column = getattr(said, "line", None), getattr(said, "column", None)
    return {"line": line, "column": column, "detail": getattr(said, "fact", str(said))}


def misfit(error: ValidationError, where: str) -> Refused:
    """Return the refusal of a body or query string that does not fit its model.

    Args:
        error: what pydantic says.
        where: "body" or "query".
    """
    found = [_place(said["loc"], said["msg"], where) for said in error.errors(include_url=False, include_context=False)]
    first = found[0]
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    name = first.get("pointer", first.get("parameter", ""))
    return Refused(422, f"{name}: {first['detail']}{more}; mend the {where}", found[:100])


def _place(path: tuple[int | str, ...], fact: str, where: str) -> dict[str, str]:
    said = fact.removeprefix("Value error, ").encode("utf-8", "backslashreplace").decode()
    if where == "query":
        return {"parameter": str(path[0])[:200] if path else "", "detail": said}
    return {"pointer": pointer(path), "detail": said}


def pointer(path: Sequence[int | str]) -> str:
    """Return a place in a JSON document as RFC 6901 has it, as the fragment of an address."""
    parts = (str(part).encode("utf-8", "backslashreplace").decode() for part in path)
    return "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)[:1_000]
