"""Examples of JSON Schemas: the smallest value that shows what is asked for, always the same."""

from typing import Any, Final
from urllib.parse import unquote

from workflow_engine.adapters.schema_scalars import number, text

DEPTH_MAX: Final = 32
"""Levels to which an example is nested at most."""

PARTS_MAX: Final = 10_000
"""Most values in one example: definitions that name each other several times would grow without end."""


def example(schema: Any, word: str = "text") -> Any:
    """Return a small value that satisfies a JSON Schema, as far as it can be made without a search.

    The first value of an ``enum``, the first branch of ``anyOf`` and ``oneOf`` that comes to an end, all properties
    that are declared, as few items as are allowed, the smallest number or 0, ``true``, and *word* for texts.  What says
    ``not``, ``if``, ``contains`` or ``uniqueItems`` may not be satisfied; nor is a pattern that no simple text matches.

    Args:
        schema: the schema; whatever is no schema stands for any value.
        word: what texts are, where nothing else is asked of them.

    Returns:
        The value; None where every value would be endless, or has more than `PARTS_MAX` parts.
    """
    for repeats in (1, 2):  # once is enough unless what is required is also a part of the whole, without being endless
        try:
            return _Example(schema, word, repeats).of(schema, ("#",))
        except (_EndlessError, RecursionError, OverflowError):
            continue
    return None


class _EndlessError(Exception):
    """A value of this schema has no end, or none that is near."""


class _Example:
    """An example in the making, in which no ref is followed within itself more than *repeats* times."""

    def __init__(self, root: Any, word: str, repeats: int) -> None:
        self._root = root
        self._word = word
        self._repeats = repeats
        self._parts = 0

    def of(self, schema: Any, refs: tuple[str, ...], depth: int = 0) -> Any:
        """Return an example of *schema*, to which *refs* led.

        Raises:
            _EndlessError: it would have no end, or none within the bounds.
        """
        if depth > DEPTH_MAX:
            raise _EndlessError
        flat, refs = self._flat(schema, refs)
        for choice in ("anyOf", "oneOf"):
            if branches := _list(flat.get(choice)):
                rest = {key: value for key, value in flat.items() if key != choice}
                return self._first([_merged(rest, _object(branch)) for branch in branches], refs, depth)
        if "const" in flat:
            return flat["const"]
        if options := _list(flat.get("enum")):
            return options[0]
        match _kind(flat):
            case "object":
                return self._properties(flat, refs, depth)
            case "array":
                return self._items(flat, refs, depth)
            case "integer" | "number" as kind:
                return number(flat, whole=kind == "integer")
            case "boolean":
                return True  # what schemas ask with a boolean is mostly whether all is well
            case "null":
                return None
            case _:
                return text(flat, self._word)

    def _flat(self, schema: Any, refs: tuple[str, ...]) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Return a schema with what its ``$ref`` and ``allOf`` say, and the refs that led here.

        Raises:
            _EndlessError: a ref leads back to itself, or there are too many parts.
        """
        self._parts += 1
        if self._parts > PARTS_MAX:
            raise _EndlessError
        flat = _object(schema)
        ref = flat.get("$ref")
        if isinstance(ref, str):
            if refs.count(ref) >= self._repeats:
                raise _EndlessError
            target, refs = self._flat(_at(self._root, ref), (*refs, ref))
            flat = _merged(target, {key: value for key, value in flat.items() if key != "$ref"})
        if parts := _list(flat.get("allOf")):
            flat = {key: value for key, value in flat.items() if key != "allOf"}
            followed: dict[str, None] = {}
            for part in parts:
                said, led = self._flat(part, refs)
                flat = _merged(flat, said)
                followed.update(dict.fromkeys(led[len(refs) :]))
            refs = (*refs, *followed)
        return flat, refs

    def _first(self, branches: list[dict[str, Any]], refs: tuple[str, ...], depth: int) -> Any:
        for branch in branches:
            try:
                return self.of(branch, refs, depth + 1)
            except _EndlessError:
                continue
        raise _EndlessError

    def _properties(self, schema: dict[str, Any], refs: tuple[str, ...], depth: int) -> dict[str, Any]:
        declared = _object(schema.get("properties"))
        required = [name for name in _list(schema.get("required")) if isinstance(name, str)]
        found: dict[str, Any] = {}
        for name in dict.fromkeys((*declared, *required)):
            try:
                found[name] = self.of(declared.get(name, schema.get("additionalProperties")), refs, depth + 1)
            except _EndlessError:
                if name in required:
                    raise
        return found

    def _items(self, schema: dict[str, Any], refs: tuple[str, ...], depth: int) -> list[Any]:
        least = schema.get("minItems")
        first = _list(schema.get("prefixItems"))
        count = least if isinstance(least, int) else 0
        if count > PARTS_MAX:
            raise _EndlessError
        return [
            self.of(first[index] if index < len(first) else schema.get("items"), refs, depth + 1)
            for index in range(count)
        ]


def _kind(schema: dict[str, Any]) -> Any:
    """Return the type that a schema means, by what it says of it where it does not name it."""
    kind = schema.get("type")
    if kinds := _list(kind):
        return next((one for one in kinds if one != "null"), "null")
    if kind is not None:
        return kind
    hints = {
        "object": ("properties", "required", "additionalProperties"),
        "array": ("items", "prefixItems", "minItems"),
        "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
    return next((name for name, words in hints.items() if any(word in schema for word in words)), "string")


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return what two schemas say together; where both say the same thing, the stricter or else the second."""
    merged = {**one, **other}
    for key in one.keys() & other.keys():
        mine, its = one[key], other[key]
        if key == "properties":
            mine, its = _object(mine), _object(its)
            merged[key] = {**mine, **its}
            for name in mine.keys() & its.keys():
                merged[key][name] = {"allOf": [mine[name], its[name]]}
        elif key in ("required", "allOf"):
            merged[key] = [*_list(mine), *_list(its)]
        elif key == "enum":
            merged[key] = [option for option in _list(mine) if option in _list(its)] or its
        elif key in _LOWEST and isinstance(mine, int | float) and isinstance(its, int | float):
            merged[key] = max(mine, its) if _LOWEST[key] else min(mine, its)
    return merged


_LOWEST: Final = {
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems"), True),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems"), False),
}
"""Bounds, and whether they are lower ones."""


def _at(root: Any, ref: str) -> Any:
    """Return what a ``#/...`` reference names in the document *root*, None where it is not there."""
    place, found = ref.removeprefix("#"), root
    for part in place.split("/")[1:]:
        key = unquote(part).replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            items = _list(found)
            found = items[int(key)] if key.isdecimal() and int(key) < len(items) else None
        else:
            found = _object(found).get(key)
    return found if ref.startswith("#") else None


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType] - of anything


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] - of anything
