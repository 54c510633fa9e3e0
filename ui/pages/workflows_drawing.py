"""Drawings of workflows within pages, whose style sheet the page links."""

from typing import Final

from markupsafe import Markup

from workflow_engine.drawing.layout import layout
from workflow_engine.drawing.picture import picture
from workflow_engine.drawing.svg import svg
from workflow_engine.drawing.wrapped import fitting
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.ui.showing.visible import bare

DRAWN_MAX: Final = 400
"""Phases of a workflow that is drawn: a tenth of a second, and more than anybody takes in."""


def drawn(spec: WorkflowSpec, *, wide: bool = False) -> Markup | None:
    """Return a workflow as SVG that has no style of its own; None where it is too large to be drawn.

    Args:
        spec: the workflow.
        wide: whether there is room for rows, and not only for a column.
    """
    if len(spec.phases) > DRAWN_MAX:
        return None
    seen = picture(spec)
    placed = fitting(seen) if wide else layout(seen)
    return Markup(bare(svg(seen, placed, styled=False)))  # texts in it are escaped where it is made
