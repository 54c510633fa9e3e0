"""The how-to pages say what is so: workflow files in them load, or are refused in the words that follow them.

A YAML block that has phases, steps or agents is loaded, unless ``<!-- not loaded -->`` stands above it.  Above one that
is wrong on purpose stands ``<!-- refused -->``, and the next block is the error.  A Python block that makes a
``workflow`` makes the same as the YAML block before it.
"""

import itertools
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from workflow_engine import ecs_workflow
from workflow_engine.ecs_workflow import ECSWorkflowEngine, WorkflowSpec
from workflow_engine.errors import SpecError
from workflow_engine.spec.loading import load_text

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted(ROOT.glob("docs/how-to/*.md"))

BLOCK: Final = re.compile(
    r"^(?:<!-- (?P<mark>[a-z ]+) -->\n)?```(?P<language>[a-z]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
WORKFLOW: Final = re.compile(r"^(?:phases|steps|agents):", re.MULTILINE)
MARKS: Final = (None, "refused", "not loaded")


class Block(NamedTuple):
    """A fenced block of a page.

    Attributes:
        page: its file.
        language: what stands behind the fence.
        mark: the comment above it, None where there is none.
        text: what it holds.
    """

    page: Path
    language: str
    mark: str | None
    text: str

    @property
    def is_workflow(self) -> bool:
        """Whether this is a workflow file to be loaded."""
        return self.language == "yaml" and self.mark is None and WORKFLOW.search(self.text) is not None

    @property
    def makes_workflow(self) -> bool:
        """Whether this is Python that makes a ``workflow``."""
        return self.language == "python" and self.mark is None and "\nworkflow = WorkflowSpec(" in self.text


Pair = tuple[Block, Block]


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(page, match["language"], match["mark"], match["text"]) for match in found]


ALL: Final = [block for page in PAGES for block in blocks(page)]


def loaded(block: Block) -> WorkflowSpec:
    """Return the workflow of a block."""
    return load_text(block.text, block.page.name).spec


def refusals() -> list[Pair]:
    """Return the blocks that are wrong on purpose, each with the block that says what is wrong."""
    return [(block, after) for block, after in itertools.pairwise(ALL) if block.mark == "refused"]


def translations() -> list[Pair]:
    """Return the Python blocks that make a workflow, each with the workflow file before it."""
    known = [block for block in ALL if block.is_workflow or block.makes_workflow]
    return [(file, program) for file, program in itertools.pairwise(known) if program.makes_workflow]


def _name(block: Block) -> str:
    return block.page.stem


def _name_of_pair(pair: Pair) -> str:
    return pair[0].page.stem


@pytest.mark.parametrize("block", [block for block in ALL if block.is_workflow], ids=_name)
def test_a_workflow_file_of_a_page_loads(block: Block) -> None:
    assert loaded(block).phases


@pytest.mark.parametrize("pair", refusals(), ids=_name_of_pair)
def test_a_workflow_file_that_is_wrong_on_purpose_is_refused_as_the_page_says(pair: Pair) -> None:
    block, said = pair
    with pytest.raises(SpecError) as refusal:
        load_text(block.text, "workflow.yaml")
    assert f"{refusal.value}\n" == said.text


@pytest.mark.parametrize("pair", translations(), ids=_name_of_pair)
def test_python_in_a_page_makes_the_workflow_of_the_file_before_it(pair: Pair, tmp_path: Path) -> None:
    file, program = pair
    names: dict[str, Any] = {name: getattr(ecs_workflow, name) for name in ecs_workflow.__all__}
    names["engine"] = ECSWorkflowEngine(tmp_path)
    exec(program.text, names)
    assert names["workflow"] == loaded(file)


def test_every_mark_above_a_block_means_something() -> None:
    assert [block for block in ALL if block.mark not in MARKS] == []


def test_blocks_are_found_with_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n<!-- refused -->\n```yaml\nphases: 1\n```\n\n```text\nno\n```\n", encoding="utf-8")
    assert blocks(page) == [Block(page, "yaml", "refused", "phases: 1\n"), Block(page, "text", None, "no\n")]
