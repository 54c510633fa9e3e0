"""Saying: what attempts say while they are under way, for people who watch.  It is not journaled."""

import logging
from collections.abc import Callable
from typing import Final

import msgspec

LOG: Final = logging.getLogger("workflow_engine")


class Said(msgspec.Struct, frozen=True, gc=False):
    """Something that an attempt says: the next words of a model, a line of progress.

    Attributes:
        task: id of the task.
        phase: id of the phase.
        run: id of the run.
        attempt: from 1; a higher one begins anew.
        text: the words, as they follow those before.
    """

    task: str
    phase: str
    run: str
    attempt: int
    text: str


Listener = Callable[[Said], None]
"""Is told what attempts say, on the engine's loop; must return soon and not raise."""


def tell(listeners: list[Listener], said: Said) -> None:
    """Tell every listener; one that fails hurts neither the attempt nor the others."""
    for listener in listeners:
        try:
            listener(said)
        except Exception:
            LOG.exception("a listener failed on what %s says", said.run)
