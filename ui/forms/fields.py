"""Fields: a form as a tree of plain values, which templates draw and which what was typed is read by."""

from collections.abc import Iterator
from typing import Final

import msgspec

from workflow_engine.ui.forms.json_values import Json, Schema
from workflow_engine.ui.forms.naming import MARKS, element_id, in_words, input_name
from workflow_engine.ui.forms.options import Option
from workflow_engine.ui.forms.shapes import Kind, is_inline
from workflow_engine.ui.forms.texts import fault, is_clock, is_local

BUTTONS_MAX: Final = 4
"""So many values are shown as buttons; more as a list to select from."""
SELECT_MAX: Final = 200
"""So many values are listed; of more, one is typed."""
DECISION_MAX: Final = 5


_YES_NO: Final = {"true": "Yes", "false": "No"}


class Field(msgspec.Struct, frozen=True):
    """One field, with what is typed in it.

    Attributes:
        kind: how it is drawn and read.
        pointer: leads to its value; for rows of maps see `workflow_engine.ui.forms.naming.map_row`.
        title: its label.
        hint: what else people should know.
        schema: what its value has to satisfy, as one object.
        required: whether what it is part of must have it.
        asked: whether it must be filled in, whatever else is: it is required, and so is all that it is part of.
        nullable: whether null is accepted.
        secret: whether what is typed is not shown.
        fixed: whether it is shown and cannot be changed.
        typed: what is typed, verbatim; several for checkboxes.
        blank: what it means that nothing is typed; see `workflow_engine.ui.forms.naming.BLANK`.
        raw: whether it is JSON only because its value does not fit its schema.
        tolerant: whether a text that is not JSON is taken as a text.
        closed: whether the group is only a button that adds it.
        options: what may be chosen.
        attributes: limits, as attributes of the input.
        placeholder: an example.
        zone: the offset from UTC of a moment; None where the text has it.
        kept: token and name of the uploaded file that the server keeps.
        fields: of a group; rows of a list or map; the chosen shape of a union.
        branches: titles of the shapes of a union.
        shapes: their schemas.
        chosen: number of the chosen one.
        key: the field for the name of a row of a map.
        more: of a group, the map of what is under other names.
        template: the row that new ones are made from.
        problems: what is wrong with what is typed, as sentences.
        removable: whether a button takes it away.
        labelled: whether it shows its title itself.
    """

    kind: Kind
    pointer: str
    title: str
    schema: Schema
    hint: str = ""
    required: bool = False
    asked: bool = False
    nullable: bool = False
    secret: bool = False
    fixed: bool = False
    typed: tuple[str, ...] = ()
    blank: str = ""
    raw: bool = False
    tolerant: bool = False
    closed: bool = False
    options: tuple[Option, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    placeholder: str = ""
    zone: str | None = None
    kept: tuple[str, str] | None = None
    fields: tuple["Field", ...] = ()
    branches: tuple[str, ...] = ()
    shapes: tuple[Json, ...] = ()
    chosen: int = 0
    key: "Field | None" = None
    more: "Field | None" = None
    template: "Field | None" = None
    problems: tuple[str, ...] = ()
    removable: bool = False
    labelled: bool = True

    @property
    def name(self) -> str:
        """Name of its input."""
        return input_name(self.pointer)

    @property
    def id(self) -> str:
        """Id of its input."""
        return element_id(self.pointer)

    @property
    def text(self) -> str:
        """What is typed last."""
        return self.typed[-1] if self.typed else ""

    @property
    def described_by(self) -> str:
        """Ids of the elements that say more about it, as ``aria-describedby`` wants them."""
        parts = ((self.hint, "hint"), (self.problems, "error"))
        return " ".join(f"{self.id}-{part}" for said, part in parts if said)

    @property
    def look(self) -> str:
        """How a choice is drawn: ``buttons``, ``select`` or ``typed``."""
        if len(self.options) <= BUTTONS_MAX:
            return "buttons"
        return "select" if len(self.options) <= SELECT_MAX else "typed"

    @property
    def input_type(self) -> str:
        """Type of the input: one that cannot show what is typed would lose it."""
        match self.kind:
            case _ if self.secret:
                return "password"
            case Kind.EMAIL | Kind.URL:
                return str(self.kind)
            case Kind.DATE if not self.text or fault("date", self.text) is None:
                return "date"
            case Kind.TIME if not self.text or is_clock(self.text):
                return "time"
            case Kind.DATE_TIME if not self.text or is_local(self.text):
                return "datetime-local"
            case _:
                return "text"

    @property
    def attached(self) -> str:
        """What is said of the file that is there already; the empty string where there is none."""
        if self.kept is not None:
            return self.kept[1]
        if not self.text:
            return ""
        inline = is_inline(self.schema)
        return f"a file of {max(1, len(self.text) * 3 // 4096)} KiB" if inline else self.text

    @property
    def row_number(self) -> str:
        """Number of the row that it is."""
        return self.pointer.rpartition("/")[2].removeprefix("~row")

    @property
    def shown(self) -> str:
        """What is typed, in the words of its options."""
        labels = {option.key: option.label for option in self.options} or _YES_NO
        return ", ".join(labels.get(text, text) for text in self.typed)

    def parts(self) -> Iterator["Field"]:
        """Yield the fields right below it; the row that new ones are made from is none of them."""
        if self.key is not None:
            yield self.key
        yield from self.fields
        if self.more is not None:
            yield self.more

    def every(self) -> Iterator["Field"]:
        """Yield it and all fields below it."""
        yield self
        for part in self.parts():
            yield from part.every()

    def names(self) -> set[str]:
        """Return the names under which it may be sent, those below it not among them."""
        return {self.name} | {self.pointer + mark for mark in MARKS}


class Decision(msgspec.Struct, frozen=True):
    """The choice that sends the form: each value is a button.

    Attributes:
        name: of the buttons.
        field: the field that the buttons stand for.
        options: in the order of the buttons; the first is the primary one unless it is destructive.
    """

    name: str
    field: Field
    options: tuple[Option, ...]


class Summary(msgspec.Struct, frozen=True):
    """A problem for the list at the top: the *id* of its field, empty where there is none, the title, the sentence."""

    id: str
    title: str
    text: str


class Form(msgspec.Struct, frozen=True):
    """A form.

    Attributes:
        root: what is asked for.
        decision: the choice that sends it, or None: then one button does.
        carried: what was typed in shapes that are not chosen now, to be sent along.
        summary: all problems.
        focus: id of the field that a reader should be led to; empty for none.
    """

    root: Field
    decision: Decision | None = None
    carried: tuple[tuple[str, str], ...] = ()
    summary: tuple[Summary, ...] = ()
    focus: str = ""

    @property
    def files(self) -> bool:
        """Whether it sends files, now or from rows to come."""
        return any(_has_files(field) for field in self.root.every())


def _has_files(field: Field) -> bool:
    return field.kind is Kind.FILE or (
        field.template is not None and any(_has_files(part) for part in field.template.every())
    )


_DECIDING: Final = ("decision", "next_classification", "verdict", "answer", "outcome", "result", "action", "choice")
"""Names of properties that are decisions."""
_AROUND_MAX: Final = 3
"""A choice that nothing names as the decision is one if the form has so few fields in all."""


def decision_of(root: Field) -> Decision | None:
    """Return the choice that can send the form: the one required choice of a few, right at the top.

    It is one by its name, by values such as "approve" or "reject", or because there is hardly anything else.
    """
    if root.kind is Kind.CHOICE:
        return _decision(root) if _may_decide(root) else None
    if root.kind is not Kind.GROUP:
        return None
    choices = [field for field in root.fields if _may_decide(field)]
    for told in (_is_named, _is_worded):
        found = [field for field in choices if told(field)]
        if len(found) == 1:
            return _decision(found[0])
    return _decision(choices[0]) if len(choices) == 1 and len(root.fields) <= _AROUND_MAX else None


def _decision(field: Field) -> Decision:
    return Decision(field.name, field, tuple(sorted(field.options, key=lambda option: option.rank)))


def _is_named(field: Field) -> bool:
    return field.pointer[1:] in _DECIDING


def _is_worded(field: Field) -> bool:
    return len({option.rank for option in field.options}) > 1


def _may_decide(field: Field) -> bool:
    few = 2 <= len(field.options) <= DECISION_MAX
    words = all(isinstance(option.value, str) and len(option.label) <= 40 for option in field.options)
    return field.kind is Kind.CHOICE and field.required and not field.nullable and not field.fixed and few and words


def title_of(schema: Schema, name: str) -> str:
    """Return the title that *schema* has, or else *name* in words."""
    title = schema.get("title")
    return title if isinstance(title, str) and title.strip() else in_words(name)


def example_of(schema: Schema) -> str:
    """Return an example that *schema* gives, as somebody would type it."""
    examples = schema.get("examples")
    first: Json = examples[0] if isinstance(examples, list) and examples else schema.get("example")
    return str(first) if isinstance(first, str | int | float) and not isinstance(first, bool) else ""
