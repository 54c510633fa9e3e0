"""Transcripts: what was said in a conversation, without secrets, kept with the task as an artifact."""

import asyncio
import logging
import os
from typing import Any, Final

import msgspec

from workflow_engine.agents.messages import Message, ModelReply, ToolSpec, Usage
from workflow_engine.errors import ArtifactError
from workflow_engine.redacting import Redactor, redactor_for
from workflow_engine.task import Task

LOG: Final = logging.getLogger("workflow_engine")

FOLDER: Final = "transcripts"
"""What the names of the artifacts begin with."""


class Turn(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a turn beside its message; see `ModelReply`."""

    model: str
    stop: str
    usage: Usage = Usage()
    id: str | None = None
    seconds: float = 0.0


class Transcript(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation, finished or not.

    Attributes:
        phase: id of the phase.
        visit: which visit of the task to it, and behind a dot which item of a fan-out: ``1``, ``2.0``.
        provider: who ran the models.
        messages: what was said, the first of them ours; what only the provider understands is left out.
        turns: of the model, in order.
        system: what the model was told beforehand.
        tools: what it might have called.
        feedback: why the work was to be done again, ``{"severity", "message", "path"}`` each.
        item: of a fan-out, the item that it was about.
        output: what came of it.
        failure: why nothing came of it, or None.
    """

    phase: str
    visit: str
    provider: str
    messages: tuple[Message, ...]
    turns: tuple[Turn, ...]
    system: str | None = None
    tools: tuple[ToolSpec, ...] = ()
    feedback: tuple[dict[str, Any], ...] = ()
    item: Any = None
    output: Any = None
    failure: str | None = None


def turn_of(reply: ModelReply) -> Turn:
    """Return what is kept of a turn."""
    return Turn(reply.model, reply.stop, reply.usage, reply.id, reply.seconds)


async def keep_transcript(task: Task, transcript: Transcript) -> None:
    """Keep a conversation as the artifact ``transcripts/<phase>-<visit>.json``, in place of an earlier one.

    One that cannot be stored is a warning in the log: the work of the conversation is not lost for it.
    """
    name = f"{FOLDER}/{transcript.phase}-{transcript.visit}.json"
    try:
        content = await asyncio.to_thread(written, transcript, redactor_for(os.environ))
        await task.add_artifact(name, content, "application/json")
    except ArtifactError as error:
        LOG.warning("task %s goes on without a transcript: %s", task.id, error)


def written(transcript: Transcript, redactor: Redactor) -> bytes:
    """Return a transcript as JSON, without secrets; tools as they are: in a schema, names of secrets do no harm."""
    bare = tuple(msgspec.structs.replace(message, raw=None) for message in transcript.messages)
    plain: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(transcript, messages=bare, tools=()))
    return msgspec.json.encode({**redactor.value(plain), "tools": msgspec.to_builtins(transcript.tools)})


def read_transcript(content: bytes) -> Transcript:
    """Return the transcript in the content of an artifact.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    return msgspec.json.decode(content, type=Transcript)
