"""Rates: how soon something may go that is bounded by the minute."""

MINUTE = 60.0


class Rate:
    """An amount a minute, of which a minute's worth may go at once.  Times are seconds of a clock that never runs back.

    Args:
        per_minute: the amount.
        now: the time.
    """

    def __init__(self, per_minute: int, now: float) -> None:
        self._most = float(per_minute)
        self._left = self._most
        self._at = now

    def take(self, amount: float, now: float) -> float:
        """Take an amount, and return how many seconds to wait before it may go; who takes later goes later.

        More than a minute's worth goes when all of a minute's worth is there, and those behind it wait the longer.
        """
        self._fill(now)
        wait = max(0.0, (min(amount, self._most) - self._left) * MINUTE / self._most)
        self._left -= amount
        return wait

    def give_back(self, amount: float, now: float) -> None:
        """Give back what was taken and not used; a negative amount takes what was used beyond it."""
        self._fill(now)
        self._left = min(self._most, self._left + amount)

    def _fill(self, now: float) -> None:
        self._left = min(self._most, self._left + (now - self._at) * self._most / MINUTE)
        self._at = now
