"""A conversation with a model: its turns and its tool calls are durable steps, so that a crash repeats none of them.

The conversation is made anew from the recorded steps whenever the phase is called again.  Whatever it does between them
has to come out the same: it looks at no clock, and at nothing that may have changed meanwhile.
"""

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from workflow_engine.adapter import Output
from workflow_engine.adapters.replies import understood
from workflow_engine.agents.calling import ToolCalls
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolSpec
from workflow_engine.agents.overdrawn import go_on_with
from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.agents.transcript import keep_transcript
from workflow_engine.core.components import Cost
from workflow_engine.errors import AdapterFailure, PermanentFailure
from workflow_engine.forms import misfits
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import AgentLimits
from workflow_engine.task import Task
from workflow_engine.values import to_json

if TYPE_CHECKING:
    from workflow_engine.agents.agent import AgentAdapter

MAX_TOKENS: Final = 4096
"""The longest reply of a model unless the phase says otherwise, in tokens."""


class Conversation:
    """One phase's conversation.

    Args:
        agent: who asks the model.
        task: the task.
        phase: the phase, with its texts rendered.
        tools: tool and policy by the name that the model calls it.
    """

    def __init__(
        self, agent: "AgentAdapter", task: Task, phase: Phase, tools: Mapping[str, tuple[Tool, Policy]]
    ) -> None:
        self._agent = agent
        self._task = task
        self._phase = phase
        self._calls = ToolCalls(task, phase, tools)
        self._specs = tuple(_spec(name, tool) for name, (tool, _) in tools.items())
        self._limits = phase.limits or AgentLimits()
        self._models = phase.models or (agent.model,)
        self._messages = [Message("user", opening(task, phase))]
        self._replies: list[ModelReply] = []

    async def hold(self) -> Output:
        """Talk until the model gives what the phase is to give.

        Raises:
            TransientFailure: it may work later; what was said so far is kept.
            PermanentFailure: a limit was reached, or the model will not give what it is to give.
        """
        mended = False
        while True:
            reply = await self._turn()
            match reply.stop:
                case "tools":
                    results = await self._calls.make(reply.message.calls)
                    self._messages.append(Message("user", results=results))
                case "pause":
                    pass
                case "length" | "refused":
                    raise PermanentFailure(_why(reply, self._phase))
                case "end":
                    value = understood(reply.message.text, self._phase)
                    reasons = _misfit(value, self._phase)
                    if not reasons:
                        await keep_transcript(self._task, self._phase, self._messages, self._replies)
                        return Output(value)
                    if mended:
                        return Output(value)  # the engine refuses it, with the reasons
                    mended = True
                    self._messages.append(Message("user", mending(reasons)))

    async def _turn(self) -> ModelReply:
        """Ask the model for its next turn, once for all times; past the budget, ask a person what to do."""
        while True:
            self._check_limits()
            request = self._request()
            most = self._agent.caller.most(self._agent.provider, request) if self._task.budget is not None else None
            said = await self._task.turn("turn", functools.partial(self._ask, request), most)
            if "exceeded" not in said:
                reply = msgspec.convert(said, ModelReply)
                self._messages.append(reply.message)
                self._replies.append(reply)
                return reply
            self._models = await go_on_with(self._task, self._phase, said["exceeded"], self._models)

    def _request(self) -> ModelRequest:
        phase = self._phase
        return ModelRequest(
            model=self._models[0],
            messages=tuple(self._messages),
            system=phase.system,
            tools=self._specs,
            schema=phase.output,
            temperature=phase.temperature,
            max_tokens=phase.max_tokens or MAX_TOKENS,
        )

    async def _ask(self, request: ModelRequest, key: str) -> tuple[ModelReply, Cost]:
        """Ask the models one after the other until one replies."""
        agent = self._agent
        failure: AdapterFailure | None = None
        for model in self._models:
            asked = msgspec.structs.replace(request, model=model, key=key)
            try:
                reply = await agent.caller.reply(agent.provider, asked, self._task.say)
            except AdapterFailure as error:
                failure = failure or error
                continue
            usage = reply.usage
            return reply, Cost(usage.input + usage.output, usage.cost or 0.0, int(usage.cost is None))
        assert failure is not None
        raise failure

    def _check_limits(self) -> None:
        limits, replies = self._limits, self._replies
        tokens = sum(reply.usage.input + reply.usage.output for reply in replies)
        cost = sum(reply.usage.cost or 0.0 for reply in replies)
        for what, used, most in (
            ("turns", len(replies), limits.turns),
            ("tool_calls", self._calls.made, limits.tool_calls + 1),
            ("tokens", tokens, limits.tokens),
            ("cost", cost, limits.cost),
        ):
            if most is not None and used >= most:
                raise PermanentFailure(
                    f"phase {self._phase.id!r} has reached its limit of {what}, {most:g}, without an output; "
                    "raise limits of the phase, or give it less to do"
                )


def opening(task: Task, phase: Phase) -> str:
    """Return what the model is asked first: the prompt, and why its work was handed back, if that is not in it."""
    prompt = phase.prompt or "Begin."
    issues = [str(issue["message"]) for issue in task.feedback]
    if not issues or all(issue in prompt for issue in issues):
        return prompt
    return f"{prompt}\n\nYour work was handed back. Mend this:\n" + "\n".join(f"- {issue}" for issue in issues)


def mending(reasons: list[str]) -> str:
    """Return what a model is told whose words do not fit the schema."""
    said = "\n".join(f"- {reason}" for reason in reasons)
    return f"That does not fit what is asked for. Give the whole answer again, as JSON alone, with this mended:\n{said}"


def _misfit(value: Any, phase: Phase) -> list[str]:
    """Return why a value is not what the phase is to give."""
    if phase.output is None:
        return []
    found = misfits(to_json(phase.output, "the schema"), to_json(value, "the reply"))
    return [f"{place}: {fact}" if place else fact for place, fact in found]


def _spec(name: str, tool: Tool) -> ToolSpec:
    return next(spec for spec in tool.specs if spec.name == name)


def _why(reply: ModelReply, phase: Phase) -> str:
    if reply.stop == "length":
        most = phase.max_tokens or MAX_TOKENS
        return f"model {reply.model} was cut off at {most} tokens; raise max_tokens of phase {phase.id!r}"
    return (
        f"model {reply.model} refuses to reply in phase {phase.id!r}: {reply.message.text[:500] or 'no reason given'}"
    )
