"""Wholeness: whether the entities of a task, as they come from elsewhere, are what a core can go on with.

The systems take for granted what they have written themselves.  What somebody else has written is looked at here, once,
so that no document can bring the core down.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from workflow_engine.core.components import NAMES as WORDS
from workflow_engine.core.components import (
    TABLES,
    Answers,
    Artifacts,
    Attempt,
    Backoff,
    Child,
    Children,
    Comments,
    Component,
    Context,
    Data,
    Earlier,
    Escalated,
    Failure,
    Feedback,
    Forking,
    Identity,
    Inherited,
    Items,
    Joining,
    Progress,
    Question,
    Ready,
    Result,
    Results,
    Run,
    Running,
    Stage,
    Status,
    Steps,
    Suspended,
    Table,
    Undoing,
)
from workflow_engine.core.fan import group_of
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.migrating import has_stage
from workflow_engine.core.plan import UNDO, Plan
from workflow_engine.core.restoring import decode, is_task
from workflow_engine.core.tick import Components

C = TypeVar("C", bound=Component | Table)

LATEST: Final = 253_402_300_799
"""The end of the year 9999, in seconds since the epoch: no moment is later, and no number here is larger."""


def _words(*kinds: type[Component | Table]) -> frozenset[str]:
    return frozenset(WORDS[kind] for kind in kinds)


_MARKERS: Final = _words(Ready, Running, Backoff, Suspended, Joining)
_OF_RUNS: Final = _MARKERS | _words(
    Run, Attempt, Items, Forking, Feedback, Escalated, Question, Comments, Steps, Results, Children
)
_OF_TASKS: Final = _words(
    Identity, Data, Status, Failure, Stage, Result, Undoing, Context, Inherited, Artifacts, Progress, Earlier, Answers
)
_TABLES: Final = frozenset(WORDS[kind] for kind in TABLES)


class _Issue(msgspec.Struct, frozen=True):
    message: str = ""


_decode_issues: Final = msgspec.json.Decoder(list[_Issue]).decode
_decode_items: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_entries: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

Given = Mapping[str, Mapping[str, msgspec.Raw]]
"""Entities as JSON: components by name, by entity id; a table is an object of its entries."""


def opened(entities: Given) -> dict[str, dict[str, msgspec.Raw | dict[str, msgspec.Raw]]]:
    """Return *entities* as a journal gives them.

    Raises:
        msgspec.DecodeError: a table is no object.
    """
    return {
        entity: {name: _decode_entries(value) if name in _TABLES else value for name, value in components.items()}
        for entity, components in entities.items()
    }


def flaw(task: str, entities: Given, plans: Mapping[str, Plan]) -> str | None:
    """Return why *entities* are not all that a core needs to go on with *task*, as a sentence, or None.

    Args:
        task: id of the task that the others belong to.
        entities: of it, of its runs, and of the tasks that it has forked.
        plans: compiled definitions, by hash.
    """
    for entity, components in entities.items():
        strange = components.keys() - (_OF_RUNS if "/" in entity else _OF_TASKS)
        if strange:
            return f"{entity} has {min(strange)!r}, which this version does not know; use the one that wrote it"
    try:
        decoded = {entity: decode(components) for entity, components in opened(entities).items()}
    except msgspec.DecodeError as error:
        return f"it is not what this version can read: {error}; use the one that wrote it"
    identity, status = decoded.get(task, {}).get("identity"), decoded.get(task, {}).get("status")
    if isinstance(status, Status) and status.state.terminal:
        return f"it is {status.state}, and nothing of it is left to be carried out; the document is a record of it"
    if isinstance(identity, Identity) and identity.parent_run is not None:
        return f"it was forked by {identity.parent_run.partition('/')[0]}, which waits for it; export that one"
    found = next(_Look(task, decoded, plans).flaws(), None)
    return f"{found}; export it again" if found is not None else None


class _Look:
    """A look at decoded entities.  What is said is said in an order: each check may build on those before it."""

    def __init__(self, task: str, entities: Mapping[str, Components], plans: Mapping[str, Plan]) -> None:
        self._task = task
        self._entities = entities
        self._plans = plans
        self._items: dict[str, list[int]] = {}
        self._working: set[str] = set()

    def flaws(self) -> Iterator[str]:
        """Yield what is wrong."""
        tasks = [entity for entity in self._entities if "/" not in entity]
        runs = [entity for entity in self._entities if "/" in entity]
        if self._task not in tasks:
            yield f"it has no task {self._task}"
        for entity, components in self._entities.items():
            if any(_out_of_range(component) for component in components.values()):
                yield f"{entity} has a number that is none of ours"
        for task in tasks:
            yield from self._task_flaws(task)
        for run in runs:
            yield from self._run_flaws(run)
        for task in tasks:
            if task not in self._working:
                yield f"task {task} has no run"
            yield from self._place_flaws(task)
        for run in runs:
            yield from self._part_flaws(run)

    def _task_flaws(self, task: str) -> Iterator[str]:
        components = self._entities[task]
        identity, status = self._find(task, Identity), self._find(task, Status)
        if not is_task(components) or identity is None or status is None or identity.id != task or "#" in task:
            yield f"task {task} is not whole"
            return
        plan = self._plans.get(identity.definition)
        if plan is None or plan.name != identity.workflow:
            yield f"the definition of {identity.workflow!r} is missing"
            return
        if status.state.terminal:
            yield f"task {task} has ended, and its parent waits for it"
        stage, undoing = self._find(task, Stage), self._find(task, Undoing)
        if stage is not None and not has_stage(plan, stage.name):
            yield f"task {task} is at stage {stage.name!r}, which its workflow does not have"
        if undoing is not None and undoing.move not in (Move.FAIL, Move.CANCEL):
            yield f"task {task} is to end with {undoing.move!r}"
        if undoing is not None and (undoing.move == Move.FAIL) != (undoing.failure is not None):
            yield f"task {task} is to {undoing.move}, and why is not whole"
        earlier = self._find(task, Earlier)
        kept = [visit.artifacts for visit in earlier.entries.values()] if earlier is not None else []
        if any(one is not msgspec.UNSET and not _is(one, _decode_entries) for one in kept):
            yield f"task {task} has artifacts of earlier visits that are none"

    def _run_flaws(self, entity: str) -> Iterator[str]:
        components = self._entities[entity]
        run, attempt = self._find(entity, Run), self._find(entity, Attempt)
        if run is None or attempt is None or len(_MARKERS & components.keys()) != 1 or entity != _name(run):
            yield f"run {entity} is not whole"
            return
        plan = self._plan(run.task)
        if plan is None or run.phase not in plan.phases:
            yield f"run {entity} is of no phase of its workflow"
            return
        if run.item is None:
            self._working.add(run.task)
        else:
            self._items.setdefault(group_of(entity), []).append(run.item)
        undoing = self._find(run.task, Undoing) is not None
        if undoing != run.phase.endswith(UNDO) or (undoing and not self._has_been(run)):
            yield f"run {entity} does not belong to what its task is doing"
        yield from self._waiting_flaws(entity)
        for told in (self._find(entity, Feedback), self._find(entity, Escalated)):
            if told is not None and not _is(told.issues, _decode_issues):
                yield f"run {entity} has issues that are none"

    def _waiting_flaws(self, entity: str) -> Iterator[str]:
        """Yield what is wrong with what a run waits for."""
        suspended, question = self._find(entity, Suspended), self._find(entity, Question)
        asked = suspended.question if suspended is not None else None
        if asked != (question.id if question is not None else None):
            yield f"run {entity} waits for another question than it asks"
        if asked is not None and asked.rpartition("/")[0] != entity:
            yield f"run {entity} asks a question of another"
        if suspended is not None and asked is None and (suspended.step is None or suspended.until is None):
            yield f"run {entity} waits for nothing"
        if self._find(entity, Escalated) is not None and (asked is None or suspended is None or suspended.step):
            yield f"run {entity} was escalated to nobody"

    def _place_flaws(self, task: str) -> Iterator[str]:
        """Yield what is wrong with where a task stands among the others."""
        identity = self._find(task, Identity)
        parent = identity.parent_run if identity is not None else None
        if task == self._task:
            return
        children = self._find(parent, Children) if parent is not None else None
        if children is None or task not in children.entries:
            yield f"nobody waits for task {task}"

    def _part_flaws(self, entity: str) -> Iterator[str]:
        """Yield what is wrong with the items of a fan-out, and with the tasks that a run has forked."""
        items, forking, children = (
            self._find(entity, Items), self._find(entity, Forking), self._find(entity, Children)
        )  # fmt: skip
        run = self._find(entity, Run)
        if self._find(entity, Joining) is not None:
            forked = forking is not None and children is not None and bool(children.entries)
            if (items is not None) == forked:
                yield f"run {entity} waits for parts that it does not have"
        elif items is not None:
            yield f"run {entity} has items, and does not wait for them"
        if children is not None:
            lost = [name for name, child in children.entries.items() if child.state is None]
            if any(name not in self._entities or not self._is_child(name, entity) for name in lost):
                yield f"run {entity} waits for a task that is missing"
            if not all(_is_child_entry(child) for child in children.entries.values()):
                yield f"run {entity} has lost what a task gave that it has forked"
        if items is not None:
            yield from self._fan_flaws(entity, items)
        if run is not None and run.item is not None:
            group = group_of(entity)
            if items is not None or group not in self._entities or self._find(group, Items) is None:
                yield f"run {entity} is an item of nothing"

    def _fan_flaws(self, group: str, items: Items) -> Iterator[str]:
        if not _is(items.value, _decode_items):
            yield f"run {group} has no list of items"
            return
        results = self._find(group, Results)
        ended = list(results.entries) if results is not None else []
        live = self._items.get(group, [])
        begun = {*ended, *map(str, live)}
        whole = begun == {str(position) for position in range(len(begun))} and len(begun) == len(ended) + len(live)
        if not live or not whole or len(begun) > len(_decode_items(items.value)):
            yield f"run {group} has lost items"

    def _find(self, entity: str, kind: type[C]) -> C | None:
        found: Any = self._entities.get(entity, {}).get(WORDS[kind])
        return found if isinstance(found, kind) else None

    def _plan(self, task: str) -> Plan | None:
        identity = self._find(task, Identity)
        return self._plans[identity.definition] if identity is not None else None

    def _has_been(self, run: Run) -> bool:
        """Return whether the task has done what this run undoes."""
        progress = self._find(run.task, Progress)
        return progress is not None and run.phase.removesuffix(UNDO) in progress.entries

    def _is_child(self, task: str, run: str) -> bool:
        identity = self._find(task, Identity)
        return identity is not None and identity.parent_run == run


def _name(run: Run) -> str:
    item = "" if run.item is None else f".{run.item}"
    return f"{run.task}/{run.phase}/{run.visit}{item}"


def _is_child_entry(child: Child) -> bool:
    """Return whether a forked task lives, or has left what its parent needs of it."""
    changes = child.changes
    ended = child.state is None or child.state.terminal
    return ended and (not isinstance(changes, msgspec.Raw) or _is(changes, _decode_entries))


def _is(value: object, decode_as: Any) -> bool:
    """Return whether JSON is what a decoder takes."""
    try:
        decode_as(value)
    except msgspec.DecodeError:
        return False
    return True


def _out_of_range(value: Any) -> bool:
    """Return whether a number in a component, or in an entry of a table, is beyond what is stored and shown."""
    if isinstance(value, Table):
        return any(_out_of_range(entry) for entry in value.entries.values())
    if isinstance(value, msgspec.Struct):
        return any(_out_of_range(getattr(value, name)) for name in value.__struct_fields__)
    return isinstance(value, int | float) and not -LATEST <= value <= LATEST
