"""The world outside the engine: what handlers did there, which no crash takes back."""

import asyncio
import itertools
from random import Random

from workflow_engine.errors import PermanentFailure, TransientFailure


class Outside:
    """Remembers what was done, and fails and dawdles as its random numbers say.

    Attributes:
        calls: how often each attempt was carried out, by idempotency key.
        told: results that a handler was given as recorded, by run and step.
        violations: promises that were broken, as sentences.
    """

    def __init__(self, random: Random, failing: float) -> None:
        self.random = random
        self.failing = failing
        self.calls: dict[str, int] = {}
        self.told: dict[tuple[str, str], object] = {}
        self.violations: list[str] = []
        self._tokens = itertools.count(1)

    def token(self) -> int:
        """Return a number that was never returned before: whoever does work twice gets another result."""
        return next(self._tokens)

    async def work(self, key: str) -> int:
        """Do some work under an idempotency key; it takes a while and may fail."""
        self.calls[key] = self.calls.get(key, 0) + 1
        await asyncio.sleep(self.random.choice((0.0, 0.0, 0.001, 0.5, 30.0)))
        chance = self.random.random()
        if chance < self.failing:
            raise TransientFailure("the outside is busy", retry_after=self.random.choice((None, 5.0)))
        if chance < self.failing * 1.5:
            raise RuntimeError("the outside is broken")
        if chance < self.failing * 1.8:
            raise PermanentFailure("the outside refuses")
        return self.token()

    def recorded(self, run: str, step: str, value: object) -> None:
        """Note that a handler was given this result of a step; from then on it must be given no other."""
        known = self.told.setdefault((run, step), value)
        if known != value:
            self.violations.append(f"step {step} of {run} gave {known!r}, and later {value!r}")
