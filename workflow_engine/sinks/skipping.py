"""Skipping: what somebody does not want a sink to get, although it was not delivered."""

import time
from typing import Final

import msgspec

from workflow_engine.errors import InputRefused
from workflow_engine.sinks.kept import Kept, SinkState
from workflow_engine.sinks.place import Place

DONE_WITHIN: Final = 3.0
"""Seconds to wait for the engine that delivers to do it."""

PAUSE: Final = 0.05
"""Seconds between two looks."""


def failing(name: str, state: SinkState) -> Place:
    """Return the place behind the delivery that fails.

    Raises:
        InputRefused: none does.
    """
    if state.failing is None:
        raise InputRefused(f"no delivery to {name} fails; --all skips everything that it has not got yet")
    n, _, i = state.failing[1].partition(".")
    return Place(int(n), int(i))


def skip(kept: Kept, upto: Place) -> bool:
    """Leave out what a sink has not got up to a place; where a process delivers to it, that does so.

    Returns:
        Whether it is done: a process in the middle of a delivery does it after that.
    """
    with kept.alone() as alone:
        if alone:
            state = kept.load() or SinkState()
            if upto.key > state.cursor.key:
                kept.note_skipped(state.cursor, upto)
                kept.save(msgspec.structs.replace(state, cursor=upto, error=None, since=None, tries=0, failing=None))
            return True
    kept.ask_to_skip(upto)
    deadline = time.monotonic() + DONE_WITHIN
    while kept.asked_to_skip() is not None:
        if time.monotonic() >= deadline:
            return False
        time.sleep(PAUSE)
    return True
