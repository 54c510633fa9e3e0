"""Restoring: the world and its indexes from what a journal held."""

import sys
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr

from workflow_engine.core.components import (
    KINDS,
    NAMES,
    AnswerRecord,
    Attempt,
    Backoff,
    Component,
    Data,
    Definition,
    Identity,
    PhaseProgress,
    Question,
    Ready,
    Run,
    Running,
    Status,
    StepRecord,
    Suspended,
    Table,
)
from workflow_engine.core.plan import Plan
from workflow_engine.core.runs import QUESTION_TIMER
from workflow_engine.core.tick import Components, State

Stored = Mapping[str, Mapping[str, msgspec.Raw | dict[str, msgspec.Raw]]]
"""Entities as a journal gives them: ``{entity: {component: JSON, table: {key: JSON}}}``."""

_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(kind.entry_type if issubclass(kind, Table) else kind) for name, kind in KINDS.items()
}
_TASK: Final = frozenset(NAMES[kind] for kind in (Identity, Data, Status))
_RUN: Final = frozenset(NAMES[kind] for kind in (Run, Attempt))
_MARKERS: Final = frozenset(NAMES[kind] for kind in (Ready, Running, Backoff, Suspended))


def restore(state: State, entities: Stored) -> list[str]:
    """Fill an empty *state*, whose world is entered; return what could not be taken over, as sentences.

    A journal that was repaired may lack commits, and so parts of entities.  What is incomplete is erased, a task whose
    definition is lost is left where it is, and a task that has lost its run fails in the next tick, to be retried.

    Raises:
        msgspec.ValidationError: a component is not what this version can read.
    """
    warnings: list[str] = []
    tasks: list[str] = []
    runs: list[str] = []
    for entity, stored in entities.items():
        if entity.startswith("#"):
            _load_definition(state, entity, decode(stored))
        else:
            (runs if "/" in entity else tasks).append(entity)
    names: dict[str, str] = {}
    for task in tasks:
        name = _load_task(state, decode(entities[task]), task, warnings)
        if name is not None:
            names[name] = name
    for run in runs:
        task = run.partition("/")[0]
        if task in names:
            _load_run(state, run, decode(entities[run]), names[task], warnings)
        elif not is_task(entities.get(task, {})):  # else it is left aside with its task
            _erase_run(state, run, warnings)
    state.stranded.extend(task for task in names if task not in state.runs)
    return warnings


def is_task(stored: Mapping[str, object]) -> bool:
    """Return whether these are components of a task, and none is missing that every task has."""
    return stored.keys() >= _TASK


def decode(stored: Mapping[str, msgspec.Raw | dict[str, msgspec.Raw]]) -> dict[str, Component | Table]:
    """Return the components of one entity from their JSON; names that are not known are left out.

    Raises:
        msgspec.ValidationError: a component is not what this version can read.
    """
    components: dict[str, Component | Table] = {}
    for name, value in stored.items():
        decoder = _DECODERS.get(name)
        if decoder is None:
            continue
        if isinstance(value, dict):
            components[name] = KINDS[name]({key: _own(decoder.decode(entry)) for key, entry in value.items()})
        elif name in _OWNING:
            components[name] = _own(decoder.decode(value))
        else:
            components[name] = decoder.decode(value)
    return components


def _own(value: Any) -> Any:
    """Return what was decoded with bytes of its own: JSON in it is a view that keeps a whole line in memory.

    A component is frozen for those who know it; nobody knows this one yet.
    """
    if isinstance(value, msgspec.Raw):
        return value.copy()
    for name in _JSON[type(value)]:
        json = getattr(value, name)
        if json is not msgspec.UNSET:
            force_setattr(value, name, json.copy())
    return value


_JSON: Final[dict[type[Any], tuple[str, ...]]] = {
    Data: ("value",),
    PhaseProgress: ("output",),
    AnswerRecord: ("value",),
    StepRecord: ("value",),
    Question: ("form", "show"),
    Definition: ("spec",),
}
"""Fields that hold JSON."""

_OWNING: Final = frozenset(NAMES[kind] for kind in _JSON if kind in NAMES)


def _load_definition(state: State, entity: str, components: Components) -> None:
    definition = components.get("definition")
    if isinstance(definition, Definition):
        state.world.load(entity, definition)
        state.plans[entity[1:]] = Plan.stored(bytes(definition.spec))


def _load_task(state: State, components: Components, task: str, warnings: list[str]) -> str | None:
    """Load a task, and return its id: the one string that everything about it shares; None where it is not loaded."""
    if not is_task(components):
        state.world.erase(task)
        warnings.append(f"task {task} is erased: the journal has lost parts of it; submit it again")
        return None
    identity: Any = components["identity"]
    if identity.definition not in state.plans:
        warnings.append(
            f"task {task} is left aside: the journal has lost the definition of its workflow {identity.workflow!r}; "
            "register that workflow as it was, and start again"
        )
        return None
    force_setattr(identity, "workflow", sys.intern(identity.workflow))
    force_setattr(identity, "definition", sys.intern(identity.definition))
    # The name in *entities* lies in memory among what the journal has read, and would keep that from being given back.
    name: str = identity.id
    state.world.load(name, *components.values())
    return name


def _load_run(state: State, entity: str, components: Components, task: str, warnings: list[str]) -> None:
    run, suspended, question = components.get("run"), components.get("suspended"), components.get("question")
    asks = isinstance(suspended, Suspended) and suspended.question is not None
    whole = components.keys() >= _RUN and len(_MARKERS & components.keys()) == 1
    if not isinstance(run, Run) or not whole or asks != ("question" in components):
        _erase_run(state, entity, warnings)
        return
    entity = entity.encode().decode()  # see the task's name
    force_setattr(run, "task", task)
    force_setattr(run, "phase", sys.intern(run.phase))
    if isinstance(question, Question) and isinstance(suspended, Suspended):
        force_setattr(suspended, "question", question.id)
        force_setattr(question, "prompt", sys.intern(question.prompt))
    state.world.load(entity, *components.values())
    others = state.runs.get(task)
    state.runs[task] = (*others, entity) if others else (entity,)
    _index(state, entity, components)


def _erase_run(state: State, entity: str, warnings: list[str]) -> None:
    state.world.erase(entity)
    warnings.append(f"run {entity} is erased: the journal has lost parts of it, or of its task")


def _index(state: State, entity: str, components: Components) -> None:
    """Put a run that was loaded into the indexes."""
    timed = components.get("suspended") or components.get("backoff")
    if isinstance(timed, Suspended | Backoff):
        if timed.until is not None:
            state.timers.set(entity, timed.until)
    elif "running" in components:
        state.interrupted.append(entity)
    else:
        visit = state.visit(entity)
        lane = state.lanes.lane(visit.phase.place(visit.identity.assigned_to).lane)
        state.lanes.add(lane, (-visit.identity.priority, visit.identity.submitted_at, entity))
    question = components.get("question")
    if isinstance(question, Question) and question.due is not None and not question.overdue:
        state.timers.set(QUESTION_TIMER + entity, question.due)
