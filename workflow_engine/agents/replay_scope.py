"""The scope of a replay: what a conversation may ask for while nothing of it is to be kept."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NoReturn

import msgspec

from workflow_engine.core.components import Cost
from workflow_engine.errors import PermanentFailure
from workflow_engine.forking import Fork, Joined
from workflow_engine.spec.parts import Budget, ToolDeclaration
from workflow_engine.values import from_json, to_json


class ReplayScope:
    """Stands where the scope of an attempt does.  Steps are done and not recorded; whatever would wait is refused.

    Args:
        run: id of the run, which is that of no real one: idempotency keys begin with it.
        feedback: why the work was to be done again.
        item: of a fan-out.
        given: the phase's input.
        reviews: whether the output is a verdict on the work of others.
        tools: what the workflow declares.

    Attributes:
        transcript: what was said, as it would have been kept; empty before the end.
    """

    def __init__(
        self,
        run: str,
        *,
        feedback: Sequence[dict[str, Any]] = (),
        item: Any = None,
        given: Any = None,
        reviews: bool = False,
        tools: tuple[ToolDeclaration, ...] = (),
    ) -> None:
        self.key = f"{run}/1"
        self.attempt = 1
        self.feedback = list(feedback)
        self.item = item
        self.input = given
        self.reviews = reviews
        self.tools = tools
        self.budget: Budget | None = None
        self.transcript = b""
        self._run = run
        self._turns = 0

    @property
    def visit(self) -> int:
        """See `Task.visit`."""
        return int(self._run.rsplit("/", 1)[1].partition(".")[0])

    @property
    def index(self) -> int | None:
        """See `Task.index`."""
        item = self._run.rsplit("/", 1)[1].partition(".")[2]
        return int(item) if item else None

    async def step(self, name: str, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Do the step."""
        return from_json(to_json(await call(*args, **kwargs), f"the result of step {name!r}"))

    async def turn(self, name: str, call: Callable[[str], Awaitable[tuple[Any, Cost]]], most: Cost | None) -> Any:
        """Ask the model."""
        self._turns += 1
        result, _ = await call(f"{self._run}/{name}#{self._turns}")
        return result

    def say(self, text: str) -> None:
        """Say nothing."""

    async def attach(self, name: str, content: Any, media_type: str | None) -> None:
        """Take the transcript, the only thing that a conversation keeps."""
        self.transcript = content

    async def queue(self, name: str, prompt: str, asked: Any, whom: str, form: Any, most: Cost | None) -> NoReturn:
        """Refuse."""
        self._refuse("wait for a batch")

    async def extend(self, scope: str, by: Cost) -> None:
        """Refuse."""
        self._refuse("extend a budget")

    async def ask(self, kind: str, prompt: str, **given: Any) -> NoReturn:
        """Refuse."""
        self._refuse("ask anybody")

    async def sleep(self, seconds: float) -> None:
        """Refuse."""
        self._refuse("sleep")

    async def fork(
        self, branches: Sequence[Fork], context: Mapping[str, msgspec.Raw], name: str, *, inherits: bool
    ) -> list[Joined]:
        """Refuse."""
        self._refuse("fork tasks")

    def resumed(self) -> list[Any]:
        """See `Task.resumed_with`."""
        return []

    async def read(self, name: str) -> bytes:
        """Refuse."""
        self._refuse("read artifacts")

    def _refuse(self, what: str) -> NoReturn:
        raise PermanentFailure(f"a replay cannot {what}: it writes nothing")
