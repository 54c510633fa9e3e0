"""An operation: one row of the table from which routes, checks, document and page are made."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

from pydantic import BaseModel

from workflow_engine.ui.api.models.common import NoQuery
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import Role

Q = TypeVar("Q")
B = TypeVar("B")

Method = Literal["GET", "POST", "PUT", "DELETE"]

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"

JSON_BYTES_MAX: Final = 8 << 20
"""Length of a JSON body unless an operation says otherwise: twice what a task's data may have."""


@dataclass(frozen=True, slots=True)
class Asked(Generic[Q, B]):
    """A request, all of which was checked.

    Attributes:
        path: the parts of the path that vary, by name.
        query: the query string.
        body: the body.
        person: who asks.
        key: derived from the person and their ``Idempotency-Key``, 40 hexadecimal digits; None without one.
        headers: what else of the headers an operation looks at, by lower-case name.
    """

    path: Mapping[str, str]
    query: Q
    body: B
    person: Person
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Answer(NamedTuple):
    """What is answered.

    Attributes:
        body: a model is sent as JSON, an iterator piece by piece as it gives them; None for nothing.
        status: of HTTP.
        headers: beside those that all answers have.
        media_type: of a body that is no model.
    """

    body: BaseModel | bytes | Iterator[bytes] | None
    status: int = 200
    headers: Mapping[str, str] = {}
    media_type: str = JSON


class JsonBody(NamedTuple):
    """A body that is JSON.

    Attributes:
        model: what it has to be; None for any JSON, which is then handed on as bytes.
        example: shown, and tried by tests.
        optional: whether it may be left out, which is then as ``{}``.
        bytes_max: its length at most; None for as much as the server takes.
    """

    model: type[BaseModel] | None
    example: Any = None
    optional: bool = False
    bytes_max: int | None = JSON_BYTES_MAX


class BytesBody(NamedTuple):
    """A body that is handed on as bytes, with its media type as `Content.media_type`.

    Attributes:
        media_types: which are accepted; empty for any.
        example: a text.
        optional: whether it may be empty.
        bytes_max: its length at most; None for as much as the server takes.
    """

    media_types: tuple[str, ...] = ()
    example: str = ""
    optional: bool = False
    bytes_max: int | None = None


class Content(NamedTuple):
    """A body of bytes, and its media type; None where nothing is said of it."""

    content: bytes
    media_type: str | None


class Reply(NamedTuple):
    """An answer that an operation may give.

    Attributes:
        shape: a model for JSON, a media type for bytes, None for an empty answer.
        means: what it says, as a sentence.
        status: of HTTP.
        headers: the headers that tell something, each with what it tells.
    """

    shape: type[BaseModel] | str | None
    means: str
    status: int = 200
    headers: Mapping[str, str] = {}


class Link(NamedTuple):
    """Says that an answer names what another operation takes.

    Attributes:
        operation: name of the other.
        parameter: of it.
        value: where the answer has it, a runtime expression of OpenAPI.
    """

    operation: str
    parameter: str
    value: str


View = Callable[[Any], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    """One route.

    Attributes:
        name: unique; the method of the client is called so, where there is one.
        method: of HTTP.
        path: below the prefix, with variables as ``{task}``; see `workflow_engine.ui.api.paths`.
        tag: under which heading it stands.
        view: does it.
        replies: what it answers where nothing is wrong.
        query: model of the query string.
        body: what it is sent, None for nothing.
        role: who may.
        refusals: statuses of the refusals beside those that all operations have.
        keyed: whether it takes an ``Idempotency-Key``.
        resumes: whether it looks at ``Last-Event-ID``.
        links: what can follow.
    """

    name: str
    method: Method
    path: str
    tag: str
    view: View
    replies: tuple[Reply, ...]
    query: type[BaseModel] = NoQuery
    body: JsonBody | BytesBody | None = None
    role: Role = Role.VIEWER
    refusals: tuple[int, ...] = ()
    keyed: bool = False
    resumes: bool = False
    links: tuple[Link, ...] = ()

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return _parts(self.view)[0]

    @property
    def description(self) -> str:
        """What else there is to know; Markdown with paragraphs and code alone, and empty where there is nothing."""
        return _parts(self.view)[1]

    @property
    def idempotent(self) -> bool:
        """Whether doing it again does nothing more."""
        return self.method != "POST"


def operation(
    method: Method,
    path: str,
    tag: str,
    *replies: Reply,
    query: type[BaseModel] = NoQuery,
    body: JsonBody | BytesBody | None = None,
    role: Role = Role.VIEWER,
    refusals: Sequence[int] = (),
    resumes: bool = False,
    links: Sequence[Link] = (),
) -> Callable[[View], Operation]:
    """Make an operation of a function, whose name, first line and further lines are shown."""

    def made(view: View) -> Operation:
        return Operation(
            view.__name__, method, path, tag, view, replies, query, body, role, tuple(refusals),
            keyed=method == "POST", resumes=resumes, links=tuple(links),
        )  # fmt: skip

    return made


def _parts(view: View) -> tuple[str, str]:
    first, _, rest = inspect.cleandoc(view.__doc__ or "").partition("\n")
    return first.rstrip("."), rest.strip()
