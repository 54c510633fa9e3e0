"""Layout: nothing overlaps, everything is within the frame, ways onward lead down, and the same comes out again."""

from itertools import pairwise

import pytest

from tests.unit.drawing_given import REVIEW, chain, drawn, graph
from workflow_engine.drawing.geometry import Box, Layout, Line, Point
from workflow_engine.drawing.layers import layers, narrowed
from workflow_engine.drawing.layout import layout
from workflow_engine.drawing.picture import EdgeKind, Picture

SEEDS = range(12)


def boxes(placed: Layout) -> dict[str, Box]:
    return {box.node.id: box for box in placed.boxes}


def overlaps(placed: Layout) -> list[tuple[str, str]]:
    rows: dict[int, list[Box]] = {}
    for box in placed.boxes:
        rows.setdefault(box.y, []).append(box)
    tops = sorted(rows)
    assert all(upper + rows[upper][0].height < lower for upper, lower in pairwise(tops))
    ordered = [sorted(row, key=lambda box: box.x) for row in rows.values()]
    return [(a.node.id, b.node.id) for row in ordered for a, b in pairwise(row) if a.x + a.width >= b.x]


def inside(placed: Layout, point: Point) -> bool:
    return 0 <= point.x <= placed.width and 0 <= point.y <= placed.height


def cuts(line: Line, box: Box) -> bool:
    """Return whether a straight piece of *line* runs through *box*; those that swing stay between two rows."""
    return any(
        box.x < max(a.x, b.x)
        and min(a.x, b.x) < box.x + box.width
        and box.y < max(a.y, b.y)
        and min(a.y, b.y) < box.y + 52
        for a, b in pairwise(line.points)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_no_two_boxes_overlap(seed: int) -> None:
    assert overlaps(layout(graph(seed))) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_is_within_the_frame(seed: int) -> None:
    placed = layout(graph(seed))
    corners = [Point(box.x + box.width, box.y + box.height) for box in placed.boxes]
    points = [point for line in placed.lines for point in (*line.points, *([line.label] if line.label else []))]
    points += [placed.start, *placed.ends, *corners, *(Point(box.x, box.y) for box in placed.boxes)]
    assert [point for point in points if not inside(placed, point)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_ways_onward_lead_down_from_the_bottom_to_the_top(seed: int) -> None:
    placed = layout(graph(seed))
    found = boxes(placed)
    onward = [line for line in placed.lines if line.edge.kind is EdgeKind.FORWARD]
    assert len(onward) > 50
    for line in onward:
        source, target = found[line.edge.source], found[line.edge.target]
        assert line.points[0] == Point(source.middle, source.y + source.height)
        assert line.points[-1] == Point(target.middle, target.y)
        assert all(a.y < b.y for a, b in pairwise(line.points))


@pytest.mark.parametrize("seed", SEEDS)
def test_feedback_leaves_and_comes_in_at_the_side(seed: int) -> None:
    placed = layout(graph(seed))
    found = boxes(placed)
    back = [line for line in placed.lines if line.edge.kind is EdgeKind.FEEDBACK]
    assert len(back) > 3
    for line in back:
        for point, box in ((line.points[0], found[line.edge.source]), (line.points[-1], found[line.edge.target])):
            assert point.x == box.x + box.width
            assert box.y < point.y < box.y + box.height
        assert line.label is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_no_line_runs_through_a_box(seed: int) -> None:
    placed = layout(graph(seed, size=30))
    assert [(line.edge, box.node.id) for line in placed.lines for box in placed.boxes if cuts(line, box)] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_picture_has_the_same_layout(seed: int) -> None:
    assert layout(graph(seed)) == layout(graph(seed))


def test_a_sequence_with_feedback_is_one_straight_column() -> None:
    placed = layout(REVIEW)
    assert len({box.middle for box in placed.boxes} | {placed.start.x, placed.ends[0].x}) == 1


def test_a_task_goes_down_from_its_start_to_its_end() -> None:
    placed = layout(chain("a", "b"))
    ys = [placed.start.y, *(box.y for box in placed.boxes), placed.ends[0].y]
    assert ys == sorted(set(ys))


def test_a_choice_that_leads_back_runs_at_the_side() -> None:
    placed = layout(drawn({"id": "a", "next_classifications": ["b"]}, {"id": "b", "next_classifications": ["a", "b"]}))
    found = boxes(placed)
    assert found["a"].y < found["b"].y
    assert [line.points[-1].x for line in placed.lines[1:]] == [found[name].x + found[name].width for name in "ab"]


def test_feedback_within_a_row_runs_above_it() -> None:
    placed = layout(drawn({"id": "a", "depends_on": []}, {"id": "b", "on_reject": {"target": "a"}}))
    line, found = placed.lines[0], boxes(placed)
    assert found["a"].y == found["b"].y
    assert min(point.y for point in line.points) < found["a"].y
    assert not any(cuts(line, box) for box in placed.boxes)


def test_crossings_that_can_be_avoided_are_avoided() -> None:
    names = "abcdef"
    roots = [{"id": name} for name in names]
    leaves = [{"id": name.upper(), "depends_on": [name]} for name in reversed(names)]
    placed = layout(drawn(*roots, *leaves))
    found = boxes(placed)
    assert [found[name].middle for name in names] == [found[name.upper()].middle for name in names]


def test_layers_are_the_longest_ways() -> None:
    assert layers(4, [(0, 1), (1, 2), (0, 2), (2, 3), (3, 1), (2, 2)], [0]) == (
        [0, 1, 2, 3],
        [False, False, False, False, True, True],
    )


def test_a_very_wide_layer_becomes_several() -> None:
    narrow = narrowed([0] + [1] * 400 + [2])
    assert (narrow[0], narrow[1], narrow[-2], narrow[-1]) == (0, 1, 10, 11)
    assert max(narrow.count(layer) for layer in narrow) == 40


def complete(size: int) -> Picture:
    return drawn(*({"id": f"p{i}", "depends_on": [f"p{j}" for j in range(i)]} for i in range(size)))


def star(size: int) -> Picture:
    return drawn({"id": "a"}, *({"id": f"p{i}", "depends_on": ["a"]} for i in range(size)))


@pytest.mark.parametrize(
    "picture",
    [chain(*(f"p{i}" for i in range(1_000))), complete(120), star(1_000), graph(1, size=1_000)],
    ids=["chain", "complete", "star", "random"],
)
def test_large_pictures_are_laid_out_within_bounds(picture: Picture) -> None:
    placed = layout(picture)
    assert overlaps(placed) == []
    assert placed.width < 60_000
    assert placed.height < 180 * len(picture.nodes) + 200
    assert sum(len(line.points) for line in placed.lines) < 20 * len(picture.edges) + 10_000
