"""The OpenAPI document, made of the table of operations and their models."""

import functools
import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from workflow_engine import __version__
from workflow_engine.ui.api import paths
from workflow_engine.ui.api.operation import EVENT_STREAM, JSON, BytesBody, JsonBody, Operation, Reply
from workflow_engine.ui.api.query_reading import parameters
from workflow_engine.ui.api.reading import KEY_MAX
from workflow_engine.ui.api.refusing import TITLES
from workflow_engine.ui.api.table import OPERATIONS

PREFIX: Final = "/api/v1"

ABOUT: Final = """The commands and queries of the engine, over HTTP.

Requests and answers are JSON, in UTF-8.  Moments are RFC 3339, in UTC.  Lists come in pages: `next` of one is `after`
of the next.  Whatever a command answers is durable.

What is refused is told as problem details (RFC 9457); `errors` names each place that is wrong, and `error` the error of
the engine.  A `POST` may carry an `Idempotency-Key`: for a day, the same request under the same key is answered as the
first one was, and nothing is done twice.
"""

PROBLEM: Final = {
    "type": "object",
    "description": "What was refused, and why.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Address of what explains the kind of refusal."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is the matter this time, and the remedy."},
        "errors": {
            "type": "array",
            "description": "What is wrong, one by one.",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "Place in the body, a fragment as RFC 6901 has it."},
                    "parameter": {"type": "string", "description": "Name in the query string."},
                    "line": {"type": ["integer", "null"]},
                    "column": {"type": ["integer", "null"]},
                    "detail": {"type": "string"},
                },
            },
        },
        "error": {
            "type": "object",
            "description": "The error of the engine.",
            "required": ["kind", "message"],
            "properties": {
                "kind": {"type": "string", "description": "Name of its class."},
                "message": {"type": "string"},
                "arguments": {"type": "array", "description": "What it is made of."},
            },
        },
    },
}

MESSAGE: Final = {
    "type": "object",
    "description": "A server-sent event; its data is JSON.",
    "properties": {
        "id": {"type": "string"},
        "event": {"enum": ["event", "said"]},
        "data": {"type": "string", "contentMediaType": JSON},
    },
}

ALWAYS: Final = (401, 403, 503)
"""Statuses of the refusals that every operation may give."""


@functools.cache
def document() -> bytes:
    """Return the document as JSON."""
    return json.dumps(described(), ensure_ascii=False, separators=(",", ":")).encode()


def described() -> dict[str, Any]:
    """Return the document."""
    tags = dict.fromkeys(operation.tag for operation in OPERATIONS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Workflow Engine", "version": __version__, "description": ABOUT},
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}, {}],
        "tags": [{"name": tag} for tag in tags],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Made on the page of your account."}
            },
            "schemas": {"Problem": PROBLEM, **_schemas()},
            "responses": {
                **{f"Refused{status}": _refusal(title) for status, title in TITLES.items()},
                "Refused": _refusal("Another refusal"),
            },
        },
    }


def models(operation: Operation) -> Iterator[tuple[type[BaseModel], str]]:
    """Yield the models of bodies and answers, each with what pydantic calls the side it is on."""
    if isinstance(operation.body, JsonBody) and operation.body.model is not None:
        yield operation.body.model, "validation"
    for reply in operation.replies:
        if isinstance(reply.shape, type):
            yield reply.shape, "serialization"


def statuses(operation: Operation) -> list[int]:
    """Return the statuses of the refusals that are to be expected."""
    found = {*operation.refusals, *ALWAYS}
    if operation.body is not None:
        found |= {413, 415, 422}
    if isinstance(operation.body, JsonBody):
        found |= {400}
    if operation.query.model_fields or operation.keyed:
        found |= {422}
    if operation.keyed:
        found |= {409}
    return sorted(found)


def _paths() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for operation in OPERATIONS:
        found.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return found


def _schemas() -> dict[str, Any]:
    wanted: Any = list(dict.fromkeys(pair for operation in OPERATIONS for pair in models(operation)))
    _, found = models_json_schema(wanted, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = found["$defs"]
    return dict(sorted(schemas.items()))


def _operation(operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": f"{operation.description}\n\nRole: {operation.role}.".strip(),
        "x-role": str(operation.role),
        "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_header_parameters(operation)],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        told["requestBody"] = _body(operation.body)
    return told


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name in paths.names(operation.path):
        part = paths.PARTS[name]
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": part.means,
            "schema": part.schema,
            "example": part.example,
        }


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    required: list[str] = operation.query.model_json_schema().get("required", [])
    for name, schema in parameters(operation.query).items():
        shape = {key: value for key, value in schema.items() if key != "description"}
        told: dict[str, Any] = {"name": name, "in": "query", "required": name in required, "schema": shape}
        if "description" in schema:
            told["description"] = schema["description"]
        yield told


def _header_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.keyed:
        means = "Names the request, so that a repeat of it does nothing more; a UUID does well."
        yield _header("Idempotency-Key", means, rf"^[ -~]{{1,{KEY_MAX}}}$")
    if operation.resumes:
        yield _header("Last-Event-ID", "`id` of the last message that was received.", r"^([0-9]{1,15}\.[0-9]{1,15})?$")


def _header(name: str, means: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": False, "description": means, "schema": schema}


def _body(body: JsonBody | BytesBody) -> dict[str, Any]:
    if isinstance(body, BytesBody):
        text = {"schema": {"type": "string"}, "example": body.example}
        media_types = body.media_types or ("application/octet-stream",)
        content = {name: {"schema": {"type": "object"}} if name == JSON else text for name in media_types}
        return {"required": not body.optional, "content": content}
    schema = _reference(body.model) if body.model is not None else {"type": "object"}
    return {"required": not body.optional, "content": {JSON: {"schema": schema, "example": body.example}}}


def _responses(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for reply in operation.replies:
        told = found.setdefault(str(reply.status), _reply(reply))
        told["content"] = {**told.get("content", {}), **_reply(reply).get("content", {})}
        if not told["content"]:
            del told["content"]
        if operation.links and isinstance(reply.shape, type):
            told["links"] = {
                f"{operation.name}_{link.operation}": {
                    "operationId": link.operation,
                    "parameters": {link.parameter: link.value},
                }
                for link in operation.links
            }
    for status in statuses(operation):
        found[str(status)] = {"$ref": f"#/components/responses/Refused{status}"}
    found["default"] = {"$ref": "#/components/responses/Refused"}
    return found


def _reply(reply: Reply) -> dict[str, Any]:
    told: dict[str, Any] = {"description": reply.means}
    if reply.headers:
        told["headers"] = {
            name: {"description": means, "schema": {"type": "string"}} for name, means in reply.headers.items()
        }
    if isinstance(reply.shape, str):
        told["content"] = {reply.shape: {"schema": MESSAGE if reply.shape == EVENT_STREAM else {"type": "string"}}}
    elif reply.shape is not None:
        told["content"] = {JSON: {"schema": _reference(reply.shape)}}
    return told


def _refusal(title: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": title, "content": {"application/problem+json": {"schema": schema}}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
