"""The form of a fork: context values and data of a task, to be changed before a new task begins with them.  Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.core.components import Data
from workflow_engine.core.record import TaskRecord
from workflow_engine.core.reruns import Rerun
from workflow_engine.ui.forms.json_values import Json, JsonFault, parsed, pretty, same
from workflow_engine.ui.pages.task_context import setters
from workflow_engine.ui.pages.task_standings import progress_of
from workflow_engine.values import from_json

VALUES_MAX: Final = 60
"""Values that can be changed; all others are taken over as they are."""

TEXT_MAX: Final = 100_000
"""Characters of a value that can be changed."""

NEW: Final = 3
"""Rows for new values."""


class Field(NamedTuple):
    """A value of the source.

    Attributes:
        key: what its inputs are called.
        name: of the value.
        text: it as JSON, as it was or as it was typed.
        before: it as JSON as it was; empty for a new one.
        too_long: how many characters it has, where that is too much to be changed here; else 0.
        later: the phase that sets it and is done anew, so that it is not taken over unless it is changed; or None.
        removed: whether it is to be left out.
        error: what is wrong with what was typed.
    """

    key: str
    name: str
    text: str
    before: str = ""
    too_long: int = 0
    later: str | None = None
    removed: bool = False
    error: str = ""


class Fork(NamedTuple):
    """The form.

    Attributes:
        data: what the task is about.
        values: of its context, the first `VALUES_MAX` of them.
        more: how many more there are.
        new: rows for new values.
        task_id: an id for the new task, or empty.
        error: what is wrong with the whole.
    """

    data: Field
    values: tuple[Field, ...]
    more: int
    new: tuple[Field, ...]
    task_id: str = ""
    error: str = ""

    @property
    def errors(self) -> int:
        """How many fields are wrong."""
        return sum(bool(field.error) for field in (self.data, *self.values, *self.new)) + bool(self.error)


class Asked(NamedTuple):
    """What is asked of the engine: context values that are new or changed, names of those left out, data if changed."""

    context: dict[str, Json]
    remove: tuple[str, ...]
    data: tuple[Json, ...]


def empty_fork(record: TaskRecord, values: Mapping[str, msgspec.Raw], told: Rerun | None) -> Fork:
    """Return the form before anything was typed.

    Args:
        record: of the source.
        values: its context values.
        told: what the new task does, None where that is not known.
    """
    later = _later(record, told)
    names = sorted(values)
    data = record.find(Data)
    return Fork(
        _field("data", "", from_json(data.value) if data is not None else None, None),
        tuple(
            _field(f"v{n}", name, from_json(values[name]), later.get(name)) for n, name in enumerate(names[:VALUES_MAX])
        ),
        max(0, len(names) - VALUES_MAX),
        tuple(Field(f"n{number}", "", "") for number in range(NEW)),
    )


def typed_fork(fork: Fork, form: Mapping[str, str]) -> Fork:
    """Return *fork* with what was typed, and what is wrong with it."""
    new = tuple(
        field._replace(name=form.get(f"{field.key}-name", "").strip(), text=form.get(field.key, ""))
        for field in fork.new
    )
    taken = {field.name for field in fork.values}
    return fork._replace(
        data=_checked(_typed(fork.data, form)),
        values=tuple(_checked(_typed(field, form)) for field in fork.values),
        new=tuple(_named(field, taken, new) for field in new),
        task_id=form.get("task_id", "").strip(),
    )


def asked_of(fork: Fork) -> Asked:
    """Return what a form without errors asks for."""
    context: dict[str, Json] = {}
    for field in fork.values:
        if not field.removed and _changed(field):
            context[field.name] = parsed(field.text)
    context |= {field.name: parsed(field.text) for field in fork.new if field.name}
    data = (parsed(fork.data.text),) if _changed(fork.data) else ()
    return Asked(context, tuple(field.name for field in fork.values if field.removed), data)


def _field(key: str, name: str, value: Any, later: str | None) -> Field:
    text = pretty(value)
    if len(text) > TEXT_MAX:
        return Field(key, name, "", "", len(text), later)
    return Field(key, name, text, text, 0, later)


def _typed(field: Field, form: Mapping[str, str]) -> Field:
    # Browsers send line ends as two characters.
    text = form.get(field.key, field.text).replace("\r\n", "\n") if not field.too_long else ""
    return field._replace(text=text, removed=form.get(f"{field.key}-removed") == "yes")


def _checked(field: Field) -> Field:
    if field.removed or field.too_long or field.text == field.before:
        return field
    return field._replace(error=_fault(field.text))


def _named(field: Field, taken: set[str], new: Sequence[Field]) -> Field:
    """Return a new value with what is wrong with it; a row in which nothing was typed is fine."""
    if not field.name:
        missing = "Give it a name, or leave both empty." if field.text.strip() else ""
        return field._replace(error=missing)
    if field.name in taken:
        return field._replace(error="There is a value of this name above; change it there.")
    if sum(other.name == field.name for other in new) > 1:
        return field._replace(error="Two new values have this name; each needs its own.")
    return field._replace(error=_fault(field.text))


def _fault(text: str) -> str:
    if len(text) > TEXT_MAX:
        return f"This has {len(text):,} characters; {TEXT_MAX:,} are the most. Keep it in an artifact."
    try:
        parsed(text)
    except JsonFault as fault:
        return str(fault)
    return ""


def _changed(field: Field) -> bool:
    if field.too_long or field.text == field.before:
        return False
    return not field.before or not same(parsed(field.text), parsed(field.before))


def _later(record: TaskRecord, told: Rerun | None) -> dict[str, str]:
    """Return the values that only phases have set which the new task does itself, with the phase that did so last."""
    if told is None:
        return {}
    progress = progress_of(record)
    kept = {name for phase in told.keeps if phase in progress for name in progress[phase].sets}
    anew = {phase: entry for phase, entry in progress.items() if phase not in told.keeps}
    return {name: phase for name, phase in setters(anew).items() if name not in kept}
