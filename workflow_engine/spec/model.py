"""What people write: workflows and phases, checked when they are made."""

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator, model_validator

from workflow_engine.errors import SpecError
from workflow_engine.spec.durations import Seconds
from workflow_engine.spec.parts import (
    AgentLimits,
    Batch,
    Budget,
    Compensation,
    Defaults,
    ForEach,
    Gate,
    Models,
    OnReject,
    RetryPolicy,
    Schedule,
    Stages,
    StateMachine,
    ToolDeclaration,
    ToolPolicy,
)
from workflow_engine.spec.strict import COLLECT, Name, Strict, collects


class TaskType(StrEnum):
    """Who carries out a phase.  Adapters may add names of their own; wherever a type is asked for, a string will do."""

    HUMAN = "human"
    AGENTIC = "agentic"
    FUNCTIONAL = "functional"


_ALIASES: Final = {"ai": "agentic", "agent": "agentic", "llm": "agentic", "person": "human", "program": "functional"}


def task_type(name: str) -> str:
    """Return the task type that *name* means: ``"ai"`` is ``"agentic"``; other names mean themselves."""
    return _ALIASES.get(name.lower(), str(name))


class Phase(Strict):
    """One step of a workflow.

    Texts in which ``{{ ... }}`` stands are templates over ``inputs`` (what was submitted), ``phases.<id>.output``,
    ``context``, ``input``, ``item`` and ``index`` (in a fan-out), ``feedback`` and ``task``; expressions see the same.

    Attributes:
        id: the phase's name within its workflow; the target classification unless given.
        target_classification: what the task is classified as in this phase; names the handler.
        next_classifications: the phases that may follow, by target classification or id.  The handler, person or model
            picks one; with none picked the first follows.  Where no phase of a workflow has this or ``depends_on``,
            they follow in order.  Beside ``depends_on`` it chooses among the phases that depend on this one: those that
            are not chosen are skipped, with all that depends on them alone.
        depends_on: ids of the phases that have to be done first.  Where one phase of a workflow has this, the workflow
            is a graph: each phase starts as soon as what it depends on is done, several at once.
        when: an expression; where it is false the phase is skipped, which counts as done, and its output is null.
        for_each: carry the phase out once for each item of a list.
        gate: this phase decides over the verdicts of others.
        on_reject: what happens when this phase rejects what it reviews.
        input: what the phase is given, as JSON with templates; handlers see it as ``task.input``, programs as
            ``input``, a sub-workflow as its data, a transform as what it works on.
        output: JSON Schema, or a pydantic model class, that the phase's output must satisfy.  One that does not is
            handed back once with the reasons, then the phase fails.
        outputs: names of the values in the output.  Output that is no object with these keys is kept under the name.
        workflow: name of the workflow that carries the phase out, as a task of its own.
        wait: seconds that this phase waits, a durable timer.
        transform: what this phase makes of its ``input``, without anybody's help: ``merge``, ``filter``, ``concat``,
            ``select``, ``template`` or ``json``.
        compensate: what undoes the completed phase when the task fails or is cancelled.
        stages: stages of the workflow's ``states`` that the phase moves the task to.
        assigned_to: who carries it out, whatever the task asks for; "ai" means agentic.
        retry: what happens after a failed attempt; the workflow's or the engine's default unless given.
        timeout: seconds one attempt may take, waiting for an answer included; None for no bound.
        concurrency: how many runs of this classification may be under way at once in an engine.
        max_visits: how often a task may come to this phase; one more fails the task, so every loop ends.
        command: argv of the program that carries out a functional phase; a part that is ``{python}`` is replaced by the
            running interpreter.  It runs in a folder of its own, so name files by their full paths; in a workflow file,
            parts that are files beside it are found.
        mounts: files or folders that the program finds in its folder, by the name they have there.
        environment: names of environment variables the program may see, beside a harmless few.
        memory: bytes of memory the program may use, or None.
        prompt: what a person or a model is asked.
        show: what a person is shown beside the prompt; the outputs so far unless given.
        form: JSON Schema of the answer, or a pydantic model class.
        assignee: the person asked.
        candidates: people or groups of whom any may answer.
        due: seconds after which the answer is overdue.
        on_due: what then happens: ``"notify"`` says so and keeps waiting, ``"fail"`` fails the attempt, ``"escalate"``
            asks those of ``escalate_to`` instead.
        escalate_to: people or groups who are asked once the answer is overdue.
        provider: who runs the model of an agentic phase.
        model: name of the model, or several: each after the first is asked where those before it do not answer.
        system: what the model is told beforehand.
        temperature: how freely the model chooses its words, where it can be told.
        max_tokens: the longest reply of the model.
        tools: what the model may have called: ids of declared, registered or built-in tools, each for all that it
            offers; or the name of one thing that it offers; ``*`` for all that is declared or registered.
        tool_policy: by the name of a tool or the id that it comes from, whether it is called at once (``allow``), after
            a person has approved the call (``ask``), or never (``deny``); ``*`` stands for all others.
        limits: what the phase may take.
        mode: ``"batch"`` has the turns of many tasks answered together at half the price, some time later.
        batch: when they are sent, and how long they wait.
        options: settings for a custom adapter or a transform, passed through.
    """

    if TYPE_CHECKING:  # what may be written is wider than what is held

        def __init__(
            self,
            *,
            id: str = "",
            target_classification: str = "",
            next_classifications: Sequence[str] | None = None,
            depends_on: Sequence[str] | None = None,
            when: str | None = None,
            for_each: ForEach | Mapping[str, Any] | str | list[Any] | None = None,
            gate: Gate | Mapping[str, Any] | None = None,
            on_reject: OnReject | Mapping[str, Any] | None = None,
            input: Any = None,
            output: Mapping[str, Any] | type[BaseModel] | None = None,
            outputs: Sequence[str] = (),
            workflow: str | None = None,
            wait: float | str | None = None,
            transform: str | None = None,
            compensate: Compensation | Mapping[str, Any] | str | None = None,
            stages: Stages | Mapping[str, Any] | None = None,
            assigned_to: TaskType | str | None = None,
            retry: RetryPolicy | Mapping[str, Any] | None = None,
            timeout: float | str | None = None,
            concurrency: int | None = None,
            max_visits: int = 100,
            command: Sequence[str] | None = None,
            mounts: Mapping[str, str] | None = None,
            environment: Sequence[str] = (),
            memory: int | None = None,
            prompt: str | None = None,
            show: Any = None,
            form: Mapping[str, Any] | type[BaseModel] | None = None,
            assignee: str | None = None,
            candidates: Sequence[str] = (),
            due: float | str | None = None,
            on_due: Literal["notify", "fail", "escalate"] = "notify",
            escalate_to: Sequence[str] = (),
            provider: str | None = None,
            model: str | Sequence[str] | None = None,
            system: str | None = None,
            temperature: float | None = None,
            max_tokens: int | None = None,
            tools: Sequence[str] = (),
            tool_policy: Mapping[str, ToolPolicy] | None = None,
            limits: AgentLimits | Mapping[str, Any] | None = None,
            mode: Literal["live", "batch"] = "live",
            batch: Batch | Mapping[str, Any] | None = None,
            options: Mapping[str, Any] | None = None,
        ) -> None: ...

    id: Name = ""
    target_classification: Name = ""
    next_classifications: tuple[Name, ...] | None = None
    depends_on: tuple[Name, ...] | None = None
    when: str | None = None
    for_each: ForEach | None = None
    gate: Gate | None = None
    on_reject: OnReject | None = None
    input: Any = None
    output: dict[str, Any] | None = None
    outputs: tuple[Name, ...] = ()
    workflow: Name | None = None
    wait: Seconds | None = None
    transform: Literal["merge", "filter", "concat", "select", "template", "json"] | None = None
    compensate: Compensation | None = None
    stages: Stages | None = None
    assigned_to: Name | None = None
    retry: RetryPolicy | None = None
    timeout: Seconds | None = None
    concurrency: Annotated[int, Field(ge=1)] | None = None
    max_visits: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    command: tuple[str, ...] | None = None
    mounts: dict[str, str] = Field(default_factory=dict)
    environment: tuple[str, ...] = ()
    memory: Annotated[int, Field(ge=1)] | None = None
    prompt: str | None = None
    show: Any = None
    form: dict[str, Any] | None = None
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    due: Seconds | None = None
    on_due: Literal["notify", "fail", "escalate"] = "notify"
    escalate_to: tuple[str, ...] = ()
    provider: str | None = None
    model: Models | None = None
    system: str | None = None
    temperature: Annotated[float, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    tools: tuple[str, ...] = ()
    tool_policy: dict[str, ToolPolicy] = Field(default_factory=dict)
    limits: AgentLimits | None = None
    mode: Literal["live", "batch"] = "live"
    batch: Batch | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        filled: dict[str, Any] = {**given}
        name = filled.get("id") or filled.get("target_classification")
        if name is None:
            raise ValueError("a phase needs an id or a target_classification")
        filled["id"] = name
        filled["target_classification"] = filled.get("target_classification") or name
        for schema in ("form", "output"):
            model = filled.get(schema)
            if isinstance(model, type) and issubclass(model, BaseModel):
                filled[schema] = model.model_json_schema()
        if isinstance(filled.get("assigned_to"), str):
            filled["assigned_to"] = task_type(filled["assigned_to"])
        return filled

    @field_validator("command", mode="before")
    @classmethod
    def _argv(cls, given: Any) -> Any:
        if isinstance(given, str):
            raise ValueError('a command is a list of arguments, never a shell line; write ["program", "argument"]')
        if given is not None and not given:
            raise ValueError("a command is not empty; name a program")
        return given

    @property
    def needed(self) -> tuple[str, ...]:
        """Ids of the phases that have to be done before this one, in a graph."""
        if self.gate is None:
            return self.depends_on or ()
        return tuple(dict.fromkeys((*(self.depends_on or ()), *self.gate.of)))

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models to ask, the first of them first; empty where the phase names none."""
        return (self.model,) if isinstance(self.model, str) else self.model or ()

    @property
    def carried_out_by(self) -> str | None:
        """The task type that carries the phase out; None where the task says."""
        if self.workflow is not None:
            return WORKFLOW
        if self.wait is not None:
            return TIMER
        if self.transform is not None:
            return TRANSFORM
        return self.assigned_to


WORKFLOW: Final = "workflow"
TIMER: Final = "timer"
TRANSFORM: Final = "transform"
"""Task types of the phases that the engine carries out itself."""


class WorkflowSpec(Strict):
    """A named, versioned list of phases.

    Attributes:
        name: what submissions ask for.
        version: the author's, for people; what counts is the hash of the whole.
        description: what it is for, in words.
        inputs: JSON Schema of what is submitted, checked at submission; None for anything.
        defaults: what holds for phases that do not say otherwise.
        phases: in the order they follow each other where nothing else is said.
        max_concurrency: how many phases of one task may be under way at once, in a graph; None for no bound.
        states: the stages of a task in its users' own words.
        schedule: when tasks are submitted by themselves.
        tools: the tools that agentic phases may name, beside the built-in ones.
        budget: what the models of its tasks may cost.
    """

    if TYPE_CHECKING:  # what may be written is wider than what is held

        def __init__(
            self,
            *,
            name: str,
            version: str = "1",
            description: str = "",
            inputs: Mapping[str, Any] | None = None,
            defaults: Defaults | Mapping[str, Any] = ...,
            phases: Sequence[Phase | Mapping[str, Any]],
            max_concurrency: int | None = None,
            states: StateMachine | Mapping[str, Any] | None = None,
            schedule: Schedule | Mapping[str, Any] | None = None,
            tools: Sequence[ToolDeclaration | Mapping[str, Any]] = (),
            budget: Budget | Mapping[str, Any] | None = None,
        ) -> None: ...

    name: Name
    version: str = "1"
    description: str = ""
    inputs: dict[str, Any] | None = None
    defaults: Defaults = Field(default_factory=Defaults)
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    max_concurrency: Annotated[int, Field(ge=1, le=100_000)] | None = None
    states: StateMachine | None = None
    schedule: Schedule | None = None
    tools: tuple[ToolDeclaration, ...] = ()
    budget: Budget | None = None

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        filled: dict[str, Any] = {**given}
        inputs = filled.get("inputs")
        if isinstance(inputs, type) and issubclass(inputs, BaseModel):
            filled["inputs"] = inputs.model_json_schema()
        return filled

    @model_validator(mode="after")
    def _check(self, info: ValidationInfo) -> Self:
        from workflow_engine.spec.checking import problems  # it reads specs, so it imports this module

        if collects(info):  # the caller asks for the problems itself
            return self
        found = problems(self)
        if found:
            raise SpecError("WorkflowSpec: " + "; ".join(problem.fact for problem in found), found)
        return self

    @property
    def is_graph(self) -> bool:
        """Whether phases follow by what they depend on, not one after the other."""
        return any(phase.depends_on is not None for phase in self.phases)

    def digest(self) -> str:
        """Return the hash that names exactly this definition: 16 hex digits."""
        return hashlib.sha256(self.stored()).hexdigest()[:16]

    def stored(self) -> bytes:
        """Return the definition as the JSON that is journaled."""
        return self.model_dump_json(exclude_defaults=True).encode()

    @classmethod
    def from_stored(cls, stored: bytes) -> "WorkflowSpec":
        """Return the definition that `stored` gave, in this or an earlier version; it is not checked again."""
        import json

        written: dict[str, Any] = json.loads(stored)
        if "retry" in written:  # format 1 had the policy of all phases here
            written["defaults"] = {"retry": written.pop("retry")}
        return cls.model_validate(written, context={COLLECT: True})
