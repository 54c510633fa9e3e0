"""Results: what a task that went through a graph gave."""

from typing import Final

import msgspec

from workflow_engine.core.components import PhaseProgress
from workflow_engine.core.plan import Plan
from workflow_engine.core.tick import Tick

_NULL: Final = msgspec.Raw(b"null")


def result_of(tick: Tick, task: str, plan: Plan) -> msgspec.Raw:
    """Return the output of the phase that none depends on, or of several such phases an object by their ids.

    A gate gives what it has let through: the outputs that were reviewed.  A phase that was left out gives null.
    """
    entries = tick.state.progress(task)
    outputs = {phase: _output(entries.get(phase)) for phase in plan.giving}
    if len(outputs) == 1:
        return next(iter(outputs.values()))
    return msgspec.Raw(msgspec.json.encode(outputs))


def _output(entry: PhaseProgress | None) -> msgspec.Raw:
    if entry is None or entry.outcome != "completed" or not isinstance(entry.output, msgspec.Raw):
        return _NULL
    return entry.output
