"""Who replies in agentic phases of a workflow file: a handler, else the offline model, which says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from workflow_engine.adapter import Adapter
from workflow_engine.adapters.agentic import DefaultAgentAdapter
from workflow_engine.adapters.offline import OfflineModel, load_replies
from workflow_engine.handlers import Handlers
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


def agents(handlers: Handlers, replies: Path | None, say: Callable[[str], None]) -> Adapter:
    """Return the adapter of agentic phases.

    Args:
        handlers: of the workflow; the one for a phase's classification goes first.
        replies: file with what the offline model says, or None.
        say: is told, once, that the offline model replies.

    Raises:
        ConfigError: the file of replies cannot be used.
    """
    why = f"as {replies} says" if replies is not None else "since no provider of models is set up"
    model = _Announced(load_replies(replies) if replies is not None else {}, say, f"the offline model replies, {why}")
    return DefaultAgentAdapter(handlers, model)


class _Announced(OfflineModel):
    """Says with its first reply who it is: what it makes up must not be taken for the work of a real model."""

    def __init__(self, replies: dict[str, Any], say: Callable[[str], None], sentence: str) -> None:
        super().__init__(replies)
        self._say = say
        self._sentence: str | None = sentence

    def reply(self, task: Task, phase: Phase) -> Any:
        """See `OfflineModel.reply`."""
        if self._sentence is not None:
            self._say(self._sentence)
            self._sentence = None
        return super().reply(task, phase)
