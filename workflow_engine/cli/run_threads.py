"""Threads of plain handlers: the command does not wait for them when it ends before its task.

Python can neither interrupt a function in a thread nor end before it has.  What it did is not recorded, so the engine
does it again the next time, as after a crash.
"""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

PREFIX: Final = "handler"
"""How the names of the threads begin."""

END_WITHIN: Final = 0.1
"""Seconds in which a thread that has nothing to do ends."""


class HastyExecutor(ThreadPoolExecutor):
    """An executor that a closing event loop does not wait for."""

    def __init__(self) -> None:
        super().__init__(thread_name_prefix=PREFIX)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing more; what is under way ends when it ends."""
        super().shutdown(wait=False, cancel_futures=True)


def leave_if_busy(code: int) -> None:
    """End the process with *code* if a thread of an executor is still at work; else do nothing."""
    for thread in threading.enumerate():
        if thread.name.startswith(PREFIX):
            thread.join(END_WITHIN)
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
