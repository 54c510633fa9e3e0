"""The beginning and the end of an output that may be endless."""


class BoundedLog:
    """Keeps the first and the last bytes of what is added, half of *limit* each.

    Args:
        limit: bytes to keep at most.

    Attributes:
        size: bytes added so far.
    """

    def __init__(self, limit: int) -> None:
        self.size = 0
        self._head_max = limit // 2
        self._tail_max = limit - self._head_max
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, chunk: bytes) -> None:
        """Append *chunk*."""
        self.size += len(chunk)
        room = self._head_max - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * self._tail_max:  # cut seldom, not for each chunk
            del self._tail[: len(self._tail) - self._tail_max]

    def text(self) -> str:
        """Return what was kept as text; between head and tail a line says how many bytes are missing."""
        tail = self._tail[max(0, len(self._tail) - self._tail_max) :]
        dropped = self.size - len(self._head) - len(tail)
        marker = f"\n[… {dropped} bytes dropped …]\n".encode() if dropped else b""
        return (self._head + marker + tail).decode(errors="replace")
