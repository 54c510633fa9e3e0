"""What open pages do while things happen: words come as they are said, and nothing else moves."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.given import Project, stands
from tests.e2e.served import Served
from workflow_engine.client import Client
from workflow_engine.core.components import TaskState

pytestmark = pytest.mark.e2e

SHIFT_MAX = 0.02
"""Of a page that stays put, as browsers measure it: shares of the screen that moved, each times how far."""

OBSERVE = """() => {
  window.shifted = 0;
  window.moved = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      window.shifted += entry.value;
      for (const one of entry.sources) window.moved.push(`${one.node?.outerHTML?.slice(0, 80)}: ${entry.value}`);
    }
  }).observe({type: "layout-shift", buffered: true});
}"""


def moved(page: Page) -> tuple[float, list[str]]:
    """Return by how much a page has moved, and what."""
    found: tuple[float, list[str]] = tuple(page.evaluate("[window.shifted, window.moved]"))
    return found


def test_a_page_of_a_task_stays_put_while_its_task_goes_on(server: Served, project: Project, page: Page) -> None:
    project.shut("measure")
    with Client(server.url) as client:
        client.submit_task({"topic": "tides"}, "report", task_id="tides")
        page.goto("/tasks/tides?tab=input")
        page.evaluate(OBSERVE)
        expect(page.locator("#graph .node.in_progress")).to_be_visible()
        project.open("measure")
        stands(client, "tides", TaskState.WAITING_HUMAN)
    expect(page.locator("#task-head .status")).to_have_text("waiting for a person")
    expect(page.locator("#graph .node.waiting_human")).to_be_visible()
    shifted, what = moved(page)
    assert shifted < SHIFT_MAX, what


@pytest.mark.parametrize("path", ["/", "/tasks", "/inbox"])
def test_a_list_stays_put_while_other_tasks_change(path: str, server: Served, project: Project, page: Page) -> None:
    project.shut("publish")
    with Client(server.url) as client:
        for name in ("tides", "winds"):
            client.submit_task({"topic": name}, "report", task_id=name)
            stands(client, name, TaskState.WAITING_HUMAN)
        page.goto(path)
        page.evaluate(OBSERVE)
        expect(page.locator("#badge")).to_have_text("2 questions wait")
        client.answer("tides", {"decision": "approve", "sheets": 1})
    expect(page.locator("#badge")).to_have_text("1 question waits")
    shifted, what = moved(page)
    assert shifted < SHIFT_MAX, what


def test_what_an_agent_says_appears_without_a_reload(server: Served, project: Project, page: Page) -> None:
    project.shut("measure")
    with Client(server.url) as client:
        client.submit_task({"topic": "tides", "parts": 1}, "report", task_id="tides")
    page.goto("/tasks/tides?tab=transcript")
    page.evaluate("window.loadedOnce = true")
    expect(page.locator("#graph .node.in_progress")).to_be_visible()
    expect(page.locator("#tab")).not_to_contain_text("A report without a title")
    project.open("measure")
    expect(page.locator("#tab")).to_contain_text("A report without a title")
    assert page.evaluate("window.loadedOnce"), "the page was loaded again"
