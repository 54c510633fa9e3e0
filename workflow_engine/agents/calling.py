"""Calling: tool calls of a model, approved by people where that is the policy, each made once."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from workflow_engine.agents.messages import ToolCall, ToolResult
from workflow_engine.agents.tools import Policy, Tool, ToolContext, ToolError
from workflow_engine.forms import misfits
from workflow_engine.spec.model import Phase
from workflow_engine.spec.problems import did_you_mean, listed
from workflow_engine.task import Task
from workflow_engine.values import to_json


class ToolCalls:
    """Makes the tool calls of one conversation.

    Attributes:
        made: how many calls the model has asked for.
    """

    def __init__(self, task: Task, phase: Phase, tools: Mapping[str, tuple[Tool, Policy]]) -> None:
        self._task = task
        self._phase = phase
        self._tools = tools
        self.made = 0

    async def make(self, calls: tuple[ToolCall, ...]) -> tuple[ToolResult, ...]:
        """Make *calls*, those that need no person side by side, and return what came of each, in their order.

        Raises:
            TransientFailure: a tool does not work just now; the results of the others are kept.
            PermanentFailure: it never will.
        """
        self.made += len(calls)
        decided = [await self._decide(call) for call in calls]
        results = await asyncio.gather(*(self._once(call) for call in decided), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return tuple(result for result in results if isinstance(result, ToolResult))

    async def _decide(self, call: ToolCall) -> "ToolCall | ToolResult":
        """Return the call to make, as a person may have changed it, or what the model is told in its place."""
        refused = self._refused(call)
        if refused is not None:
            return ToolResult(call.id, refused, failed=True)
        _, policy = self._tools[call.name]
        if policy == "allow":
            return call
        answer = await self._task.ask_human(
            f"May the model call {call.name}?",
            form=_APPROVAL,
            show={"tool": call.name, "arguments": call.arguments},
            assignee=self._phase.assignee,
            candidates=self._phase.candidates,
            due=self._phase.due,
            on_due=self._phase.on_due,
            name=f"approve {call.name}",
        )
        if answer["decision"] != "approve":
            return ToolResult(
                call.id, f"a person refused this call: {answer.get('comment') or 'no reason'}", failed=True
            )
        changed = msgspec.structs.replace(call, arguments=answer.get("arguments", call.arguments))
        refused = self._refused(changed)
        return ToolResult(call.id, refused, failed=True) if refused is not None else changed

    def _refused(self, call: ToolCall) -> str | None:
        """Return why a call cannot be made, as the model is told; None where it can."""
        if call.name not in self._tools:
            return (
                f"there is no tool {call.name!r}; there are {listed(self._tools)}{did_you_mean(call.name, self._tools)}"
            )
        tool, policy = self._tools[call.name]
        if policy not in ("allow", "ask"):
            return f"the tool {call.name!r} may not be called here"
        if call.arguments is None:
            return f"the arguments are no JSON object: {call.written[:200]}"
        schema = next(spec.parameters for spec in tool.specs if spec.name == call.name)
        found = misfits(to_json(schema, "the schema"), to_json(call.arguments, "the arguments"))
        return "; ".join(f"{place}: {fact}" if place else fact for place, fact in found) or None

    async def _once(self, call: "ToolCall | ToolResult") -> ToolResult:
        if isinstance(call, ToolResult):
            return call
        told: dict[str, Any] = await self._task.step(f"tool {call.name}", self._perform, call)
        return ToolResult(call.id, told["content"], told["failed"])

    async def _perform(self, call: ToolCall) -> dict[str, Any]:
        tool, _ = self._tools[call.name]
        key = f"{self._task.key.rpartition('/')[0]}/{call.id}"
        try:
            given = await tool.call(call.name, call.arguments or {}, ToolContext(self._task, key, call.id))
        except ToolError as error:
            return {"content": str(error), "failed": True}
        content = given if isinstance(given, str) else bytes(to_json(given, f"what {call.name} gives")).decode()
        return {"content": content, "failed": False}


_APPROVAL: dict[str, Any] = {
    "type": "object",
    "required": ["decision"],
    "properties": {
        "decision": {"enum": ["approve", "reject"]},
        "arguments": {"type": "object", "description": "other arguments to call it with"},
        "comment": {"type": "string", "description": "what the model is told where the call is refused"},
    },
}
