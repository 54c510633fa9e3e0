"""Task: what handlers, hooks and callers see of a task."""

from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, MutableMapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar, overload

import msgspec
from pydantic import BaseModel

from workflow_engine.context_values import Values
from workflow_engine.core.components import (
    NAMES,
    Artifacts,
    Component,
    Context,
    Data,
    Failure,
    Identity,
    PhaseProgress,
    Progress,
    Status,
    Table,
    TaskState,
)
from workflow_engine.errors import IllegalTransition
from workflow_engine.values import from_json, to_seconds

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
C = TypeVar("C", bound=Component | Table)


class Scope(Protocol):
    """What makes a `Task` more than a view: the attempt under way that it was handed to."""

    @property
    def key(self) -> str:
        """See `Task.key`."""
        ...

    @property
    def attempt(self) -> int:
        """See `Task.attempt`."""
        ...

    async def step(self, name: str, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """See `Task.step`."""
        ...

    async def ask(
        self,
        kind: str,
        prompt: str,
        *,
        name: str | None,
        form: Any,
        show: Any,
        assignee: str | None,
        candidates: tuple[str, ...],
        due: float | None,
        on_due: str,
    ) -> Any:
        """See `Task.ask_human`."""
        ...

    async def sleep(self, seconds: float) -> None:
        """See `Task.sleep`."""
        ...

    def resumed(self) -> list[Any]:
        """See `Task.resumed_with`."""
        ...

    async def attach(self, name: str, content: Any, media_type: str | None) -> None:
        """See `Task.add_artifact`."""
        ...

    async def read(self, name: str) -> bytes:
        """See `Task.read_artifact`."""
        ...


class Task:
    """A task: a view of it as it was when the view was made, and, inside a handler, the handle on its durable work.

    Attributes:
        classification: what the task is classified as in its present phase; None where it is in none.
        output: inside a handler, what it leaves as the phase's output, where it does not return one; elsewhere the
            output of the phase that ended last.
        next_classification: inside a handler, the classification it picks to follow; None for the default.
    """

    __slots__ = (
        "_components",
        "_context",
        "_data",
        "_output",
        "_scope",
        "classification",
        "next_classification",
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
        self._data: Any = _UNREAD
        self._output: Any = _UNREAD
        self.classification = classification
        self.phase = phase
        self.next_classification: str | None = None

    def __repr__(self) -> str:
        return f"Task({self.id!r}, {self.status.value}, workflow={self.workflow!r}, phase={self.phase!r})"

    def _find(self, kind: type[C]) -> C | None:
        return self._components.get(NAMES[kind])

    def _get(self, kind: type[C]) -> C:
        found: C = self._components[NAMES[kind]]
        return found

    # ------------------------------------------------------------ what is true of it

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
        if self._data is _UNREAD:
            self._data = from_json(self._get(Data).value)
        return self._data

    @property
    def context(self) -> MutableMapping[str, Any]:
        """Values that handlers left; inside a handler, what it sets is kept when the phase completes."""
        if self._context is None:
            table = self._find(Context)
            self._context = Values(table.entries if table is not None else {})
        return self._context

    @property
    def outputs(self) -> dict[str, Any]:
        """Outputs of completed phases, by phase id."""
        return {
            phase: from_json(entry.output)
            for phase, entry in self._progress().items()
            if entry.output is not msgspec.UNSET
        }

    @property
    def output(self) -> Any:
        """See the class."""
        if self._output is not _UNREAD:
            return self._output
        if self._scope is not None:
            return None
        ended = [entry for entry in self._progress().values() if entry.output is not msgspec.UNSET]
        return from_json(max(ended, key=lambda entry: entry.ended).output) if ended else None

    @output.setter
    def output(self, value: Any) -> None:
        self._output = value

    @property
    def artifacts(self) -> dict[str, dict[str, Any]]:
        """References of its artifacts by name: ``{"name": {"sha256": ..., "size": bytes, "media_type": ...}}``."""
        table = self._find(Artifacts)
        return {name: from_json(raw) for name, raw in table.entries.items()} if table is not None else {}

    def _progress(self) -> dict[str, PhaseProgress]:
        progress = self._find(Progress)
        return progress.entries if progress is not None else {}

    # ------------------------------------------------------------ what a handler can do with it

    @property
    def key(self) -> str:
        """Idempotency key of the attempt under way: the same when it comes again after a crash."""
        return self._in_handler("key").key

    @property
    def attempt(self) -> int:
        """Which attempt of the phase this is, from 1."""
        return self._in_handler("attempt").attempt

    @overload
    async def step(self, name: str, call: Callable[..., Awaitable[T]], /, *args: Any, **kwargs: Any) -> T: ...
    @overload
    async def step(self, name: str, call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T: ...
    async def step(self, name: str, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call something once: its result is journaled before this returns, and after a crash it is not called again.

        Args:
            name: what the step is called in the journal; calls of the same name are told apart by their order.
            call: an async function, or a plain one, which is run in a thread.
            *args: passed on.
            **kwargs: passed on.

        Returns:
            The result, as JSON gives it back (a tuple comes back as a list).

        Raises:
            StepMismatch: the handler did other steps when it was called before.
            InputRefused: the result cannot be JSON.
        """
        return await self._in_handler("step").step(name, call, *args, **kwargs)

    @overload
    async def ask_human(
        self,
        prompt: str,
        *,
        form: type[M],
        show: Any = None,
        assignee: str | None = None,
        candidates: Sequence[str] = (),
        due: float | str | None = None,
        on_due: str = "notify",
        name: str | None = None,
    ) -> M: ...
    @overload
    async def ask_human(
        self,
        prompt: str,
        *,
        form: Mapping[str, Any] | None = None,
        show: Any = None,
        assignee: str | None = None,
        candidates: Sequence[str] = (),
        due: float | str | None = None,
        on_due: str = "notify",
        name: str | None = None,
    ) -> Any: ...
    async def ask_human(
        self,
        prompt: str,
        *,
        form: type[BaseModel] | Mapping[str, Any] | None = None,
        show: Any = None,
        assignee: str | None = None,
        candidates: Sequence[str] = (),
        due: float | str | None = None,
        on_due: str = "notify",
        name: str | None = None,
    ) -> Any:
        """Ask a person, and go on with the answer: days may pass, and the process may restart.

        The handler ends here and is called again from the top once the question is answered; steps that are recorded
        return what they returned.

        Args:
            prompt: the question in words.
            form: what the answer must look like: a pydantic model, or a JSON Schema; None for any JSON.
            show: what the question is about, anything that can be JSON.
            assignee: who is asked.
            candidates: people or groups of whom any may answer.
            due: seconds, or a duration such as "2d", after which the question is overdue.
            on_due: what then happens: "notify" says so and keeps waiting, "fail" fails the phase.
            name: name of the step; the prompt unless given.

        Returns:
            The answer: an instance of the model, or JSON.
        """
        return await self._in_handler("ask_human").ask(
            "human", prompt, name=name, form=form, show=show, assignee=assignee, candidates=tuple(candidates),
            due=_seconds(due), on_due=on_due,
        )  # fmt: skip

    async def suspend(
        self,
        kind: str,
        prompt: str,
        *,
        form: type[BaseModel] | Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> Any:
        """Wait until `ECSWorkflowEngine.resume` or an answer brings a value: as `ask_human`, for any kind of wait.

        Args:
            kind: "human", "agent" or "io".
            prompt: what is waited for, in words.
            form: what the value must look like, or None.
            name: name of the step; the prompt unless given.
        """
        return await self._in_handler("suspend").ask(
            kind, prompt, name=name, form=form, show=None, assignee=None, candidates=(), due=None, on_due="notify"
        )

    async def sleep(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> None:
        """Wait for a time that outlives the process: a durable timer."""
        await self._in_handler("sleep").sleep(
            timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days).total_seconds()
        )

    @property
    def resumed_with(self) -> list[Any]:
        """Values that `ECSWorkflowEngine.resume` brought to this run, oldest first."""
        return self._in_handler("resumed_with").resumed()

    async def add_artifact(
        self, name: str, content: bytes | str | Path | AsyncIterable[bytes], media_type: str | None = None
    ) -> None:
        """Keep something with the task: text, bytes, a file, or a stream of any size.

        Raises:
            ArtifactError: the name is not acceptable.
        """
        await self._in_handler("add_artifact").attach(name, content, media_type)

    async def read_artifact(self, name: str) -> bytes:
        """Return the content of an artifact of the task.

        Raises:
            ArtifactError: there is none of this name, or its file is missing or damaged.
        """
        return await self._in_handler("read_artifact").read(name)

    def _in_handler(self, what: str) -> Scope:
        if self._scope is None:
            raise IllegalTransition(f"task {self.id}", "only looked at here", f"{what}, which works inside its handler")
        return self._scope


def kept(task: Task) -> dict[str, msgspec.Raw] | None:
    """Return the context entries that a handler changed, or None.  For hosts.

    Raises:
        InputRefused: an entry cannot be JSON.
    """
    context = task._context  # pyright: ignore[reportPrivateUsage] - the host's part of the class
    return context.changed() if context is not None else None


def left(task: Task) -> Any:
    """Return what a handler left in ``task.output``, None where nothing.  For hosts."""
    output = task._output  # pyright: ignore[reportPrivateUsage] - the host's part of the class
    return None if output is _UNREAD else output


class _Unread:
    """Marks what was not decoded or set yet."""


_UNREAD = _Unread()


def _seconds(due: float | str | None) -> float | None:
    return to_seconds(due, "due") if due is not None else None
