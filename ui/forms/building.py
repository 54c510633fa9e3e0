"""Building the tree of fields from a schema and from what is typed."""

from typing import Final

import msgspec

from workflow_engine.ui.forms.fields import Field, example_of, title_of
from workflow_engine.ui.forms.hints import attributes_of, hint_of
from workflow_engine.ui.forms.json_values import Json
from workflow_engine.ui.forms.naming import (
    ANY_ROW,
    AS,
    BLANK,
    KEPT,
    KEY,
    RAW,
    ROWS,
    ZONE,
    Posted,
    child,
    input_name,
    last,
    map_row,
    row,
    unix,
)
from workflow_engine.ui.forms.resolving import Resolver
from workflow_engine.ui.forms.shapes import Kind, Shape, offers_more, shape_of, value_schema
from workflow_engine.ui.forms.texts import is_local

DEPTH_MAX: Final = 8
"""Groups and lists inside of each other; what is deeper is written as JSON."""
OPEN_DEPTH: Final = 2
"""Optional groups deeper than this are added by a button."""
FIELDS_MAX: Final = 500
"""So many fields are made where nothing is typed yet; what comes after them is written as JSON."""
TEMPLATES_MAX: Final = 2
"""Lists in a new row of a list have a row to make new ones from as well; deeper ones ask the server."""
ROWS_MAX: Final = 200
"""Rows of one list."""
FIELDS_EVER_MAX: Final = 5_000
"""So many fields are made at all."""

_CONTAINERS: Final = (Kind.GROUP, Kind.LIST, Kind.MAP, Kind.UNION, Kind.SEVERAL)


class Place(msgspec.Struct, frozen=True):
    """Where a field is made.

    Attributes:
        pointer: leads to it.
        title: what it is called where its schema does not say.
        required: whether it must be there.
        asked: whether all that it is part of must be there.
        depth: groups and lists that it is inside of.
        seen: references that were followed on the way.
        templates: rows that new rows are made from, which it is part of.
        is_row: whether it is a row.
    """

    pointer: str = ""
    title: str = ""
    required: bool = True
    asked: bool = True
    depth: int = 0
    seen: frozenset[str] = frozenset()
    templates: int = 0
    is_row: bool = False


class Builder:
    """Builds fields.

    Args:
        root: the schema.
        posted: what is typed.
    """

    def __init__(self, root: Json, posted: Posted) -> None:
        self._resolver = Resolver(root)
        self._posted = posted
        self._used = _prefixes(posted)
        self._made = 0

    def root(self, schema: Json) -> Field:
        """Return the field for the whole."""
        return self.field(schema, Place())

    def field(self, schema: Json, place: Place) -> Field:
        """Return the field for *schema* at *place*."""
        self._made += 1
        shape = self._fitted(shape_of(schema, self._resolver), place)
        pointer = place.pointer
        own = self._posted.get(input_name(pointer), ())
        base = Field(
            kind=shape.kind,
            pointer=pointer,
            title=title_of(shape.schema, place.title),
            schema=shape.schema,
            required=place.required,
            asked=place.required and place.asked,
            nullable=shape.nullable,
            secret=shape.schema.get("writeOnly") is True or shape.schema.get("format") == "password",
            fixed=shape.schema.get("readOnly") is True,
            typed=tuple(unix(text) for text in own),
            blank=last(self._posted, pointer + BLANK),
            raw=bool(last(self._posted, pointer + RAW)),
            tolerant=shape.kind is Kind.RAW and "type" not in shape.schema,
            options=shape.options,
            attributes=attributes_of(shape),
            placeholder=example_of(shape.schema),
            hint=hint_of(shape),
        )
        return self._filled(base, shape, place)

    def _fitted(self, shape: Shape, place: Place) -> Shape:
        """Return *shape*, or that of raw JSON where the value does not fit it or the form would be too large."""
        typed_so = bool(last(self._posted, place.pointer + RAW))
        many = self._made > (FIELDS_EVER_MAX if place.pointer in self._used else FIELDS_MAX)
        large = shape.kind in _CONTAINERS and (place.depth > DEPTH_MAX or many)
        fixed = shape.kind in _CONTAINERS and shape.schema.get("readOnly") is True
        return msgspec.structs.replace(shape, kind=Kind.RAW) if typed_so or large or fixed else shape

    def _filled(self, base: Field, shape: Shape, place: Place) -> Field:
        """Return *base* with what its kind needs besides."""
        match base.kind:
            case Kind.TEXT if "\n" in base.text:
                return msgspec.structs.replace(base, kind=Kind.LONG_TEXT)
            case Kind.DATE_TIME if not base.text or is_local(base.text) or base.pointer + ZONE in self._posted:
                return msgspec.structs.replace(base, zone=last(self._posted, base.pointer + ZONE))
            case Kind.FILE:
                return msgspec.structs.replace(base, kept=self._kept(base.pointer))
            case Kind.GROUP:
                return self._group(base, shape, place)
            case Kind.SEVERAL if base.pointer + ROWS not in self._posted:
                return base
            case Kind.LIST | Kind.SEVERAL:
                return self._list(base, shape, place)
            case Kind.MAP:
                return self._map(base, shape, place)
            case Kind.UNION:
                return self._union(base, shape, place)
            case _:
                return base

    def _kept(self, pointer: str) -> tuple[str, str] | None:
        token, _, name = last(self._posted, pointer + KEPT).partition(" ")
        return (token, name) if token else None

    def _group(self, base: Field, shape: Shape, place: Place) -> Field:
        optional = not base.required and not place.is_row
        again = bool(shape.followed & place.seen)
        empty = base.pointer not in self._used
        if optional and empty and (again or place.depth > OPEN_DEPTH):
            return msgspec.structs.replace(base, closed=True)
        inner = self._inner(place, shape, place.asked and place.required)
        properties = shape.schema["properties"]
        assert isinstance(properties, dict)
        required = _texts(shape.schema.get("required"))
        fields = [
            self.field(
                part,
                msgspec.structs.replace(
                    inner, pointer=child(base.pointer, key), title=key, required=key in required, is_row=False
                ),
            )
            for key, part in properties.items()
            if part is not False
        ]
        more = None
        if offers_more(shape.schema) or base.pointer + ROWS in self._posted:
            titled = msgspec.structs.replace(
                base, kind=Kind.MAP, title="Other values" if fields else base.title, hint="", required=False, blank=""
            )
            more = self._map(titled, shape, place)
        removable = optional and (again or place.depth > OPEN_DEPTH or base.blank == "object")
        return msgspec.structs.replace(base, fields=tuple(fields), more=more, removable=removable)

    def _inner(self, place: Place, shape: Shape, asked: bool) -> Place:
        return msgspec.structs.replace(place, depth=place.depth + 1, asked=asked, seen=place.seen | shape.followed)

    def _list(self, base: Field, shape: Shape, place: Place) -> Field:
        items = shape.schema.get("items", True)
        inner = msgspec.structs.replace(self._inner(place, shape, asked=False), required=False, is_row=True)
        numbers = rows_of(self._posted, base.pointer)
        fields = [
            self._row(
                items, msgspec.structs.replace(inner, pointer=row(base.pointer, n), title=f"{base.title}, entry {at}")
            )
            for at, n in enumerate(numbers, 1)
        ]
        template = None
        if not (shape.followed & place.seen) and place.templates < TEMPLATES_MAX and self._made < FIELDS_MAX:
            blank = msgspec.structs.replace(
                inner,
                pointer=row(base.pointer, ANY_ROW),
                title=f"{base.title}, new entry",
                templates=place.templates + 1,
            )
            template = self._row(items, blank)
        return msgspec.structs.replace(base, kind=Kind.LIST, fields=tuple(fields), template=template)

    def _map(self, base: Field, shape: Shape, place: Place) -> Field:
        values = value_schema(shape.schema)
        inner = msgspec.structs.replace(self._inner(place, shape, asked=False), required=False, is_row=True)
        numbers = rows_of(self._posted, base.pointer)
        fields = [self._entry(values, inner, map_row(base.pointer, number)) for number in numbers]
        template = None
        if not (shape.followed & place.seen) and place.templates < TEMPLATES_MAX and self._made < FIELDS_MAX:
            blank = msgspec.structs.replace(inner, templates=place.templates + 1)
            template = self._entry(values, blank, map_row(base.pointer, ANY_ROW))
        return msgspec.structs.replace(base, fields=tuple(fields), template=template)

    def _entry(self, values: Json, inner: Place, pointer: str) -> Field:
        """Return a row of a map: the field of its value, which has one for its name."""
        key = Field(Kind.TEXT, pointer + KEY, "Name", {}, typed=tuple(self._posted.get(pointer + KEY, ())))
        value = self._row(values, msgspec.structs.replace(inner, pointer=pointer, title=_VALUE))
        return msgspec.structs.replace(value, key=key)

    def _row(self, schema: Json, place: Place) -> Field:
        found = self.field(schema, place)
        labelled = place.title == _VALUE and found.kind not in _CONTAINERS
        return msgspec.structs.replace(found, removable=True, labelled=labelled)

    def _union(self, base: Field, shape: Shape, place: Place) -> Field:
        chosen = _number(last(self._posted, base.pointer + AS), len(shape.branches))
        inner = msgspec.structs.replace(place, seen=place.seen | shape.followed, depth=place.depth + 1)
        branch = self.field(shape.branches[chosen], inner)
        if branch.kind is Kind.UNION:  # its choice would have the same name
            branch = msgspec.structs.replace(branch, kind=Kind.RAW, fields=(), branches=())
        branch = msgspec.structs.replace(branch, title=base.title, labelled=False, nullable=base.nullable)
        titles = tuple(self._branch_title(part) for part in shape.branches)
        return msgspec.structs.replace(base, fields=(branch,), branches=titles, shapes=shape.branches, chosen=chosen)

    def branch(self, field: Field, number: int) -> Field:
        """Return the field of a shape of the union *field* that is not chosen."""
        place = Place(field.pointer, field.title, field.required, asked=False, depth=DEPTH_MAX - 1)
        return self.field(field.shapes[number], place)

    def _branch_title(self, schema: Json) -> str:
        shape = shape_of(schema, self._resolver)
        title = shape.schema.get("title")
        return title if isinstance(title, str) and title.strip() else _KINDS.get(shape.kind, "Value")


_VALUE: Final = "Value"
_KINDS: Final = {
    Kind.TEXT: "Text",
    Kind.LONG_TEXT: "Text",
    Kind.NUMBER: "Number",
    Kind.INTEGER: "Whole number",
    Kind.BOOLEAN: "Yes or no",
    Kind.DATE: "Date",
    Kind.TIME: "Time",
    Kind.DATE_TIME: "Day and time",
    Kind.EMAIL: "Email address",
    Kind.URL: "Address",
    Kind.CHOICE: "Choice",
    Kind.SEVERAL: "Several choices",
    Kind.LIST: "List",
    Kind.GROUP: "Details",
    Kind.MAP: "Names and values",
    Kind.FILE: "File",
    Kind.RAW: "Anything, as JSON",
}


def rows_of(posted: Posted, pointer: str) -> list[int]:
    """Return the numbers of the rows of the list or map at *pointer*, in order; each once, others left out."""
    given = posted.get(pointer + ROWS, ())
    numbers = [int(text) for text in given if text.isascii() and text.isdigit() and len(text) <= 6]
    return list(dict.fromkeys(numbers))[:ROWS_MAX]


def _number(text: str, below: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 and int(text) < below else 0


def _texts(value: Json) -> set[str]:
    return {item for item in value if isinstance(item, str)} if isinstance(value, list) else set()


def _prefixes(posted: Posted) -> set[str]:
    """Return the pointers at or below which something is sent."""
    found: set[str] = set()
    for name in posted:
        pointer = _unmarked(name)
        while pointer not in found:
            found.add(pointer)
            pointer = pointer.rpartition("/")[0]
    return found


def _unmarked(name: str) -> str:
    """Return the pointer that the name of an input begins with."""
    cut = max(
        (at for at in (name.rfind(mark) for mark in (AS, ROWS, KEY, BLANK, RAW, ZONE, KEPT)) if at >= 0), default=-1
    )
    return name[:cut] if cut >= 0 else name if name.startswith("/") else ""
