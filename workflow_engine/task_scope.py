"""The scope port: what makes a `Task` more than a view, the attempt under way that it was handed to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from workflow_engine.core.components import Cost
from workflow_engine.forking import Fork, Joined
from workflow_engine.spec.parts import Budget, ToolDeclaration


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

    async def turn(self, name: str, call: Callable[[str], Awaitable[tuple[Any, Cost]]], most: Cost | None) -> Any:
        """See `Task.turn`."""
        ...

    async def queue(self, name: str, prompt: str, asked: Any, whom: str, form: Any, most: Cost | None) -> Any:
        """See `Task.queue`."""
        ...

    async def extend(self, scope: str, by: Cost) -> None:
        """See `Task.extend_budget`."""
        ...

    def say(self, text: str) -> None:
        """See `Task.say`."""
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
        candidates: Sequence[str],
        due: float | None,
        on_due: str,
        escalate_to: Sequence[str] = (),
    ) -> Any:
        """See `Task.ask_human`."""
        ...

    async def sleep(self, seconds: float) -> None:
        """See `Task.sleep`."""
        ...

    async def fork(
        self, branches: Sequence[Fork], context: Mapping[str, msgspec.Raw], name: str, *, inherits: bool
    ) -> list[Joined]:
        """See `Task.fork`."""
        ...

    @property
    def input(self) -> Any:
        """See `Task.input`."""
        ...

    @property
    def visit(self) -> int:
        """See `Task.visit`."""
        ...

    @property
    def item(self) -> Any:
        """See `Task.item`."""
        ...

    @property
    def index(self) -> int | None:
        """See `Task.index`."""
        ...

    @property
    def feedback(self) -> list[dict[str, Any]]:
        """See `Task.feedback`."""
        ...

    @property
    def budget(self) -> Budget | None:
        """See `Task.budget`."""
        ...

    @property
    def tools(self) -> tuple[ToolDeclaration, ...]:
        """See `Task.tools`."""
        ...

    @property
    def reviews(self) -> bool:
        """See `Task.reviews`."""
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
