"""Ids for tasks that come without one."""

import secrets
import time
from typing import Final

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"


class TaskIds:
    """Ids that are unique and sort by time.

    They are seconds since the epoch and a random part of this process, both in base 32, and a counter in base 16.
    """

    def __init__(self) -> None:
        self._prefix = _base32(int(time.time()), 7) + _base32(secrets.randbits(25), 5)
        self._count = 0

    def next(self) -> str:
        """Return the next id: ``1ng0s0kwgrxt-00001``."""
        self._count += 1
        return f"{self._prefix}-{self._count:05x}"


def _base32(number: int, width: int) -> str:
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 32)
        text = _DIGITS[digit] + text
    return text
