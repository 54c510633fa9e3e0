"""The graph: a task's workflow as a drawing, with where each phase stands and how often work was sent back."""

import functools
import hashlib
from typing import Final, NamedTuple
from urllib.parse import quote

from flask import url_for
from markupsafe import Markup

from workflow_engine.drawing.geometry import Layout
from workflow_engine.drawing.picture import Picture, picture
from workflow_engine.drawing.returns import with_returns
from workflow_engine.drawing.style import STYLE
from workflow_engine.drawing.svg import svg
from workflow_engine.drawing.wrapped import fitting
from workflow_engine.ui.pages.task_seen import Seen, definition_of
from workflow_engine.ui.pages.task_standings import sent_back, standings
from workflow_engine.ui.showing.visible import bare

_KEPT: Final = 200
"""Layouts that are kept."""

SMALL: Final = 420
MEDIUM: Final = 1_600
"""Pixels up to which a drawing is shrunk to what a phone, or a screen, is wide; wider ones scroll."""

VERSION: Final = hashlib.sha256(STYLE.encode()).hexdigest()[:12]
"""Changes with the style sheet of drawings, so that browsers may keep it."""


class Graph(NamedTuple):
    """A drawing.

    Attributes:
        svg: inline SVG, to be styled by `workflow_engine.drawing.style.STYLE`.
        fit: "small", "medium" or "large": how a page makes room for it.
        phases: how many it shows.
    """

    svg: Markup
    fit: str
    phases: int


def graph_of(seen: Seen) -> Graph | None:
    """Return the drawing of a task, None where its definition is not known."""
    if seen.spec is None:
        return None
    counts = tuple(sorted(sent_back(seen.record).items()))
    shown, placed = _placed(seen.identity.definition, counts)
    many = {phase.id for phase in seen.phases if phase.for_each is not None}
    state = standings(seen.record, seen.lacks, many)
    text = svg(shown, placed, state, styled=False, link=lambda phase: phase_url(seen.record.id, phase))
    fit = "small" if placed.width <= SMALL else "medium" if placed.width <= MEDIUM else "large"
    return Graph(Markup(bare(text)), fit, len(shown.nodes))


def phase_url(task: str, phase: str) -> str:
    """Return where a task's page tells of a phase."""
    return url_for("task.show", task=task, tab="context", phase=phase, _anchor=anchor(phase))


def anchor(phase: str) -> str:
    """Return the id of the element that tells of a phase; it holds no blanks."""
    return f"phase-{quote(phase, safe='')}"


@functools.lru_cache(maxsize=_KEPT)
def _placed(definition: str, counts: tuple[tuple[str, int], ...]) -> tuple[Picture, Layout]:
    """Return the picture of a definition whose phases have sent work back so often, and its layout."""
    spec = definition_of(definition)
    if spec is None:
        raise AssertionError(f"definition {definition} was there a moment ago")
    shown = with_returns(picture(spec), dict(counts))
    return shown, fitting(shown)
