"""Every page can be used by everybody: no serious finding of axe-core, nothing wider than a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, NARROW, PHONE, Browsing
from tests.e2e.given import Stocked
from tests.e2e.routes import API, NO_PAGE, PAGES
from tests.services import axe
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.ui.app import create_app
from workflow_engine.ui.desk import Desk
from workflow_engine.ui_settings import UiSettings

pytestmark = pytest.mark.e2e

SERIOUS = ("serious", "critical")

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
}

RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  return found.violations.map(({id, impact, help, nodes}) => (
    {id, impact, help, nodes: nodes.map(({target, failureSummary}) => `${target}: ${failureSummary}`)}
  ));
}"""


@pytest.fixture(scope="module")
def script() -> str:
    """Give axe-core."""
    try:
        return axe.script()
    except axe.AxeMissing as missing:
        pytest.fail(str(missing))


def addresses(stocked: Stocked) -> list[str]:
    """Return all addresses of pages on a stocked server."""
    given = {"question": stocked.question, "group": stocked.group}
    return [path.format(**given) for paths in PAGES.values() for path in paths]


def wrong(page: Page, path: str) -> list[str]:
    """Return what axe-core finds on a page, each as one text."""
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{path}: {one['impact']}: {one['help']} ({one['id']})\n  " + "\n  ".join(one["nodes"][:5])
        for one in found
        if one["impact"] in SERIOUS
    ]


def with_a_mistake(page: Page) -> None:
    """Send a form with a mistake."""
    page.goto("/workflows/report/submit")
    page.get_by_label("Topic").fill("ab")
    page.get_by_label("Parts").fill("9")
    page.locator("form[data-form]").evaluate("form => form.submit()")
    expect(page.locator("[aria-invalid]").first).to_be_visible()


def before_a_retry(page: Page) -> None:
    """Look at what retrying some tasks would do."""
    page.goto("/tasks?status=failed")
    page.locator("input[name=task]").first.check()
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("Nothing has been changed yet")).to_be_visible()


def in_an_editor(page: Page) -> None:
    """Write a workflow with a mistake."""
    page.goto("/workflows/new")
    page.get_by_role("textbox", name="Workflow file").fill("name: w\nphases: [{id: a, when: }]\n")
    expect(page.locator("[data-problems] li").first).to_be_visible()


def with_all_unfolded(page: Page) -> None:
    """Unfold what is folded up."""
    page.goto("/tasks/tides")
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")


def with_the_keys(page: Page) -> None:
    """Look at the list of keys."""
    page.goto("/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


WAYS: tuple[Callable[[Page], None], ...] = (
    with_a_mistake,
    before_a_retry,
    in_an_editor,
    with_all_unfolded,
    with_the_keys,
)
"""To what no address leads."""


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_serious_on_any_page(look: str, stocked: Stocked, browsing: Browsing, script: str) -> None:
    browsing.expected.append(r"status of 404")  # a question that is not there has a page, too
    # axe-core is our own way in, so the pages' policy does not hold for it; every other test runs under that policy.
    page = browsing.window(stocked.server, bypass_csp=True, **LOOKS[look])
    found: list[str] = []
    for path in addresses(stocked):
        page.goto(path)
        page.evaluate(script)
        found += wrong(page, path)
    for way in WAYS:
        way(page)
        page.evaluate(script)
        found += wrong(page, way.__name__)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("viewport", [PHONE, NARROW], ids=["390", "360"])
def test_no_page_scrolls_aside_on_a_phone(viewport: Any, stocked: Stocked, browsing: Browsing) -> None:
    browsing.expected.append(r"status of 404")
    page = browsing.window(stocked.server, viewport=viewport, has_touch=True)
    wide: dict[str, int] = {}
    for path in addresses(stocked):
        page.goto(path)
        over: int = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        if over > 0:
            wide[path] = over
    assert wide == {}, "pixels that each is too wide"


def test_every_address_that_shows_a_page_is_looked_at(tmp_path: Path) -> None:
    app = create_app(Desk(ECSWorkflowEngine(tmp_path), UiSettings(port=0)))
    shown = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    known = PAGES.keys() | NO_PAGE.keys()
    assert {one for one in shown if one not in known and not one.startswith(API)} == set()
    assert known - shown == set()
