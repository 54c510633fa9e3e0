"""Sequences in rows: everything is in its frame, nothing overlaps, and what is no sequence is not forced into one."""

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from tests.unit.drawing_given import HOSTILE, REVIEW, chain, drawn, graph
from workflow_engine.drawing.geometry import Layout, Point
from workflow_engine.drawing.layout import layout
from workflow_engine.drawing.picture import EdgeKind
from workflow_engine.drawing.returns import with_returns
from workflow_engine.drawing.state import NodeState, Standing
from workflow_engine.drawing.svg import svg
from workflow_engine.drawing.wrapped import fitting, wrapped

NAMESPACE = "{http://www.w3.org/2000/svg}"


def rows_of(placed: Layout) -> list[list[str]]:
    rows: dict[int, list[tuple[int, str]]] = {}
    for box in placed.boxes:
        rows.setdefault(box.y, []).append((box.x, box.node.id))
    return [[name for _, name in sorted(rows[y])] for y in sorted(rows)]


def found(placed: Layout | None) -> Layout:
    assert placed is not None
    return placed


@pytest.mark.parametrize("count", [1, 2, 4, 5, 9, 300])
def test_phases_stand_in_rows_as_they_are_read(count: int) -> None:
    names = [f"p{n:03}" for n in range(count)]
    assert rows_of(found(wrapped(chain(*names)))) == [names[n : n + 4] for n in range(0, count, 4)]


@pytest.mark.parametrize("count", [1, 5, 300])
def test_everything_is_within_the_frame_and_lines_turn_at_right_angles(count: int) -> None:
    phases = [
        {"id": f"p{n}", **({"on_reject": {"target": f"p{max(0, n - 5)}"}} if n % 6 == 5 else {})} for n in range(count)
    ]
    placed = found(wrapped(drawn(*phases)))
    points = [point for line in placed.lines for point in (*line.points, *([line.label] if line.label else []))]
    points += [placed.start, *placed.ends]
    points += [Point(box.x + box.width, box.y + box.height) for box in placed.boxes]
    assert [p for p in points if not (0 <= p.x <= placed.width and 0 <= p.y <= placed.height)] == []
    assert all(a.x == b.x or a.y == b.y for line in placed.lines for a, b in pairwise(line.points))


def test_no_line_runs_through_a_node() -> None:
    phases = [{"id": f"p{n}", **({"on_reject": {"target": f"p{n - 6}"}} if n % 7 == 6 else {})} for n in range(24)]
    placed = found(wrapped(drawn(*phases)))
    cut = [
        (line.edge, box.node.id)
        for line in placed.lines
        for box in placed.boxes
        for a, b in pairwise(line.points)
        if box.x < max(a.x, b.x) and min(a.x, b.x) < box.x + box.width
        and box.y < max(a.y, b.y) and min(a.y, b.y) < box.y + box.height
    ]  # fmt: skip
    assert cut == []


def test_a_way_back_runs_above_its_row_from_top_to_top() -> None:
    placed = found(wrapped(REVIEW))
    boxes = {box.node.id: box for box in placed.boxes}
    for line in placed.lines:
        if line.edge.kind is EdgeKind.FEEDBACK:
            assert (line.points[0].y, line.points[-1].y) == (boxes[line.edge.source].y, boxes[line.edge.target].y)
            assert line.label is not None
            assert line.label.y < boxes["draft"].y


def test_what_is_no_sequence_is_drawn_from_top_to_bottom() -> None:
    parallel = drawn(
        {"id": "a", "depends_on": []}, {"id": "b", "depends_on": []}, {"id": "c", "depends_on": ["a", "b"]}
    )
    assert wrapped(parallel) is None
    assert fitting(parallel) == layout(parallel)
    assert wrapped(graph(3)) is None


def test_a_sequence_with_very_many_ways_back_is_drawn_from_top_to_bottom() -> None:
    phases = [{"id": f"p{n}", "on_reject": {"target": "a"}} for n in range(30)]
    assert wrapped(drawn({"id": "a"}, *phases)) is None


def test_returns_are_told_at_the_edge_they_took() -> None:
    labels = {edge.source: edge.label for edge in with_returns(REVIEW, {"lint": 2, "approve": 1}).edges if edge.label}
    assert labels == {
        "lint": "sent back twice, of at most 3 times",
        "approve": "sent back once, of at most once, then a person decides",
    }
    assert with_returns(REVIEW, {}) == REVIEW
    assert [e.label for e in with_returns(REVIEW, {"lint": 1_200}).edges if e.source == "lint"][-1].startswith(
        "sent back 1,200 times"
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_links_hold_nothing_but_what_they_were_given(name: str) -> None:
    picture = chain(name, "b")
    text = svg(picture, fitting(picture), {name: NodeState(Standing.FAILED)}, link=lambda phase: f"#{phase}")
    root = ElementTree.fromstring(text)
    links = [link.attrib for link in root.iter(f"{NAMESPACE}a")]
    assert links == [{"href": f"#{name}"}, {"href": "#b"}]
    assert root.attrib["role"] == "group"


def test_a_detail_that_does_not_fit_beside_its_kind_stands_alone() -> None:
    picture = drawn({"id": "a", "assigned_to": "functional"})
    text = svg(picture, fitting(picture), {"a": NodeState(Standing.WAITING_HUMAN, "waits for a person")})
    words = [found.text for found in ElementTree.fromstring(text).iter(f"{NAMESPACE}text")]
    assert words == ["a", "waits for a person"]


def test_how_far_a_fan_out_is_fits_into_its_node() -> None:
    picture = drawn({"id": "a", "for_each": "inputs.x"})
    detail = "640 of 1,000 done, 3 failed"
    text = svg(picture, fitting(picture), {"a": NodeState(Standing.IN_PROGRESS, detail)})
    words = [found.text for found in ElementTree.fromstring(text).iter(f"{NAMESPACE}text")]
    assert words == ["a", detail]
