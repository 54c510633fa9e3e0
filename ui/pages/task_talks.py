"""Transcripts: what was said between an agent and its model, finished or under way."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from workflow_engine.agents.messages import Message, ModelReply
from workflow_engine.agents.transcript import FOLDER, Transcript, read_transcript
from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.components import Attempt, Run, Steps
from workflow_engine.redacting import redactor_for
from workflow_engine.ui.contents import whole_content
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.artifacts import references
from workflow_engine.ui.pages.task_seen import Seen
from workflow_engine.ui.showing import show_text, show_value
from workflow_engine.ui.showing.shown import Shown

LISTED: Final = 200
"""Transcripts that are listed."""

TURNS_MAX: Final = 200
"""Turns of one that are shown: the first of them."""

BYTES_MAX: Final = 8 << 20
"""Size of a transcript that is laid out; a larger one is only saved."""

LONG: Final = 1_500
"""Characters from which a text is folded."""


class Spoken(NamedTuple):
    """One turn.

    Attributes:
        role: "user" or "assistant".
        text: its words, None where there are none.
        long: whether they are folded.
        calls: name and arguments of the tools that the model wants to be called.
        results: name of the tool, what came of it, and whether that is an error.
        facts: model, tokens, cost and time of a model's turn, in parts of a line.
        cost: in US dollars, None where that is not known.
    """

    role: str
    text: Shown | None
    long: bool
    calls: tuple[tuple[str, Shown], ...] = ()
    results: tuple[tuple[str, Shown, bool], ...] = ()
    facts: tuple[str, ...] = ()
    cost: float | None = None


class Talk(NamedTuple):
    """A transcript on a page.

    Attributes:
        phase: id of the phase.
        visit: see `Transcript.visit`.
        provider: who ran the models.
        system: what the model was told beforehand, or None.
        turns: the first `TURNS_MAX` of them.
        left_out: how many more there are.
        tokens: of all turns.
        cost: of all turns, as far as it is known.
        output: what came of it, or None.
        failure: why nothing came of it, or None.
    """

    phase: str
    visit: str
    provider: str
    system: Shown | None
    turns: tuple[Spoken, ...]
    left_out: int
    tokens: int
    cost: float
    output: Shown | None
    failure: str | None


class LiveTalk(NamedTuple):
    """An attempt of an agent that is under way: its run, and the turns that are recorded."""

    run: str
    phase: str
    visit: str
    attempt: int
    turns: tuple[Spoken, ...]


class Talks(NamedTuple):
    """What the page of transcripts shows.

    Attributes:
        listed: references to those that are kept, the latest visits last.
        chosen: the one that is shown.
        talk: how it is shown, None where it cannot be.
        live: those under way.
    """

    listed: tuple[ArtifactRef, ...]
    chosen: ArtifactRef | None
    talk: Talk | None
    live: tuple[LiveTalk, ...]


def talks_of(seen: Seen, sha256: str | None) -> Talks:
    """Return the transcripts of a task, and the one with this hash, or else the latest.

    Raises:
        ArtifactError: that one is missing or damaged.
    """
    kept = {one.sha256: one for one in references(seen.record) if one.name.startswith(f"{FOLDER}/")}
    listed = tuple(kept.values())[-LISTED:]
    chosen = kept.get(sha256) if sha256 is not None else listed[0] if listed else None
    return Talks(listed, chosen, _read(chosen) if chosen is not None else None, tuple(_live(seen)))


def may_speak(seen: Seen) -> bool:
    """Return whether a phase of a task is, or may be, carried out by an agent."""
    return any(_speaks(seen, phase.carried_out_by) for phase in seen.phases)


def _read(reference: ArtifactRef) -> Talk | None:
    if reference.size > BYTES_MAX:
        return None
    try:
        return talk_of(read_transcript(whole_content(desk().engine, reference)))
    except msgspec.MsgspecError:
        return None


def talk_of(transcript: Transcript) -> Talk:
    """Return how a transcript is shown."""
    turns = tuple(_spoken(transcript.messages[:TURNS_MAX], [_facts(turn) for turn in transcript.turns]))
    return Talk(
        transcript.phase,
        transcript.visit,
        transcript.provider,
        show_text(transcript.system) if transcript.system else None,
        turns,
        max(0, len(transcript.messages) - TURNS_MAX),
        sum(turn.usage.tokens for turn in transcript.turns),
        sum(turn.usage.cost or 0.0 for turn in transcript.turns),
        show_value(transcript.output) if transcript.output is not None else None,
        transcript.failure,
    )


class _Facts(NamedTuple):
    said: tuple[str, ...]
    cost: float | None


def _facts(turn: Any) -> _Facts:
    """Return what is told of a turn of the model, which is a `Turn` or a `ModelReply`."""
    parts = [turn.model, f"{turn.usage.input:,} tokens read, {turn.usage.output:,} written"]
    parts += [f"{turn.usage.cached:,} of them from the cache"] if turn.usage.cached else []
    parts += [f"{turn.seconds:.1f} s"] if turn.seconds else []
    parts += [_STOPS[turn.stop]] if turn.stop in _STOPS else []
    return _Facts(tuple(part for part in parts if part), turn.usage.cost)


_STOPS: Final = {"length": "cut off", "refused": "refused", "pause": "paused"}


def _spoken(messages: Sequence[Message], facts: Sequence[_Facts]) -> Iterator[Spoken]:
    told = iter(facts)
    names: dict[str, str] = {}
    for message in messages:
        fact = next(told, None) if message.role == "assistant" else None
        names |= {call.id: call.name for call in message.calls}
        yield Spoken(
            message.role,
            show_text(message.text) if message.text else None,
            len(message.text) > LONG,
            tuple((call.name, show_value(call.arguments or call.written)) for call in message.calls),
            tuple((names.get(one.call, "tool"), show_text(one.content), one.failed) for one in message.results),
            fact.said if fact is not None else (),
            fact.cost if fact is not None else None,
        )


def _live(seen: Seen) -> Iterator[LiveTalk]:
    """Give what agents are saying that are under way; what is recorded of them may hold secrets, which are left out."""
    agents = {phase.id for phase in seen.phases if _speaks(seen, phase.carried_out_by)}
    for name, components in seen.record.runs.items():
        run: Run = components["run"]
        attempt: Attempt = components["attempt"]
        if run.phase in agents and ("running" in components or "steps" in components):
            steps: Steps | None = components.get("steps")
            visit = name.rpartition("/")[2]
            turns = tuple(_recorded(steps.entries if steps is not None else {}))
            yield LiveTalk(name, run.phase, visit, attempt.number, turns[-TURNS_MAX:])


def _speaks(seen: Seen, carrier: str | None) -> bool:
    return str(carrier or seen.identity.assigned_to or "") in ("agentic", "ai")


def _recorded(steps: Mapping[str, Any]) -> Iterator[Spoken]:
    """Give the turns and the results of tools that are recorded, in their order."""
    redactor = redactor_for(os.environ)
    for name, step in sorted(steps.items(), key=lambda one: one[1].index):
        value = redactor.value(msgspec.json.decode(step.value))
        try:
            if name.startswith("turn"):
                reply = msgspec.convert(value, ModelReply)
                yield from _spoken([reply.message], [_facts(reply)])
            elif name.startswith("tool "):
                given = msgspec.convert(value, _Given)
                tool = name.removeprefix("tool ").partition("#")[0]
                yield Spoken("user", None, False, (), ((tool, show_text(given.content), given.failed),))
        except msgspec.ValidationError:
            continue  # the model was not asked, on account of the budget; or a handler has a step of this name


class _Given(msgspec.Struct, frozen=True):
    """What is recorded of the call of a tool."""

    content: str
    failed: bool = False
