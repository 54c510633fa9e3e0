"""Judging a value that was read: each problem beside the field that it is about."""

from collections.abc import Iterable, Mapping
from typing import Final

from workflow_engine.ui.forms.checking import Checker, Misfit
from workflow_engine.ui.forms.fields import Field
from workflow_engine.ui.forms.json_values import Json
from workflow_engine.ui.forms.naming import child
from workflow_engine.ui.forms.reading import Place
from workflow_engine.ui.forms.shapes import Kind
from workflow_engine.ui.forms.wording import sentence

NESTED_MAX: Final = 4
"""Choices inside of each other that problems are looked for in."""
_PER_FIELD: Final = 3
_CHOICES: Final = ("anyOf", "oneOf")


class Judge:
    """Finds problems of values by a schema.

    Args:
        root: the schema.
        places: the field of each value.
        unread: pointers of fields that could not be read; nothing more is said about these.
    """

    def __init__(self, root: Json, places: Mapping[Place, Field], unread: Iterable[str]) -> None:
        self._checker = Checker(root)
        self._places = places
        self._unread = set(unread)
        self.problems: dict[str, list[str]] = {}

    def judge(self, value: Json) -> dict[str, list[str]]:
        """Return the problems of *value* by the pointer of the field."""
        self._sort(self._checker.misfits(value), (), NESTED_MAX)
        return self.problems

    def _sort(self, misfits: Iterable[Misfit], base: Place, nested: int) -> None:
        for misfit in misfits:
            place = (*base, *misfit.place)
            field = self._places.get(place)
            if misfit.keyword in _CHOICES and field is not None and field.kind is not Kind.RAW and nested:
                self._by_choice(misfit, field, place, nested)
            elif misfit.keyword in ("required", "dependentRequired"):
                self._missing(misfit, place)
            else:
                self._note(place, misfit)

    def _by_choice(self, misfit: Misfit, field: Field, place: Place, nested: int) -> None:
        """Note what is wrong by the shape that is chosen, or by what the field takes its schema to be."""
        chosen = field.fields[0].schema if field.kind is Kind.UNION else field.schema
        if field.kind is Kind.UNION and field.fields[0].kind is Kind.UNION:
            chosen = {}
        found = self._checker.misfits(misfit.value, dict(chosen))
        if any(not inner.place and inner.keyword == misfit.keyword for inner in found) or not found:
            self._note(place, misfit)
        else:
            self._sort(found, place, nested - 1)

    def _missing(self, misfit: Misfit, place: Place) -> None:
        """Note a required property that is not there, beside its own field."""
        given = misfit.value if isinstance(misfit.value, dict) else {}
        for name in [name for name in _names(misfit.wanted) if name not in given]:
            field = self._places.get((*place, name))
            if field is not None:
                self._say(field.pointer, sentence(misfit, field))
            else:
                self._say_above(place, f"“{name}” is missing. Add it.")

    def _note(self, place: Place, misfit: Misfit) -> None:
        field = self._places.get(place)
        if field is not None:
            self._say(field.pointer, sentence(misfit, field))
        else:
            self._say_above(place, sentence(misfit, None))

    def _say_above(self, place: Place, text: str) -> None:
        """Say *text* beside the nearest field around *place*, and where in it."""
        at = len(place)
        while at and place[:at] not in self._places:
            at -= 1
        field = self._places.get(place[:at])
        inside = "".join(child("", str(part)) for part in place[at:])
        self._say(field.pointer if field is not None else "", f"At {inside}: {text}" if inside else text)

    def _say(self, pointer: str, text: str) -> None:
        if pointer in self._unread:
            return
        said = self.problems.setdefault(pointer, [])
        if text not in said and len(said) < _PER_FIELD:
            said.append(text)


def _names(wanted: Json) -> list[str]:
    """Return the names that ``required`` or ``dependentRequired`` lists."""
    if isinstance(wanted, dict):
        return [name for names in wanted.values() for name in _names(names)]
    return [name for name in wanted if isinstance(name, str)] if isinstance(wanted, list) else []
