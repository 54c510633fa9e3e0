"""Workflows by name, and what a submission's names mean."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from workflow_engine.adapter import Missing
from workflow_engine.adapters.classifier import CLASSIFIER
from workflow_engine.core.components import Json
from workflow_engine.core.core import Core
from workflow_engine.core.inputs import Define, Input, SetTimetable
from workflow_engine.errors import InputRefused, PermanentFailure, SpecError
from workflow_engine.forms import misfits
from workflow_engine.handlers import Handlers
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.strict import NAME
from workflow_engine.values import to_json

TASK_ID: Final = re.compile(r"[^\s/#\x00-\x1f\x7f\ud800-\udfff]{1,200}")
"""What may be a task id."""


@functools.cache  # made when it is first needed, since that builds the models
def _unclassified() -> "Chosen":
    """Return the workflow of tasks of which a classifier finds out what they are."""
    return _chosen(WorkflowSpec(name="(unclassified)", phases=(Phase(id="classify", assigned_to=CLASSIFIER),)))


class Chosen(NamedTuple):
    """A definition for a task, and the phase to begin with; None for the first."""

    spec: WorkflowSpec
    digest: str
    start: str | None = None


class Host(Protocol):
    """Whom definitions are told to."""

    @property
    def core(self) -> Core:
        """The core, which knows the definitions that it was told."""
        ...

    def send(self, given: Input) -> None:
        """Have the core take an input."""
        ...


class Workflows:
    """The registered workflows."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers
        self._by_name: dict[str, Chosen] = {}
        self._implied: dict[str, Chosen] = {}

    def register(self, name: str | WorkflowSpec, phases: Sequence[Phase | Mapping[str, Any]]) -> WorkflowSpec:
        """Keep a workflow under its name; see `ECSWorkflowEngine.register_workflow`."""
        given = name if isinstance(name, WorkflowSpec) else {"name": name, "phases": phases}
        spec = WorkflowSpec.model_validate(given)
        self._by_name[spec.name] = _chosen(spec)
        return spec

    def registered(self) -> dict[str, WorkflowSpec]:
        """Return what is registered, by name."""
        return {name: chosen.spec for name, chosen in self._by_name.copy().items()}  # other threads register meanwhile

    def announce(self, workflow: str, host: Host) -> None:
        """Tell *host* of a registered workflow, and when its tasks are submitted by themselves."""
        chosen = self._by_name[workflow]
        self.define(chosen, host)
        host.send(timetable(chosen.spec))

    def find(self, workflow: str, core: Core | None) -> Chosen | None:
        """Return the workflow of this name: what is registered here, else what the journal has; None for neither."""
        return self._by_name.get(workflow) or (self._journaled(workflow, core) if core is not None else None)

    def branch(self, name: str, data: Json, core: Core) -> Chosen:
        """Return what the name of a task to be forked means: a workflow, or else a classification with a handler.

        Raises:
            Missing: it means neither.
            InputRefused: the workflow does not accept *data*.
        """
        chosen = self.find(name, core)
        if chosen is None:
            if name not in self._handlers:
                raise Missing(f"a workflow or a handler {name!r}")
            return self._alone(name)
        check_inputs(chosen.spec, data)
        return chosen

    def choose(self, workflow: str | None, classification: str | None, core: Core) -> Chosen:
        """Return what a submission means; a workflow that is not registered here may be known to the journal.

        Raises:
            InputRefused: a name is not known.
        """
        for what, name in (("workflow_name", workflow), ("classification", classification)):
            if name is not None and not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
                raise InputRefused(f"{what} is a name, not {name!r}")
        if workflow is None:
            return _unclassified() if classification is None else self._alone(classification)
        chosen = self.find(workflow, core)
        if chosen is None:
            raise self._unknown(workflow)
        if classification is None:
            return chosen
        for phase in chosen.spec.phases:
            if classification in (phase.id, phase.target_classification):
                return chosen._replace(start=phase.id)
        known = ", ".join(phase.target_classification for phase in chosen.spec.phases)
        raise InputRefused(f"workflow {workflow!r} has no phase for {classification!r}; it has: {known}")

    def classified(self, word: Any) -> Chosen:
        """Return what a classifier's word means: a workflow, or else a classification that has a handler.

        Raises:
            PermanentFailure: it means neither.
        """
        if isinstance(word, str):
            if word in self._by_name:
                return self._by_name[word]
            if word in self._handlers:
                return self._alone(word)
        known = ", ".join(sorted(self._by_name)) or "none"
        raise PermanentFailure(
            f"the classifier said {word!r}, which is neither a workflow nor a classification with a handler; "
            f"registered workflows are: {known}"
        )

    def named(self, spec: WorkflowSpec | str, core: Core) -> Chosen:
        """Return a definition that is given, or the one that its name means where tasks are submitted.

        Raises:
            InputRefused: there is none of this name.
        """
        if isinstance(spec, WorkflowSpec):
            return _chosen(spec)
        if not isinstance(spec, str):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
            raise InputRefused(f"a workflow is a WorkflowSpec or a name, not {spec!r}")
        chosen = self.find(spec, core)
        if chosen is None:
            raise self._unknown(spec)
        return chosen

    def define(self, chosen: Chosen, host: Host) -> None:
        """Tell *host* of the definition that a name means from now on where tasks are submitted."""
        if host.core.latest(chosen.spec.name) != chosen.digest:
            host.send(_definition(chosen, submitted=True))

    def provide(self, chosen: Chosen, host: Host) -> None:
        """Tell *host* of a definition for tasks that come over to it; what is submitted stays as it is."""
        if not host.core.defined(chosen.digest):
            host.send(_definition(chosen, submitted=False))

    def define_all(self, host: Host) -> None:
        """Tell *host* of every registered workflow."""
        for workflow in self._by_name:
            self.announce(workflow, host)

    def _unknown(self, workflow: str) -> InputRefused:
        known = ", ".join(sorted(self._by_name)) or "none"
        return InputRefused(f"there is no workflow {workflow!r}; registered are: {known}")

    def _journaled(self, workflow: str, core: Core) -> Chosen | None:
        """Return the latest definition of this name that the journal has, or None."""
        found = core.definition(workflow)
        return Chosen(WorkflowSpec.from_stored(found[1]), found[0]) if found is not None else None

    def _alone(self, classification: str) -> Chosen:
        """Return the workflow of one phase that a classification without a workflow is."""
        chosen = self._implied.get(classification)
        if chosen is None:
            check_name("classification", classification)
            chosen = _chosen(WorkflowSpec(name=classification, phases=(Phase(id=classification),)))
            self._implied[classification] = chosen
        return chosen


def check_inputs(spec: WorkflowSpec, data: Json) -> None:
    """Return if a workflow accepts what is submitted.

    Raises:
        InputRefused: it does not; each place is named with what is expected there.
    """
    if spec.inputs is None or not isinstance(data, msgspec.Raw):
        return
    found = misfits(msgspec.Raw(msgspec.json.encode(spec.inputs)), data)
    if found:
        facts = "; ".join(f"{place}: {fact}" if place else fact for place, fact in found)
        raise InputRefused(f"workflow {spec.name!r} does not accept this: {facts}")


def timetable(spec: WorkflowSpec) -> SetTimetable:
    """Return what has the tasks of a workflow submitted at the moments of its schedule, none where it has no such."""
    schedule = spec.schedule
    if schedule is None:
        return SetTimetable(spec.name)
    data = to_json(schedule.data, f"the data of the schedule of {spec.name!r}")
    return SetTimetable(spec.name, schedule.cron, schedule.timezone, schedule.catch_up, data)


def check_name(what: str, name: str) -> None:
    """Return if *name* can be the name of a workflow, phase, classification or task type.

    Raises:
        SpecError: it cannot.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise SpecError(f"{name!r} cannot be a {what}; use 1 to 200 characters without '/', '#' and control characters")


def _definition(chosen: Chosen, *, submitted: bool) -> Define:
    return Define(chosen.digest, chosen.spec.name, msgspec.Raw(chosen.spec.stored()), submitted)


def _chosen(spec: WorkflowSpec) -> Chosen:
    return Chosen(spec, spec.digest())
