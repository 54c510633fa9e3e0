"""The task view: what is true of a task, as it was when the view was made."""

from collections.abc import Mapping, MutableMapping
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from workflow_engine.context_values import Values
from workflow_engine.core.components import (
    NAMES,
    Artifacts,
    Component,
    Context,
    Cost,
    Data,
    Failure,
    Identity,
    Inherited,
    PhaseProgress,
    Progress,
    Result,
    Spent,
    Stage,
    Status,
    Table,
    TaskState,
)
from workflow_engine.core.outputs import last_output
from workflow_engine.core.plan import UNDO
from workflow_engine.errors import InputRefused
from workflow_engine.task_scope import Scope
from workflow_engine.values import from_json

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
C = TypeVar("C", bound=Component | Table)


class TaskView:
    """What is true of a task; see `workflow_engine.task.Task`, which handlers, hooks and callers see."""

    __slots__ = (
        "_components",
        "_context",
        "_data",
        "_output",
        "_scope",
        "classification",
        "phase",
    )

    def __init__(
        self,
        components: Mapping[str, Any],
        classification: str | None = None,
        phase: str | None = None,
        scope: Scope | None = None,
    ) -> None:
        self._components = components
        self._scope = scope
        self._context: Values | None = None
        self._data: Any = UNREAD
        self._output: Any = UNREAD
        self.classification = classification
        self.phase = phase

    def __repr__(self) -> str:
        return f"Task({self.id!r}, {self.status.value}, workflow={self.workflow!r}, phase={self.phase!r})"

    def _find(self, kind: type[C]) -> C | None:
        return self._components.get(NAMES[kind])

    def _get(self, kind: type[C]) -> C:
        found: C = self._components[NAMES[kind]]
        return found

    @property
    def id(self) -> str:
        """The task's id."""
        return self._get(Identity).id

    @property
    def workflow(self) -> str:
        """Name of its workflow."""
        return self._get(Identity).workflow

    @property
    def priority(self) -> int:
        """Higher goes first."""
        return self._get(Identity).priority

    @property
    def labels(self) -> dict[str, str]:
        """Words for people and filters."""
        return dict(self._get(Identity).labels or {})

    @property
    def submitted_at(self) -> float:
        """Engine time of its submission, in seconds since the epoch."""
        return self._get(Identity).submitted_at

    @property
    def assigned_to(self) -> str | None:
        """Task type for phases that name none, or None."""
        return self._get(Identity).assigned_to

    @property
    def status(self) -> TaskState:
        """Where it stands."""
        return self._get(Status).state

    @property
    def reason(self) -> str | None:
        """Why it stands there, where there is more to say."""
        return self._get(Status).reason

    @property
    def failure(self) -> Failure | None:
        """Why it failed, or None."""
        return self._find(Failure)

    @property
    def data(self) -> Any:
        """What was submitted; a copy, so that changing it changes nothing."""
        if self._data is UNREAD:
            self._data = from_json(self._get(Data).value)
        return self._data

    @property
    def context(self) -> MutableMapping[str, Any]:
        """Values that handlers left; inside a handler, what it sets is kept when the phase completes."""
        if self._context is None:
            table, given = self._find(Context), self._find(Inherited)
            own = table.entries if table is not None else {}
            self._context = Values({**given.entries, **own} if given is not None else own)
        return self._context

    @property
    def outputs(self) -> dict[str, Any]:
        """Outputs of completed phases, by phase id."""
        return {
            phase: from_json(entry.output)
            for phase, entry in self._progress().items()
            if entry.output is not msgspec.UNSET and not phase.endswith(UNDO)
        }

    @property
    def output(self) -> Any:
        """See the class."""
        if self._output is not UNREAD:
            return self._output
        if self._scope is not None:
            return None
        result = self._find(Result)
        output = result.value if result is not None else last_output(dict(self._components))
        return from_json(output) if isinstance(output, msgspec.Raw) else None

    @output.setter
    def output(self, value: Any) -> None:
        self._output = value

    def output_of(self, phase: str, model: type[M]) -> M:
        """Return the output of a completed phase as an instance of a pydantic model.

        Raises:
            InputRefused: there is no such output, or it does not fit the model.
        """
        return as_model(self.outputs.get(phase), model, f"the output of phase {phase!r}")

    @property
    def stage(self) -> str | None:
        """Where it stands in the words of its workflow's ``states``, None where that has none."""
        stage = self._find(Stage)
        return stage.name if stage is not None else None

    @property
    def artifacts(self) -> dict[str, dict[str, Any]]:
        """References of its artifacts by name: ``{"name": {"sha256": ..., "size": bytes, "media_type": ...}}``."""
        table = self._find(Artifacts)
        return {name: from_json(raw) for name, raw in table.entries.items()} if table is not None else {}

    def _progress(self) -> dict[str, PhaseProgress]:
        progress = self._find(Progress)
        return progress.entries if progress is not None else {}

    @property
    def spent(self) -> Cost:
        """What the models of the task have cost so far."""
        spent = self._find(Spent)
        return spent.cost if spent is not None else Cost()


def as_model(value: Any, model: type[M], what: str) -> M:
    """Return *value*, which is called *what*, as an instance of a pydantic model.

    Raises:
        InputRefused: it does not fit.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise InputRefused(f"{what} is no {model.__name__}: {error}") from error


class _Unread:
    """Marks what was not decoded or set yet."""


UNREAD = _Unread()
