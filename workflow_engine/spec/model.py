"""What people write: workflows, phases and retry policies, checked when they are made."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from workflow_engine.errors import SpecError
from workflow_engine.spec.durations import Seconds

NAME: Final = re.compile(r"[^\s/#\x00-\x1f\x7f]([^/#\x00-\x1f\x7f]{0,198}[^\s/#\x00-\x1f\x7f])?")
"""Names of workflows, phases and classifications: 1 to 200 characters; ``/`` and ``#`` separate parts of ids."""

Name = Annotated[str, Field(pattern=f"^(?:{NAME.pattern})$")]


class TaskType(StrEnum):
    """Who carries out a phase.  Adapters may add names of their own; wherever a type is asked for, a string will do."""

    HUMAN = "human"
    AGENTIC = "agentic"
    FUNCTIONAL = "functional"


_ALIASES: Final = {"ai": "agentic", "agent": "agentic", "llm": "agentic", "person": "human", "program": "functional"}


def task_type(name: str) -> str:
    """Return the task type that *name* means: ``"ai"`` is ``"agentic"``; other names mean themselves."""
    return _ALIASES.get(name.lower(), str(name))


class Strict(BaseModel):
    """Base of the models: frozen, and a key that is not known is an error.

    Raises:
        SpecError: a value is not what the model asks for; the message names each place, fact and remedy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(value)
        except ValidationError as error:
            raise SpecError(_sentence(cls.__name__, error)) from error


class RetryPolicy(Strict):
    """When a failed attempt is tried again.

    The pause before attempt *n* + 1 is ``min(max, initial * multiplier ** (n - 1))`` seconds, of which, with jitter, a
    part between a half and the whole is taken.

    Attributes:
        max_attempts: attempts in all, the first included.
        initial: the first pause, in seconds.
        multiplier: growth of the pause from one attempt to the next.
        max: the longest pause, in seconds.
        jitter: whether pauses are spread, so that what failed together does not return together.
    """

    if TYPE_CHECKING:  # what may be written is wider than what is held

        def __init__(
            self,
            *,
            max_attempts: int = 3,
            initial: float | str = 1.0,
            multiplier: float = 2.0,
            max: float | str = 60.0,
            jitter: bool = True,
        ) -> None: ...

    max_attempts: Annotated[int, Field(ge=1, le=1_000)] = 3
    initial: Seconds = 1.0
    multiplier: Annotated[float, Field(ge=1.0, le=100.0)] = 2.0
    max: Seconds = 60.0
    jitter: bool = True


class Phase(Strict):
    """One step of a workflow.

    Attributes:
        id: the phase's name within its workflow; the target classification unless given.
        target_classification: what the task is classified as in this phase; names the handler.
        next_classifications: the phases that may follow, by target classification or id.  The handler, person or model
            picks one; with none picked the first follows.  Where no phase of a workflow has this, they follow in order.
        assigned_to: who carries it out, whatever the task asks for; "ai" means agentic.
        retry: what happens after a failed attempt; the engine's default unless given.
        timeout: seconds one attempt may take, waiting for an answer included; None for no bound.
        concurrency: how many runs of this classification may be under way at once in an engine.
        max_visits: how often a task may come to this phase; one more fails the task, so every loop ends.
        command: argv of the program that carries out a functional phase; a part that is ``{python}`` is replaced by the
            running interpreter.  It runs in a folder of its own, so name files by their full paths.
        environment: names of environment variables the program may see, beside a harmless few.
        memory: bytes of memory the program may use, or None.
        prompt: what a person is asked.
        form: JSON Schema of the answer, or a pydantic model class.
        assignee: the person asked.
        candidates: people or groups of whom any may answer.
        due: seconds after which the answer is overdue.
        on_due: what then happens: ``"notify"`` says so and keeps waiting, ``"fail"`` fails the attempt.
        options: settings for a custom adapter, passed through.
    """

    if TYPE_CHECKING:  # what may be written is wider than what is held

        def __init__(
            self,
            *,
            id: str = "",
            target_classification: str = "",
            next_classifications: Sequence[str] | None = None,
            assigned_to: TaskType | str | None = None,
            retry: RetryPolicy | Mapping[str, Any] | None = None,
            timeout: float | str | None = None,
            concurrency: int | None = None,
            max_visits: int = 100,
            command: Sequence[str] | None = None,
            environment: Sequence[str] = (),
            memory: int | None = None,
            prompt: str | None = None,
            form: Mapping[str, Any] | type[BaseModel] | None = None,
            assignee: str | None = None,
            candidates: Sequence[str] = (),
            due: float | str | None = None,
            on_due: Literal["notify", "fail"] = "notify",
            options: Mapping[str, Any] | None = None,
        ) -> None: ...

    id: Name = ""
    target_classification: Name = ""
    next_classifications: tuple[Name, ...] | None = None
    assigned_to: Name | None = None
    retry: RetryPolicy | None = None
    timeout: Seconds | None = None
    concurrency: Annotated[int, Field(ge=1)] | None = None
    max_visits: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    command: tuple[str, ...] | None = None
    environment: tuple[str, ...] = ()
    memory: Annotated[int, Field(ge=1)] | None = None
    prompt: str | None = None
    form: dict[str, Any] | None = None
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    due: Seconds | None = None
    on_due: Literal["notify", "fail"] = "notify"
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
        form = filled.get("form")
        if isinstance(form, type) and issubclass(form, BaseModel):
            filled["form"] = form.model_json_schema()
        if isinstance(filled.get("assigned_to"), str):
            filled["assigned_to"] = task_type(filled["assigned_to"])
        if isinstance(filled.get("command"), str):
            raise ValueError('command is a list of arguments, never a shell line; write ["program", "argument"]')
        if filled.get("command") is not None and not filled["command"]:
            raise ValueError("command is empty; name a program")
        return filled


class WorkflowSpec(Strict):
    """A named, versioned list of phases.

    Attributes:
        name: what submissions ask for.
        version: the author's, for people; what counts is the hash of the whole.
        phases: in the order they follow each other where nothing else is said.
        retry: for the phases that have no policy of their own.
    """

    name: Name
    version: str = "1"
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    retry: RetryPolicy = RetryPolicy()

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            seen: set[str] = set()
            for phase in self.phases:
                if phase.id in seen:
                    raise ValueError(f"two phases have the id {phase.id!r}; give each its own")
                seen.add(phase.id)
                _check_json(phase)
            follow(self)
            self.stored()
        except ValueError as error:
            # `_refuse` does not see what comes after the model is made.
            raise SpecError(f"WorkflowSpec: {error}") from error
        return self

    def digest(self) -> str:
        """Return the hash that names exactly this definition: 16 hex digits."""
        return hashlib.sha256(self.stored()).hexdigest()[:16]

    def stored(self) -> bytes:
        """Return the definition as the JSON that is journaled."""
        return self.model_dump_json(exclude_defaults=True).encode()


def _sentence(model: str, error: ValidationError) -> str:
    """Return what is wrong as one sentence: each place with its fact."""
    problems: list[str] = []
    for problem in error.errors(include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        fact = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            fact = "is not known here; remove it or mend its spelling"
        problems.append(f"{place}: {fact}" if place else fact)
    return f"{model}: " + "; ".join(problems)


def _check_json(phase: Phase) -> None:
    """Raise a `ValueError` where what a phase passes through cannot be journaled."""
    for name, value in (("form", phase.form), ("options", phase.options)):
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(
                f"{name} of phase {phase.id!r} is not JSON ({error}); use plain dicts, lists, strings and numbers"
            ) from error


def follow(spec: WorkflowSpec) -> dict[str, tuple[str, ...]]:
    """Return for each phase id the ids of the phases that may follow, the default one first.

    Raises:
        ValueError: a name in ``next_classifications`` is not a phase of this workflow, or means several, or a phase
            can never be reached.
    """
    routed = any(phase.next_classifications is not None for phase in spec.phases)
    following: dict[str, tuple[str, ...]] = {}
    for index, phase in enumerate(spec.phases):
        if routed:
            following[phase.id] = tuple(_resolve(spec, phase, name) for name in phase.next_classifications or ())
        else:
            following[phase.id] = tuple(other.id for other in spec.phases[index + 1 : index + 2])
    reached = [spec.phases[0].id]
    for name in reached:
        reached.extend(other for other in following[name] if other not in reached)
    for phase in spec.phases:
        if phase.id not in reached:
            raise ValueError(
                f"phase {phase.id!r} is never reached; name it in the next_classifications of another phase"
            )
    return following


def _resolve(spec: WorkflowSpec, phase: Phase, name: str) -> str:
    """Return the id of the phase that *name* means in *phase*'s ``next_classifications``."""
    if any(other.id == name for other in spec.phases):
        return name
    matching = [other.id for other in spec.phases if other.target_classification == name]
    if len(matching) == 1:
        return matching[0]
    known = ", ".join(other.id for other in spec.phases)
    fact = "means several phases" if matching else "is no phase of this workflow"
    raise ValueError(f"next_classifications of {phase.id!r}: {name!r} {fact}; known are {known}")
