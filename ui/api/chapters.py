"""The reference page: the operations by what they are about, with what a reader needs to call them."""

import json
from typing import Any, Final, NamedTuple

from workflow_engine import errors
from workflow_engine.errors import EngineError
from workflow_engine.ui.api import paths
from workflow_engine.ui.api.openapi import PREFIX, described, statuses
from workflow_engine.ui.api.operation import JSON, BytesBody, JsonBody, Operation
from workflow_engine.ui.api.query_reading import parameters
from workflow_engine.ui.api.refusing import TITLES
from workflow_engine.ui.api.table import OPERATIONS
from workflow_engine.ui.refusals import STATUSES


class Field(NamedTuple):
    """A parameter or a member of a body or an answer.

    Attributes:
        name: its name.
        shape: what it is, in words.
        means: what it says.
        required: whether it has to be there.
    """

    name: str
    shape: str
    means: str = ""
    required: bool = False


class Shape(NamedTuple):
    """A model: its name, what it says, and its members."""

    name: str
    means: str
    fields: tuple[Field, ...]


class Entry(NamedTuple):
    """An operation as the page shows it.

    Attributes:
        operation: itself.
        address: its path with the prefix.
        parameters: of path, query string and headers.
        body: what it is sent; None for nothing, or for what is no JSON.
        answers: (status, what it says, its shape or media type).
        refusals: (status, title).
        example: a call by curl, with ``{root}`` for the address of the server.
    """

    operation: Operation
    address: str
    parameters: tuple[Field, ...]
    body: Shape | None
    answers: tuple[tuple[int, str, Shape | str | None], ...]
    refusals: tuple[tuple[int, str], ...]
    example: str


class Chapter(NamedTuple):
    """The operations about one thing."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def anchor(self) -> str:
        """Where on the page it is."""
        return self.name.lower().replace(" ", "-")


def chapters() -> list[Chapter]:
    """Return all operations."""
    schemas: dict[str, Any] = described()["components"]["schemas"]
    by_tag: dict[str, list[Operation]] = {}
    for operation in OPERATIONS:
        by_tag.setdefault(operation.tag, []).append(operation)
    return [Chapter(tag, tuple(_entry(one, schemas) for one in several)) for tag, several in by_tag.items()]


def engine_errors() -> list[tuple[str, int, str]]:
    """Return the errors of the engine that a problem may name: class, status of HTTP, and what it says."""
    found = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EngineError))
    told = ((kind, next((status for base, status in STATUSES if issubclass(kind, base)), None)) for kind in found)
    return [(kind.__name__, status, (kind.__doc__ or "").partition("\n")[0]) for kind, status in told if status]


def _entry(operation: Operation, schemas: dict[str, Any]) -> Entry:
    body = operation.body
    model = body.model if isinstance(body, JsonBody) else None
    answers = [
        (
            reply.status,
            reply.means,
            _shape(reply.shape.__name__, schemas) if isinstance(reply.shape, type) else reply.shape,
        )
        for reply in operation.replies
    ]
    return Entry(
        operation,
        PREFIX + operation.path,
        tuple(_parameters(operation)),
        _shape(model.__name__, schemas) if model is not None else None,
        tuple(answers),
        tuple((status, TITLES[status]) for status in statuses(operation)),
        _curl(operation),
    )


def _parameters(operation: Operation) -> list[Field]:
    found = [Field(name, "in the path", paths.PARTS[name].means, True) for name in paths.names(operation.path)]
    required: list[str] = operation.query.model_json_schema().get("required", [])
    for name, schema in parameters(operation.query).items():
        found.append(Field(name, _words(schema), schema.get("description", ""), name in required))
    if operation.keyed:
        found.append(Field("Idempotency-Key", "header", "Names the request, so that a repeat does nothing more."))
    if operation.resumes:
        found.append(Field("Last-Event-ID", "header", "`id` of the last message that was received."))
    return found


def _shape(name: str, schemas: dict[str, Any]) -> Shape:
    schema = schemas[name]
    required = schema.get("required", ())
    fields = [
        Field(field, _words(shape), shape.get("description", ""), field in required)
        for field, shape in schema.get("properties", {}).items()
    ]
    return Shape(name, " ".join(schema.get("description", "").split()), tuple(fields))


def _words(schema: dict[str, Any]) -> str:
    """Return what fits a schema, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_words(choice) for choice in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f'"{value}"' for value in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    kind = schema.get("type", "any JSON")
    if kind == "array":
        return f"array of {_words(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_words(schema['additionalProperties'])}"
    bounds = [f"{word} {schema[key]:g}" for key, word in _BOUNDS if key in schema]
    return " ".join([_FORMATS.get(schema.get("format", ""), str(kind)), *bounds])


_BOUNDS: Final = (("minimum", "from"), ("maximum", "to"))
_FORMATS: Final = {"date-time": "moment"}


def _curl(operation: Operation) -> str:
    """Return a call of an operation."""
    path = operation.path
    for name in paths.names(path):
        path = path.replace(f"{{{name}}}", paths.PARTS[name].example)
    lines = [f'curl -H "Authorization: Bearer $TOKEN" {{root}}{PREFIX}{path}']
    if operation.method != "GET":
        lines[0] = lines[0].replace("curl ", f"curl -X {operation.method} ", 1)
    body = operation.body
    if isinstance(body, JsonBody):
        lines += [f'-H "Content-Type: {JSON}"', f"-d '{json.dumps(body.example)}'"]
    elif isinstance(body, BytesBody):
        media_type, name = (body.media_types[0], "order.yaml") if body.media_types else ("text/plain", "report.txt")
        lines += [f'-H "Content-Type: {media_type}"', f"--data-binary @{name}"]
    return " \\\n  ".join(lines)
