"""Mermaid: the text is a flowchart whatever the phases are called."""

import re

import pytest

from tests.unit.drawing_given import HOSTILE, REVIEW, chain, drawn
from workflow_engine.drawing.mermaid import mermaid

LINE = re.compile(
    r"    (?:start\(\(start\)\)|finish\(\(\(end\)\)\)|\w+ -->(?:\|\"[^\"]*\"\|)? \w+|\w+ -\.->\|\"[^\"]*\"\| \w+"
    r"|n\d+(?:\(|\(\[|\{\{|\[\[|\[/)\"[^\"]*\"(?:\)|\]\)|\}\}|\]\]|/\]))"
)


def test_a_review_is_a_flowchart() -> None:
    assert mermaid(REVIEW).splitlines() == [
        "flowchart TD",
        "    start((start))",
        '    n0("draft<br/><small>agent</small>")',
        '    n1("lint<br/><small>program</small>")',
        '    n2(["approve<br/><small>person</small>"])',
        "    finish(((end)))",
        "    start --> n0",
        "    n0 --> n1",
        "    n1 --> n2",
        '    n1 -.->|"at most 3 times"| n0',
        '    n2 -.->|"at most once, then a person decides"| n0',
        "    n2 --> finish",
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_of_a_phase_is_markup(name: str) -> None:
    lines = mermaid(chain(name, "b")).splitlines()
    assert [line for line in lines[1:] if not LINE.fullmatch(line)] == []
    label = lines[2].removeprefix('    n0("').removesuffix('<br/><small>handler</small>")')
    assert re.fullmatch(r"(?:\w|[ ,.:·…-]|#\d+;)*", label)
    assert _read(label).replace("\u200b", "") == name


def test_two_dollars_do_not_begin_a_formula() -> None:
    assert "$$" not in _read(mermaid(chain("$$$x$$")))


def test_a_note_stays_on_its_line_and_holds_no_controls() -> None:
    lines = mermaid(drawn({"id": "a", "when": "x\n\x00> 1"})).splitlines()
    assert lines[2] == '    n0("a<br/><small>handler · when x #65533;#62; 1</small>")'


def _read(label: str) -> str:
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label)
