"""A conversation with a model: its turns and its tool calls are durable steps, so that a crash repeats none of them.

The conversation is made anew from the recorded steps whenever the phase is called again.  Whatever it does between them
has to come out the same: it looks at no clock, and at nothing that may have changed meanwhile.
"""

import asyncio
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from workflow_engine.adapter import Output
from workflow_engine.adapters.replies import understood
from workflow_engine.agents.batch_turn import queue_turn
from workflow_engine.agents.calling import ToolCalls
from workflow_engine.agents.limits import Taken
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolSpec
from workflow_engine.agents.overdrawn import go_on_with
from workflow_engine.agents.prices import cost_of
from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.agents.transcript import Transcript, keep_transcript, turn_of
from workflow_engine.core.components import Cost
from workflow_engine.errors import AdapterFailure, PermanentFailure, TransientFailure
from workflow_engine.runtime.outputs import fitted
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task
from workflow_engine.verdicts import passes, verdict

if TYPE_CHECKING:
    from workflow_engine.agents.agent import AgentAdapter

MAX_TOKENS: Final = 4096
"""The longest reply of a model unless the phase says otherwise, in tokens."""


VERDICT: Final = (
    'Say whether the work passes, as one JSON object: {"decision": "approve" or "reject", "issues": '
    '[{"severity": "error", "warning" or "info", "message": "what is wrong", "path": "where, or null"}]}.'
)
"""What the model of a phase that reviews is told, where no schema says it."""


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
        self._taken = Taken(phase)
        self._models = phase.models or (agent.model,)
        self._messages = [Message("user", opening(task, phase))]
        self._replies: list[ModelReply] = []

    async def hold(self) -> Output:
        """Talk until the model gives what the phase is to give; keep a transcript of it, also where it does not.

        Raises:
            TransientFailure: it may work later; what was said so far is kept.
            PermanentFailure: a limit was reached, or the model will not give what it is to give.
        """
        try:
            value = await self._talk()
        except AdapterFailure as failure:
            if self._replies or isinstance(failure, PermanentFailure):  # else it begins anew, and nothing was said
                await keep_transcript(self._task, self.transcript(failure=str(failure)))
            raise
        await keep_transcript(self._task, self.transcript(output=value))
        return Output(value)

    def transcript(self, output: Any = None, failure: str | None = None) -> Transcript:
        """Return what was said so far, and what came of it."""
        return Transcript(
            phase=self._phase.id,
            visit=self._task.key.rsplit("/", 2)[1],
            provider=self._agent.provider.name,
            messages=tuple(self._messages),
            turns=tuple(turn_of(reply) for reply in self._replies),
            system=self._phase.system,
            tools=self._specs,
            feedback=tuple(self._task.feedback),
            item=self._task.item,
            output=output,
            failure=failure,
        )

    async def _talk(self) -> Any:
        """Return what the model gives in the end; what does not fit even when it is mended, the engine refuses."""
        mended = False
        while True:
            reply = await self._turn()
            if reply.stop in ("length", "refused"):
                raise PermanentFailure(_why(reply, self._phase))
            if reply.message.calls:
                await self._call(reply)
            elif reply.stop != "pause":
                value = understood(reply.message.text, self._phase)
                reasons = _misfit(value, self._phase, self._task)
                if mended or not reasons:
                    return value
                mended = True
                self._messages.append(Message("user", mending(reasons)))

    async def _call(self, reply: ModelReply) -> None:
        """Make the tool calls that a turn asks for, and add what came of them."""
        self._taken.count_calls(len(reply.message.calls))
        made = await self._calls.make(reply.message.calls)
        self._taken.count_seconds(made.seconds)
        self._messages.append(Message("user", results=made.results))

    async def _turn(self) -> ModelReply:
        """Ask the model for its next turn, once for all times; past the budget, ask a person what to do."""
        batched = self._phase.mode == "batch" and self._agent.batched
        while True:
            self._taken.check_turn()
            request = self._request()
            most = self._most(request) if self._task.budget is not None else None
            if batched:
                said = await queue_turn(self._task, self._phase, self._agent.provider.name, request, most)
                if said is None:
                    batched = False
                    continue
            else:
                said = await self._task.turn("turn", functools.partial(self._ask, request), most)
            if "exceeded" not in said:
                reply = msgspec.convert(said, ModelReply)
                self._taken.count_turn(reply)
                self._messages.append(reply.message)
                self._replies.append(reply)
                return reply
            self._models = await go_on_with(self._task, self._phase, said["exceeded"], self._models)

    def _request(self) -> ModelRequest:
        phase = self._phase
        return ModelRequest(
            model=self._models[0],
            messages=tuple(self._messages),
            system=instructed(phase, reviews=self._task.reviews),
            tools=self._specs,
            schema=phase.output,
            temperature=phase.temperature,
            max_tokens=phase.max_tokens or MAX_TOKENS,
        )

    def _most(self, request: ModelRequest) -> Cost:
        """Return what a turn may cost at most, whichever of the models replies."""
        agent = self._agent
        each = [
            agent.caller.most(agent.provider, msgspec.structs.replace(request, model=model)) for model in self._models
        ]
        return Cost(*(max(getattr(cost, field) for cost in each) for field in Cost.__struct_fields__))

    async def _ask(self, request: ModelRequest, key: str) -> tuple[Any, Cost]:
        """Ask the models one after the other until one replies.

        Raises:
            TransientFailure: none does, and one of them may later.
            PermanentFailure: none ever will.
        """
        agent, loop = self._agent, asyncio.get_running_loop()
        # Work that the engine hands back for its shape begins anew in the same run: its turns are others.
        key = f"{key}/{len(self._task.feedback)}"
        failures: list[AdapterFailure] = []
        for model in self._models:
            asked = msgspec.structs.replace(request, model=model, key=key if not failures else f"{key}/{model}")
            begun = loop.time()
            try:
                reply = await agent.caller.reply(agent.provider, asked, self._task.say)
            except AdapterFailure as failure:
                failures.append(failure)
                continue
            timed = msgspec.structs.replace(reply, seconds=round(loop.time() - begun, 3))
            # As plain JSON: that a structure comes back as it was would be checked value by value.
            plain = msgspec.json.decode(msgspec.json.encode(timed))
            return plain, cost_of(reply)
        raise next((failure for failure in failures if isinstance(failure, TransientFailure)), failures[0])


def opening(task: Task, phase: Phase) -> str:
    """Return what the model is asked first: the prompt, and why its work was handed back, if that is not in it."""
    prompt = phase.prompt or "Begin."
    issues = [str(issue["message"]) for issue in task.feedback]
    if not issues or all(issue in prompt for issue in issues):
        return prompt
    return f"{prompt}\n\nYour work was handed back. Mend this:\n" + "\n".join(f"- {issue}" for issue in issues)


def instructed(phase: Phase, *, reviews: bool) -> str | None:
    """Return what the model is told beforehand: the author's words, and the shape of what is asked for.

    A schema goes to the provider in words of its own; what has none is said here.
    """
    said = [phase.system] if phase.system else []
    if phase.output is None and len(phase.outputs) > 1:
        said.append(f"Reply with one JSON object that has the keys {', '.join(phase.outputs)}, and nothing else.")
    elif phase.output is None and reviews and not _judged_otherwise(phase):
        said.append(VERDICT)
    return "\n\n".join(said) or None


def mending(reasons: list[str]) -> str:
    """Return what a model is told whose words do not fit the schema."""
    said = "\n".join(f"- {reason}" for reason in reasons)
    return f"That does not fit what is asked for. Give the whole answer again, as JSON alone, with this mended:\n{said}"


def _misfit(value: Any, phase: Phase, task: Task) -> list[str]:
    """Return why a value is not what the phase is to give."""
    _, issues = fitted(value, phase)
    if issues:
        return [f"{issue['path']}: {issue['message']}" if issue["path"] else issue["message"] for issue in issues]
    if task.reviews and not _judged_otherwise(phase) and isinstance(value, str) and not _is_verdict(value):
        return [_NO_VERDICT]
    return []


def _judged_otherwise(phase: Phase) -> bool:
    """Return whether expressions of the author find the verdict."""
    return phase.on_reject is not None and (phase.on_reject.when is not None or phase.on_reject.issues is not None)


def _is_verdict(text: str) -> bool:
    return passes(text) is not None or verdict(text) is not None


_NO_VERDICT: Final = (
    'it says neither that the work passes nor that it does not; give {"decision": "approve" or "reject", '
    '"issues": [{"severity": "error" or "warning", "message": "what is wrong", "path": "where"}]}'
)


def _spec(name: str, tool: Tool) -> ToolSpec:
    return next(spec for spec in tool.specs if spec.name == name)


def _why(reply: ModelReply, phase: Phase) -> str:
    if reply.full:
        return (
            f"model {reply.model} was cut off in phase {phase.id!r}: the conversation is longer than the model can "
            "take in; give it less, or use a model with a larger context"
        )
    if reply.stop == "length":
        most = phase.max_tokens or MAX_TOKENS
        return f"model {reply.model} was cut off at {most} tokens; raise max_tokens of phase {phase.id!r}"
    return (
        f"model {reply.model} refuses to reply in phase {phase.id!r}: {reply.message.text[:500] or 'no reason given'}"
    )
