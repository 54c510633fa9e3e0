"""Restoring: the world and its indexes from what a journal held."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.components import (
    KINDS,
    NAMES,
    Attempt,
    Backoff,
    Component,
    Data,
    Definition,
    Identity,
    Question,
    Ready,
    Run,
    Running,
    Status,
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
    decoded = {entity: decode(stored) for entity, stored in entities.items()}
    for entity, components in decoded.items():
        definition = components.get("definition")
        if isinstance(definition, Definition):
            state.world.load(entity, definition)
            state.plans[entity[1:]] = Plan.stored(bytes(definition.spec))
    tasks = [entity for entity in decoded if "/" not in entity and not entity.startswith("#")]
    for task in tasks:
        _load_task(state, task, decoded[task], warnings)
    for entity, components in decoded.items():
        if "/" in entity:
            _load_run(state, entity, components, decoded, warnings)
    state.stranded.extend(task for task in tasks if task in state.world and task not in state.runs)
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
            components[name] = KINDS[name]({key: decoder.decode(entry) for key, entry in value.items()})
        else:
            components[name] = decoder.decode(value)
    return components


def _load_task(state: State, task: str, components: Components, warnings: list[str]) -> None:
    if not is_task(components):
        state.world.erase(task)
        warnings.append(f"task {task} is erased: the journal has lost parts of it; submit it again")
        return
    identity = components["identity"]
    if isinstance(identity, Identity) and identity.definition not in state.plans:
        warnings.append(
            f"task {task} is left aside: the journal has lost the definition of its workflow {identity.workflow!r}; "
            "register that workflow as it was, and start again"
        )
        return
    state.world.load(task, *components.values())


def _load_run(state: State, entity: str, components: Components, decoded: Mapping[str, Any], warnings: list[str]) -> None:
    task = entity.partition("/")[0]
    if task in decoded and task not in state.world and is_task(decoded[task]):
        return  # left aside with its task
    run, suspended = components.get("run"), components.get("suspended")
    asks = isinstance(suspended, Suspended) and suspended.question is not None
    whole = components.keys() >= _RUN and len(_MARKERS & components.keys()) == 1
    if not isinstance(run, Run) or not whole or asks != ("question" in components) or task not in state.world:
        state.world.erase(entity)
        warnings.append(f"run {entity} is erased: the journal has lost parts of it, or of its task")
        return
    state.world.load(entity, *components.values())
    state.runs[task] = (*state.runs.get(task, ()), entity)
    for component in components.values():
        _index(state, entity, component)


def _index(state: State, entity: str, component: Component | Table) -> None:
    """Put a run that was loaded into the index that its component calls for."""
    match component:
        case Running():
            state.interrupted.append(entity)
        case Ready():
            visit = state.visit(entity)
            lane = state.lanes.lane(visit.phase.place(visit.identity.assigned_to).lane)
            state.lanes.add(lane, (-visit.identity.priority, visit.identity.submitted_at, entity))
        case Backoff(until=float(until)) | Suspended(until=float(until)):
            state.timers.set(entity, until)
        case Question(due=float(due), overdue=False):
            state.timers.set(QUESTION_TIMER + entity, due)
        case _:
            pass
