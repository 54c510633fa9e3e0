"""Writing a value into a form: what would have been typed to give it."""

from typing import Final

import msgspec

from workflow_engine.ui.forms.building import DEPTH_MAX, FIELDS_EVER_MAX, FIELDS_MAX, OPEN_DEPTH, ROWS_MAX
from workflow_engine.ui.forms.checking import Checker
from workflow_engine.ui.forms.json_values import (
    ABSENT,
    Absent,
    Json,
    JsonFault,
    Schema,
    canonical,
    parsed,
    pretty,
    same,
)
from workflow_engine.ui.forms.naming import (
    AS,
    BLANK,
    KEY,
    RAW,
    ROWS,
    ZONE,
    child,
    input_name,
    map_row,
    one_line,
    row,
    survives,
)
from workflow_engine.ui.forms.options import Option
from workflow_engine.ui.forms.resolving import Resolver
from workflow_engine.ui.forms.shapes import Kind, Shape, shape_of, value_schema
from workflow_engine.ui.forms.texts import integer, local
from workflow_engine.ui.forms.texts import number as number_of

START_ROWS_MAX: Final = 10
"""Empty rows that a list begins with at most, where its schema asks for some."""


class Unfit(Exception):
    """A value does not have the shape that its schema says."""


class _Place(msgspec.Struct, frozen=True):
    """Where a value is written: *kept* says that what it is part of is there even when nothing is typed in it."""

    pointer: str = ""
    required: bool = True
    kept: bool = True
    depth: int = 0
    is_row: bool = False


class Writer:
    """Writes values into forms.

    Args:
        root: the schema.
    """

    def __init__(self, root: Json) -> None:
        self._resolver = Resolver(root)
        self._checker = Checker(root)
        self._written = 0

    def typed(self, schema: Json, value: Json | Absent) -> dict[str, list[str]]:
        """Return what is typed in the form for *schema* to give *value*; where that is absent, its start values."""
        posted: dict[str, list[str]] = {}
        self._place(schema, value, _Place(), posted)
        return posted

    def _place(self, schema: Json, value: Json | Absent, place: _Place, posted: dict[str, list[str]]) -> bool:
        """Write a value and return whether a reader sees that it is there, when what it is part of is optional."""
        shape = shape_of(schema, self._resolver)
        self._written += 1
        if isinstance(value, Absent):
            if self._written > FIELDS_MAX or place.depth > DEPTH_MAX:
                return False
            return self._start(shape, place, posted)
        attempt: dict[str, list[str]] = {}
        try:
            if self._written > FIELDS_EVER_MAX or place.depth > DEPTH_MAX + 1:
                raise Unfit
            seen = self._value(shape, value, place, attempt)
        except Unfit:
            posted[input_name(place.pointer)] = [raw_text(value, tolerant=False)]
            posted[place.pointer + RAW] = ["1"]
            return True
        posted.update(attempt)
        return seen

    def _start(self, shape: Shape, place: _Place, posted: dict[str, list[str]]) -> bool:
        """Write what a form begins with."""
        if "default" in shape.schema:
            # A default in a group that may be left out would make it be there.
            return bool(place.kept) and self._default(shape, place, posted)
        if shape.kind is Kind.GROUP and place.required and place.kept:
            self._members(shape, {}, place, posted, start=True)
        elif shape.kind is Kind.LIST and place.required:
            least = shape.schema.get("minItems")
            rows = min(int(least), START_ROWS_MAX) if isinstance(least, int | float) else 0
            posted[place.pointer + ROWS] = [str(n) for n in range(rows)]
            inner = msgspec.structs.replace(place, depth=place.depth + 1, required=True, is_row=True)
            for n in range(rows):
                part = msgspec.structs.replace(inner, pointer=row(place.pointer, n))
                self._place(shape.schema.get("items", True), ABSENT, part, posted)
        return False

    def _default(self, shape: Shape, place: _Place, posted: dict[str, list[str]]) -> bool:
        default = shape.schema["default"]
        if default is None and not place.required:
            return False
        attempt: dict[str, list[str]] = {}
        try:
            self._value(shape, default, place, attempt)
        except Unfit:
            return False
        posted.update(attempt)
        return True

    def _value(self, shape: Shape, value: Json, place: _Place, posted: dict[str, list[str]]) -> bool:
        name = input_name(place.pointer)
        if shape.schema.get("readOnly") is True and shape.kind in (Kind.GROUP, Kind.LIST, Kind.MAP, Kind.UNION):
            raise Unfit
        if value is None and shape.nullable and not any(option.value is None for option in shape.options):
            posted[place.pointer + BLANK] = ["null"]
            return True
        match shape.kind:
            case Kind.FIXED | Kind.CHOICE:
                posted[name] = [_key(shape.options, value)]
                return shape.kind is Kind.CHOICE or not place.required
            case Kind.BOOLEAN:
                posted[name] = [_checked(isinstance(value, bool), "true" if value is True else "false")]
            case Kind.NUMBER | Kind.INTEGER:
                posted[name] = [_number(shape.kind, value)]
            case Kind.SEVERAL:
                return self._several(shape, value, place, posted)
            case Kind.LIST:
                return self._list(shape, value, place, posted)
            case Kind.MAP:
                return self._map(shape, value, place, posted)
            case Kind.GROUP:
                return self._group(shape, value, place, posted)
            case Kind.UNION:
                return self._union(shape, value, place, posted)
            case Kind.RAW:
                posted[name] = [raw_text(value, tolerant="type" not in shape.schema)]
            case _:
                self._text(shape, value, place, posted)
        return True

    def _text(self, shape: Shape, value: Json, place: _Place, posted: dict[str, list[str]]) -> None:
        if not isinstance(value, str) or not survives(value):
            raise Unfit
        free = shape.kind in (Kind.TEXT, Kind.LONG_TEXT)
        if not free and (not one_line(value) or value != value.strip()):
            raise Unfit
        if not value.strip():
            posted[place.pointer + BLANK] = ["text"]
        posted[input_name(place.pointer)] = [value]
        parts = local(value) if shape.kind is Kind.DATE_TIME else None
        if parts is not None:
            posted[input_name(place.pointer)], posted[place.pointer + ZONE] = [parts[0]], [parts[1]]

    def _several(self, shape: Shape, value: Json, place: _Place, posted: dict[str, list[str]]) -> bool:
        if not isinstance(value, list):
            raise Unfit
        listed = [canonical(option.value) for option in shape.options]
        given = [canonical(item) for item in value]
        if [item for item in listed if item in given] != given:
            return self._list(shape, value, place, posted)
        posted[input_name(place.pointer)] = [_key(shape.options, item) for item in value]
        if not value:
            posted[place.pointer + BLANK] = ["list"]
        return True

    def _list(self, shape: Shape, value: Json, place: _Place, posted: dict[str, list[str]]) -> bool:
        if not isinstance(value, list) or len(value) > ROWS_MAX:
            raise Unfit
        posted[place.pointer + ROWS] = [str(number) for number in range(len(value))]
        if not value:
            posted[place.pointer + BLANK] = ["list"]
        items = shape.schema.get("items", True)
        for number, item in enumerate(value):
            self._place(items, item, self._row(place, row(place.pointer, number)), posted)
        return True

    def _row(self, place: _Place, pointer: str) -> _Place:
        return _Place(pointer, required=False, kept=False, depth=place.depth + 1, is_row=True)

    def _map(self, shape: Shape, value: Json, place: _Place, posted: dict[str, list[str]]) -> bool:
        if not isinstance(value, dict):
            raise Unfit
        if not value:
            posted[place.pointer + BLANK] = ["object"]
        self._entries(shape, value, place, posted)
        return True

    def _entries(self, shape: Shape, value: dict[str, Json], place: _Place, posted: dict[str, list[str]]) -> None:
        names_fit = all(name.strip() and one_line(name) for name in value)
        if len(value) > ROWS_MAX or not names_fit:
            raise Unfit
        posted[place.pointer + ROWS] = [str(number) for number in range(len(value))]
        for number, (name, item) in enumerate(value.items()):
            pointer = map_row(place.pointer, number)
            posted[pointer + KEY] = [name]
            self._place(value_schema(shape.schema), item, self._row(place, pointer), posted)

    def _group(self, shape: Shape, value: Json, place: _Place, posted: dict[str, list[str]]) -> bool:
        if not isinstance(value, dict):
            raise Unfit
        known = _properties(shape.schema)
        others = {name: item for name, item in value.items() if known.get(name, False) is False}
        if others:
            self._entries(shape, others, place, posted)
        seen = self._members(shape, value, place, posted) or bool(others)
        if not seen and (place.is_row or not place.required or not place.kept):
            posted[place.pointer + BLANK] = ["object"]
            seen = True
        elif not place.required and not place.is_row and place.depth > OPEN_DEPTH:
            seen = True
        return seen

    def _members(
        self, shape: Shape, value: dict[str, Json], place: _Place, posted: dict[str, list[str]], *, start: bool = False
    ) -> bool:
        """Write the properties of a group; without *start*, what is not in *value* is left out."""
        required = shape.schema.get("required")
        needed = required if isinstance(required, list) else []
        seen = False
        for name, part in _properties(shape.schema).items():
            if part is False or not (start or name in value):
                continue
            inner = _Place(child(place.pointer, name), name in needed, place.kept, place.depth + 1)
            seen = self._place(part, value.get(name, ABSENT), inner, posted) or seen
        return seen

    def _union(self, shape: Shape, value: Json, place: _Place, posted: dict[str, list[str]]) -> bool:
        for number, branch in enumerate(shape.branches):
            if self._checker.accepts(value, branch):
                seen = self._value(shape_of(branch, self._resolver), value, _deeper(place), posted)
                if posted.get(place.pointer + AS):
                    raise Unfit  # a union in a union: both choices would have one name
                posted[place.pointer + AS] = [str(number)]
                return seen
        raise Unfit


def _deeper(place: _Place) -> _Place:
    return msgspec.structs.replace(place, depth=place.depth + 1)


def _properties(schema: Schema) -> dict[str, Json]:
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def raw_text(value: Json, *, tolerant: bool) -> str:
    """Return what is typed where any JSON is; where texts are taken as they are, without quotes if none are needed."""
    if tolerant and isinstance(value, str) and value == value.strip() and value and survives(value):
        try:
            parsed(value)
        except JsonFault:
            return value
    return pretty(value)


def _key(options: tuple[Option, ...], value: Json) -> str:
    for option in options:
        if same(option.value, value):
            return option.key
    raise Unfit


def _checked(right: bool, text: str) -> str:
    if not right:
        raise Unfit
    return text


def _number(kind: Kind, value: Json) -> str:
    """Return *value* as it is typed, if that is read as the same number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit
    text = repr(value)
    back = integer(text) if kind is Kind.INTEGER else number_of(text)
    return _checked(not isinstance(back, str) and same(back, value), text)
