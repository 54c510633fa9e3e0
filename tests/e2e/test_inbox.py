"""People answer questions, with a browser as it is, with another beside it, and with one that runs no scripts."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Browsing
from tests.e2e.given import stands
from tests.e2e.served import Served
from workflow_engine.client import Client
from workflow_engine.core.components import TaskState

pytestmark = pytest.mark.e2e


def asked(server: Served, *topics: str) -> str:
    """Submit a report on each topic, and return the id of the question that the first comes to."""
    with Client(server.url) as client:
        for topic in topics:
            client.submit_task({"topic": topic}, "report", task_id=topic)
        for topic in topics:
            stands(client, topic, TaskState.WAITING_HUMAN)
        return client.get_task(topics[0]).questions[0]


def test_a_question_is_answered_with_a_mistake_and_then_well(server: Served, page: Page) -> None:
    asked(server, "tides")
    page.goto("/")
    page.get_by_role("link", name="Inbox").click()
    page.get_by_role("link", name="Publish the report on tides?").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Publish the report on tides?")
    expect(page.get_by_text("Saint-Malo").first).to_be_visible()
    page.get_by_label("Comment", exact=True).fill("A fine text.")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_label("Sheets")).to_have_accessible_description(re.compile(r"Write something here\.$"))
    page.get_by_label("Sheets").fill("500")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("One thing is to be mended")
    expect(page.get_by_label("Sheets")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Sheets")).to_have_value("500")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("A fine text.")
    page.get_by_label("Sheets").fill("12")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").filter(has_text="tides")).to_be_visible()
    with Client(server.url) as client:
        done = client.wait("tides", 10)
    assert done.output == {"sheets": 12}
    assert done.outputs["approve"]["comment"] == "A fine text."


def test_a_second_browser_sees_that_a_question_was_answered(server: Served, browsing: Browsing) -> None:
    browsing.expected.append(r"/inbox/draft/.* status of 409")  # the second window has something typed
    question = asked(server, "tides")
    first, second = (browsing.window(server, f"/inbox/{question}") for _ in range(2))
    second.get_by_label("Comment", exact=True).fill("I would rather not")
    first.get_by_label("Sheets").fill("3")
    first.get_by_role("button", name="Approve").click()
    expect(first.get_by_role("status").filter(has_text="tides")).to_be_visible()
    expect(second.get_by_text("answered it,")).to_be_visible()
    expect(second.get_by_label("Comment", exact=True)).to_have_value("I would rather not")


def test_without_scripts_a_question_is_found_and_answered(server: Served, browsing: Browsing) -> None:
    asked(server, "tides", "winds")
    page = browsing.window(server, "/", java_script_enabled=False)
    page.get_by_role("link", name="Inbox").click()
    page.get_by_role("link", name="Publish the report on tides?").click()
    page.get_by_label("Comment", exact=True).fill("A fine text.")
    page.get_by_label("Sheets").fill("500")
    page.get_by_role("button", name="Add an entry").click()
    page.get_by_label("Name").fill("Ben")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("alert")).to_contain_text("One thing is to be mended")
    expect(page.get_by_label("Sheets")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Sheets")).to_have_value("500")
    expect(page.get_by_label("Comment", exact=True)).to_have_value("A fine text.")
    expect(page.get_by_label("Name")).to_have_value("Ben")
    page.get_by_label("Sheets").fill("5")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").filter(has_text="tides")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Publish the report on winds?")
    with Client(server.url) as client:
        answer = client.wait("tides", 10).outputs["approve"]
    assert answer == {"decision": "approve", "sheets": 5, "comment": "A fine text.", "readers": [{"name": "Ben"}]}


def test_what_is_half_typed_outlives_a_server_that_is_killed(server: Served, browsing: Browsing, page: Page) -> None:
    browsing.expected.append(r"ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE)")
    question = asked(server, "tides")
    page.goto(f"/inbox/{question}")
    page.get_by_label("Comment", exact=True).fill("Half of what I")
    expect(page.get_by_text("Saved as a draft")).to_be_visible()
    server.kill()
    expect(page.locator("html.offline")).to_be_attached()
    page.get_by_label("Comment", exact=True).fill("Half of what I wanted to say")
    expect(page.get_by_text("Not saved as a draft")).to_be_visible()
    server.start()
    expect(page.locator("html.offline")).not_to_be_attached()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Half of what I wanted to say")
    page.get_by_label("Sheets").fill("7")
    expect(page.get_by_text("Saved as a draft", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Comment", exact=True)).to_have_value("Half of what I wanted to say")
    expect(page.get_by_label("Sheets")).to_have_value("7")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").filter(has_text="tides")).to_be_visible()
    with Client(server.url) as client:
        assert client.wait("tides", 10).output == {"sheets": 7}
