"""Actions: buttons that change a form and send nothing, so that a form works without scripts."""

from typing import Final

import msgspec

from workflow_engine.ui.forms.building import ROWS_MAX, rows_of
from workflow_engine.ui.forms.fields import Field
from workflow_engine.ui.forms.naming import AS, BLANK, ROWS, input_name, map_row, row
from workflow_engine.ui.forms.shapes import Kind

STAY: Final = "stay"
"""What the first button of a form with several says: pressing Enter in a text decides nothing."""

NUMBER_MAX: Final = 999_999


class Action(msgspec.Struct, frozen=True):
    """What such a button asks for.

    Attributes:
        verb: ``add``, ``remove``, ``as`` or ``stay``.
        pointer: of the list, the row, or the union.
        number: of the shape, for ``as``.
    """

    verb: str
    pointer: str = ""
    number: str = ""


def action_of(text: str) -> Action | None:
    """Return the action that the value of a button names; None where it names none."""
    verb, _, rest = text.partition(":")
    if verb == "as":
        number, _, pointer = rest.partition(":")
        return Action(verb, pointer, number)
    return Action(verb, rest) if verb in ("add", "remove", STAY) else None


def carried_out(action: Action, root: Field, posted: dict[str, list[str]]) -> tuple[dict[str, list[str]], str]:
    """Return what is typed after *action*, and the pointer that a reader should be led to; "" for none.

    An action for a place that the form does not have changes nothing.
    """
    fields = {field.pointer: field for field in root.every() if field.more is None}
    groups = {field.pointer: field for field in root.every() if field.more is not None}
    field = groups.get(action.pointer) or fields.get(action.pointer)
    if action.verb == "add" and field is not None:
        return _added(field, posted)
    if action.verb == "remove" and field is not None and field.removable:
        return _removed(action.pointer, posted)
    if action.verb == "as":
        return _chosen(action, root, posted)
    return posted, ""


def _chosen(action: Action, root: Field, posted: dict[str, list[str]]) -> tuple[dict[str, list[str]], str]:
    """Choose another shape of a union; what is typed in the one before stays, unseen."""
    for field in root.every():
        numbers = map(str, range(len(field.branches)))
        if field.kind is Kind.UNION and field.pointer == action.pointer and action.number in numbers:
            return posted | {field.pointer + AS: [action.number]}, field.pointer
    return posted, ""


def _added(field: Field, posted: dict[str, list[str]]) -> tuple[dict[str, list[str]], str]:
    pointer = field.pointer
    if field.closed:
        return posted | {pointer + BLANK: ["object"]}, pointer
    if field.kind not in (Kind.LIST, Kind.MAP) and field.more is None:
        return posted, ""
    numbers = rows_of(posted, pointer)
    new = max(numbers, default=-1) + 1
    if len(numbers) >= ROWS_MAX or new > NUMBER_MAX:
        return posted, pointer
    made = row(pointer, new) if field.kind is Kind.LIST else map_row(pointer, new)
    return posted | {pointer + ROWS: [*map(str, numbers), str(new)]}, made


def _removed(pointer: str, posted: dict[str, list[str]]) -> tuple[dict[str, list[str]], str]:
    """Remove a row, or an optional group, with all that is typed in it."""
    above, _, number = pointer.rpartition("/")
    number = number.removeprefix("~row")
    own = input_name(pointer)
    rest = {name: list(texts) for name, texts in posted.items() if not (name == own or _inside(name, pointer))}
    listed = above + ROWS
    if number in rest.get(listed, ()):
        rest[listed] = [text for text in rest[listed] if text != number]
    return rest, above


def _inside(name: str, pointer: str) -> bool:
    return name.startswith((f"{pointer}/", f"{pointer}~"))
