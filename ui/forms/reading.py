"""Reading what was typed, by the fields of the form."""

import base64
from collections.abc import Mapping
from typing import Final

from workflow_engine.ui.forms.fields import Field
from workflow_engine.ui.forms.json_values import ABSENT, Absent, Json, JsonFault, parsed
from workflow_engine.ui.forms.naming import CLEAR, ZONE, Posted, last
from workflow_engine.ui.forms.options import Option
from workflow_engine.ui.forms.shapes import Kind, is_inline
from workflow_engine.ui.forms.texts import integer, moment, number
from workflow_engine.ui.forms.uploads import Shelf, Upload, distinct

INLINE_MAX: Final = 1024 * 1024
"""Largest file that becomes part of a value, in bytes; artifacts may be larger."""
TEXT_MAX: Final = 256 * 1024
"""Longest text of one field, in characters."""

Place = tuple[str | int, ...]
"""Names and positions that lead from the whole to a value."""

_Read = tuple[Json | Absent, bool]
"""A value, and whether anything is typed that gives it: a group in which nothing is can be left out."""


class Reader:
    """Reads values out of what was typed.

    Attributes:
        places: the field of each value, by where the value is.
        problems: what cannot be read, by the pointer of the field.
        uploads: files to be stored as artifacts, by name.
        kept: tokens and names of files that the shelf keeps, by the pointer of the field.
    """

    def __init__(self, posted: Posted, files: Mapping[str, Upload], shelf: Shelf | None = None) -> None:
        self.places: dict[Place, Field] = {}
        self.problems: dict[str, list[str]] = {}
        self.uploads: dict[str, Upload] = {}
        self.kept: dict[str, str] = {}
        self.inline: dict[str, str] = {}
        self._posted = posted
        self._files = files
        self._shelf = shelf

    def value(self, field: Field, place: Place = ()) -> Json | Absent:
        """Return the value of *field*, which is at *place*."""
        return self._read(field, place)[0]

    def _read(self, field: Field, place: Place) -> _Read:
        self.places.setdefault(place, field)
        match field.kind:
            case Kind.GROUP:
                return self._group(field, place)
            case Kind.LIST:
                return self._list(field, place)
            case Kind.MAP:
                return self._map(field, place)
            case Kind.UNION:
                return self._union(field, place)
            case Kind.SEVERAL:
                return self._several(field)
            case Kind.FILE:
                return self._file(field)
            case Kind.FIXED if field.required:
                return field.options[0].value, False
            case _:
                return self._scalar(field)

    def _union(self, field: Field, place: Place) -> _Read:
        return self._read(field.fields[0], place)

    def _scalar(self, field: Field) -> _Read:
        text = field.text
        if len(text) > TEXT_MAX:
            self._wrong(field, f"This is too long. Write at most {TEXT_MAX} characters, or attach a file.")
            return "", True
        if not text.strip():
            return self._blank(field)
        match field.kind:
            case Kind.NUMBER:
                return self._or_wrong(field, number(text), text)
            case Kind.INTEGER:
                return self._or_wrong(field, integer(text), text)
            case Kind.BOOLEAN:
                return {"true": True, "false": False}.get(text, text), True
            case Kind.CHOICE | Kind.FIXED:
                return _chosen(field.options, text), True
            case Kind.RAW:
                return self._raw(field, text)
            case Kind.DATE_TIME:
                return moment(text, last(self._posted, field.pointer + ZONE)), True
            case Kind.TEXT | Kind.LONG_TEXT:
                return text, True
            case _:
                return text.strip(), True

    def _blank(self, field: Field) -> _Read:
        """Return what it means that nothing is typed."""
        if field.blank == "null" and field.nullable:
            return None, True
        if field.kind in (Kind.TEXT, Kind.LONG_TEXT, *_ONE_LINE) and (
            field.blank == "text" or (field.required and field.schema.get("minLength") == 0)
        ):
            return field.text, field.blank == "text"
        return (None, False) if field.required and field.nullable else (ABSENT, False)

    def _or_wrong(self, field: Field, read: int | float | str, text: str) -> _Read:
        if isinstance(read, str):
            self._wrong(field, read)
            return text, True
        return read, True

    def _raw(self, field: Field, text: str) -> _Read:
        try:
            return parsed(text), True
        except JsonFault as error:
            if not field.tolerant:
                self._wrong(field, str(error))
            return text, True

    def _several(self, field: Field) -> _Read:
        values = [_chosen(field.options, text) for text in field.typed if text]
        if values:
            return values, True
        return self._no_items(field)

    def _no_items(self, field: Field) -> _Read:
        if field.blank == "null" and field.nullable:
            return None, True
        if field.blank == "list":
            return [], True
        return ([], False) if field.required else (ABSENT, False)

    def _list(self, field: Field, place: Place) -> _Read:
        values: list[Json] = []
        for part in field.fields:
            value, seen = self._read(part, (*place, len(values)))
            if isinstance(value, Absent) or not seen:
                self._forget((*place, len(values)))
            else:
                values.append(value)
        return (values, True) if values else self._no_items(field)

    def _forget(self, place: Place) -> None:
        """Forget the places of a row that is left out: the next one has its number."""
        for known in [known for known in self.places if known[: len(place)] == place]:
            del self.places[known]

    def _map(self, field: Field, place: Place) -> _Read:
        values, seen = self._entries(field, place, {})
        if values or field.blank == "object":
            return values, True
        if field.blank == "null" and field.nullable:
            return None, True
        return (values, seen) if field.required else (ABSENT, False)

    def _entries(self, field: Field, place: Place, known: Mapping[str, object]) -> tuple[dict[str, Json], bool]:
        """Return the rows of a map; *known* are names that are taken."""
        values: dict[str, Json] = {}
        for part in field.fields:
            assert part.key is not None
            name = part.key.text
            value, seen = self._read(part, (*place, name))
            if not name.strip():
                self._forget((*place, name))
                if seen:
                    self._wrong(part.key, "This value has no name. Write one, or remove the row.")
            elif name in values or name in known:
                self._wrong(part.key, f"There is another “{name}”. Choose another name, or remove the row.")
            elif isinstance(value, Absent):
                self._wrong(part, "This name has no value. Write one, or remove the row.")
            else:
                values[name] = value
        return values, bool(values)

    def _group(self, field: Field, place: Place) -> _Read:
        if field.closed:
            return self._no_members(field, {})
        values: dict[str, Json] = {}
        seen = False
        for part in field.fields:
            name = _key(part.pointer)
            value, typed = self._read(part, (*place, name))
            seen = seen or typed
            if not isinstance(value, Absent):
                values[name] = value
        if field.more is not None:
            known = {_key(part.pointer): None for part in field.fields}
            more, typed = self._entries(field.more, place, known)
            seen = seen or typed
            values |= more
        return (values, True) if seen else self._no_members(field, values)

    def _no_members(self, field: Field, values: dict[str, Json]) -> _Read:
        if field.blank == "object":
            return values, True
        if field.nullable and (field.blank == "null" or field.required):
            return None, field.blank == "null"
        return (values, False) if field.required else (ABSENT, False)

    def _file(self, field: Field) -> _Read:
        upload = self._files.get(field.name)
        if upload is None and last(self._posted, field.pointer + CLEAR):
            return self._blank(field)
        if is_inline(field.schema):
            return self._inline(field, upload)
        if upload is None and field.kept is not None and self._shelf is not None:
            upload = self._shelf.get(field.kept[0])
            if upload is None:
                self._wrong(field, "The file is not there any more. Choose it again.")
                return field.kept[1], True
            self.kept[field.pointer] = " ".join(field.kept)
        elif upload is not None and self._shelf is not None:
            token = self._shelf.put(upload)
            if token is not None:
                self.kept[field.pointer] = f"{token} {upload.name}"
        if upload is None:
            return (field.text, True) if field.text else self._blank(field)
        name = distinct(upload.name, self.uploads)
        self.uploads[name] = upload
        return name, True

    def _inline(self, field: Field, upload: Upload | None) -> _Read:
        if upload is None:
            return (field.text, True) if field.text else self._blank(field)
        if len(upload.content) > INLINE_MAX:
            self._wrong(field, f"{upload.name} is larger than {INLINE_MAX // 1024} KiB. Choose a smaller file.")
            return ABSENT, True
        self.inline[field.pointer] = base64.b64encode(upload.content).decode()
        return self.inline[field.pointer], True

    def _wrong(self, field: Field, sentence: str) -> None:
        self.problems.setdefault(field.pointer, []).append(sentence)


_ONE_LINE: Final = (Kind.DATE, Kind.TIME, Kind.DATE_TIME, Kind.EMAIL, Kind.URL)


def _chosen(options: tuple[Option, ...], text: str) -> Json:
    """Return the value that is chosen; what is no option stays the text that it is, and does not fit."""
    return next((option.value for option in options if option.key == text), text)


def _key(pointer: str) -> str:
    return pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
