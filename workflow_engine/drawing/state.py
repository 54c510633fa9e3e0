"""Where the nodes of a drawing stand in a task that is under way."""

from enum import StrEnum

import msgspec


class Standing(StrEnum):
    """Where a node stands; the values are class names in the SVG."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    WAITING_HUMAN = "waiting_human"
    WAITING_AGENT = "waiting_agent"
    WAITING_IO = "waiting_io"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def words(self) -> str:
        """What a person reads."""
        return _WORDS.get(self, self.value.replace("_", " "))


_WORDS = {
    Standing.PENDING: "not reached",
    Standing.WAITING_HUMAN: "waiting for a person",
    Standing.WAITING_AGENT: "waiting for an agent",
    Standing.WAITING_IO: "waiting for a system",
}


class NodeState(msgspec.Struct, frozen=True):
    """Where a node stands.

    Attributes:
        standing: in a word.
        detail: what to say of it in place of the node's notes, such as ``2 visits · 4.1 s``.
    """

    standing: Standing
    detail: str = ""
