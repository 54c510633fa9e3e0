"""Recorded tools: in a replay, calls give what they gave when they were made."""

import itertools
from collections import deque
from collections.abc import Mapping
from typing import Any

import msgspec

from workflow_engine.agents.agent import Toolbox
from workflow_engine.agents.messages import Message, ToolResult, ToolSpec
from workflow_engine.agents.tools import Policy, Tool, ToolContext, ToolError
from workflow_engine.agents.transcript import Transcript
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class RecordedTools:
    """The tools of a transcript.  A call of the same tool with the same arguments gives what it gave, in that order.

    Args:
        transcript: where the calls are.
        live: makes the other calls, as far as nobody has to approve them; None refuses them.

    Attributes:
        refused: calls that were not made, as words.
        made: calls that were made anew, as words.
    """

    def __init__(self, transcript: Transcript, live: Toolbox | None = None) -> None:
        self.refused: list[str] = []
        self.made: list[str] = []
        self._specs = transcript.tools
        self._results = _results(transcript.messages)
        self._live = live

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        """See `Toolbox.tools`."""
        found: Mapping[str, tuple[Tool, Policy]] = {}
        if self._live is not None:
            found = await self._live.tools(phase, task)
        return {spec.name: (_RecordedTool(spec, self, found.get(spec.name)), "allow") for spec in self._specs}

    def result(self, name: str, arguments: dict[str, Any]) -> ToolResult | None:
        """Return what came of a call, None where there was none like this; the last of several is given again."""
        waiting = self._results.get(_place(name, arguments))
        if waiting is None:
            return None
        return waiting.popleft() if len(waiting) > 1 else waiting[0]


class _RecordedTool:
    def __init__(self, spec: ToolSpec, recorded: RecordedTools, live: tuple[Tool, Policy] | None) -> None:
        self.specs = (spec,)
        self._recorded = recorded
        self._live = live

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `Tool.call`."""
        found = self._recorded.result(name, arguments)
        if found is not None:
            if found.failed:
                raise ToolError(found.content)
            return found.content
        said = f"{name}({msgspec.json.encode(arguments).decode()})"
        if self._live is None or self._live[1] != "allow":
            self._recorded.refused.append(said)
            raise ToolError(f"{said} was not called in the conversation that is replayed, and is not called now")
        self._recorded.made.append(said)
        return await self._live[0].call(name, arguments, context)

    def policy(self, name: str) -> Policy:
        """See `Tool.policy`."""
        return "allow"


def _results(messages: tuple[Message, ...]) -> dict[bytes, deque[ToolResult]]:
    """Return what came of the calls in a conversation, by tool and arguments."""
    found: dict[bytes, deque[ToolResult]] = {}
    for asked, told in itertools.pairwise(messages):
        for call, result in zip(asked.calls, told.results, strict=False):
            if call.arguments is not None:
                found.setdefault(_place(call.name, call.arguments), deque()).append(result)
    return found


def _place(name: str, arguments: dict[str, Any]) -> bytes:
    return msgspec.json.encode([name, arguments], order="deterministic")
