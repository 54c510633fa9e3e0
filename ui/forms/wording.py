"""Wording: what is wrong with an answer, as a sentence for the person who gave it, with the remedy."""

from collections.abc import Callable
from typing import Final

from workflow_engine.ui.forms.checking import Misfit
from workflow_engine.ui.forms.fields import Field
from workflow_engine.ui.forms.hints import plain
from workflow_engine.ui.forms.json_values import Json, canonical
from workflow_engine.ui.forms.options import label_of
from workflow_engine.ui.forms.shapes import Kind
from workflow_engine.ui.forms.texts import fault

NAMED_MAX: Final = 6
"""Options that a sentence names."""

QUOTED_MAX: Final = 60

_ASKED: Final = {
    Kind.CHOICE: "Choose one.",
    Kind.BOOLEAN: "Choose Yes or No.",
    Kind.SEVERAL: "Choose at least one.",
    Kind.FILE: "Choose a file.",
    Kind.LIST: "Add at least one entry.",
    Kind.MAP: "Add at least one entry.",
    Kind.NUMBER: "Write a number.",
    Kind.INTEGER: "Write a whole number.",
    Kind.DATE: "Choose a date, or write one as 2026-12-01.",
    Kind.TIME: "Write a time as 14:30.",
    Kind.DATE_TIME: "Choose a day and a time.",
    Kind.EMAIL: "Write an email address, such as name@example.com.",
    Kind.URL: "Write an address, such as https://example.com/page.",
    Kind.GROUP: "Fill this in.",
}

_TYPES: Final = {
    "string": "This must be a text.",
    "number": "This must be a number, such as 12 or 1.5.",
    "integer": "This must be a whole number, such as 12.",
    "boolean": "Choose Yes or No.",
    "array": "This must be a list, such as [1, 2].",
    "object": 'This must be names with values, such as {"name": "value"}.',
    "null": "Leave this empty.",
}


_Words = Callable[[Misfit, Field | None], str]


def asked(field: Field) -> str:
    """Return the sentence for a required field in which nothing is typed."""
    return _ASKED.get(field.kind, "Write something here.")


def sentence(misfit: Misfit, field: Field | None) -> str:
    """Return what *misfit* says about the value of *field*; the validator's own words for keywords that are rare."""
    write = _SENTENCES.get(str(misfit.keyword))
    return (write(misfit, field) if write is not None else None) or _own(misfit)


def _own(misfit: Misfit) -> str:
    """Return the validator's message as a sentence, without the value, which may be long."""
    message = str(misfit.message)
    if misfit.keyword in ("anyOf", "oneOf", "not", "if") or len(message) > 300:
        return "This does not fit what is asked for. Compare it with the description."
    return f"{message[:1].upper()}{message[1:]}."


def _type(misfit: Misfit, field: Field | None) -> str | None:
    listed = misfit.wanted if isinstance(misfit.wanted, list) else [misfit.wanted]
    names = [name for name in listed if name != "null"]
    wanted = names[0] if len(names) == 1 else None
    if misfit.value is None and field is not None:
        return asked(field)
    return _TYPES.get(wanted) if isinstance(wanted, str) else None


def _enum(misfit: Misfit, field: Field | None) -> str:
    values = misfit.wanted if isinstance(misfit.wanted, list) else []
    labels = [option.label for option in field.options] if field is not None and field.options else []
    named = labels or [label_of(value) for value in values]
    if len(named) > NAMED_MAX:
        return f"This is none of the {len(named)} values there are, such as {', '.join(named[:3])}."
    return f"Choose one of these: {', '.join(named)}."


def _const(misfit: Misfit, field: Field | None) -> str:
    return f"This must be {_quoted(misfit.wanted)}."


def _min_length(misfit: Misfit, field: Field | None) -> str:
    length = _length(misfit)
    if length == 0:
        return asked(field) if field is not None else "Write something here."
    return f"Write at least {plain(misfit.wanted)} characters; these are {length}."


def _max_length(misfit: Misfit, field: Field | None) -> str:
    return f"Write at most {plain(misfit.wanted)} characters; these are {_length(misfit)}."


def _pattern(misfit: Misfit, field: Field | None) -> str:
    schema = misfit.schema
    described = schema.get("patternDescription") or schema.get("description") or schema.get("title")
    example = f" Write it as {field.placeholder}." if field is not None and field.placeholder else ""
    if isinstance(described, str) and described.strip():
        return f"This is not in the form that is asked for: {described.strip().rstrip('.')}.{example}"
    if example:
        return f"This is not in the form that is asked for.{example}"
    return f"This is not in the form that is asked for. Write it to match {_cut(str(misfit.wanted))}."


def _format(misfit: Misfit, field: Field | None) -> str | None:
    return fault(str(misfit.wanted), str(misfit.value))


def _required(misfit: Misfit, field: Field | None) -> str:
    return asked(field) if field is not None else "Write something here."


def _additional(misfit: Misfit, field: Field | None) -> str:
    known = misfit.schema.get("properties")
    named = known if isinstance(known, dict) else {}
    extra = [name for name in (misfit.value if isinstance(misfit.value, dict) else {}) if name not in named][:NAMED_MAX]
    return f"There is no place for {', '.join(_quoted(name) for name in extra)}. Remove it, or correct the name."


def _items(few: bool) -> _Words:
    def write(misfit: Misfit, field: Field | None) -> str:
        count, limit = _length(misfit), plain(misfit.wanted)
        verb = "Choose" if field is not None and field.kind is Kind.SEVERAL else "Add" if few else "Keep"
        if few:
            if limit == "1":
                return asked(field) if field is not None else "Add at least one entry."
            return f"{verb} at least {limit}; there {_are(count)}."
        return f"{verb} at most {limit}; there {_are(count)}."

    return write


def _are(count: int) -> str:
    return "is 1" if count == 1 else "is none" if count == 0 else f"are {count}"


def _unique(misfit: Misfit, field: Field | None) -> str:
    seen: set[str] = set()
    for number, item in enumerate(misfit.value if isinstance(misfit.value, list) else [], 1):
        text = canonical(item)
        if text in seen:
            return f"Entry {number}, {_quoted(item)}, is there already. Change it, or remove it."
        seen.add(text)
    return "Two entries are the same. Change one, or remove it."


def _limit(words: str) -> _Words:
    return lambda misfit, field: f"Write a number {words} {plain(misfit.wanted)}."


def _multiple(misfit: Misfit, field: Field | None) -> str:
    return f"Write a multiple of {plain(misfit.wanted)}."


def _dependent(misfit: Misfit, field: Field | None) -> str | None:
    return None if field is None else asked(field)


def _length(misfit: Misfit) -> int:
    return len(misfit.value) if isinstance(misfit.value, str | list | dict) else 0


def _quoted(value: Json) -> str:
    return f"“{_cut(value)}”" if isinstance(value, str) else _cut(canonical(value))


def _cut(text: str) -> str:
    return text if len(text) <= QUOTED_MAX else text[: QUOTED_MAX - 1] + "…"


_SENTENCES: Final[dict[str, Callable[[Misfit, Field | None], str | None]]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minLength": _min_length,
    "maxLength": _max_length,
    "pattern": _pattern,
    "format": _format,
    "required": _required,
    "dependentRequired": _dependent,
    "additionalProperties": _additional,
    "unevaluatedProperties": _additional,
    "minItems": _items(True),
    "maxItems": _items(False),
    "minProperties": _items(True),
    "maxProperties": _items(False),
    "uniqueItems": _unique,
    "minimum": _limit("from"),
    "maximum": _limit("of at most"),
    "exclusiveMinimum": _limit("above"),
    "exclusiveMaximum": _limit("below"),
    "multipleOf": _multiple,
}
