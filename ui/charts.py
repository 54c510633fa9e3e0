"""Charts: small ones, as inline SVG that a page colours by classes."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

WIDTH: Final = 720
HEIGHT: Final = 120
LEFT: Final = 44  # for the numbers of the scale
BOTTOM: Final = 18  # for the words below
TOP: Final = 8


class Series(NamedTuple):
    """What is counted.

    Attributes:
        name: what people read.
        kind: class name that gives the colour: "completed", "failed".
        values: one for each bar.
    """

    name: str
    kind: str
    values: Sequence[float]


def bars(series: Sequence[Series], labels: Sequence[str], below: Sequence[str], about: str) -> Markup:
    """Return stacked bars.

    Args:
        series: from the bottom up, as many values each as there are labels.
        labels: what each bar stands for, which hovering shows.
        below: what is written below: at the left, in the middle, at the right.
        about: what a screen reader says of the whole.
    """
    totals = [sum(values) for values in zip(*(one.values for one in series), strict=True)]
    most = scale(max(totals, default=0.0))
    slot = (WIDTH - LEFT) / max(1, len(labels))
    parts: list[Markup] = []
    for position, label in enumerate(labels):
        said = ", ".join(f"{one.values[position]:,.0f} {one.name}" for one in series)
        height = 0.0
        rects = Markup("")
        for one in series:
            value = one.values[position]
            if value:
                rects += _bar(one.kind, LEFT + position * slot, slot, height / most, value / most)
                height += value
        hit = Markup('<rect class="hit" x="{:.1f}" y="{}" width="{:.2f}" height="{}"/>').format(
            LEFT + position * slot, TOP, slot, HEIGHT - TOP - BOTTOM
        )
        parts.append(Markup("<g><title>{}: {}</title>{}{}</g>").format(label, said, hit, rects))
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>').format(
        WIDTH, HEIGHT, about, _grid(most), Markup("").join(parts), _words(below)
    )


def scale(most: float) -> float:
    """Return the top of a scale that reaches *most*: 1, 2 or 5 and zeros behind it, at least 1."""
    step = 1.0
    while True:
        for factor in (1, 2, 5):
            if most <= step * factor:
                return step * factor
        step *= 10


def _bar(kind: str, x: float, slot: float, below: float, share: float) -> Markup:
    room = HEIGHT - TOP - BOTTOM
    height = max(1.0, share * room)
    top = HEIGHT - BOTTOM - below * room - height
    gap = min(2.0, slot * 0.2)
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.2f}" height="{:.1f}"/>').format(
        kind, x + gap / 2, top, slot - gap, height
    )


def _grid(most: float) -> Markup:
    """Return lines at the bottom, the middle and the top of the scale, with their numbers."""
    lines = Markup("")
    for share in (0.0, 0.5, 1.0):
        y = HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
        number = f"{most * share:,.0f}" if most > 1 or share != 0.5 else ""
        lines += Markup('<path class="grid" d="M{} {:.1f}H{}"/><text class="end" x="{}" y="{:.1f}">{}</text>').format(
            LEFT, y, WIDTH, LEFT - 6, y + 4, number
        )
    return lines


def _words(below: Sequence[str]) -> Markup:
    left, middle, right = below
    return Markup(
        '<text x="{}" y="{y}">{}</text><text class="middle" x="{}" y="{y}">{}</text>'
        '<text class="end" x="{}" y="{y}">{}</text>'
    ).format(LEFT, left, (LEFT + WIDTH) / 2, middle, WIDTH, right, y=HEIGHT - 4)
