"""Following: catching up again and again, for as long as somebody holds the other end of a pipe."""

import gc
import os
import select
import time
from typing import Final

from workflow_engine.readmodel.read_model import ReadModel

BURST: Final = 0.25
"""Seconds of catching up after which lines are read and answered again."""

PAUSE_MIN: Final = 0.25
"""Seconds between two looks while there is something new."""

PAUSE_MAX: Final = 1.0
"""Seconds between two looks while nothing happens."""


def follow(model: ReadModel, read: int, write: int) -> None:
    """Catch up until *read* is at its end.

    Every line that is read is answered with a line: the number of the commit that the index knows then.

    Args:
        model: the index.
        read: a descriptor of lines that say: now.
        write: a descriptor for the answers.

    Raises:
        JournalError: the journal cannot be read, or the index not written.
        BrokenPipeError: nobody reads the answers.
    """
    gc.collect()
    gc.freeze()  # what is there now stays
    reached, pause = -1, 0.0
    while (lines := _lines(read, pause)) is not None:
        begun = time.monotonic()
        before, reached = reached, model.catch_up(limit_seconds=BURST)
        for _ in range(lines):
            os.write(write, b"%d\n" % reached)
        if time.monotonic() - begun >= BURST:
            pause = 0.0  # there is more
        elif reached != before:
            pause = PAUSE_MIN
        elif not lines:
            pause = min(PAUSE_MAX, max(PAUSE_MIN, 2 * pause))
            gc.collect()


_CHUNK: Final = 4096


def _lines(read: int, pause: float) -> int | None:
    """Wait for lines, at most *pause* seconds; return how many have come, None at the end."""
    ready, _, _ = select.select([read], [], [], pause)
    if not ready:
        return 0
    data = os.read(read, _CHUNK)
    return data.count(b"\n") if data else None
