"""The documents say what is so: what is drawn from the code is fresh, links lead somewhere, commands exist."""

import json
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from workflow_engine.cli.main import COMMANDS
from workflow_engine.spec.loading import load_text
from workflow_engine.spec.schema import schema

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DRAWN: Final = ("architecture.md", "reference/workflow-files.md")
"""Pages of which parts are drawn from the code."""

MADE: Final = ("benchmarks/RESULTS.md",)
"""What `make bench` writes."""

LINK: Final = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")
WORKFLOW: Final = re.compile(r"^```yaml\n(name: .*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND: Final = re.compile(r"^\$ workflow-engine ([a-z][a-z-]*)", re.MULTILINE)


def rendered(name: str, page: str) -> str:
    """Return a page with what is drawn from the code drawn anew."""
    draw: Callable[[str, str], str] = runpy.run_path(str(ROOT / "docs" / "generate.py"))["rendered"]
    return draw(name, page)


def written(name: str) -> str:
    """Return a page as it is."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def lost_links(page: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    links = LINK.findall(page.read_text(encoding="utf-8"))
    return [link for link in links if "://" not in link and link not in MADE and not (page.parent / link).exists()]


def test_the_schema_that_ships_is_fresh() -> None:
    shipped = (ROOT / "workflows" / "workflow.schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == schema(), "stale: run .venv/bin/python docs/generate.py"


@pytest.mark.parametrize("name", DRAWN)
def test_what_a_page_shows_of_the_code_is_fresh(name: str) -> None:
    assert rendered(name, written(name)) == written(name), "stale: run .venv/bin/python docs/generate.py"


@pytest.mark.parametrize(
    ("name", "fresh", "stale"),
    [
        ("architecture.md", "failed --> pending: retry", "failed --> completed: retry"),
        ("reference/workflow-files.md", "whole number from 1 to 1,000,000", "whole number from 0"),
    ],
)
def test_a_stale_page_is_seen(name: str, fresh: str, stale: str) -> None:
    page = written(name).replace(fresh, stale)
    assert page != written(name)
    assert rendered(name, page) == written(name)


def test_a_page_without_a_place_for_what_is_drawn_is_refused() -> None:
    with pytest.raises(AssertionError, match="no place for task states"):
        rendered("architecture.md", "# Architecture\n")


def test_every_model_of_a_workflow_file_is_in_its_reference() -> None:
    drawn = written("reference/workflow-files.md").partition("<!-- fields")[2]
    titles = re.findall(r"^## (\w+)$", drawn, re.MULTILINE)
    assert sorted(titles) == sorted(["Workflow", *schema()["$defs"]])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert lost_links(page) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md#part) [there](gone.md) [out](https://example.org/x)", encoding="utf-8")
    assert lost_links(page) == ["gone.md"]


def test_every_command_in_the_documents_exists() -> None:
    named = {name for page in PAGES for name in COMMAND.findall(page.read_text(encoding="utf-8"))}
    assert named
    assert named <= set(COMMANDS)


def test_every_step_of_writing_a_workflow_file_loads() -> None:
    page = ROOT / "docs/how-to/write-a-workflow-file.md"
    files = WORKFLOW.findall(page.read_text(encoding="utf-8"))
    assert [load_text(text, str(page)).spec.version for text in files] == ["1", "2", "3"]
