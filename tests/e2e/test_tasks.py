"""People follow tasks: submit them, watch them go, end them, take them up again, fork them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Browsing
from tests.e2e.given import Project, stands
from tests.e2e.served import Served
from workflow_engine.client import Client
from workflow_engine.core.components import TaskState

pytestmark = pytest.mark.e2e


def node(page: Page, phase: str, state: str) -> None:
    """Return once the node of a phase shows this state."""
    expect(page.locator(f"#graph .node.{state}", has_text=re.compile(rf"^\s*{phase}"))).to_be_visible()


def test_a_task_is_submitted_with_a_form_and_its_graph_turns_as_it_goes(
    server: Served, project: Project, page: Page
) -> None:
    for door in ("plan", "measure", "publish"):
        project.shut(door)
    page.goto("/workflows")
    page.get_by_role("link", name="report", exact=True).click()
    page.get_by_role("link", name="Submit a task").click()
    page.get_by_label("Topic").fill("tides")
    page.get_by_label("Parts").fill("9")
    page.get_by_role("button", name="Submit the task").click()
    expect(page.get_by_role("alert")).to_contain_text("One thing is to be mended")
    expect(page.get_by_label("Topic")).to_have_value("tides")
    page.get_by_label("Parts").fill("2")
    page.get_by_role("button", name="Submit the task").click()

    page.evaluate("window.loadedOnce = true")
    node(page, "plan", "in_progress")
    project.open("plan")
    node(page, "plan", "completed")
    node(page, "measure", "in_progress")
    project.open("measure")
    node(page, "write", "completed")
    node(page, "approve", "waiting_human")
    expect(page.locator("#task-head .status")).to_have_text("waiting for a person")
    assert page.evaluate("window.loadedOnce"), "the page was loaded again"

    page.get_by_role("link", name="Answer", exact=True).click()
    page.get_by_label("Sheets").fill("0")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_label("Sheets")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Sheets").fill("8")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("link", name="Tasks", exact=True).click()
    page.get_by_role("row", name="report").get_by_role("link").first.click()
    node(page, "publish", "in_progress")
    project.open("publish")
    expect(page.locator("#task-head .status")).to_have_text("completed")


def test_what_a_program_writes_is_read_while_it_runs(server: Served, project: Project, page: Page) -> None:
    project.shut("measure")
    with Client(server.url) as client:
        client.submit_task({"topic": "tides", "parts": 1}, "report", task_id="tides")
    page.goto("/tasks/tides")
    node(page, "measure", "in_progress")
    page.get_by_role("link", name="Logs").click()
    log = page.get_by_role("log")
    expect(log).to_contain_text("measuring part 1")
    expect(log).not_to_contain_text("measured")
    project.open("measure")
    expect(log).to_contain_text("measured part 1")


def test_a_task_is_cancelled_with_a_reason(server: Served, project: Project, page: Page) -> None:
    project.shut("ship")
    with Client(server.url) as client:
        client.submit_task({"account": 1, "amount": 10}, "order", task_id="order-1")
    page.goto("/tasks/order-1")
    node(page, "ship", "in_progress")
    page.locator("summary", has_text="Cancel").click()
    page.get_by_label("Why").fill("ordered twice")
    page.get_by_role("button", name="Cancel the task").click()
    expect(page.locator("#task-head .status")).to_have_text("cancelled")
    expect(page.locator("#task-head")).to_contain_text("ordered twice")
    expect(page.locator("summary", has_text="Cancel")).to_have_count(0)


def test_a_failed_task_is_retried_from_a_phase_after_a_look_at_what_that_does(
    server: Served, project: Project, page: Page
) -> None:
    project.shut("charge")
    with Client(server.url) as client:
        client.submit_task({"account": 1, "amount": 10}, "order", task_id="order-1")
        stands(client, "order-1", TaskState.FAILED)
    project.open("charge")
    page.goto("/tasks/order-1")
    expect(page.locator("#task-head")).to_contain_text("the bank does not know account 1")
    node(page, "charge", "failed")
    page.get_by_role("link", name="Retry").click()
    page.get_by_label("Begin at").select_option("price")
    expect(page.get_by_role("button", name="Retry from price")).to_be_visible()
    expect(page.locator(".why")).to_contain_text("price")
    page.get_by_role("button", name="Retry from price").click()
    expect(page.locator("#task-head .status")).to_have_text("completed")
    expect(page.locator(".gantt-name", has_text="price").last).to_contain_text("2nd visit")


def test_a_task_is_forked_with_a_context_that_was_changed(server: Served, page: Page) -> None:
    with Client(server.url) as client:
        client.submit_task({"account": 1, "amount": 10}, "order", task_id="order-1")
        client.wait("order-1", 10)
        page.goto("/tasks/order-1")
        page.get_by_role("link", name="Fork").click()
        page.get_by_label("Begin at").select_option("charge")
        page.get_by_role("button", name="Show what would be done").click()
        expect(page.locator(".why")).to_contain_text("charge")
        page.get_by_label("Value, as JSON").first.fill('"CHF')
        page.get_by_label("Id of the new task").fill("order-2")
        page.get_by_role("button", name="Make the new task").click()
        expect(page.get_by_role("alert")).to_contain_text("1 field is not right yet")
        expect(page.get_by_label("Value, as JSON").first).to_have_value('"CHF')
        page.get_by_label("Value, as JSON").first.fill('"CHF"')
        page.get_by_role("button", name="Make the new task").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("order-2")
        expect(page.get_by_role("link", name="order-1")).to_be_visible()
        expect(page.locator("#task-head .status")).to_have_text("completed")
        assert client.get_task("order-2").outputs["charge"] == {"receipt": "order-2", "currency": "CHF"}
        assert client.get_task("order-1").outputs["charge"] == {"receipt": "order-1", "currency": "EUR"}


def failed(server: Served, project: Project, count: int) -> None:
    """Have orders fail, and mend what they fail at."""
    project.shut("charge")
    with Client(server.url) as client:
        for number in range(1, count + 1):
            client.submit_task({"account": 1, "amount": number}, "order", task_id=f"order-{number}")
        for number in range(1, count + 1):
            stands(client, f"order-{number}", TaskState.FAILED)
    project.open("charge")


def test_a_group_of_failures_is_retried_at_once(server: Served, project: Project, page: Page) -> None:
    failed(server, project, 3)
    page.goto("/")
    page.get_by_role("link", name="Failures", exact=True).click()
    page.get_by_role("button", name="Retry all 3").click()
    expect(page.get_by_text("Nothing has been changed yet")).to_be_visible()
    page.get_by_role("button", name="Retry 3 tasks").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 tasks were taken up again")
    with Client(server.url) as client:
        assert [client.wait(f"order-{number}", 10).output for number in (1, 2, 3)] == ["shipped"] * 3
    page.get_by_role("link", name="Failures", exact=True).click()
    expect(page.get_by_role("button", name="Retry all")).to_have_count(0)


def test_tasks_that_are_chosen_are_cancelled_after_a_preview(
    server: Served, project: Project, browsing: Browsing
) -> None:
    failed(server, project, 1)
    project.shut("ship")
    with Client(server.url) as client:
        for number in (2, 3, 4):
            client.submit_task({"account": 1, "amount": number}, "order", task_id=f"order-{number}")
    page = browsing.window(server, "/tasks")
    for number in (1, 2, 3):
        page.get_by_label(f"Select order-{number}").check()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("1 cannot be")).to_be_visible()
    page.get_by_label("Reason").fill("out of stock")
    page.get_by_role("button", name="Cancel 2 tasks").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 tasks were cancelled")
    with Client(server.url) as client:
        stood = {row.id: row.status for row in client.list_tasks().rows}
    assert stood == {
        "order-1": TaskState.FAILED,
        "order-2": TaskState.CANCELLED,
        "order-3": TaskState.CANCELLED,
        "order-4": TaskState.IN_PROGRESS,
    }
