"""What a workflow asks for and does, in words: its inputs and its phases, as rows of tables."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from workflow_engine.drawing.picture import EdgeKind, Picture, period, picture
from workflow_engine.spec.model import Phase, TaskType, WorkflowSpec
from workflow_engine.ui.forms.fields import Field
from workflow_engine.ui.forms.form import fields_of
from workflow_engine.ui.forms.shapes import Kind

INPUTS_MAX: Final = 200
"""Inputs that are listed."""

PHASES_MAX: Final = 400
"""Phases that are listed."""

OPTIONS_MAX: Final = 12
"""Values of a choice that are named."""

KINDS: Final = {
    Kind.TEXT: "text",
    Kind.LONG_TEXT: "text",
    Kind.NUMBER: "number",
    Kind.INTEGER: "whole number",
    Kind.BOOLEAN: "yes or no",
    Kind.DATE: "date",
    Kind.TIME: "time",
    Kind.DATE_TIME: "date and time",
    Kind.EMAIL: "email address",
    Kind.URL: "address of a page",
    Kind.CHOICE: "one of",
    Kind.SEVERAL: "any of",
    Kind.FIXED: "always",
    Kind.LIST: "list",
    Kind.GROUP: "group",
    Kind.MAP: "values by name",
    Kind.FILE: "file",
    Kind.UNION: "one of several shapes",
    Kind.RAW: "anything, as JSON",
}
"""What an input is, in words."""

BY_NOBODY: Final = frozenset((TaskType.HUMAN, "timer"))
"""What carries out phases of which no attempt fails and is made again."""


class Input(msgspec.Struct, frozen=True):
    """One thing that is submitted.

    Attributes:
        name: with the names of the groups that it is in.
        kind: what it is, in words.
        required: whether it must be there.
        about: what it is for.
        options: what may be chosen.
        default: what it is unless given, as JSON; empty for nothing.
    """

    name: str
    kind: str
    required: bool
    about: str
    options: tuple[str, ...] = ()
    default: str = ""


class Step(msgspec.Struct, frozen=True):
    """A phase.

    Attributes:
        id: its name.
        kind: see `workflow_engine.drawing.picture.NodeKind`.
        word: what carries it out, in a word.
        after: what comes before it.
        sends_back: what it sends the work back to, each with how often.
        notes: what else is to be known, each a few words.
        retry: what happens after a failed attempt; empty where that is of no interest.
        due: when an answer is overdue; empty for never.
        prompt: what a person or model is asked; empty for nothing.
    """

    id: str
    kind: str
    word: str
    after: tuple[str, ...]
    sends_back: tuple[str, ...]
    notes: tuple[str, ...]
    retry: str
    due: str
    prompt: str


def inputs_of(spec: WorkflowSpec) -> tuple[Input, ...]:
    """Return what is submitted to a workflow; nothing where it takes anything."""
    if spec.inputs is None:
        return ()
    root = fields_of(spec.inputs, decides=False).root
    found = list(_inputs(root, "")) if root.kind is Kind.GROUP else [_input(root, "")]
    return tuple(found[:INPUTS_MAX])


def steps_of(spec: WorkflowSpec) -> tuple[Step, ...]:
    """Return the phases of a workflow, in the order in which they are written."""
    seen = picture(spec)
    befores: dict[str, list[str]] = {}
    backs: dict[str, list[str]] = {}
    for edge in seen.edges:
        if edge.kind is EdgeKind.FEEDBACK:
            backs.setdefault(edge.source, []).append(f"{edge.target}, {edge.label}" if edge.label else edge.target)
        else:
            befores.setdefault(edge.target, []).append(edge.source)
    return tuple(_steps(spec, seen, befores, backs))


def _steps(
    spec: WorkflowSpec, seen: Picture, befores: dict[str, list[str]], backs: dict[str, list[str]]
) -> Iterator[Step]:
    for phase, node in list(zip(spec.phases, seen.nodes, strict=True))[:PHASES_MAX]:
        yield Step(
            id=phase.id,
            kind=node.kind,
            word=node.word,
            after=tuple(befores.get(phase.id, ())),
            sends_back=tuple(backs.get(phase.id, ())),
            notes=tuple(note for note in node.notes if not note.startswith("due in ")),
            retry=_retry(spec, phase),
            due=_due(spec, phase),
            prompt=phase.prompt or "",
        )


def _retry(spec: WorkflowSpec, phase: Phase) -> str:
    if phase.gate is not None or phase.carried_out_by in BY_NOBODY:
        return ""
    own = {TaskType.AGENTIC: spec.defaults.agentic, TaskType.FUNCTIONAL: spec.defaults.functional}
    shared = own.get(TaskType(phase.assigned_to)) if phase.assigned_to in own else None
    policy = phase.retry or (shared.retry if shared is not None else None) or spec.defaults.retry
    if policy.max_attempts == 1:
        return "not tried again"
    return f"{policy.max_attempts} attempts, {period(policy.initial)} to {period(policy.max)} apart"


def _due(spec: WorkflowSpec, phase: Phase) -> str:
    shared = spec.defaults.human if phase.assigned_to == TaskType.HUMAN else None
    due = phase.due if phase.due is not None else shared.due if shared is not None else None
    return f"within {period(due)}" if due is not None else ""


def _inputs(group: Field, before: str) -> Iterator[Input]:
    for field in group.fields:
        yield _input(field, before)
        if field.kind is Kind.GROUP:
            yield from _inputs(field, f"{before}{_name(field)}.")


def _input(field: Field, before: str) -> Input:
    more = len(field.options) - OPTIONS_MAX
    options = [option.label for option in field.options[:OPTIONS_MAX]]
    described = field.schema.get("description")
    return Input(
        name=before + _name(field),
        kind=_kind(field),
        required=field.required,
        about=described if isinstance(described, str) else "",
        options=(*options, f"and {more} more") if more > 0 else tuple(options),
        default=_written(field.schema["default"]) if "default" in field.schema else "",
    )


def _name(field: Field) -> str:
    """Return what it is called in JSON; empty for the whole."""
    return field.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _kind(field: Field) -> str:
    word = KINDS[field.kind]
    if field.kind is Kind.LIST and field.template is not None:
        return f"list, each a {KINDS[field.template.kind]}" if field.template.kind in _SIMPLE else "list"
    return word


_SIMPLE: Final = frozenset((Kind.TEXT, Kind.LONG_TEXT, Kind.NUMBER, Kind.INTEGER, Kind.DATE, Kind.FILE, Kind.GROUP))


def _written(value: Any) -> str:
    return msgspec.json.encode(value).decode()[:200]
