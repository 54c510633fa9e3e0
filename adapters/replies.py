"""Replies of models: texts, of which some are JSON."""

from typing import Any

from workflow_engine.adapters.json_text import whole_json
from workflow_engine.spec.model import Phase


def understood(reply: Any, phase: Phase) -> Any:
    """Return what a model's *reply* gives as the output of *phase*.

    A text stays a text, unless the phase asks for values (``output``, ``outputs``) or for a verdict (``on_reject``),
    and the text is JSON or holds one fence of it.
    """
    asked = phase.output is not None or phase.outputs or phase.on_reject is not None
    if not (asked and isinstance(reply, str)):
        return reply
    try:
        return whole_json(reply)
    except ValueError:
        return reply
