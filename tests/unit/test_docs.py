"""The documents say what is so: what is drawn from the code is fresh, links lead somewhere, commands exist."""

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from workflow_engine.cli.main import COMMANDS

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
ARCHITECTURE: Final = ROOT / "docs" / "architecture.md"

MADE: Final = ("benchmarks/RESULTS.md",)
"""What `make bench` writes."""

LINK: Final = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND: Final = re.compile(r"^\$ workflow-engine ([a-z][a-z-]*)", re.MULTILINE)


def rendered(page: str) -> str:
    """Return a page with what is drawn from the code drawn anew."""
    draw: Callable[[str], str] = runpy.run_path(str(ROOT / "docs" / "generate.py"))["rendered"]
    return draw(page)


def lost_links(page: Path) -> list[str]:
    """Return the relative links of a page that lead nowhere."""
    links = LINK.findall(page.read_text(encoding="utf-8"))
    return [link for link in links if "://" not in link and link not in MADE and not (page.parent / link).exists()]


def test_what_the_architecture_shows_of_the_code_is_fresh() -> None:
    page = ARCHITECTURE.read_text(encoding="utf-8")
    assert rendered(page) == page, "stale: run .venv/bin/python docs/generate.py"


def test_a_stale_page_is_seen() -> None:
    page = ARCHITECTURE.read_text(encoding="utf-8")
    stale = page.replace("failed --> pending: retry", "failed --> completed: retry")
    assert stale != page
    assert rendered(stale) == page


def test_a_page_without_a_place_for_what_is_drawn_is_refused() -> None:
    with pytest.raises(AssertionError, match="no place for task states"):
        rendered("# Architecture\n")


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
