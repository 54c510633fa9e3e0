"""A drawing as SVG: text that stands by itself in a file, or within a page that colours it live."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from workflow_engine.drawing import text
from workflow_engine.drawing.geometry import Box, Layout, Line, Point
from workflow_engine.drawing.icons import KINDS, STANDINGS
from workflow_engine.drawing.paths import STACK, diamond, head, outline, route
from workflow_engine.drawing.picture import EdgeKind, Picture
from workflow_engine.drawing.state import NodeState, Standing
from workflow_engine.drawing.style import ROOT, STANDALONE
from workflow_engine.drawing.text import escaped

State = Mapping[str, NodeState]
"""Where nodes stand, by id; those left out are pending."""

_RADIUS: Final = 7  # of the marks for start and end
_NAMED: Final = 40  # nodes that the description for screen readers names; more would help nobody


def svg(
    picture: Picture,
    layout: Layout,
    state: State | None = None,
    *,
    styled: bool = True,
    link: Callable[[str], str] | None = None,
) -> str:
    """Return *picture* as an SVG document.

    Each node is a ``<g class="node KIND STANDING" data-phase="ID">`` with a ``<use class="mark">`` for its standing; a
    page that exchanges the class and the mark's ``href`` colours it live.  Places depend on the layout alone.

    Args:
        picture: what is drawn.
        layout: where it stands.
        state: where nodes stand in a task; None for a workflow without a task.
        styled: whether the style sheet is within; without it the page has to hold `style.STYLE`.
        link: gives the address of what a click on the node of this id leads to; None for a drawing without links.
    """
    size = f'width="{layout.width}" height="{layout.height}" viewBox="0 0 {layout.width} {layout.height}"'
    label = escaped(_description(picture, state))
    role = "img" if link is None else "group"  # what is within an image is not read out, and cannot be reached
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{ROOT}" role="{role}" aria-label="{label}" {size}>',
        *([f"<style>{STANDALONE}</style>"] if styled else []),
        f"<defs>{''.join(_definitions(picture, state))}</defs>",
        *_ends(picture, layout),
        *(_edge(line, state) for line in layout.lines),
        *(_linked(box, state, link) for box in layout.boxes),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _description(picture: Picture, state: State | None) -> str:
    named = picture.nodes[:_NAMED]
    words = [node.id if state is None else f"{node.id} {_standing(node.id, state).words}" for node in named]
    count = len(picture.nodes)
    more = f" and {count - len(named)} more" if count > len(named) else ""
    return f"Workflow {picture.name}, {count} {'phase' if count == 1 else 'phases'}: {', '.join(words)}{more}"


def _definitions(picture: Picture, state: State | None) -> Iterator[str]:
    for kind in sorted({node.kind for node in picture.nodes}):
        yield f'<path id="{ROOT}-{kind}" d="{KINDS[kind]}"/>'
    for standing, path in STANDINGS.items() if state is not None else ():
        yield f'<path id="{ROOT}-{standing}" d="{path}"/>'


def _ends(picture: Picture, layout: Layout) -> Iterator[str]:
    """Yield the marks where a task begins and ends, with their lines."""
    boxes = {box.node.id: box for box in layout.boxes}
    start = layout.start
    for first in picture.starts:
        box = boxes[first]
        points = (start, Point(box.x, start.y) if _beside(box, start) else Point(box.middle, box.y))
        yield f'<g class="edge forward"><path d="{route(points)}"/>{head(points)}</g>'
    yield f'<circle class="start" cx="{start.x}" cy="{start.y}" r="{_RADIUS}"><title>Start</title></circle>'
    for last, end in zip(picture.ends, layout.ends, strict=True):
        box = boxes[last]
        if _beside(box, end):
            way = f"M{box.x + box.width} {end.y}H{end.x - _RADIUS}"
        else:
            way = f"M{end.x} {box.y + box.height}V{end.y - _RADIUS}"
        yield f'<path class="edge forward" d="{way}"/>'
        rings = "".join(f'<circle cx="{end.x}" cy="{end.y}" r="{radius}"/>' for radius in (_RADIUS, _RADIUS - 3))
        yield f'<g class="end"><title>End</title>{rings}</g>'


def _beside(box: Box, point: Point) -> bool:
    return box.y <= point.y <= box.y + box.height


def _edge(line: Line, state: State | None) -> str:
    edge = line.edge
    taken = " taken" if state is not None and _taken(line, state) else ""
    title = f"{edge.source} → {edge.target}{', when rejected' if edge.kind is EdgeKind.FEEDBACK else ''}"
    title += f": {edge.label}" if edge.label else ""
    tail = diamond(line.points) if edge.kind is EdgeKind.CHOICE else ""
    return (
        f'<g class="edge {edge.kind}{taken}"><title>{escaped(title)}</title>'
        f'<path d="{route(line.points)}"/>{tail}{head(line.points)}{_edge_label(line)}</g>'
    )


def _taken(line: Line, state: State) -> bool:
    """Return whether the task seems to have gone this way: it is done with the source and came to the target."""
    if line.edge.kind is EdgeKind.FEEDBACK or _standing(line.edge.source, state) is not Standing.COMPLETED:
        return False
    return _standing(line.edge.target, state) not in (Standing.PENDING, Standing.SKIPPED)


def _edge_label(line: Line) -> str:
    if line.label is None:
        return ""
    rows = text.label_lines(line.edge.label)
    top = line.label.y + 4 - 7 * (len(rows) - 1)
    return "".join(
        f'<text x="{line.label.x}" y="{top + 14 * index}">{escaped(row)}</text>' for index, row in enumerate(rows)
    )


def _linked(box: Box, state: State | None, link: Callable[[str], str] | None) -> str:
    """Return a node, within a link where there is one."""
    if link is None:
        return _node(box, state)
    return f'<a href="{escaped(link(box.node.id))}">{_node(box, state)}</a>'


def _node(box: Box, state: State | None) -> str:
    node = box.node
    standing = None if state is None else _standing(node.id, state)
    shown = state.get(node.id) if state is not None else None
    width = box.width - (2 * STACK if node.many else 0)  # of the one in front
    room = width - text.INDENT - (text.MARK if standing else text.MARK // 2)
    title = "\n".join((node.label, *([standing.words] if standing else []), node.word, *node.notes))
    small = text.small(node, shown.detail if shown else "")
    if shown and shown.detail and text.width(small, text.SMALL) > room:
        small = shown.detail  # what carries it out, the icon says as well
    x, y = box.x, box.y - (STACK if node.many else 0)
    mark = x + width - 26
    return "".join(
        (
            f'<g class="node {node.kind}{f" {standing}" if standing else ""}" data-phase="{escaped(node.id)}">',
            f"<title>{escaped(title)}</title>{outline(box)}",
            f'<use href="#{ROOT}-{node.kind}" x="{x + 16}" y="{y + 18}"/>',
            f'<text class="label" x="{x + text.INDENT}" y="{y + 23}">',
            f"{escaped(text.shortened(node.label, text.LABEL, room))}</text>",
            f'<text x="{x + text.INDENT}" y="{y + 40}">{escaped(text.shortened(small, text.SMALL, room))}</text>',
            f'<use class="mark" href="#{ROOT}-{standing}" x="{mark}" y="{y + 18}"/>' if standing else "",
            "</g>",
        )
    )


def _standing(node: str, state: State) -> Standing:
    return state[node].standing if node in state else Standing.PENDING
