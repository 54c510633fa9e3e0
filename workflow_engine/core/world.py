"""The world: our entities and components over esper, keyed by our own ids.

This is the only module that imports esper's world functions.  What it takes care of: esper's current world is global to
the process (each `World` has its own name and enters it under one lock), its entity numbers mean nothing after a
restart, its query order depends on history, and the lists it returns are its cache.
"""

import itertools
import threading
from collections.abc import Iterator
from typing import Any, Final, TypeVar, cast

import esper

from workflow_engine.core.components import NAMES, TABLES, Component, Table
from workflow_engine.core.lifecycle import RUN_TRANSITIONS
from workflow_engine.errors import IllegalTransition

System = esper.Processor
"""One rule of the core; see ``core/systems``."""

C = TypeVar("C", bound=Component | Table)

_ESPER: Final = threading.RLock()
_WORLDS: Final = itertools.count(1)
_ADDED: Final = {kind: NAMES[kind] + "+" for kind in TABLES}


class World:
    """All entities of one engine.

    `put`, `put_entry`, `spawn`, `drop` and `remove` are the only ways to change it, and each records the change for the
    journal; everything is to be called within `entered`.
    """

    def __init__(self) -> None:
        self._name = f"workflow-engine-{next(_WORLDS)}"
        self._numbers: dict[str, int] = {}
        self._changes: dict[str, dict[str, Any] | None] = {}
        self._born: set[str] = set()

    def entered(self) -> "World":
        """Return what makes this the current world of esper, alone in the process, for the length of a ``with``."""
        return self

    def __enter__(self) -> None:
        _ESPER.acquire()
        if esper.current_world != self._name:
            esper.switch_world(self._name)

    def __exit__(self, *raised: object) -> None:
        _ESPER.release()

    def close(self) -> None:
        """Forget everything."""
        with _ESPER:
            esper.switch_world("default")
            if self._name in esper.list_worlds():
                esper.delete_world(self._name)
        self._numbers.clear()

    def add_system(self, system: System, priority: int) -> None:
        """Have *system* take part in every tick, those of higher *priority* first."""
        esper.add_processor(system, priority)

    def run_systems(self, tick: object) -> None:
        """Let every system do its part of *tick*."""
        esper.process(tick)

    # ------------------------------------------------------------ reading

    def __contains__(self, entity: str) -> bool:
        return entity in self._numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def entities(self) -> Iterator[str]:
        """Every entity id, oldest first.  Costs what exists: for loading and tests, never for a tick."""
        return iter(self._numbers)

    def get(self, entity: str, kind: type[C]) -> C:
        """Return the component of this kind, which must be there."""
        return esper.component_for_entity(self._numbers[entity], kind)

    def find(self, entity: str, kind: type[C]) -> C | None:
        """Return the component of this kind, or None where the entity or the component is not there."""
        number = self._numbers.get(entity)
        if number is None or not esper.has_component(number, kind):
            return None
        return esper.component_for_entity(number, kind)

    def components(self, entity: str) -> dict[str, Component | Table]:
        """Return all components of an entity by their names in journals."""
        found: tuple[Any, ...] = esper.components_for_entity(self._numbers[entity])
        return {NAMES[type(component)]: component for component in found}

    def every(self, kind: type[C]) -> list[C]:
        """Return the components of this kind of all entities.  Costs what exists: for chores, never for a tick."""
        return [component for _, component in esper.get_component(kind)]

    # ------------------------------------------------------------ changing

    def spawn(self, entity: str, *components: Component | Table) -> None:
        """Make an entity with these components."""
        if entity in self._numbers:
            raise AssertionError(f"entity {entity} exists")
        self._numbers[entity] = esper.create_entity(*components)
        self._born.add(entity)
        record: dict[str, Any] = {}
        for component in components:
            kind = type(component)
            if kind in _ADDED:
                record[_ADDED[kind]] = dict(cast(Table, component).entries)
            else:
                record[NAMES[kind]] = component
        self._changes[entity] = record

    def put(self, entity: str, component: Component) -> None:
        """Give an entity a component, in place of the one of the same kind."""
        esper.add_component(self._numbers[entity], component)
        self._record(entity)[NAMES[type(component)]] = component

    def put_entry(self, entity: str, kind: type[Table], key: str, value: object) -> None:
        """Set one entry of a table, which is made where it is missing."""
        number = self._numbers[entity]
        if not esper.has_component(number, kind):
            esper.add_component(number, kind({}))
        esper.component_for_entity(number, kind).entries[key] = value
        record = self._record(entity)
        added = record.get(_ADDED[kind])
        if added is None:
            record[_ADDED[kind]] = {key: value}
        else:
            added[key] = value

    def drop(self, entity: str, kind: type[Component]) -> None:
        """Take a component from an entity, which must have it."""
        esper.remove_component(self._numbers[entity], kind)
        record = self._record(entity)
        if entity in self._born:
            record.pop(NAMES[kind], None)
        else:
            record[NAMES[kind]] = None

    def drop_table(self, entity: str, kind: type[Table]) -> None:
        """Take a table from an entity, if it has one."""
        number = self._numbers[entity]
        if not esper.has_component(number, kind):
            return
        esper.remove_component(number, kind)
        record = self._record(entity)
        record.pop(_ADDED[kind], None)
        if entity not in self._born:
            record[NAMES[kind]] = None

    def begin(self, run: str, *components: Component) -> None:
        """Make the entity of a run; the last component is its marker.

        Raises:
            IllegalTransition: a run cannot begin with this marker.
        """
        marker = components[-1]
        if type(marker) not in RUN_TRANSITIONS[None]:
            raise IllegalTransition(f"run {run}", "new", type(marker).__name__)
        self.spawn(run, *components)

    def turn(self, run: str, old: type[Component], new: Component) -> None:
        """Replace the marker *old* of a run by *new*, as the table of run transitions allows.

        Raises:
            IllegalTransition: the table has no such row.
        """
        if type(new) not in RUN_TRANSITIONS.get(old, ()):
            raise IllegalTransition(f"run {run}", old.__name__, type(new).__name__)
        if old is not type(new):
            self.drop(run, old)
        self.put(run, new)

    def remove(self, entity: str) -> None:
        """Remove an entity from here and from the journal."""
        self._forget(entity)
        if entity in self._born:
            self._born.discard(entity)
            self._changes.pop(entity, None)
        else:
            self._changes[entity] = None

    def erase(self, entity: str) -> None:
        """Remove from the journal an entity that was never loaded here."""
        self._changes[entity] = None

    def retire(self, entity: str) -> None:
        """Remove an entity from here; what is journaled of it stays."""
        self._forget(entity)

    def purge(self, entity: str) -> None:
        """Remove from the journal what is not here any more."""
        self._changes[entity] = None

    def load(self, entity: str, *components: Component | Table) -> None:
        """Make an entity that the journal has already."""
        self._numbers[entity] = esper.create_entity(*components)

    def take_changes(self) -> dict[str, dict[str, Any] | None]:
        """Return what was changed since the last call, as the journal takes it."""
        changes, self._changes = self._changes, {}
        self._born.clear()
        return changes

    def _forget(self, entity: str) -> None:
        esper.delete_entity(self._numbers.pop(entity), immediate=True)

    def _record(self, entity: str) -> dict[str, Any]:
        record = self._changes.get(entity)
        if record is None:
            record = self._changes[entity] = {}
        return record
