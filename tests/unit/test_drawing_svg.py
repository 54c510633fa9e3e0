"""SVG: well-formed, harmless whatever the phases are called, and readable without its colours."""

import re
from xml.etree import ElementTree

import pytest

from tests.unit.drawing_given import HOSTILE, REVIEW, chain, drawn, graph, text_of
from workflow_engine.drawing.icons import KINDS, STANDINGS
from workflow_engine.drawing.layout import layout
from workflow_engine.drawing.picture import NodeKind
from workflow_engine.drawing.state import NodeState, Standing
from workflow_engine.drawing.style import STANDALONE
from workflow_engine.drawing.svg import svg

NAMESPACE = "{http://www.w3.org/2000/svg}"
KNOWN = {"svg", "style", "defs", "g", "title", "path", "rect", "circle", "use", "text"}


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def nodes(root: ElementTree.Element) -> dict[str, ElementTree.Element]:
    return {group.attrib["data-phase"]: group for group in root.iter(f"{NAMESPACE}g") if "data-phase" in group.attrib}


def words(group: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in group.iter(f"{NAMESPACE}text")]


def title(group: ElementTree.Element) -> str:
    return group.findtext(f"{NAMESPACE}title") or ""


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_a_phase_is_markup(name: str) -> None:
    picture = drawn(
        {"id": name, "assigned_to": name, "when": name, "next_classifications": [name, "b"]},
        {"id": "b", "workflow": name, "target_classification": name, "on_reject": {"target": name}},
    )
    root = parsed(text_of(picture, {name: NodeState(Standing.FAILED, name)}))
    assert {element.tag.removeprefix(NAMESPACE) for element in root.iter()} <= KNOWN
    assert not [key for element in root.iter() for key in element.attrib if key.startswith("on") or key == "style"]
    assert all(use.attrib["href"].startswith("#workflow-drawing-") for use in root.iter(f"{NAMESPACE}use"))
    assert list(nodes(root)) == [name, "b"]
    assert title(nodes(root)[name]).startswith(name)


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    root = parsed(text_of(drawn({"id": "a\ufffe", "when": "\x00\ufffe\x1b"})))
    assert title(nodes(root)["a\ufffd"]) == "a\ufffd\nhandler\nwhen \ufffd\ufffd\ufffd"


@pytest.mark.parametrize("seed", range(5))
def test_a_random_graph_is_well_formed_and_whole(seed: int) -> None:
    picture = graph(seed)
    placed = layout(picture)
    root = parsed(svg(picture, placed))
    assert root.attrib["viewBox"] == f"0 0 {root.attrib['width']} {root.attrib['height']}"
    assert list(nodes(root)) == [node.id for node in picture.nodes]
    titled = [title(group) for group in root.iter(f"{NAMESPACE}g") if group.attrib.get("class", "").startswith("edge")]
    assert len([text for text in titled if text]) == len(picture.edges)


def test_the_same_picture_gives_the_same_text() -> None:
    assert text_of(graph(3)) == text_of(graph(3))


def test_places_do_not_depend_on_the_state() -> None:
    state = {"draft": NodeState(Standing.COMPLETED, "2 visits"), "lint": NodeState(Standing.IN_PROGRESS)}
    plain, live = (
        [body.attrib for body in parsed(text_of(REVIEW, given)).iter(f"{NAMESPACE}rect")] for given in (None, state)
    )
    assert plain == live


def test_a_node_has_the_class_the_mark_and_the_words_of_its_standing() -> None:
    found = nodes(parsed(text_of(REVIEW, {"draft": NodeState(Standing.COMPLETED, "2 visits")})))
    assert [group.attrib["class"] for group in found.values()] == [
        "node agentic completed",
        "node program pending",
        "node human pending",
    ]
    marks = [use.attrib["href"] for use in found["draft"].iter(f"{NAMESPACE}use") if "class" in use.attrib]
    assert marks == ["#workflow-drawing-completed"]
    assert words(found["draft"]) == ["draft", "agent · 2 visits"]
    assert title(found["lint"]) == "lint\nnot reached\nprogram"


def test_without_a_task_nodes_have_no_standing() -> None:
    found = nodes(parsed(text_of(REVIEW)))
    assert [group.attrib["class"] for group in found.values()] == ["node agentic", "node program", "node human"]


def test_the_way_a_task_has_gone_stands_out() -> None:
    state = {"draft": NodeState(Standing.COMPLETED), "lint": NodeState(Standing.WAITING_IO)}
    edges = [group.attrib["class"] for group in parsed(text_of(REVIEW, state)).iter(f"{NAMESPACE}g")]
    assert [name for name in edges if "taken" in name] == ["edge forward taken"]


def test_the_drawing_is_described_in_words() -> None:
    root = parsed(text_of(REVIEW, {"draft": NodeState(Standing.WAITING_HUMAN)}))
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == (
        "Workflow given, 3 phases: draft waiting for a person, lint not reached, approve not reached"
    )
    assert parsed(text_of(chain("a"))).attrib["aria-label"] == "Workflow given, 1 phase: a"
    assert parsed(text_of(chain(*map(str, range(50))))).attrib["aria-label"].endswith(", 38, 39 and 10 more")


def test_shapes_differ_without_colour() -> None:
    def bodies(**phase: object) -> list[str]:
        group = nodes(parsed(text_of(drawn({"id": "a", **phase}))))["a"]
        return [
            f"{element.tag.removeprefix(NAMESPACE)} {element.attrib.get('rx', '')}".strip()
            for element in group.iter()
            if element.attrib.get("class") == "body"
        ]

    assert bodies(assigned_to="functional") == ["rect 8"]
    assert bodies(assigned_to="human") == ["rect 26"]
    assert bodies(gate={"of": ["b"]}) == ["path"]
    assert bodies(workflow="w") == ["rect 8", "path"]
    assert bodies(assigned_to="functional", for_each="inputs.x") == ["rect 8"] * 3


def test_every_kind_and_every_standing_has_a_sign() -> None:
    assert (set(KINDS), set(STANDINGS)) == (set(NodeKind), set(Standing))


def test_a_long_name_is_shortened_and_whole_in_the_title() -> None:
    name = "a name that is far too long for any box of a drawing that people read"
    group = nodes(parsed(text_of(chain(name))))[name]
    assert re.fullmatch("a name that.*…", words(group)[0])
    assert title(group) == f"{name}\nhandler"


def test_a_feedback_label_stands_on_two_lines() -> None:
    edges = [group for group in parsed(text_of(REVIEW)).iter(f"{NAMESPACE}g") if words(group)]
    assert words(edges[1]) == ["at most once", "then a person decides"]
    assert title(edges[1]) == "approve → draft, when rejected: at most once, then a person decides"


def test_the_style_can_be_left_to_the_page_and_touches_nothing_else_on_it() -> None:
    assert "<style>" not in svg(REVIEW, layout(REVIEW), styled=False)
    assert f"<style>{STANDALONE}</style>" in svg(REVIEW, layout(REVIEW))
    rules = STANDALONE.replace("@media (prefers-color-scheme: dark) {", "")
    selectors = [selector.strip(" }\n") for selector in re.findall(r"([^{}]+)\{", rules)]
    assert selectors
    assert [name for name in selectors if not name.startswith(".workflow-drawing")] == []
