"""Workflows for the tests of the drawings."""

import random
from collections.abc import Mapping
from typing import Any, Final

from workflow_engine.drawing.layout import layout
from workflow_engine.drawing.picture import Picture, picture
from workflow_engine.drawing.state import NodeState
from workflow_engine.drawing.svg import svg
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.strict import COLLECT

HOSTILE: Final = (
    '"><script>alert(1)<\\script>',
    "<img src=x onerror='alert(1)'>",
    '"];click n0 "javascript:alert(1)"',
    "]]>",
    "<!--",
    "&lt;b&gt;",
    "end",
    "a`b`",
    "$$$x$$",
    "**fett** __proto__",
    "[x]{y}(z)|p|",
    "Prüfung Öl 漢字 🙂",
    "%% note",
    "--x-->",
    "\u202egnp.exe",
    "w" * 200,
)
"""Ids that a phase may have."""


def drawn(*phases: Mapping[str, Any]) -> Picture:
    """Return the picture of a workflow of these phases; a drawing is also made of what would not run."""
    spec = WorkflowSpec.model_validate({"name": "given", "phases": list(phases)}, context={COLLECT: True})
    return picture(spec)


def chain(*ids: str) -> Picture:
    """Return the picture of phases that follow one another."""
    return drawn(*({"id": name} for name in ids))


def text_of(picture: Picture, state: Mapping[str, NodeState] | None = None) -> str:
    """Return the SVG of *picture*."""
    return svg(picture, layout(picture), state)


REVIEW: Final = drawn(
    {"id": "draft", "assigned_to": "agentic"},
    {"id": "lint", "assigned_to": "functional", "command": ["lint"], "on_reject": {"target": "draft"}},
    {"id": "approve", "assigned_to": "human", "on_reject": {"target": "draft", "max_attempts": 1, "then": "human"}},
)
"""A sequence with two ways back."""


def graph(seed: int, size: int = 60, degree: int = 3) -> Picture:
    """Return the picture of a random graph: phases of all kinds, ways back, some phases with nothing before them."""
    numbers = random.Random(seed)
    phases: list[dict[str, Any]] = []
    for index in range(size):
        needed = sorted({numbers.randrange(index) for _ in range(numbers.randint(0, degree))} if index else set[int]())
        phase: dict[str, Any] = {"id": f"phase {index}", "depends_on": [f"phase {name}" for name in needed]}
        phase |= numbers.choice([{"assigned_to": "human"}, {"wait": 60}, {"workflow": "w"}, {"for_each": "inputs.x"}])
        if numbers.random() < 0.2:
            phase["on_reject"] = {"target": f"phase {numbers.randrange(size)}"}
        phases.append(phase)
    return drawn(*phases)
