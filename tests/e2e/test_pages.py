"""Every page can be used by everybody: no serious finding of axe-core, nothing wider than a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, NARROW, PHONE, Browsing
from tests.e2e.given import Stocked
from tests.e2e.routes import API, NO_PAGE, PAGES
from tests.e2e.served import Served
from tests.services import axe
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.ui.app import create_app
from workflow_engine.ui.desk import Desk
from workflow_engine.ui_settings import UiSettings

pytestmark = pytest.mark.e2e

SERIOUS: Final = ("serious", "critical")

RUN: Final = """async (options) => {
  const found = await axe.run(document, {resultTypes: ["violations"], ...options});
  return found.violations.map(({id, impact, help, nodes}) => (
    {id, impact, help, nodes: nodes.map(({target, failureSummary}) => `${target}: ${failureSummary}`)}
  ));
}"""

COLOURS: Final = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""What may be otherwise in the dark."""


@pytest.fixture(scope="module")
def script() -> str:
    """Give axe-core."""
    try:
        return axe.script()
    except axe.AxeMissing as missing:
        pytest.fail(str(missing))


@pytest.fixture
def page(browsing: Browsing, stocked: Stocked) -> Page:
    """Give a window on a stocked server.

    axe-core comes in past the policy of the page (CSP); every other test is under it.
    """
    browsing.expected.append(r"status of 404")  # a question that is not there has a page, too
    return browsing.window(stocked.server, bypass_csp=True)


@pytest.mark.parametrize("path", [path for paths in PAGES.values() for path in paths])
def test_a_page_is_for_everybody(path: str, stocked: Stocked, page: Page, script: str) -> None:
    page.goto(path.format(question=stocked.question, group=stocked.group))
    assert wrong(page, script) == []


def test_the_page_for_logging_in_is_for_everybody(guarded: Served, browsing: Browsing, script: str) -> None:
    page = browsing.window(guarded, "/login", bypass_csp=True)
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    assert wrong(page, script) == []


def with_a_mistake(page: Page) -> None:
    """Send a form with a mistake."""
    page.goto("/workflows/report/submit")
    page.get_by_label("Topic").fill("tides")
    page.get_by_label("Parts").fill("9")
    page.get_by_role("button", name="Submit the task").click()
    expect(page.locator("[aria-invalid]").first).to_be_visible()


def before_a_retry(page: Page) -> None:
    """Look at what retrying a task would do."""
    page.goto("/tasks?status=failed")
    page.locator("input[name=task]").first.check()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Nothing has been changed yet")).to_be_visible()


def in_an_editor(page: Page) -> None:
    """Write a workflow with a mistake."""
    page.goto("/workflows/new")
    page.get_by_role("textbox", name="Workflow file").fill("name: w\nphases: [{id: a, promt: Yes?}]\n")
    expect(page.locator("[data-problems] li").first).to_be_visible()


def with_all_unfolded(page: Page) -> None:
    """Unfold what is folded up."""
    page.goto("/tasks/tides")
    page.locator("main details").evaluate_all("all => all.forEach(one => { one.open = true; })")


def with_the_keys(page: Page) -> None:
    """Look at the list of keys."""
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


WAYS: Final[tuple[Callable[[Page], None], ...]] = (
    with_a_mistake,
    before_a_retry,
    in_an_editor,
    with_all_unfolded,
    with_the_keys,
)
"""To what no address leads."""


@pytest.mark.parametrize("way", WAYS)
def test_what_people_come_to_is_for_everybody(way: Callable[[Page], None], page: Page, script: str) -> None:
    way(page)
    assert wrong(page, script) == []


def test_every_address_that_shows_a_page_is_looked_at(tmp_path: Path) -> None:
    app = create_app(Desk(ECSWorkflowEngine(tmp_path), UiSettings(port=0)))
    shown = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    known = PAGES.keys() | NO_PAGE.keys()
    assert {one for one in shown if one not in known and not one.startswith(API)} == set()
    assert known - shown == set()


def wrong(page: Page, script: str) -> list[str]:
    """Return what is wrong with a page in light colours, in dark ones, and on a phone, each as one text."""
    page.evaluate(script)
    found = _found(page, "light", {})
    page.emulate_media(color_scheme="dark")
    found += _found(page, "dark", COLOURS)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    found += _found(page, "phone", {})
    for size in (PHONE, NARROW):
        page.set_viewport_size(size)
        over: int = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        if over > 0:
            found.append(f"{size['width']} px wide: it is {over} px wider than the screen")
    page.set_viewport_size(DESK)
    return found


def _found(page: Page, look: str, options: dict[str, Any]) -> list[str]:
    found: list[dict[str, Any]] = page.evaluate(RUN, options)
    return [
        "\n  ".join((f"{look}: {one['help']} ({one['impact']}, {one['id']})", *one["nodes"][:5]))
        for one in found
        if one["impact"] in SERIOUS
    ]
