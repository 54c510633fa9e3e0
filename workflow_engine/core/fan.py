"""A fan-out under way: which items are left.  An index that can be rebuilt from components."""

from typing import Final

import msgspec

_decode: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Fan:
    """The items of one fan-out.

    Attributes:
        items: JSON of each item.
        live: ids of the runs of items under way, in the order they began.
        next: position of the first item that has not begun.
        ended: how many items have ended.
    """

    __slots__ = ("ended", "items", "live", "next")

    def __init__(self, items: msgspec.Raw) -> None:
        self.items = _decode(items)
        self.live: dict[str, None] = {}
        self.next = 0
        self.ended = 0

    @property
    def complete(self) -> bool:
        """Whether every item has ended."""
        return self.ended == len(self.items)


def group_of(run: str) -> str:
    """Return the id of the fan-out that the run of an item belongs to."""
    return run.rpartition(".")[0]
