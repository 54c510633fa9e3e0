"""What is known of workflows: what is registered, what tasks go by, what is saved here."""

import msgspec

from workflow_engine.core.components import TaskState
from workflow_engine.errors import UnknownTask
from workflow_engine.readmodel.rows import WorkflowRow
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.security.current import person
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui.showing.words import STATES


class Known(msgspec.Struct, frozen=True):
    """A workflow.

    Attributes:
        name: its name.
        spec: the definition that new tasks go by; of one that is not registered here, the one last used; None where
            not even that is left.
        registered: whether it is registered here.
        row: how its tasks stand, None where it has none.
        problem: why its newest saved file cannot be used, None where it can, or there is none.
    """

    name: str
    spec: WorkflowSpec | None
    registered: bool
    row: WorkflowRow | None
    problem: str | None

    @property
    def counts(self) -> list[tuple[TaskState, int]]:
        """How many of its tasks stand where; states without any are left out."""
        statuses = self.row.statuses if self.row is not None else {}
        return [(state, statuses[state]) for state in STATES if statuses.get(state)]

    @property
    def in_flight(self) -> int:
        """How many of its tasks live."""
        return sum(one.in_flight for one in self.row.definitions) if self.row is not None else 0

    @property
    def behind(self) -> int:
        """How many of its tasks live and go by another definition than new ones do."""
        if self.row is None or self.spec is None or not self.registered:
            return 0
        digest = self.spec.digest()
        return sum(one.in_flight for one in self.row.definitions if one.digest != digest)


class Rights(msgspec.Struct, frozen=True):
    """What the person of this request may do with workflows: submit tasks; edit files and move tasks."""

    submits: bool
    edits: bool


def rights() -> Rights:
    """Return what the person of this request may do."""
    role = person().role
    return Rights(role.allows(Role.OPERATOR), role.allows(Role.ADMIN))


def names(desk: Desk) -> list[str]:
    """Return the names of all workflows that are known, sorted."""
    rows = (row.name for row in desk.model.workflows())
    return sorted({*rows, *(spec.name for spec in desk.engine.workflows()), *desk.library.problems})


def every(desk: Desk, wanted: list[str]) -> list[Known]:
    """Return the workflows of these names, in their order; names that nothing is known of are left out."""
    rows = {row.name: row for row in desk.model.workflows()}
    specs = {spec.name: spec for spec in desk.engine.workflows()}
    problems = dict(desk.library.problems)
    found: list[Known] = []
    for name in wanted:
        spec, row, problem = specs.get(name), rows.get(name), problems.get(name)
        if spec is not None or row is not None or problem is not None:
            last = spec if spec is not None else _last(desk, row)
            found.append(Known(name, last, spec is not None, row, problem))
    return found


def found(desk: Desk, name: str) -> Known:
    """Return a workflow.

    Raises:
        UnknownTask: there is none of this name.
    """
    known = every(desk, [name])
    if not known:
        raise UnknownTask("workflow", name)
    return known[0]


def stored(desk: Desk, digest: str) -> WorkflowSpec | None:
    """Return the definition with this hash that tasks go by, None where none does any more."""
    definition = desk.model.definition(digest)
    return WorkflowSpec.from_stored(bytes(definition.spec)) if definition is not None else None


def _last(desk: Desk, row: WorkflowRow | None) -> WorkflowSpec | None:
    """Return the definition that was used last, as far as it is still known."""
    for one in row.definitions[:3] if row is not None else ():
        spec = stored(desk, one.digest)
        if spec is not None:
            return spec
    return None
