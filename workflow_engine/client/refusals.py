"""What a server refuses, as the errors that the engine itself raises."""

from typing import Any

import msgspec

from workflow_engine import errors
from workflow_engine.control.messages import Refusal, error_of
from workflow_engine.errors import EngineError, EngineStopped, InputRefused, SpecError
from workflow_engine.spec.files.diagnostics import Diagnostic


class ServerRefused(EngineError):
    """A server refused for a reason of its own: it does not know who asks, or they may not.

    Attributes:
        status: of HTTP: 401, 403, 429 and so on.
        title: what kind of refusal it is.
        detail: the fact and the remedy.
    """

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(status, title, detail)
        self.status = status
        self.title = title
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.title} ({self.status}): {self.detail}"


class ServerUnreachable(EngineError):
    """A server cannot be reached, or did not answer; what was asked for may have been done.

    Attributes:
        url: of the server.
        why: what the network says.
    """

    def __init__(self, url: str, why: str) -> None:
        super().__init__(url, why)
        self.url = url
        self.why = why

    def __str__(self) -> str:
        return f"the server at {self.url} cannot be reached: {self.why}; is it running, and the address right?"


class Problem(msgspec.Struct, frozen=True):
    """Problem details, as far as they are looked at."""

    title: str = ""
    detail: str = ""
    errors: tuple[dict[str, Any], ...] = ()
    error: Refusal | None = None


def problem_of(content: bytes) -> Problem:
    """Return the problem that a body holds; an empty one where a proxy says something else."""
    try:
        return msgspec.json.decode(content, type=Problem)
    except msgspec.DecodeError:
        return Problem()


def error_from(status: int, problem: Problem) -> EngineError | TimeoutError:
    """Return the error of a refusal."""
    detail = problem.detail or "the server does not say why"
    if problem.error is not None:
        return _engine_error(problem.error, problem)
    if status in (400, 413, 415, 422):
        return InputRefused(detail)
    if status == 503:
        return EngineStopped(detail)
    if status == 504:
        return TimeoutError(detail)
    return ServerRefused(status, problem.title or "The server refused", detail)


def _engine_error(sent: Refusal, problem: Problem) -> EngineError | TimeoutError:
    if sent.kind == SpecError.__name__:
        return SpecError(sent.message, tuple(map(_diagnostic, problem.errors)))
    found = error_of(sent)
    kind = getattr(errors, sent.kind, None)
    if type(found) is not EngineError or not isinstance(kind, type) or not issubclass(kind, EngineError):
        return found
    try:
        error = kind(sent.message)
    except TypeError:
        return found
    return error if str(error) == sent.message else found


def _diagnostic(said: dict[str, Any]) -> Diagnostic:
    line, column = said.get("line"), said.get("column")
    return Diagnostic("the file", line or 1, column or 1, str(said.get("detail", "")), "")
