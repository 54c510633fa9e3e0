"""People write workflows in the browser."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.served import Served
from workflow_engine.client import Client
from workflow_engine.core.components import TaskState

pytestmark = pytest.mark.e2e


def test_a_workflow_is_edited_with_a_mistake_mended_saved_and_used(server: Served, page: Page) -> None:
    page.goto("/workflows/order")
    page.get_by_role("link", name="Edit").click()
    editor = page.get_by_role("textbox", name="Workflow file")
    text = editor.input_value()
    line = text[: text.index("- id: ship")].count("\n") + 2
    problems = page.locator("[data-problems] li")
    expect(problems).to_have_count(0)
    editor.fill(text.replace("depends_on: [charge]", "depends_on: [chrage]"))
    expect(problems.first).to_contain_text("did you mean")
    expect(problems.first.locator(".problem-place")).to_contain_text(f"{line}:")
    expect(page.locator("[data-gutter] .error")).to_have_text(str(line))
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("textbox", name="Workflow file")).to_have_value(text.replace("[charge]", "[chrage]"))
    mended = text + "  - id: thank\n    depends_on: [ship]\n    assigned_to: human\n    prompt: Thank for it?\n"
    editor.fill(mended)
    expect(problems).to_have_count(0)
    expect(page.locator("[data-graph]")).to_contain_text("thank")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved: new tasks use it")).to_be_visible()
    page.goto("/workflows/order/submit")
    page.get_by_label("Account").fill("1")
    page.get_by_label("Amount").fill("5")
    page.get_by_role("button", name="Submit the task").click()
    expect(page.locator("#graph")).to_contain_text("thank")
    expect(page.locator("#task-head .status")).to_have_text("waiting for a person")
    with Client(server.url) as client:
        (task,) = client.list_tasks().rows
        assert (task.workflow, task.status) == ("order", TaskState.WAITING_HUMAN)
