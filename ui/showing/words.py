"""Words for people, for what the engine has one name for each."""

import re
from typing import Final

from workflow_engine.core.components import TaskState, WaitKind
from workflow_engine.drawing.picture import NodeKind

STATUSES: Final[dict[str, str]] = {
    TaskState.PENDING: "about to begin",
    TaskState.IN_PROGRESS: "in progress",
    TaskState.WAITING_HUMAN: "waiting for a person",
    TaskState.WAITING_AGENT: "waiting for an agent",
    TaskState.WAITING_IO: "waiting for a system",
    TaskState.COMPLETED: "completed",
    TaskState.FAILED: "failed",
    TaskState.CANCELLED: "cancelled",
}
"""Where a task stands."""

STATES: Final = (
    TaskState.IN_PROGRESS,
    TaskState.WAITING_HUMAN,
    TaskState.WAITING_AGENT,
    TaskState.WAITING_IO,
    TaskState.PENDING,
    TaskState.FAILED,
    TaskState.COMPLETED,
    TaskState.CANCELLED,
)
"""In the order in which somebody looks for them."""

KINDS: Final[dict[str, str]] = {
    NodeKind.HUMAN: "person",
    NodeKind.AGENTIC: "agent",
    NodeKind.FUNCTIONAL: "function",
    NodeKind.PROGRAM: "program",
    NodeKind.GATE: "gate",
    NodeKind.TIMER: "timer",
    NodeKind.WORKFLOW: "workflow",
    NodeKind.TRANSFORM: "transform",
    NodeKind.CUSTOM: "adapter",
    NodeKind.OPEN: "handler",
}
"""What carries a phase out; of a custom one, its own name says more."""

WHOM: Final[dict[str, str]] = {WaitKind.HUMAN: "a person", WaitKind.AGENT: "an agent", WaitKind.IO: "a system"}
"""Whom a question asks that names nobody."""

OUTCOMES: Final[dict[str, str]] = {
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
    "skipped": "left out",
    "unchosen": "not chosen",
    "superseded": "to be done again",
    "compensated": "undone",
    "uncompensated": "could not be undone",
}
"""How a phase ended."""


def status(name: str) -> str:
    """Return where a task stands, in words."""
    return STATUSES.get(name, spoken(name))


def kind(name: str) -> str:
    """Return what carries a phase out, in a word."""
    return KINDS.get(name, spoken(name))


def outcome(name: str) -> str:
    """Return how a phase ended, in words."""
    return OUTCOMES.get(name, spoken(name))


def spoken(name: str) -> str:
    """Return a name of the program as words: ``waiting_io`` and ``WaitingIo`` as ``waiting io``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).lower().strip()


def ordinal(count: int) -> str:
    """Return ``1st`` for 1."""
    ending = "th" if count % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{ending}"
