"""Restoring: the world and its indexes from what a journal held."""

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import force_setattr

from workflow_engine.core.components import (
    KINDS,
    NAMES,
    AnswerRecord,
    Attempt,
    Backoff,
    Child,
    Children,
    Comment,
    Component,
    Cost,
    Data,
    Definition,
    EarlierVisit,
    Escalated,
    Feedback,
    Identity,
    ItemResult,
    Items,
    Joining,
    Ledger,
    PhaseProgress,
    Question,
    Ready,
    Result,
    Results,
    Run,
    Running,
    Status,
    StepRecord,
    Suspended,
    Table,
    Timetable,
    Undoing,
    definition_entity,
)
from workflow_engine.core.fan import Fan, group_of
from workflow_engine.core.flow import held_phases
from workflow_engine.core.plan import Plan
from workflow_engine.core.runs import QUESTION_TIMER
from workflow_engine.core.spending import free, index_reserved
from workflow_engine.core.tick import Components, State
from workflow_engine.core.timetables import set_timer

Stored = Mapping[str, Mapping[str, msgspec.Raw | dict[str, msgspec.Raw]]]
"""Entities as a journal gives them: ``{entity: {component: JSON, table: {key: JSON}}}``."""

_DECODERS: Final[dict[str, msgspec.json.Decoder[Any]]] = {
    name: msgspec.json.Decoder(kind.entry_type if issubclass(kind, Table) else kind) for name, kind in KINDS.items()
}
_TASK: Final = frozenset(NAMES[kind] for kind in (Identity, Data, Status))
_RUN: Final = frozenset(NAMES[kind] for kind in (Run, Attempt))
_MARKERS: Final = frozenset(NAMES[kind] for kind in (Ready, Running, Backoff, Suspended, Joining))


Make = Callable[..., None]
"""Makes an entity of an id and components: `World.load` for what the journal has, `World.spawn` for what it has not."""


def restore(state: State, entities: Stored, make: Make) -> list[str]:
    """Bring entities into *state*, whose world is entered; return what could not be taken over, as sentences.

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
            _load_definition(state, entity, decode(stored), make)
        else:
            (runs if "/" in entity else tasks).append(entity)
    names: dict[str, str] = {}
    for task in tasks:
        name = _load_task(state, decode(entities[task]), task, warnings, make)
        if name is not None:
            names[name] = name
    items: list[tuple[str, Run, Components]] = []
    for run in runs:
        task = run.partition("/")[0]
        if task in names:
            components = decode(entities[run])
            found = components.get("run")
            if isinstance(found, Run) and found.item is not None:
                items.append((run, found, components))
            else:
                _load_run(state, run, components, names[task], warnings, make)
        elif not is_task(entities.get(task, {})):  # else it is left aside with its task
            _erase_run(state, run, warnings)
    for run, _, components in sorted(items, key=_by_position):
        _load_item(state, run, components, names[run.partition("/")[0]], warnings, make)
    _check_fans(state, warnings)
    for task in names:
        _index_task(state, task, damaged=bool(warnings))
    return warnings


def _by_position(found: tuple[str, Run, Components]) -> tuple[str, int]:
    run, item, _ = found
    return group_of(run), item.item or 0


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
    PhaseProgress: ("output", "issues"),
    EarlierVisit: ("output", "issues", "artifacts"),
    AnswerRecord: ("value",),
    StepRecord: ("value",),
    Question: ("form", "show"),
    Result: ("value",),
    Items: ("value",),
    ItemResult: ("output",),
    Child: ("output", "changes"),
    Feedback: ("issues",),
    Escalated: ("output", "issues"),
    Timetable: ("data",),
    Definition: ("spec",),
    Cost: (),
    Comment: (),
}
"""Fields that hold JSON; every type of an entry of a table is here."""

_OWNING: Final = frozenset(NAMES[kind] for kind in _JSON if kind in NAMES)


def _load_definition(state: State, entity: str, components: Components, make: Make) -> None:
    definition, timetable, ledger = (components.get(name) for name in ("definition", "timetable", "ledger"))
    if isinstance(definition, Definition):
        make(entity, definition)
        state.plans[entity[1:]] = Plan.stored(bytes(definition.spec))
        _name(state, definition, entity[1:])
    elif isinstance(timetable, Timetable):
        make(entity, timetable)
        set_timer(state, entity)
    elif isinstance(ledger, Ledger):
        make(entity, ledger)


def _name(state: State, definition: Definition, digest: str) -> None:
    """Let the name of a workflow mean the definition that was told last."""
    if definition.told is None:
        return
    known = state.named.get(definition.name)
    before = state.world.get(definition_entity(known), Definition).told if known is not None else None
    if before is None or definition.told >= before:
        state.named[definition.name] = digest


def _load_task(state: State, components: Components, task: str, warnings: list[str], make: Make) -> str | None:
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
    make(name, *components.values())
    return name


def _load_run(
    state: State, entity: str, components: Components, task: str, warnings: list[str], make: Make
) -> str | None:
    """Load a run, and return its id; None where it is not loaded."""
    run, suspended, question = components.get("run"), components.get("suspended"), components.get("question")
    asks = isinstance(suspended, Suspended) and suspended.question is not None
    whole = components.keys() >= _RUN and len(_MARKERS & components.keys()) == 1
    if not isinstance(run, Run) or not whole or asks != ("question" in components):
        _erase_run(state, entity, warnings)
        return None
    entity = entity.encode().decode()  # see the task's name
    force_setattr(run, "task", task)
    force_setattr(run, "phase", sys.intern(run.phase))
    if isinstance(question, Question) and isinstance(suspended, Suspended):
        force_setattr(suspended, "question", question.id)
        force_setattr(question, "prompt", sys.intern(question.prompt))
    make(entity, *components.values())
    if run.item is None:
        others = state.runs.get(task)
        state.runs[task] = (*others, entity) if others else (entity,)
    _index(state, entity, components)
    index_reserved(state, entity)
    return entity


def _load_item(state: State, entity: str, components: Components, task: str, warnings: list[str], make: Make) -> None:
    """Load the run of an item, whose fan-out is there already."""
    fan = state.fans.get(group_of(entity))
    if fan is None:
        _erase_run(state, entity, warnings)
        return
    loaded = _load_run(state, entity, components, task, warnings, make)
    if loaded is not None:
        fan.live[loaded] = None
        fan.next = max(fan.next, int(loaded.rpartition(".")[2]) + 1)


def _check_fans(state: State, warnings: list[str]) -> None:
    """Erase fan-outs of which the journal has lost items; their tasks are then without a run."""
    for group, fan in list(state.fans.items()):
        if fan.live and fan.ended + len(fan.live) == fan.next:
            continue
        del state.fans[group]
        for entity in (*fan.live, group):
            state.lanes.discard(entity)
            state.timers.drop(entity)
            state.timers.drop(QUESTION_TIMER + entity)
            free(state, entity)
            state.world.remove(entity)
            warnings.append(f"run {entity} is erased: the journal has lost parts of its fan-out")
        task = group.partition("/")[0]
        state.runs[task] = tuple(run for run in state.runs[task] if run != group)


def _index_graph(state: State, task: str, plan: Plan, *, damaged: bool) -> None:
    """Find the phases that wait for room; where there is room, the runs of such phases were lost."""
    if plan.max_concurrency is None and not damaged:
        return
    held = held_phases(state, task, plan)
    if held and (plan.max_concurrency is None or len(state.runs[task]) < plan.max_concurrency):
        state.stranded.append(task)
    elif held:
        state.held[task] = dict.fromkeys(held)


def _index_task(state: State, task: str, *, damaged: bool) -> None:
    """Put a task into the indexes, now that all runs are there."""
    world = state.world
    identity = world.get(task, Identity)
    if not state.runs.get(task):
        state.runs.pop(task, None)
        state.stranded.append(task)
    elif state.plans[identity.definition].is_graph and world.find(task, Undoing) is None:
        _index_graph(state, task, state.plans[identity.definition], damaged=damaged)
    if identity.parent_run is not None:
        children = world.find(identity.parent_run, Children)
        if children is None or task not in children.entries:
            state.orphans.append(task)


def _erase_run(state: State, entity: str, warnings: list[str]) -> None:
    state.world.erase(entity)
    warnings.append(f"run {entity} is erased: the journal has lost parts of it, or of its task")


def _index(state: State, entity: str, components: Components) -> None:
    """Put a run that was loaded into the indexes."""
    timed = components.get("suspended") or components.get("backoff") or components.get("joining")
    if isinstance(timed, Suspended | Backoff | Joining) and timed.until is not None:
        state.timers.set(entity, timed.until)
    if isinstance(timed, Suspended | Backoff):
        pass  # an answer, or the timer, wakes it
    elif "running" in components:
        state.interrupted.append(entity)
    elif "joining" in components:
        _index_joining(state, entity, components)
    else:
        visit = state.visit(entity)
        lane = state.lanes.lane(visit.phase.place(visit.identity.assigned_to).lane)
        state.lanes.add(lane, (-visit.identity.priority, visit.identity.submitted_at, entity))
    question = components.get("question")
    if isinstance(question, Question) and question.due is not None and not question.overdue:
        state.timers.set(QUESTION_TIMER + entity, question.due)


def _index_joining(state: State, entity: str, components: Components) -> None:
    """Take up a fan-out, or have the next tick look whether all forked tasks have ended."""
    items, results = components.get("items"), components.get("results")
    if isinstance(items, Items):
        fan = state.fans[entity] = Fan(items.value)
        ended = [int(position) for position in results.entries] if isinstance(results, Results) else []
        fan.ended = len(ended)
        fan.next = max(ended, default=-1) + 1
    else:
        state.joined[entity] = None
