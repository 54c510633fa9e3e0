"""The JSON Schema of events, as every sink gets them."""

import inspect
import re
from typing import Any, Final

import msgspec

from workflow_engine.core.events import Event
from workflow_engine.sinks.port import EventRecord

FIELDS_OF_ENVELOPE: Final = ("task", "event")
"""What the envelope has of an event; the rest is its data."""


def schema() -> dict[str, Any]:
    """Return the schema, draft 2020-12: the envelope, and the data of each kind of event."""
    envelope = _resolved(EventRecord)
    described = _described(EventRecord)
    kinds = sorted(Event.__subclasses__(), key=lambda kind: kind.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Event",
        "type": "object",
        "properties": {
            name: {"description": described[name], **shape} for name, shape in envelope["properties"].items()
        },
        "required": envelope["required"],
        "allOf": [
            {
                "if": {"properties": {"event": {"const": kind.__name__}}},
                "then": {"properties": {"data": {"$ref": f"#/$defs/{kind.__name__}"}}},
            }
            for kind in kinds
        ],
        "$defs": {kind.__name__: _data(kind) for kind in kinds},
    }


def _data(kind: type[Event]) -> dict[str, Any]:
    found = _resolved(kind)
    fields = {name: shape for name, shape in found["properties"].items() if name not in FIELDS_OF_ENVELOPE}
    required = [name for name in found["required"] if name in fields]
    told = " ".join((kind.__doc__ or "").split())
    return {"type": "object", "description": told, "properties": fields, "required": required}


def _resolved(kind: type[msgspec.Struct]) -> dict[str, Any]:
    _, definitions = msgspec.json.schema_components([kind])
    found: dict[str, Any] = definitions[kind.__name__]
    return found


def _described(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return what the docstring says of each field."""
    section = inspect.getdoc(kind) or ""
    found = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", section, re.MULTILINE)
    return {name: " ".join(text.replace("``", "`").split()) for name, text in found}
