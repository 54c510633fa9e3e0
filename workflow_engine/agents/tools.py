"""The tool port: what models may have called."""

from typing import Any, Literal, NamedTuple, Protocol

from workflow_engine.agents.messages import ToolSpec
from workflow_engine.task import Task

Policy = Literal["allow", "ask", "deny"]
"""Whether a call is made at once, after a person has approved it, or never."""


class ToolError(Exception):
    """A call failed in a way that the model is to hear of, so that it can try something else."""


class ToolContext(NamedTuple):
    """What a tool is told of the call.

    Attributes:
        task: the task; a view of it, and inside a handler its handle.
        key: idempotency key of the call: the same when it comes again after a crash (task, run, call).
        call: the model's name for the call.
    """

    task: Task
    key: str
    call: str


class Tool(Protocol):
    """Something that a model may have called.

    It may also have ``async def start(self)`` and ``async def close(self)``.
    """

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What it offers; after `start`, where it has one."""
        ...

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """Make one call, and return what the model is told: a text, or anything that can be JSON.

        Raises:
            ToolError: the call failed in a way that the model is to hear of; it may try something else.
            TransientFailure: the tool does not work just now; the phase is tried again later.
            PermanentFailure: it never will; the phase fails.
        """
        ...

    def policy(self, name: str) -> Policy:
        """Return what holds for this tool where the phase says nothing: whatever changes the world asks."""
        ...
