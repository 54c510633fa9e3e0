"""Loading much at once without the garbage collector looking through it again and again."""

import contextlib
import gc
from collections.abc import Generator


@contextlib.contextmanager
def collecting_paused() -> Generator[None]:
    """Keep the garbage collector from looking for cycles among millions of new values that have none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
