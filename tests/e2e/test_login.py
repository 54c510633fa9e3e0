"""People log in, and see what their role lets them do."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Browsing
from tests.e2e.given import PASSWORD
from tests.e2e.served import Served

pytestmark = pytest.mark.e2e


def log_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_people_log_in_and_out_and_come_to_where_they_wanted_to_go(guarded: Served, browsing: Browsing) -> None:
    browsing.expected.append(r"/login: .* status of 401")  # a wrong password
    page = browsing.window(guarded, "/workflows/order")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    expect(page.get_by_role("navigation")).to_have_count(0)
    log_in(page, "otto", "not it")
    expect(page.get_by_role("alert")).to_have_text("Name and password do not belong together.")
    expect(page.get_by_label("Name")).to_have_value("otto")
    log_in(page, "otto", PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_contain_text("order")
    page.locator("summary", has_text="account and settings").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    page.goto("/tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_a_viewer_sees_no_buttons_that_change_something(guarded: Served, browsing: Browsing) -> None:
    vera, otto = (browsing.window(guarded, "/workflows/order") for _ in range(2))
    log_in(vera, "vera", PASSWORD)
    log_in(otto, "otto", PASSWORD)
    otto.get_by_role("link", name="Submit a task").click()
    otto.get_by_label("Account").fill("1")
    otto.get_by_label("Amount").fill("5")
    otto.get_by_role("button", name="Submit the task").click()
    expect(otto.locator("#task-head .status")).to_have_text("completed")
    expect(otto.get_by_role("link", name="Fork")).to_be_visible()
    expect(vera.get_by_role("heading", level=1)).to_contain_text("order")
    for path in ("/workflows/order", otto.url, "/tasks", "/inbox", "/failures", "/"):
        vera.goto(path)
        expect(vera.get_by_role("heading", level=1)).to_be_visible()
        posts = vera.locator("main form[method=post]")
        expect(posts, path).to_have_count(0)
        for words in ("Submit a task", "Fork", "Retry", "New task", "Edit"):
            expect(vera.locator("main").get_by_role("link", name=words), path).to_have_count(0)
