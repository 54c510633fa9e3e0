"""Python's garbage collector, which looks for cycles through all that lives: how an engine lives with it."""

import contextlib
import gc
from collections.abc import Generator
from typing import Final

SELDOM: Final = (50_000, 20, 50)
"""Thresholds while an engine runs; see `gc.set_threshold`.

Measured with three-phase tasks: with Python's defaults a third of the processor time goes to looking through tasks that
are not garbage.  Cycles are rare here, so that what waits for the collector stays within some megabytes.
"""

_DEFAULTS: Final = ((700, 10, 10), (2_000, 10, 10), (2_000, 10, 0))
"""What the Pythons come with.  Whoever has set anything else knows better."""


@contextlib.contextmanager
def collecting_paused() -> Generator[None]:
    """Keep the collector from looking for cycles among millions of new values that have none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class SeldomCollecting:
    """Have the collector look seldom, and not at all at what lives by now, from `begin` to `end`.

    It is one for the whole process: while several engines run, the last to end puts things back.  Where the program has
    set thresholds of its own, nothing is changed.
    """

    _users = 0
    _before = (0, 0, 0)

    def begin(self) -> None:
        """Change the thresholds, and leave what lives by now out of every later look."""
        cls = type(self)
        cls._users += 1
        if cls._users == 1:
            cls._before = gc.get_threshold()
            if cls._before in _DEFAULTS:
                gc.freeze()
                gc.set_threshold(*SELDOM)

    def end(self) -> None:
        """Put back what was changed, if nobody else needs it."""
        cls = type(self)
        cls._users -= 1
        if cls._users == 0 and gc.get_threshold() == SELDOM:
            gc.set_threshold(*cls._before)
            gc.unfreeze()
