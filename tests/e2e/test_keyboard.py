"""People use the dashboard without a mouse, choose its colours, and use it on a phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Browsing
from tests.e2e.given import Stocked

pytestmark = pytest.mark.e2e


@pytest.fixture
def page(browsing: Browsing, stocked: Stocked) -> Page:
    """Give a window on a stocked server."""
    return browsing.window(stocked.server, "/")


def arrived(page: Page, heading: str) -> None:
    """Return once a page is there with its scripts: before that, keys lead nowhere."""
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    page.wait_for_load_state("load")


def test_letters_lead_to_pages_and_through_lists(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("i")
    arrived(page, "Inbox")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    marked = page.locator("[data-row].marked")
    expect(marked).to_have_count(1)
    expect(marked).to_be_focused()
    words = marked.locator("b").first.inner_text()
    page.keyboard.press("Enter")
    arrived(page, words)
    for key, heading in (("t", "Tasks"), ("w", "Workflows"), ("f", "Failures"), ("o", "Overview")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        arrived(page, heading)


def test_a_slash_searches_and_a_question_mark_lists_the_keys(page: Page) -> None:
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("search tasks")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search tasks")
    expect(search).to_be_focused()
    page.keyboard.type("go i")  # letters in a field are letters
    expect(search).to_have_value("go i")
    search.fill("order-4")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("order-4")


def test_who_comes_by_tab_skips_to_the_content(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="To the content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_colours_that_somebody_chooses_stay(page: Page) -> None:
    def background() -> str:
        found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return found

    light = background()
    page.locator("summary", has_text="account and settings").click()
    choice = page.locator("[data-theme-choice]")
    choice.click()
    expect(choice).to_have_text("Colours: light")
    choice.click()
    expect(choice).to_have_text("Colours: dark")
    dark = background()
    assert dark != light
    page.goto("/tasks")
    assert background() == dark
    page.emulate_media(color_scheme="light")
    page.reload()
    assert background() == dark
