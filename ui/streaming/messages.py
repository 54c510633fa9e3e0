"""Messages of a stream: what the browser's `EventSource` is sent.

The format is that of "Server-sent events" in the HTML Living Standard, section 9.2.
"""

from typing import Any, Final, NamedTuple

import msgspec

HEARTBEAT: Final = b": still here\n\n"
"""Keeps proxies from closing a quiet stream, and tells us whether anybody is still listening."""


class Message(NamedTuple):
    """One message.

    Attributes:
        event: its type, for which a page listens.
        data: JSON.
        place: (commit, number of the event in it), from which a stream that broke off is resumed; None leaves it.
    """

    event: str
    data: Any
    place: tuple[int, int] | None = None

    def encoded(self) -> bytes:
        """Return the message as it is sent; JSON has no line breaks of its own."""
        mark = b"" if self.place is None else b"id: %d.%d\n" % self.place
        return b"%sevent: %s\ndata: %s\n\n" % (mark, self.event.encode(), msgspec.json.encode(self.data))


def place_of(last_event_id: str | None) -> tuple[int, int] | None:
    """Return the place that a ``Last-Event-ID`` names, None where it names none."""
    n, dot, i = (last_event_id or "").partition(".")
    if not dot or not (n.isascii() and i.isascii() and n.isdigit() and i.isdigit()) or len(n) > 15 or len(i) > 15:
        return None
    return int(n), int(i)
