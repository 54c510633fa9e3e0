"""The two ends of a child's pipes that are ours, served by the event loop without blocking it."""

import asyncio
import os
from collections.abc import Callable
from typing import IO

_PIECE_BYTES = 1 << 16  # what a pipe holds on Linux
_DRAIN_PIECES_MAX = 64  # a pipe can be set to hold 1 MiB; a writer that is still at it must not keep us here


class InputPipe:
    """Writes *content* to a child as fast as it reads, from `start` on, then closes the pipe."""

    def __init__(self, pipe: IO[bytes], content: bytes) -> None:
        self._loop = asyncio.get_running_loop()
        self._pipe = pipe
        self._rest = memoryview(content)

    def start(self) -> None:
        """Begin to write."""
        os.set_blocking(self._pipe.fileno(), False)
        self._loop.add_writer(self._pipe.fileno(), self._write)

    def close(self) -> None:
        """Close the pipe, written or not; again is harmless."""
        if not self._pipe.closed:
            self._loop.remove_writer(self._pipe.fileno())
            self._pipe.close()

    def _write(self) -> None:
        try:
            if self._rest:
                self._rest = self._rest[os.write(self._pipe.fileno(), self._rest[:_PIECE_BYTES]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # a child need not read its input to the end
            self._rest = self._rest[:0]
        if not self._rest:
            self.close()


class OutputPipe:
    """Hands each piece that a child writes to *consume*, until the child's side is closed."""

    def __init__(self, pipe: IO[bytes], consume: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._pipe = pipe
        self._consume = consume
        os.set_blocking(pipe.fileno(), False)
        self._loop.add_reader(pipe.fileno(), self._read)

    def close(self) -> None:
        """Consume what the pipe holds by now and close it; again is harmless.

        It does not wait for the end of the output: a process that left the child's group may hold the other side open.
        """
        for _ in range(_DRAIN_PIECES_MAX):
            if self._pipe.closed or not self._read():
                break
        self._finish()

    def _read(self) -> bool:
        """Consume one piece; return whether there was one."""
        try:
            piece = os.read(self._pipe.fileno(), _PIECE_BYTES)
        except BlockingIOError:
            return False
        if not piece:
            self._finish()
            return False
        self._consume(piece)
        return True

    def _finish(self) -> None:
        if not self._pipe.closed:
            self._loop.remove_reader(self._pipe.fileno())
            self._pipe.close()
