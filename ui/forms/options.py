"""Options: what a schema lists as all that it accepts."""

import re
from typing import Final

import msgspec

from workflow_engine.ui.forms.json_values import Json, Schema, canonical
from workflow_engine.ui.forms.naming import one_line, value_in_words

_DESTRUCTIVE: Final = re.compile(
    "abandon|abort|ban|block|cancel|decline|delete|deny|destroy|discard|drop|fail|no|refuse|reject|remove|revoke|stop"
    "|terminate"
)
_POSITIVE: Final = re.compile(
    "accept|agree|allow|approve|complete|confirm|continue|done|go|grant|keep|ok|okay|pass|proceed|publish|ship|submit"
    "|yes"
)
_FIRST_WORD: Final = re.compile(r"[A-Za-z]+")


class Option(msgspec.Struct, frozen=True):
    """One of the values to choose from.

    Attributes:
        key: what the page sends for it.
        value: the value itself.
        label: what people read.
        hint: more about it.
    """

    key: str
    value: Json
    label: str
    hint: str = ""

    @property
    def destructive(self) -> bool:
        """Whether it is named by a word that ends or undoes something."""
        return bool(_DESTRUCTIVE.fullmatch(self._first))

    @property
    def rank(self) -> int:
        """Where it stands among the buttons of a decision: what goes on first, what ends it last."""
        return 0 if _POSITIVE.fullmatch(self._first) else 2 if self.destructive else 1

    @property
    def _first(self) -> str:
        found = _FIRST_WORD.match(str(self.value))
        return found[0].lower() if found else ""


def options_of(schema: Schema) -> tuple[tuple[Option, ...], bool] | None:
    """Return what *schema* lists as all that it accepts, and whether null is listed; None where it lists nothing."""
    listed = _listed(schema)
    if listed is None:
        return None
    given = {canonical(value): (value, label, hint) for value, label, hint in reversed(listed)}
    rest = [row for row in reversed(given.values()) if row[0] is not None]
    if not rest:
        return (Option("null", None, "Nothing"),), False
    keys = _keys([value for value, _, _ in rest])
    options = tuple(Option(key, *row) for key, row in zip(keys, rest, strict=True))
    return options, len(rest) < len(given)


def _listed(schema: Schema) -> list[tuple[Json, str, str]] | None:
    """Return the listed values with label and hint."""
    if "const" in schema:
        return [(schema["const"], str(schema.get("title") or label_of(schema["const"])), "")]
    values = schema.get("enum")
    if isinstance(values, list) and values:
        return [(value, label_of(value), "") for value in values]
    for word in ("oneOf", "anyOf"):
        branches = schema.get(word)
        if isinstance(branches, list) and branches and all(_constant(branch) for branch in branches):
            return [_labelled(branch) for branch in branches if isinstance(branch, dict)]
    return [(None, "Nothing", "")] if schema.get("type") == "null" else None


def _constant(branch: Json) -> bool:
    return isinstance(branch, dict) and ("const" in branch or branch == {"type": "null"})


def _labelled(branch: Schema) -> tuple[Json, str, str]:
    value = branch.get("const")
    return value, str(branch.get("title") or label_of(value)), str(branch.get("description") or "")


def label_of(value: Json) -> str:
    """Return what people read for a value that may be chosen."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, str):
        return value_in_words(value) or "(empty)"
    return canonical(value)


def _keys(values: list[Json]) -> list[str]:
    """Return what the page sends for each: texts as they are, unless that could be taken for another or gets lost."""
    keys = [value if isinstance(value, str) else canonical(value) for value in values]
    safe = len(set(keys)) == len(keys) and all(key and one_line(key) and not key.startswith("#") for key in keys)
    return keys if safe else [f"#{number}" for number in range(len(keys))]
