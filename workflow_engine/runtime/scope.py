"""What a handler can do while its attempt is under way: durable steps, questions, timers, artifacts."""

import asyncio
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

import msgspec
from pydantic import BaseModel

from workflow_engine.artifacts.port import ArtifactRef, ArtifactStore
from workflow_engine.core.components import Cost, Json, StepRecord, WaitKind
from workflow_engine.core.inputs import Attach, Branch, Input, Reserve, StepRecorded, Suspend
from workflow_engine.core.inputs import Fork as ForkInput
from workflow_engine.core.record import RunView
from workflow_engine.errors import ArtifactError, BudgetExceeded, StepMismatch
from workflow_engine.forking import SAME, Fork, Joined
from workflow_engine.runtime.asking import to_form, to_names, wait_kind, when_due
from workflow_engine.runtime.saying import Said
from workflow_engine.spec.parts import Budget, ToolDeclaration
from workflow_engine.values import from_json, to_json, to_json_if, to_text, to_text_if


class Suspension(BaseException):
    """Unwinds a handler that waits.  Not an `Exception`, so that a handler's ``except Exception`` lets it pass."""

    def __init__(self, wait: Input) -> None:
        super().__init__(wait)
        self.wait = wait


Branching = Callable[[str, Json], tuple[str, str | None]]
"""Returns the definition hash, and the phase to begin with, of a workflow or classification that a task is forked for.

It is passed the name, and the JSON of what the task is about, absent for what its parent is about.  It raises `Missing`
where there is none of this name, and `InputRefused` where the workflow does not accept the data.
"""


class Asking(Protocol):
    """What a scope needs of its host."""

    @property
    def artifacts(self) -> ArtifactStore:
        """Where artifacts are kept."""
        ...

    @property
    def branch(self) -> Branching:
        """See there."""
        ...

    def said(self, said: Said) -> None:
        """Tell whoever listens what an attempt says while it is under way."""
        ...

    async def ask(self, make: Callable[[int], Input]) -> Any:
        """Send the input that *make* makes of a ticket, and return the reply once it is durable."""
        ...


_NULL: Final = msgspec.Raw(b"null")
_NONE: Final[Mapping[str, StepRecord]] = MappingProxyType({})


class HandlerScope:
    """One attempt under way, seen from inside its handler."""

    __slots__ = ("_calls", "_host", "_names", "_recorded", "_unclaimed", "_view", "input", "suspended")

    def __init__(self, host: Asking, view: RunView, given: Any = None) -> None:
        self._host = host
        self._view = view
        self.input = given
        self._calls = 0
        self._names: dict[str, int] = {}
        self._recorded: Mapping[str, StepRecord] = view.steps.entries if view.steps is not None else _NONE
        self._unclaimed = (
            {record.index: name for name, record in self._recorded.items() if record.index >= 0} if view.steps else {}
        )
        self.suspended: Suspension | None = None

    @property
    def key(self) -> str:
        """Idempotency key of the attempt."""
        return self._view.key

    @property
    def attempt(self) -> int:
        """Which attempt, from 1."""
        return self._view.attempt

    @property
    def visit(self) -> int:
        """Which visit to the phase, from 1."""
        return self._view.visit.visit

    @property
    def index(self) -> int | None:
        """Position in a fan-out, or None."""
        return self._view.visit.item

    @property
    def item(self) -> Any:
        """The item of a fan-out, or None."""
        item = self._view.item
        return from_json(item) if isinstance(item, msgspec.Raw) else None

    @property
    def budget(self) -> Budget | None:
        """What the models of the workflow's tasks may cost."""
        return self._view.phase.budget

    @property
    def tools(self) -> tuple[ToolDeclaration, ...]:
        """What the workflow declares for its agentic phases."""
        return self._view.phase.tools

    @property
    def reviews(self) -> bool:
        """Whether the output is a verdict on the work of others."""
        return self._view.phase.reviews

    @property
    def feedback(self) -> list[dict[str, Any]]:
        """Why the phase is carried out again."""
        feedback = self._view.feedback
        return from_json(feedback.issues) if feedback is not None else []

    async def step(self, name: str, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """See `Task.step`."""
        name, index, record = self._claim(to_text(name, "the name of the step"))
        if record is not None:
            return from_json(record.value)
        if inspect.iscoroutinefunction(call):
            result = await call(*args, **kwargs)
        else:
            result = await asyncio.to_thread(call, *args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
        value = to_json(result, f"the result of step {name!r}")
        view = self._view
        await self._host.ask(lambda ticket: StepRecorded(view.run, view.attempt, name, index, value, ticket))
        return from_json(value)

    async def turn(self, name: str, call: Callable[[str], Awaitable[tuple[Any, Cost]]], most: Cost | None) -> Any:
        """See `Task.turn`."""
        name, index, record = self._claim(to_text(name, "the name of the turn"))
        if record is not None:
            return from_json(record.value)
        view = self._view
        cost: Cost | None = None
        result: Any = await self._reserve(name, most)
        if result is None:
            result, cost = await call(f"{view.run}/{name}")
        value = to_json(result, f"the result of turn {name!r}")
        await self._host.ask(lambda ticket: StepRecorded(view.run, view.attempt, name, index, value, ticket, cost))
        return from_json(value)

    async def queue(self, name: str, prompt: str, asked: Any, whom: str, form: Any, most: Cost | None) -> Any:
        """See `Task.queue`."""
        name, index, record = self._claim(to_text(name, "the name of the turn"))
        if record is not None:
            return from_json(record.value)
        run, attempt = self._view.run, self._view.attempt
        exceeded = await self._reserve(name, most)
        if exceeded is not None:
            value = to_json(exceeded, f"the result of turn {name!r}")
            await self._host.ask(lambda ticket: StepRecorded(run, attempt, name, index, value, ticket))
            return exceeded
        shown, shape = to_json(asked, "what is asked"), to_json(form, "the form")
        self._suspend(Suspend(run, attempt, WaitKind.IO, prompt, name, index, form=shape, show=shown, assignee=whom))

    async def _reserve(self, name: str, most: Cost | None) -> dict[str, Any] | None:
        """Put aside what a turn may cost at most; return what is told of it where that would break the budget."""
        view = self._view
        if most is not None:
            try:
                await self._host.ask(lambda ticket: Reserve(view.run, view.attempt, name, most, ticket))
            except BudgetExceeded as exceeded:
                told = {"scope": exceeded.scope, "unit": exceeded.unit, "fact": exceeded.fact, "message": str(exceeded)}
                return {"exceeded": told}
        return None

    async def extend(self, scope: str, by: Cost) -> None:
        """See `Task.extend_budget`."""
        name, index, record = self._claim("extend the budget")
        if record is None:
            view = self._view
            await self._host.ask(
                lambda ticket: StepRecorded(view.run, view.attempt, name, index, _NULL, ticket, extends=scope, by=by)
            )

    def say(self, text: str) -> None:
        """See `Task.say`."""
        view = self._view
        self._host.said(Said(view.visit.task, view.visit.phase, view.run, view.attempt, text))

    async def ask(
        self,
        kind: str,
        prompt: str,
        *,
        name: str | None,
        form: Any,
        show: Any,
        assignee: str | None,
        candidates: Sequence[str],
        due: float | None,
        on_due: str,
        escalate_to: Sequence[str] = (),
    ) -> Any:
        """See `Task.ask_human`."""
        prompt = to_text(prompt, "the prompt")
        name, index, record = self._claim(to_text(name or prompt, "the name of the step"))
        model: type[BaseModel] | None = form if isinstance(form, type) and issubclass(form, BaseModel) else None
        if record is not None:
            return model.model_validate_json(bytes(record.value)) if model is not None else from_json(record.value)
        then, others = when_due(on_due, escalate_to)
        schema: Any = form if model is None else model.model_json_schema()  # pyright: ignore[reportUnknownVariableType]
        self._suspend(
            Suspend(
                self._view.run,
                self._view.attempt,
                wait_kind(kind),
                prompt=prompt,
                step=name,
                index=index,
                form=to_form(schema),
                show=to_json_if(show, "what the question shows"),
                assignee=to_text_if(assignee, "the assignee"),
                candidates=to_names(candidates, "the candidates"),
                due_in=due,
                on_due=then,
                escalate_to=others,
            )
        )

    async def sleep(self, seconds: float) -> None:
        """See `Task.sleep`."""
        name, index, record = self._claim("sleep")
        if record is None:
            view = self._view
            wake_in = max(0.0, seconds)
            self._suspend(Suspend(view.run, view.attempt, WaitKind.IO, step=name, index=index, wake_in=wake_in))

    async def fork(
        self, branches: Sequence[Fork], context: Mapping[str, msgspec.Raw], name: str, *, inherits: bool
    ) -> list[Joined]:
        """Have tasks carried out, and return how they ended, in order; see `Task.fork`."""
        name, index, record = self._claim(name)
        if record is not None:
            return msgspec.json.decode(record.value, type=list[Joined])
        view = self._view
        found = tuple(self._branch(branch, inherits) for branch in branches)
        self._suspend(ForkInput(view.run, view.attempt, name, index, found, dict(context) or None))
        raise AssertionError("a suspension was not raised")

    def _branch(self, branch: Fork, inherits: bool) -> Branch:
        data = msgspec.UNSET if branch.data is SAME else to_json(branch.data, f"the data of {branch.name!r}")
        digest, start = self._host.branch(branch.name, data)
        return Branch(digest, data, start, inherits)

    def resumed(self) -> list[Any]:
        """See `Task.resumed_with`."""
        return [from_json(record.value) for record in self._recorded.values() if record.index < 0]

    async def attach(
        self, name: str, content: bytes | str | Path | AsyncIterable[bytes], media_type: str | None
    ) -> None:
        """See `Task.add_artifact`."""
        view = self._view
        task: str = view.task["identity"].id
        reference = await self._host.artifacts.put(name, content, media_type=media_type, phase=view.phase.spec.id)
        entry = {reference.name: to_json(reference, "the reference")}
        await self._host.ask(lambda ticket: Attach(task, entry, ticket))
        view.task.setdefault("artifacts", _Attached({})).entries.update(entry)

    async def read(self, name: str) -> bytes:
        """See `Task.read_artifact`."""
        table = self._view.task.get("artifacts")
        if table is None or name not in table.entries:
            known = ", ".join(table.entries) if table is not None else "none"
            raise ArtifactError(f"task {self._view.task['identity'].id} has no artifact {name!r}; it has {known}")
        return await self._host.artifacts.read_bytes(msgspec.json.decode(table.entries[name], type=ArtifactRef))

    def finish(self) -> None:
        """Check, when the handler has returned, that it did all it had done before.

        Raises:
            StepMismatch: a recorded step was not asked for.
            Suspension: the handler was to be suspended, and held the unwinding up.
        """
        if self.suspended is not None:
            raise self.suspended
        if self._unclaimed:
            name = self._unclaimed[min(self._unclaimed)]
            raise StepMismatch(self._view.run, f"step {name!r} is recorded, and the handler did not come to it again")

    def _suspend(self, wait: Input) -> None:
        self.suspended = Suspension(wait)
        raise self.suspended

    def _claim(self, base: str) -> tuple[str, int, StepRecord | None]:
        """Return name, position and record of the next durable call.

        Raises:
            StepMismatch: another step stood here when the handler was called before.
        """
        count = self._names[base] = self._names.get(base, 0) + 1
        name = base if count == 1 else f"{base}#{count}"
        index = self._calls
        self._calls += 1
        record = self._recorded.get(name)
        expected = self._unclaimed.pop(index, None)
        if record is not None and record.index != index:
            why = f"step {name!r} was number {record.index + 1} when it was recorded, and is number {index + 1} now"
            raise StepMismatch(self._view.run, why)
        if record is None and expected is not None:
            why = f"step number {index + 1} is recorded as {expected!r}, and is {name!r} now"
            raise StepMismatch(self._view.run, why)
        return name, index, record


class _Attached(msgspec.Struct):
    """Stands for the artifacts of a task that had none when its handler was called."""

    entries: dict[str, msgspec.Raw]
