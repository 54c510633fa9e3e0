"""Read-only views: all that is known of a task, and what an adapter needs for one attempt."""

from typing import Any, TypeVar

import msgspec

from workflow_engine.core.components import NAMES, Component, Feedback, Json, Run, Steps, Table
from workflow_engine.core.plan import PhasePlan

C = TypeVar("C", bound=Component | Table)


def as_it_is(components: dict[str, Any]) -> dict[str, Any]:
    """Return components that stay as they are: tables, which grow in place, are copied."""
    return {
        name: type(component)(dict(component.entries)) if isinstance(component, Table) else component
        for name, component in components.items()
    }


class TaskRecord(msgspec.Struct, frozen=True):
    """A task with its live runs, each as components by name.

    Attributes:
        id: the task's id.
        components: of the task.
        runs: components of its live runs, by run id.
        held: phases that could begin and wait for others to end, in their order, as far as that is known.
    """

    id: str
    components: dict[str, Any]
    runs: dict[str, dict[str, Any]]
    held: tuple[str, ...] = ()

    def find(self, kind: type[C]) -> C | None:
        """Return the task's component of this kind, or None."""
        return self.components.get(NAMES[kind])

    def get(self, kind: type[C]) -> C:
        """Return the task's component of this kind, which must be there."""
        found: C = self.components[NAMES[kind]]
        return found


class RunView(msgspec.Struct, frozen=True):
    """One attempt that is under way.

    Attributes:
        run: id of the run.
        attempt: from 1.
        task: components of the task.
        steps: what its handler recorded, None where nothing.
        phase: the compiled phase.
        visit: the run itself.
        item: JSON of the item of a fan-out that this run is for; absent for a whole phase.
        feedback: why the phase is carried out again, or None.
    """

    run: str
    attempt: int
    task: dict[str, Any]
    steps: Steps | None
    phase: PhasePlan
    visit: Run
    item: Json = msgspec.UNSET
    feedback: Feedback | None = None

    @property
    def key(self) -> str:
        """The idempotency key of the attempt."""
        return f"{self.run}/{self.attempt}"
