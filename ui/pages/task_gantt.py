"""The timeline: visits to phases as bars on one scale of time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from workflow_engine.ui.pages.task_spans import Item, Lane, Span
from workflow_engine.ui.showing.numbers import duration
from workflow_engine.ui.showing.visible import plain, shortened

WIDTH: Final = 1_000
HEIGHT: Final = 14
NARROWEST: Final = 4
"""Size of a bar's field, and the width of the shortest bar in it; pages stretch the field."""

PAGE: Final = 100
"""Lanes of a page."""

ITEMS_MAX: Final = 50
"""Items of a fan-out that are listed."""


class Bar(NamedTuple):
    """A lane as it is shown.

    Attributes:
        lane: what it shows.
        svg: the bars.
        took: seconds from its begin to its end, or until now.
        words: the same for a screen reader.
        done: items of a fan-out that are done; then those that failed, and those listed.
        failed: see above.
        items: see above.
    """

    lane: Lane
    svg: Markup
    took: float
    words: str
    done: int = 0
    failed: int = 0
    items: tuple[Item, ...] = ()


class Timeline(NamedTuple):
    """A page of lanes.

    Attributes:
        bars: of the lanes.
        start: of the scale, engine time in seconds; None where there are no lanes.
        end: of the scale.
        total: lanes on all pages.
        page: number of this one, from 1.
        pages: how many there are.
    """

    bars: tuple[Bar, ...]
    start: float | None
    end: float
    total: int
    page: int
    pages: int


def timeline(lanes: Sequence[Lane], now: float, page: int = 1, *, failed_only: bool = False) -> Timeline:
    """Return a page of lanes, all on the scale of the whole task.

    Args:
        lanes: of the whole task.
        now: where what goes on ends, engine time in seconds.
        page: which page, from 1; the nearest there is.
        failed_only: whether only items that failed are listed.
    """
    pages = max(1, -(-len(lanes) // PAGE))
    page = min(max(page, 1), pages)
    if not lanes:
        return Timeline((), None, now, 0, 1, 1)
    start = min(lane.start for lane in lanes)
    end = max(now if lane.end is None else lane.end for lane in lanes)
    shown = lanes[(page - 1) * PAGE : page * PAGE]
    bars = tuple(_bar(lane, start, end, now, failed_only) for lane in shown)
    return Timeline(bars, start, end, len(lanes), page, pages)


def _bar(lane: Lane, start: float, end: float, now: float, failed_only: bool) -> Bar:
    rects = Markup("").join(_rect(span, start, end, now) for span in lane.spans)
    words = "; ".join(said(span, now) for span in lane.spans[:20])
    svg = Markup(
        '<svg class="lane" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, HEIGHT, plain(shortened(words, 1_000)), rects)
    failed = sum(item.kind == "failed" for item in lane.items)
    listed = [item for item in lane.items if item.kind == "failed" or not failed_only][:ITEMS_MAX]
    took = (now if lane.end is None else lane.end) - lane.start
    done = sum(item.kind == "completed" for item in lane.items)
    return Bar(lane, svg, max(0.0, took), words, done, failed, tuple(listed))


def said(span: Span, now: float) -> str:
    """Return in words what a span shows."""
    length = duration(max(0.0, (now if span.end is None else span.end) - span.start))
    return f"{shortened(span.words)}, {length}{' until now' if span.end is None else ''}"


def _rect(span: Span, start: float, end: float, now: float) -> Markup:
    whole = max(end - start, 1e-6)
    left = (span.start - start) / whole * WIDTH
    right = ((now if span.end is None else span.end) - start) / whole * WIDTH
    width = min(max(right - left, NARROWEST), WIDTH)
    return Markup('<rect class="{}" x="{:.1f}" y="0" width="{:.1f}" height="{}"><title>{}</title></rect>').format(
        span.kind, min(left, WIDTH - width), width, HEIGHT, plain(said(span, now))
    )
