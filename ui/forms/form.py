"""A form made from a JSON Schema, and an answer read back from what was typed in it.

The form is a function of the schema and of what is typed: the same function builds the fields that a page shows and the
fields that its answer is read by, so the two agree.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from workflow_engine.ui.forms.actions import Action, action_of, carried_out
from workflow_engine.ui.forms.building import Builder
from workflow_engine.ui.forms.fields import Field, Form, Summary, decision_of
from workflow_engine.ui.forms.json_values import ABSENT, Absent, Json
from workflow_engine.ui.forms.judging import Judge
from workflow_engine.ui.forms.naming import ACTION, KEPT, Posted, child, element_id, input_name, last, unix
from workflow_engine.ui.forms.reading import Reader
from workflow_engine.ui.forms.shapes import Kind
from workflow_engine.ui.forms.uploads import Shelf, Upload
from workflow_engine.ui.forms.wording import asked
from workflow_engine.ui.forms.writing import Writer

NAMES_MAX: Final = 10_000
"""Inputs that one form may send."""
SCHEMA_NODES_MAX: Final = 20_000
"""Values in a schema that is made a form of; what is asked by a larger one is written as JSON."""


class Problem(NamedTuple):
    """What is wrong at one place, which a JSON pointer names, as a sentence with the remedy."""

    pointer: str
    text: str


class Reading(msgspec.Struct, frozen=True):
    """What was read.

    Attributes:
        value: the answer, as JSON; None where nothing was typed.  Only right where there is no problem.
        problems: what is wrong, in the order of the fields.
        posted_back: what was typed, verbatim, after the action; the form that is shown again is made from it.
        action: the button that was pressed to change the form, or None: the answer was sent.
        focus: the pointer of what the action made.
        uploads: files to be stored as artifacts before the value is sent, by the name that it has for each.
        draft: what of *posted_back* may be kept: no passwords.
    """

    value: Json
    problems: tuple[Problem, ...]
    posted_back: dict[str, list[str]]
    action: Action | None = None
    focus: str = ""
    uploads: dict[str, Upload] = msgspec.field(default_factory=dict[str, Upload])
    draft: dict[str, list[str]] = msgspec.field(default_factory=dict[str, list[str]])

    @property
    def complete(self) -> bool:
        """Whether the value can be sent."""
        return self.action is None and not self.problems


def fields_of(
    schema: Json,
    value: Json = None,
    problems: Iterable[tuple[str, str]] = (),
    *,
    posted: Posted | None = None,
    focus: str = "",
    decides: bool = True,
) -> Form:
    """Return the form for *schema*.

    Args:
        schema: a JSON Schema; None for none, which accepts anything.
        value: what the form begins with; None for the defaults of the schema.
        problems: pairs of a JSON pointer and a sentence.
        posted: what is typed, instead of *value*: ``posted_back`` of a reading, or a draft.
        focus: pointer of the field that a reader should be led to; a problem comes first.
        decides: whether a choice may become the buttons that send the form.
    """
    schema = _bounded(schema)
    typed = posted if posted is not None else start(schema, value)
    builder = Builder(schema, typed)
    root = builder.root(schema)
    by_field = _by_field(root, typed, problems)
    root = _with_problems(root, by_field)
    decision = decision_of(root) if decides else None
    summary = tuple(_summaries(root, decision.field.pointer if decision is not None else None))
    first = next((line.id for line in summary if line.id), "")
    return Form(
        root=root,
        decision=decision,
        carried=_carried(builder, root, typed),
        summary=summary,
        focus=first or (_first_input(root, focus) if focus else ""),
    )


def start(schema: Json, value: Json = None) -> dict[str, list[str]]:
    """Return what is typed in the form for *schema* to give *value*; its defaults for None."""
    bounded = _bounded(schema)
    return Writer(bounded).typed(bounded, ABSENT if value is None else value)


def read(
    schema: Json, posted: Posted, files: Mapping[str, Upload] | None = None, shelf: Shelf | None = None
) -> Reading:
    """Return what was typed in the form for *schema*.

    Args:
        schema: as for `fields_of`.
        posted: what the browser sent, by the name of the input; names that the form does not have are ignored.
        files: uploaded files, by the name of the input.
        shelf: keeps files while the form is not finished; without it they have to be chosen again.
    """
    schema = _bounded(schema)
    typed = {name: list(texts) for name, texts in _ours(posted)}
    builder = Builder(schema, typed)
    root = builder.root(schema)
    reader = Reader(typed, files or {}, shelf)
    value = reader.value(root)
    action = action_of(last(posted, ACTION)) if posted.get(ACTION) else None
    back = typed | {pointer + KEPT: [token] for pointer, token in reader.kept.items()}
    back |= {input_name(pointer): [text] for pointer, text in reader.inline.items()}
    back, focus = carried_out(action, root, back) if action is not None else (back, "")
    problems = () if action is not None else _problems(schema, root, reader, value)
    secret = _secrets(builder, root)
    return Reading(
        value=None if isinstance(value, Absent) else value,
        problems=problems,
        posted_back=back,
        action=action,
        focus=focus,
        uploads=reader.uploads,
        draft={name: texts for name, texts in back.items() if name not in secret},
    )


def _ours(posted: Posted) -> Iterable[tuple[str, list[str]]]:
    """Yield what may be of the form: names that are pointers or marks."""
    ours = ((name, list(texts)) for name, texts in posted.items() if name.startswith(("/", "~")))
    return list(ours)[:NAMES_MAX]


def _bounded(schema: Json) -> Json:
    """Return *schema*; the one that accepts anything where there is none, or where it is too large for a form."""
    if not isinstance(schema, dict):
        return True
    left, waiting = SCHEMA_NODES_MAX, [schema]
    stack: list[Json] = list(waiting)
    while stack and left:
        node = stack.pop()
        left -= 1
        stack.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
    if stack:
        kept = ("title", "description", "type")
        return {word: schema[word] for word in kept if word in schema} | {"format": "json"}
    return schema


def _problems(schema: Json, root: Field, reader: Reader, value: Json | Absent) -> tuple[Problem, ...]:
    found = dict(reader.problems)
    if isinstance(value, Absent):
        found.setdefault(root.pointer, [asked(root)])
    else:
        judged = Judge(schema, reader.places, found).judge(value)
        found = {**found, **judged}
    order = {field.pointer: number for number, field in enumerate(root.every())}
    ranked = sorted(found.items(), key=lambda item: order.get(item[0], -1))
    return tuple(Problem(pointer, text) for pointer, texts in ranked for text in texts)


def _by_field(root: Field, posted: Posted, problems: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return *problems* by the pointer of a field: the one that they name, or the nearest around that place."""
    given = list(problems)
    by_field: dict[str, list[str]] = {}
    if not given:
        return by_field
    known = {field.pointer for field in root.every()}
    reader = Reader(posted, {})
    reader.value(root)
    places = {"".join(child("", str(part)) for part in place): field.pointer for place, field in reader.places.items()}
    for pointer, text in given:
        near = pointer
        while near and near not in known and near not in places:
            near = near.rpartition("/")[0]
        by_field.setdefault(near if near in known else places.get(near, ""), []).append(text)
    return by_field


def _with_problems(field: Field, problems: Mapping[str, list[str]]) -> Field:
    """Return *field* with the problems of it and of what is below it; the shape of a union shows those of both."""
    if not problems:
        return field
    return msgspec.structs.replace(
        field,
        problems=() if field.kind is Kind.UNION else tuple(problems.get(field.pointer, ())),
        fields=tuple(_with_problems(part, problems) for part in field.fields),
        key=None if field.key is None else _with_problems(field.key, problems),
        more=None if field.more is None else _with_problems(field.more, {**problems, field.pointer: []}),
    )


def _summaries(root: Field, decision: str | None) -> list[Summary]:
    """Return all problems in the order of the page, on which the decision comes last."""
    fields = sorted(root.every(), key=lambda field: field.pointer == decision)
    return [
        Summary(field.id if titled else "", field.title if titled else "", text)
        for field in fields
        for titled in [not (field is root and field.kind is Kind.GROUP)]
        for text in field.problems
    ]


def _first_input(root: Field, pointer: str) -> str:
    """Return the id of the first thing that can be filled in at *pointer*; the empty string where there is none."""
    for field in root.every():
        if field.pointer == pointer and field.key is not None:
            return field.key.id
        if field.pointer == pointer:
            found = next((part for part in field.every() if part.kind in _FILLED and not part.fixed), field)
            return found.id
    return element_id(pointer) if pointer else ""


_FILLED: Final = frozenset(Kind) - {Kind.GROUP, Kind.LIST, Kind.MAP, Kind.UNION, Kind.FIXED}


def _carried(builder: Builder, root: Field, posted: Posted) -> tuple[tuple[str, str], ...]:
    """Return what was typed in shapes that are not chosen: to be sent along, so that choosing back brings it back."""
    drawn = {name for field in root.every() for name in field.names()}
    if all(name in drawn for name in posted):
        return ()
    other: set[str] = set()
    secret: set[str] = set()
    for field in _others(builder, root):
        other |= field.names()
        secret |= {field.name} if field.secret else set()
    names = sorted(name for name in posted if name in other - drawn - secret)
    return tuple((name, unix(text)) for name in names for text in posted[name])


def _others(builder: Builder, root: Field) -> Iterable[Field]:
    """Yield the fields of all shapes of unions that are not chosen."""
    for union in [field for field in root.every() if field.kind is Kind.UNION]:
        for number in range(len(union.branches)):
            if number != union.chosen:
                yield from builder.branch(union, number).every()


def _secrets(builder: Builder, root: Field) -> set[str]:
    """Return the names of inputs for passwords."""
    return {field.name for part in (root.every(), _others(builder, root)) for field in part if field.secret}
