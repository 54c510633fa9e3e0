"""Transcripts: what was said in a conversation, kept with the task as an artifact."""

from collections.abc import Sequence

import msgspec

from workflow_engine.agents.messages import Message, ModelReply
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


async def keep_transcript(task: Task, phase: Phase, messages: Sequence[Message], replies: Sequence[ModelReply]) -> None:
    """Keep a conversation as the artifact ``transcripts/<phase>-<visit>.json``."""
    document = {
        "phase": phase.id,
        "system": phase.system,
        "messages": messages,
        "turns": [
            {"model": reply.model, "usage": reply.usage, "stop": reply.stop, "id": reply.id} for reply in replies
        ],
    }
    visit = task.key.split("/")[2]
    await task.add_artifact(f"transcripts/{phase.id}-{visit}.json", msgspec.json.encode(document), "application/json")
