"""Task: what handlers, hooks and callers see of a task."""

from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar, overload

import msgspec
from pydantic import BaseModel

from workflow_engine.context_values import Values
from workflow_engine.core.components import (
    Component,
    Cost,
    Table,
)
from workflow_engine.errors import IllegalTransition, InputRefused, MergeConflict
from workflow_engine.forking import Fork, merge
from workflow_engine.spec.parts import Budget, ToolDeclaration
from workflow_engine.task_scope import Scope
from workflow_engine.task_view import UNREAD, TaskView, as_model
from workflow_engine.values import from_json, to_seconds, to_text

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
C = TypeVar("C", bound=Component | Table)


class Task(TaskView):
    """A task: a view of it as it was when the view was made, and, inside a handler, the handle on its durable work.

    Attributes:
        classification: what the task is classified as in its present phase; None where it is in none.
        output: inside a handler, what it leaves as the phase's output, where it does not return one; elsewhere what the
            task gave: the output of the phase that ended last, or in a graph of the phase that none depends on (of
            several such phases an object by their ids; of a gate, what its reviewers looked at).
        next_classification: inside a handler, the classification it picks to follow; None for the default.
    """

    __slots__ = ("_stage", "next_classification")

    def __init__(
        self,
        components: Mapping[str, Any],
        classification: str | None = None,
        phase: str | None = None,
        scope: Scope | None = None,
    ) -> None:
        super().__init__(components, classification, phase, scope)
        self._stage: str | None = None
        self.next_classification: str | None = None

    @property
    def key(self) -> str:
        """Idempotency key of the attempt under way: the same when it comes again after a crash."""
        return self._in_handler("key").key

    @property
    def attempt(self) -> int:
        """Which attempt of the phase this is, from 1."""
        return self._in_handler("attempt").attempt

    @property
    def visit(self) -> int:
        """Which visit of the task to this phase it is, from 1."""
        return self._in_handler("visit").visit

    @property
    def input(self) -> Any:
        """What the phase is given: its ``input``, with the templates in it evaluated; None where it has none."""
        return self._in_handler("input").input

    def input_as(self, model: type[M]) -> M:
        """Return the phase's input as an instance of a pydantic model.

        Raises:
            InputRefused: it does not fit the model.
        """
        return as_model(self.input, model, f"the input of phase {self.phase!r}")

    @property
    def item(self) -> Any:
        """In a fan-out, the item of the list that this call is for."""
        return self._in_handler("item").item

    @property
    def index(self) -> int | None:
        """In a fan-out, the position of the item in the list, from 0; None elsewhere."""
        return self._in_handler("index").index

    @property
    def feedback(self) -> list[dict[str, Any]]:
        """Why the work is to be done again: ``{"severity": ..., "message": ..., "path": ...}`` each; empty at first."""
        return self._in_handler("feedback").feedback

    @property
    def reviews(self) -> bool:
        """Whether this phase reviews the work of others: it has ``on_reject``, or a gate decides over it."""
        return self._in_handler("reviews").reviews

    def move_to(self, stage: str) -> None:
        """Move the task to a stage of its workflow's ``states`` once this phase completes.

        A stage that may not follow the one it is at then fails the task.
        """
        self._in_handler("move_to")
        self._stage = stage

    async def fork(
        self,
        *branches: str | Fork,
        on_conflict: str = "refuse",
        inherits: bool = True,
        name: str = "fork",
    ) -> list[Any]:
        """Have other tasks carried out side by side, and go on with what they gave.

        The handler ends here and is called again from the top once all of them have completed.  They begin with the
        context that this handler sees.  What they leave there comes back into this task's context: a value that one
        of them changed is taken, equal changes are taken, different ones are a conflict.  Where one of them fails or
        is cancelled, so are the others, and this phase fails.

        Args:
            *branches: workflows, or classifications that have a handler; by name, or with data of their own.
            on_conflict: "refuse" raises `MergeConflict`, "human" asks a person which value to keep.
            inherits: False for tasks that begin with an empty context, and leave nothing in this one's.
            name: name of the step.

        Returns:
            Their outputs, in the order in which they were named.

        Raises:
            MergeConflict: they have left different values under one name.
        """
        if on_conflict not in ("refuse", "human"):
            raise InputRefused(f'on_conflict is "refuse" or "human", not {on_conflict!r}')
        if not branches:
            return []
        scope = self._in_handler("fork")
        named = [branch if isinstance(branch, Fork) else Fork(to_text(branch, "a task to fork")) for branch in branches]
        values = self._values()
        joined = await scope.fork(named, values.changed() or {}, name, inherits=inherits)
        if inherits:
            merged, conflicts = merge(values.raw(), joined)
            if conflicts and on_conflict == "human":
                merged |= await self._decided(conflicts, name)
            elif conflicts:
                raise MergeConflict({key: _plain(sides) for key, sides in conflicts.items()})
            for key, value in merged.items():
                values[key] = from_json(value)
        return [from_json(end.output) if isinstance(end.output, msgspec.Raw) else None for end in joined]

    async def _decided(self, conflicts: Mapping[str, Mapping[str, msgspec.Raw]], name: str) -> dict[str, msgspec.Raw]:
        """Return the values that a person chooses, by name."""
        form = {
            "type": "object",
            "required": list(conflicts),
            "properties": {key: {"enum": list(sides), "description": key} for key, sides in conflicts.items()},
        }
        shown = {key: _plain(sides) for key, sides in conflicts.items()}
        prompt = "Tasks have left different values. Whose is to be kept?"
        chosen = await self.ask_human(prompt, form=form, show=shown, name=f"{name}: whose value")
        return {key: sides[chosen[key]] for key, sides in conflicts.items()}

    def _values(self) -> Values:
        values = self.context
        assert isinstance(values, Values)
        return values

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

    async def turn(
        self, name: str, call: Callable[[str], Awaitable[tuple[Any, Cost]]], most: Cost | None = None
    ) -> Any:
        """Ask a model once: a durable step whose cost is booked to the task and its workflow.  For adapters of models.

        Args:
            name: name of the step.
            call: is passed an idempotency key, the same when it is called again after a crash; returns the result,
                anything that can be JSON, and what it cost.
            most: what it may cost at most, which is put aside beforehand; None for no budget.

        Returns:
            The result, as JSON gives it back; ``{"exceeded": {"scope", "unit", "fact", "message"}}`` where *most*
            would break the budget, and the model was not asked.
        """
        return await self._in_handler("turn").turn(name, call, most)

    async def queue(
        self, name: str, prompt: str, asked: Any, whom: str, *, form: Mapping[str, Any], most: Cost | None = None
    ) -> Any:
        """Have a model asked some time later, and go on with its answer: a turn that suspends the task meanwhile.

        The handler ends here and is called again from the top once an adapter has answered through its `Inbox`, which
        books what that cost.

        Args:
            name: name of the step.
            prompt: what is waited for, in words.
            asked: what the adapter needs to know, anything that can be JSON; it is the question's ``show``.
            whom: who is to answer, in words by which the adapter knows its questions; the question's ``assignee``.
            form: JSON Schema of the answer, an adapter's constant, which is not checked each time.
            most: what it may cost at most, which is put aside beforehand; None for no budget.

        Returns:
            The answer, or what `turn` returns where *most* would break the budget.
        """
        return await self._in_handler("queue").queue(name, prompt, asked, whom, form, most)

    async def extend_budget(self, scope: str, by: Cost) -> None:
        """Let this task, or all tasks of its workflow (*scope* "workflow"), cost more: a durable step, done once."""
        await self._in_handler("extend_budget").extend(scope, by)

    def say(self, text: str) -> None:
        """Let people who watch see something at once: progress, or the words of a model.  It is not kept."""
        self._in_handler("say").say(text)

    @property
    def budget(self) -> Budget | None:
        """What the models of the tasks of this workflow may cost, None for no bound."""
        return self._in_handler("budget").budget

    @property
    def tools(self) -> tuple[ToolDeclaration, ...]:
        """The tools that the workflow declares for its agentic phases."""
        return self._in_handler("tools").tools

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
        escalate_to: Sequence[str] = (),
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
        escalate_to: Sequence[str] = (),
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
        escalate_to: Sequence[str] = (),
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
            on_due: what then happens: "notify" says so and keeps waiting, "fail" fails the phase, "escalate" asks those
                of *escalate_to* instead.
            name: name of the step; the prompt unless given.
            escalate_to: people or groups who are asked once the question is overdue.

        Returns:
            The answer: an instance of the model, or JSON.
        """
        return await self._in_handler("ask_human").ask(
            "human", prompt, name=name, form=form, show=show, assignee=assignee, candidates=candidates,
            due=_seconds(due), on_due=on_due, escalate_to=escalate_to,
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
    return None if output is UNREAD else output


def moved_to(task: Task) -> str | None:
    """Return the stage that a handler moved its task to, or None.  For hosts."""
    return task._stage  # pyright: ignore[reportPrivateUsage] - the host's part of the class


def _plain(sides: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    return {task: from_json(value) for task, value in sides.items()}


def _seconds(due: float | str | None) -> float | None:
    return to_seconds(due, "due") if due is not None else None
