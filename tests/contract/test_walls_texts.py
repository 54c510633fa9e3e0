"""Hostile texts that tasks, people and workflows bring along: every page that shows one shows it as text."""

import logging
import urllib.parse
from collections.abc import Generator

import pytest

from tests.contract.walls_given import World, logged_well, quoted
from tests.contract.walls_hostile import NUMBERS, TEXTS, hostile, look, named_so, question_of, task_id
from workflow_engine.ui.pages.task_tabs import TABS
from workflow_engine.ui.security.roles import Role


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with hostile(tmp_path_factory.mktemp("texts")) as found:
        yield found


@pytest.fixture(autouse=True)
def _log_of_single_lines(caplog: pytest.LogCaptureFixture) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    with caplog.at_level(logging.INFO):
        yield
    logged_well(caplog.records)


@pytest.mark.parametrize("name", TEXTS)
def test_the_pages_of_a_task_that_is_full_of_it_are_harmless(world: World, name: str) -> None:
    task = quoted(task_id(TEXTS[name], NUMBERS[name]))
    for tab in ("runs", "events", "context", "input"):
        look(world, f"/tasks/{task}?tab={tab}")
    look(world, f"/tasks/{task}?tab=context&phase={quoted(named_so(TEXTS[name]))}")
    look(world, f"/tasks/{task}/fork?phase={quoted(named_so(TEXTS[name]))}")
    look(world, f"/tasks/{task}/retry")
    look(world, f"/tasks/c{NUMBERS[name]}?tab=events")
    look(world, f"/tasks/f{NUMBERS[name]}")


@pytest.mark.parametrize("name", TEXTS)
def test_the_pages_of_a_question_and_a_workflow_that_are_full_of_it_are_harmless(world: World, name: str) -> None:
    task, workflow = task_id(TEXTS[name], NUMBERS[name]), quoted(named_so(TEXTS[name]))
    look(world, f"/inbox/{urllib.parse.quote(question_of(world, task))}?who=all")
    look(world, f"/inbox?who=all&workflow={workflow}")
    look(world, f"/tasks?workflow={workflow}")
    look(world, f"/failures?workflow={workflow}")
    for page in ("", "/submit", "/edit", "/migrate"):
        look(world, f"/workflows/{workflow}{page}")
    look(world, f"/workflows/new?copied={workflow}")
    source = look(world, f"/workflows/{workflow}/source")
    assert source.header("content-disposition").startswith("attachment")
    drawn = look(world, f"/api/v1/workflows/{workflow}/graph")
    assert "sandbox" in drawn.header("content-security-policy")
    assert "<script" not in drawn.text.lower()
    assert "<x-evil" not in drawn.text


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_of_a_task_with_all_of_them_is_harmless(world: World, tab: str) -> None:
    for task in ("files", "talks", "logs", "f1", "c1"):
        look(world, f"/tasks/{task}?tab={tab}")


def test_logs_and_transcripts_with_all_of_them_are_harmless(world: World) -> None:
    look(world, "/tasks/logs/logs/print/1/1")
    whole = look(world, "/tasks/logs/logs/print/1/1?whole=1")
    assert whole.header("content-disposition").startswith("attachment")
    for about in world.ask.get_task("talks").artifacts.values():
        look(world, f"/tasks/talks?tab=transcript&transcript={about['sha256']}")


def test_lists_with_all_of_them_are_harmless(world: World) -> None:
    for path in ("/", "/inbox?who=all", "/tasks", "/failures", "/workflows", "/account", "/api/v1/docs"):
        seen, address = 0, path
        while seen < 8:
            page = look(world, address).page
            following = [link for link in page.links if "after=" in link or "page=" in link]
            seen += 1
            if not following or following[-1] == address:
                break
            address = urllib.parse.urljoin(path, following[-1])
    for group in world.desk.model.failures(limit=200).rows:
        look(world, f"/failures?group={quoted(group.key)}")


def test_a_text_that_is_turned_around_has_a_mark_in_the_inbox(world: World) -> None:
    name = "bidi: override"
    about = urllib.parse.quote(question_of(world, task_id(TEXTS[name], NUMBERS[name])))
    workflow = quoted(named_so(TEXTS[name]))
    for path in (f"/inbox?who=all&workflow={workflow}", f"/inbox/{about}", f"/tasks?workflow={workflow}"):
        page = look(world, path)
        assert "U+202E" in page.page.words, path


def test_artifacts_of_every_kind_are_shown_and_sent_harmlessly(world: World) -> None:
    kept = world.ask.get_task("files").artifacts
    assert len(kept) > 150
    for number, (name, about) in enumerate(kept.items()):
        address = f"/tasks/files/artifacts/{about['sha256']}/{quoted(name)}"
        saved = look(world, address)
        assert saved.header("content-disposition").startswith("attachment")
        shown = world.send("GET", f"{address}?inline=1", browser=world.browsers[Role.ADMIN])
        policy = shown.header("content-security-policy").split("; ")
        inert = ("sandbox" in policy, "default-src 'none'" in policy)
        # A browser's viewer of PDFs does not work in a sandbox; see `workflow_engine.ui.showing.headers`.
        assert inert == (True, True) or shown.header("content-type") == "application/pdf", (name, policy)
        assert "sandbox" in saved.header("content-security-policy").split("; ")
        assert shown.header("x-content-type-options") == "nosniff"
        if number % 3 == 0:
            look(world, f"/tasks/files?tab=artifacts&artifact={quoted(name)}")
