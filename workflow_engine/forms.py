"""Forms: whether an answer is what its question asks for."""

import functools
from typing import Any, Protocol

import msgspec

from workflow_engine.core.components import Json
from workflow_engine.errors import AnswerRefused


class _Validator(Protocol):
    def iter_errors(self, instance: Any) -> Any: ...


def check_answer(question: str, form: Json, value: msgspec.Raw) -> None:
    """Return if *value* satisfies *form*, a JSON Schema.

    Raises:
        AnswerRefused: it does not; each place is named with what is expected there.
    """
    if not isinstance(form, msgspec.Raw):
        return
    problems = [f"{place or 'the answer'}: {fact}" for place, fact in misfits(form, value)]
    if problems:
        raise AnswerRefused(question, "the answer does not fit its form: " + "; ".join(problems))


def misfits(schema: msgspec.Raw, value: msgspec.Raw, most: int = 10) -> list[tuple[str, str]]:
    """Return where *value* does not satisfy *schema*, a JSON Schema, and why: dotted places, "" for the whole."""
    from referencing.exceptions import Unresolvable

    errors = _validator(bytes(schema)).iter_errors(msgspec.json.decode(value))
    try:
        found = [
            (".".join(str(part) for part in error.absolute_path), _in_json(error.message, error.instance))
            for error in errors
        ]
    except Unresolvable as error:
        return [("", f"the schema refers to {error.ref!r}, which is not within it; write that into its $defs")]
    return sorted(found)[:most]


def _in_json(message: str, instance: Any) -> str:
    """Return a message that quotes a value as Python writes it, with the value as JSON: null for None."""
    written = repr(instance)
    if isinstance(instance, str) or not message.startswith(written):
        return message  # texts stand in the quotes that the rest of the message has
    return msgspec.json.encode(instance).decode() + message.removeprefix(written)


def check_form(form: Any) -> str | None:
    """Return what is wrong with a JSON Schema as a sentence, or None."""
    if not isinstance(form, dict):
        return f"the form is a {type(form).__name__}, not a JSON Schema"
    import jsonschema  # loaded where it is used: it costs 60 ms

    try:
        jsonschema.Draft202012Validator.check_schema(form)  # pyright: ignore[reportUnknownArgumentType] - it is there to be checked
    except jsonschema.SchemaError as error:
        return f"the form is no JSON Schema: {error.message}"
    return None


@functools.lru_cache(maxsize=256)
def _validator(form: bytes) -> _Validator:
    import jsonschema  # loaded where it is used: it costs 60 ms
    import referencing

    # Without a registry of ours, a reference to an address would be fetched from there.
    return jsonschema.Draft202012Validator(msgspec.json.decode(form), registry=referencing.Registry())
