"""Calling: tool calls of a model, approved by people where that is the policy, each made once."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from workflow_engine.agents.messages import ToolCall, ToolResult
from workflow_engine.agents.tools import Policy, Tool, ToolContext, ToolError
from workflow_engine.errors import TransientFailure
from workflow_engine.forms import misfits
from workflow_engine.spec.model import Phase
from workflow_engine.spec.problems import did_you_mean, listed
from workflow_engine.task import Task
from workflow_engine.values import to_json


class Made(NamedTuple):
    """What came of tool calls.

    Attributes:
        results: in the order of the calls.
        seconds: how long the longest of them took.
    """

    results: tuple[ToolResult, ...]
    seconds: float


class ToolCalls:
    """Makes the tool calls of one conversation."""

    def __init__(self, task: Task, phase: Phase, tools: Mapping[str, tuple[Tool, Policy]]) -> None:
        self._task = task
        self._phase = phase
        self._tools = tools
        self._made = 0

    async def make(self, calls: tuple[ToolCall, ...]) -> Made:
        """Make *calls*, side by side once people have decided about those that need it.

        Raises:
            TransientFailure: a tool does not work just now; the results of the others are kept.
            PermanentFailure: it never will.
        """
        decided = [await self._decide(call) for call in calls]
        first, self._made = self._made, self._made + len(calls)
        came = await asyncio.gather(
            *(self._once(call, number) for number, call in enumerate(decided, first)), return_exceptions=True
        )
        failures = [one for one in came if isinstance(one, BaseException)]
        for failure in failures:
            if not isinstance(failure, TransientFailure):
                raise failure
        if failures:
            raise failures[0]
        done = [one for one in came if not isinstance(one, BaseException)]
        return Made(tuple(result for result, _ in done), max((seconds for _, seconds in done), default=0.0))

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
            escalate_to=self._phase.escalate_to,
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

    async def _once(self, call: "ToolCall | ToolResult", number: int) -> tuple[ToolResult, float]:
        """Make a call, once for all times; return what came of it, and how many seconds it took."""
        if isinstance(call, ToolResult):
            return call, 0.0
        told: dict[str, Any] = await self._task.step(f"tool {call.name}", self._perform, call, number)
        return ToolResult(call.id, told["content"], told["failed"]), told.get("seconds", 0.0)

    async def _perform(self, call: ToolCall, number: int) -> dict[str, Any]:
        tool, _ = self._tools[call.name]
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            given = await tool.call(
                call.name, call.arguments or {}, ToolContext(self._task, self._key(call, number), call.id)
            )
        except ToolError as error:
            content, failed = str(error), True
        else:
            failed = False
            content = given if isinstance(given, str) else bytes(to_json(given, f"what {call.name} gives")).decode()
        return {"content": content, "failed": failed, "seconds": round(loop.time() - begun, 3)}

    def _key(self, call: ToolCall, number: int) -> str:
        """Return the idempotency key of a call: its place in the conversation, since some models use their ids again.

        Work that the engine hands back for its shape begins anew in the same run: its calls are others.
        """
        run = self._task.key.rpartition("/")[0]
        return f"{run}/{len(self._task.feedback)}.{number}/{call.id}"


_APPROVAL: dict[str, Any] = {
    "type": "object",
    "required": ["decision"],
    "properties": {
        "decision": {"enum": ["approve", "reject"]},
        "arguments": {"type": "object", "description": "other arguments to call it with"},
        "comment": {"type": "string", "description": "what the model is told where the call is refused"},
    },
}
