"""`define_workflow`: the built-in classification that makes a workflow of data, and has the task go on with it."""

from collections.abc import Callable, Collection, Container, Iterator
from typing import Any, Final

from workflow_engine.adapter import Output
from workflow_engine.core.plan import UNDO
from workflow_engine.errors import PermanentFailure, SpecError
from workflow_engine.handlers import Handler
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.parts import Compensation
from workflow_engine.spec.problems import did_you_mean, listed
from workflow_engine.task import Task

DEFINE: Final = "define_workflow"
"""The classification."""


class Definer:
    """Makes workflows of data that need not be trusted: they can name what is registered, and nothing else.

    Args:
        handlers: the registered handlers.
        adapters: the registered adapters, by task type.
        find: returns the known workflow of a name, registered or journaled, None where there is none.
        register: keeps a workflow under its name.
    """

    def __init__(
        self,
        handlers: Container[str],
        adapters: Collection[str],
        find: Callable[[str], WorkflowSpec | None],
        register: Callable[[WorkflowSpec], object],
    ) -> None:
        self._handlers = handlers
        self._adapters = adapters
        self._find = find
        self._register = register

    def handler(self) -> Handler:
        """Return the handler of `DEFINE`."""

        async def define_workflow(task: Task) -> Output:
            spec = self.define(_given(task))
            return Output({"workflow": spec.name, "version": spec.version}, rebind=spec.name)

        return define_workflow

    def define(self, given: Any) -> WorkflowSpec:
        """Return the workflow that *given* describes, registered under its name.

        Raises:
            PermanentFailure: it cannot be run, or names what is not registered, or its name is taken.
        """
        try:
            spec = WorkflowSpec.model_validate(given)
        except SpecError as error:
            raise PermanentFailure(f"the workflow cannot be defined: {error}") from error
        refused = list(self._refused(spec))
        known = self._find(spec.name)
        if known is not None and known != spec:
            refused.append(f"the name {spec.name!r} is taken by another workflow; choose another")
        if refused:
            raise PermanentFailure(f"the workflow {spec.name!r} cannot be defined: {'; '.join(refused)}")
        self._register(spec)
        return spec

    def _refused(self, spec: WorkflowSpec) -> Iterator[str]:
        if spec.schedule is not None:
            yield "a workflow that is made of data has no schedule; remove it"
        if spec.tools:
            yield "a workflow that is made of data declares no tools; remove them"
        agentic = spec.defaults.agentic
        if agentic is not None and "allow" in (agentic.tool_policy or {}).values():
            yield "its defaults allow tools, which data may not; remove that from tool_policy"
        for phase in spec.phases:
            yield from self._refused_phase(phase, spec)

    def _refused_phase(self, phase: Phase, spec: WorkflowSpec) -> Iterator[str]:
        name, compensation = repr(phase.id), phase.compensate
        if phase.command is not None or phase.mounts or (compensation is not None and compensation.command is not None):
            yield f"phase {name} has a command, which data may not bring along; name a registered handler"
            return
        if phase.workflow is not None and phase.workflow != spec.name and self._find(phase.workflow) is None:
            yield f"phase {name}: there is no workflow {phase.workflow!r}; register it first"
        if "allow" in phase.tool_policy.values():
            yield f"phase {name} allows tools, which data may not; remove that from its tool_policy"
        adapters = sorted(self._adapters)
        kind = phase.carried_out_by or "functional"
        if kind not in adapters:
            guess = did_you_mean(kind, adapters)
            yield f"phase {name}: there is no adapter {kind!r}; there are {listed(adapters)}{guess}"
        elif kind == "functional" and phase.gate is None and phase.target_classification not in self._handlers:
            yield f"phase {name}: there is no handler for {phase.target_classification!r}; name one that is registered"
        if compensation is not None and _undoer(phase.id, compensation) not in self._handlers:
            yield f"phase {name}: there is no handler for its compensation; name one that is registered"


def _undoer(phase: str, compensation: Compensation) -> str:
    return compensation.target_classification or phase + UNDO


def _given(task: Task) -> Any:
    """Return the workflow that a task brings along: the phase's input, what was submitted, or the last output."""
    for candidate in (task.input, task.data, *reversed(task.outputs.values())):
        if isinstance(candidate, dict):
            if "phases" in candidate:
                return candidate  # pyright: ignore[reportUnknownVariableType] - JSON
            inner: Any = candidate.get("workflow")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            if isinstance(inner, dict) and "phases" in inner:
                return inner  # pyright: ignore[reportUnknownVariableType] - JSON
    raise PermanentFailure(
        "there is no workflow to define: bring it along as data, as {'workflow': {'name': ..., 'phases': [...]}}"
    )
