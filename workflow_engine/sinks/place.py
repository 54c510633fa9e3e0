"""Places: how far in the order of all events somebody is."""

import sys

import msgspec


class Place(msgspec.Struct, frozen=True):
    """Behind an event.

    Attributes:
        n: number of a commit.
        i: number of the event in it; None for behind the whole commit.
    """

    n: int = 0
    i: int | None = None

    @property
    def key(self) -> tuple[int, int]:
        """What places are ordered by."""
        return self.n, sys.maxsize if self.i is None else self.i

    def __str__(self) -> str:
        return str(self.n) if self.i is None else f"{self.n}.{self.i}"
