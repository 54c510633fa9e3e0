"""Replaying: a conversation that was held is held again with other settings, and nothing of it is kept."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from workflow_engine.agents.agent import AgentAdapter, Toolbox
from workflow_engine.agents.recorded_tools import RecordedTools
from workflow_engine.agents.replay_scope import ReplayScope
from workflow_engine.agents.transcript import Transcript, read_transcript
from workflow_engine.core.components import Feedback, Run
from workflow_engine.core.plan import PhasePlan
from workflow_engine.core.record import RunView, TaskRecord
from workflow_engine.errors import AdapterFailure
from workflow_engine.runtime.outputs import verdict_of
from workflow_engine.runtime.performing import picked
from workflow_engine.runtime.preparing import judged, prepare
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task
from workflow_engine.values import from_json, to_json

Agents = Callable[[Phase, Toolbox], Awaitable[AgentAdapter]]
"""Returns who carries a phase out, with these tools: `workflow_engine.agents.models.Models.agent`."""


class Changes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is different in a replay; None for what stays.

    Attributes:
        prompt: a template, rendered with what is known of the task now.
        system: likewise.
        provider: its name.
        model: its name.
        temperature: how freely the model chooses its words.
        max_tokens: the longest reply.
    """

    prompt: str | None = None
    system: str | None = None
    provider: str | None = None
    model: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None


class Came(msgspec.Struct, frozen=True):
    """What came of a conversation.

    Attributes:
        model: who replied last, as the provider names it; "" for nobody.
        output: what it gave.
        failure: why it gave nothing, or None.
        decision: "approve", "reject", or the classification that was picked; None where there was nothing to decide.
        issues: with which it rejects.
        turns: of the model.
        calls: of tools.
        tokens: read and written.
        cost: in US dollars; None where the price of a turn is not known.
    """

    model: str
    output: Any
    failure: str | None
    decision: str | None
    issues: tuple[dict[str, Any], ...]
    turns: int
    calls: int
    tokens: int
    cost: float | None


class Replayed(msgspec.Struct, frozen=True):
    """A conversation as it was, and as it was held again.

    Attributes:
        phase: id of the phase.
        visit: as in `Transcript`.
        before: what came of it.
        after: what came of it now.
        refused: tool calls that were not recorded, and not made; as words.
        made: tool calls that were not recorded, and made; as words.
    """

    phase: str
    visit: str
    before: Came
    after: Came
    refused: tuple[str, ...] = ()
    made: tuple[str, ...] = ()


async def replay(
    record: TaskRecord,
    plan: PhasePlan,
    transcript: Transcript,
    changes: Changes,
    agents: Agents,
    live: Toolbox | None = None,
) -> Replayed:
    """Hold the conversation of a transcript again.

    Args:
        record: the task.
        plan: the phase, compiled.
        transcript: of the conversation.
        changes: what is different.
        agents: who holds it.
        live: makes tool calls that were not recorded; None refuses them.

    Raises:
        TemplateFailed: a changed text cannot be rendered.
        PermanentFailure: nothing says which model to ask.
        Missing: the provider lacks something.
    """
    view = _view(record, plan, transcript)
    phase = _phase(view, transcript, changes)
    tools = RecordedTools(transcript, live)
    scope = ReplayScope(
        # Of a task that there is not: a provider would answer the keys of the real one with what it replied then.
        f"replay-{secrets.token_hex(6)}/{transcript.phase}/{transcript.visit}",
        feedback=transcript.feedback,
        item=transcript.item,
        given=phase.input,
        reviews=plan.reviews,
        tools=plan.tools,
    )
    agent = await agents(phase, tools)
    again = await _held(agent, Task(record.components, phase.target_classification, phase.id, scope), phase, scope)
    return Replayed(
        transcript.phase,
        transcript.visit,
        _came(view, transcript),
        _came(view, again),
        tuple(tools.refused),
        tuple(tools.made),
    )


async def _held(agent: AgentAdapter, task: Task, phase: Phase, scope: ReplayScope) -> Transcript:
    """Hold a conversation, and return what was said; its failure is an outcome as any other."""
    failure = ""
    try:
        await agent.execute(task, phase)
    except AdapterFailure as error:
        failure = str(error)
    if scope.transcript:
        return read_transcript(scope.transcript)
    return Transcript(phase.id, "", agent.provider.name, (), (), failure=failure)


def _view(record: TaskRecord, plan: PhasePlan, transcript: Transcript) -> RunView:
    visit, _, item = transcript.visit.partition(".")
    run = Run(record.id, transcript.phase, int(visit), item=int(item) if item else None)
    feedback = Feedback(to_json(list(transcript.feedback), "feedback"), "") if transcript.feedback else None
    of_item = to_json(transcript.item, "the item") if item else msgspec.UNSET
    name = f"{record.id}/{transcript.phase}/{transcript.visit}"
    return RunView(name, 1, record.components, None, plan, run, of_item, feedback)


def _phase(view: RunView, transcript: Transcript, changes: Changes) -> Phase:
    """Return the phase with its changes; texts that stay are those that were said, and are not rendered again."""
    # Conditions have been decided, and a batch would have to be waited for.
    bare = {"when": None, "for_each": None, "show": None, "mode": "live"}
    given = {"prompt": changes.prompt, "system": changes.system}
    written = view.phase.spec.model_copy(update={**bare, **given})
    phase = prepare(msgspec.structs.replace(view, phase=msgspec.structs.replace(view.phase, spec=written)))
    assert isinstance(phase, Phase)
    told = {
        "prompt": transcript.messages[0].text if changes.prompt is None else phase.prompt,
        "system": transcript.system if changes.system is None else phase.system,
    }
    asked = {
        name: value
        for name in ("provider", "model", "temperature", "max_tokens")
        if (value := getattr(changes, name)) is not None
    }
    return phase.model_copy(update={**told, **asked})


def _came(view: RunView, transcript: Transcript) -> Came:
    turns = transcript.turns
    costs = [turn.usage.cost for turn in turns]
    decision, issues = _decision(view, transcript.output) if transcript.failure is None else (None, ())
    return Came(
        model=turns[-1].model if turns else "",
        output=transcript.output,
        failure=transcript.failure,
        decision=decision,
        issues=issues,
        turns=len(turns),
        calls=sum(len(message.calls) for message in transcript.messages),
        tokens=sum(turn.usage.tokens for turn in turns),
        cost=None if None in costs else sum(cost for cost in costs if cost is not None),
    )


def _decision(view: RunView, output: Any) -> tuple[str | None, tuple[dict[str, Any], ...]]:
    """Return what an output decides, and why where it rejects."""
    if view.phase.reviews:
        issues = from_json(verdict_of(view.phase, output, judged(view, output)))
        return ("reject", tuple(issues)) if issues else ("approve", ())
    return picked(output, view.phase.picks), ()
