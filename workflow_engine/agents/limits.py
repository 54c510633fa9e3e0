"""Limits: what a conversation may take, and what it has taken.

It is all known from recorded turns and tool calls, so that a conversation which is made anew comes to its limits at the
same places: how long they took is recorded with them.
"""

from workflow_engine.agents.messages import ModelReply
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import AgentLimits


class Taken:
    """What a conversation has taken so far.

    Args:
        phase: whose limits hold.
    """

    def __init__(self, phase: Phase) -> None:
        self._phase = phase.id
        self._limits = phase.limits or AgentLimits()
        self._turns = 0
        self._calls = 0
        self._tokens = 0
        self._cost = 0.0
        self._seconds = 0.0

    def count_turn(self, reply: ModelReply) -> None:
        """Count a reply of the model."""
        self._turns += 1
        self._tokens += reply.usage.tokens
        self._cost += reply.usage.cost or 0.0
        self._seconds += reply.seconds

    def count_seconds(self, seconds: float) -> None:
        """Count the time that tool calls took."""
        self._seconds += seconds

    def check_turn(self) -> None:
        """Return if another turn may begin.

        Raises:
            PermanentFailure: a limit is reached.
        """
        limits = self._limits
        for what, used, most in (
            ("turns", self._turns, limits.turns),
            ("tokens", self._tokens, limits.tokens),
            ("cost", self._cost, limits.cost),
            ("time", self._seconds, limits.time),
        ):
            if most is not None and used >= most:
                raise self._reached(what, most)

    def count_calls(self, calls: int) -> None:
        """Count tool calls that are about to be made.

        Raises:
            PermanentFailure: there are more of them than are left; none may be made.
        """
        self._calls += calls
        if self._calls > self._limits.tool_calls:
            raise self._reached("tool_calls", self._limits.tool_calls)

    def _reached(self, what: str, most: float) -> PermanentFailure:
        return PermanentFailure(
            f"phase {self._phase!r} has reached its limit of {what}, {most:g}, without an output; "
            "raise limits of the phase, or give it less to do"
        )
