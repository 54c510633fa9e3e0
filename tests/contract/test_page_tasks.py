"""The list of tasks: what it shows, how it is narrowed, and that no address breaks it."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.tasks_given import filters, named, prepare, said, submit
from tests.contract.ui_given import Site, site
from tests.unit.hostile_strings import ATTRIBUTES, HTML
from workflow_engine.readmodel import index_file
from workflow_engine.ui.pages import tasks_rows
from workflow_engine.ui.pages.tasks_waits import waits_of
from workflow_engine.ui.pages.tasks_wanted import Wanted


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Site]:
    """Give a dashboard without tasks."""
    with site(tmp_path / "data", prepare) as found:
        yield found


def test_without_tasks_it_says_how_to_get_one(served: Site) -> None:
    page = served.browser.get("/tasks")
    assert page.status == 200
    assert "No tasks yet" in said(page)
    assert "/workflows" in page.links


def test_a_task_is_listed_with_where_it_stands_and_what_it_waits_for(served: Site) -> None:
    submit(served, "review", labels={"team": "press"})
    page = served.browser.get("/tasks")
    assert "waiting for a person" in said(page)
    assert "approve · phase 2 of 2" in said(page)
    assert "Waits for somebody to answer 'Publish this?'; it goes on with the answer" in said(page)
    assert "/tasks/review-0" in page.links
    assert "/tasks?label=team%3Dpress" in page.links


def test_statuses_are_counted_and_each_is_a_link(served: Site) -> None:
    submit(served, "review", 3)
    submit(served, "invoices", 2)
    page = served.browser.get("/tasks")
    assert "All 5" in said(page)
    assert "waiting for a person 3" in said(page)
    assert "failed 2" in said(page)
    assert "/tasks?status=failed" in page.links
    failed = served.browser.get("/tasks?status=failed")
    assert named(failed) == ["invoices-1", "invoices-0"]
    assert "Nothing: it failed: ValueError: invoice {'n': 1} has no total (phase 'extract')." in said(failed)


NARROWED: list[tuple[str, list[str]]] = [
    ("workflow=notes", ["notes-0"]),
    ("phase=approve", ["review-0"]),
    ("label=team%3Dpress", ["review-0"]),
    ("label=team%3Dother", []),
    ("within=hour&order=id", ["invoices-0", "notes-0", "review-0"]),
    ("from=2001-01-01T00:00&order=-id", ["review-0", "notes-0", "invoices-0"]),
    ("to=2001-01-01T00:00", []),
    ("text=total+invoice", ["invoices-0"]),
    ("status=failed&status=completed&order=id", ["invoices-0", "notes-0"]),
    ("error=ValueError", ["invoices-0"]),
    ("failed_phase=extract", ["invoices-0"]),
    ("waiting=human", ["review-0"]),
]


def test_each_filter_narrows_the_list(served: Site) -> None:
    submit(served, "notes")
    submit(served, "review", labels={"team": "press"})
    submit(served, "invoices")
    for query, found in NARROWED:
        assert named(served.browser.get(f"/tasks?{query}")) == found, query


def test_a_filter_is_taken_away_by_its_chip(served: Site) -> None:
    submit(served, "review", labels={"team": "press"})
    page = served.browser.get("/tasks?workflow=review&label=team%3Dpress&label=a%3Db&status=waiting_human")
    assert "Workflow: review" in said(page)
    assert "/tasks?status=waiting_human&workflow=review&label=a%3Db" in page.links
    assert "/tasks?status=waiting_human&label=team%3Dpress&label=a%3Db" in page.links


def test_the_form_of_the_filters_keeps_what_it_does_not_show_and_the_address_has_nothing_empty(served: Site) -> None:
    submit(served, "review", labels={"team": "press"})
    page = served.browser.get("/tasks?status=waiting_human&label=team%3Dpress&order=id&size=25")
    sent = served.browser.send(page, filters(page), {"workflow": "review"})
    assert sent.path == "/tasks?status=waiting_human&workflow=review&label=team%3Dpress&order=id&size=25"
    assert named(sent) == ["review-0"]


def test_columns_sort_and_say_so(served: Site) -> None:
    submit(served, "notes", 3)
    page = served.browser.get("/tasks?order=id")
    assert named(page) == ["notes-0", "notes-1", "notes-2"]
    sorts = [one.get("aria-sort") for name, one in page.elements if name == "th" and "aria-sort" in one]
    assert sorts == ["ascending", "none", "none", "none"]
    assert "/tasks?order=-id" in page.links
    assert named(served.browser.get("/tasks?order=-id")) == ["notes-2", "notes-1", "notes-0"]


def test_pages_go_on_by_a_cursor_and_back_to_the_first(served: Site) -> None:
    ids = submit(served, "notes", 30)
    first = served.browser.get("/tasks?size=25&order=submitted")
    following = next(link for link in first.links if "after=" in link)
    second = served.browser.get(following)
    assert named(first) + named(second) == ids
    assert "Back to the first" in second.words
    assert "/tasks?order=submitted&size=25" in second.links


def test_the_id_of_a_task_run_or_question_leads_to_its_page(served: Site) -> None:
    submit(served, "review")
    question = served.engine.blocking.get_question("review-0").id
    leads = {"review-0": "/tasks/review-0", "review-0/approve/1": "/tasks/review-0", question: f"/inbox/{question}"}
    for text, where in leads.items():
        answer = served.browser.get(f"/tasks?text={text}", follow=False)
        assert (answer.status, answer.headers.get("location")) == (302, where), text


def test_other_words_lead_to_the_list(served: Site) -> None:
    submit(served, "review")
    for text in ("review", "review-0+Publish", "review-0/", "review-0/x", "nope/a/1", "review-0*"):
        assert served.browser.get(f"/tasks?text={text}", follow=False).status == 200, text


def test_an_id_among_other_filters_is_only_searched_for(served: Site) -> None:
    submit(served, "review")
    assert named(served.browser.get("/tasks?text=review-0&workflow=review")) == ["review-0"]


ODD = [
    "",
    "0",
    "-1",
    "9" * 400,
    "1e999",
    "NaN",
    "%00",
    "%00a",
    "%ff%fe",
    "'",
    '"><script>',
    "..%2F..",
    "%ED%A0%80",
    "*",
    "[]",
]
NAMES = [
    "status", "workflow", "phase", "classification", "waiting", "label", "within", "from", "to", "text", "group",
    "failed_phase", "error", "parent", "definition", "order", "size", "after", "unknown",
]  # fmt: skip


def test_no_value_of_a_filter_breaks_the_page(served: Site) -> None:
    submit(served, "notes")
    for name, value in itertools.product(NAMES, ODD):
        for query in (f"{name}={value}", f"{name}={value}&{name}=x%3Dy&order=id"):
            page = served.browser.get(f"/tasks?{query}")
            assert page.status == 200, query
            assert "<script>" not in page.text, query


SENSELESS = [
    ("label=press", "Write a name and a value, as team=press"),
    ("from=yesterday", "Write a day and a time, as 2026-05-31 14:00"),
    ("to=99999-01-01", "Write a day and a time, as 2026-05-31 14:00"),
    ("within=century", "There is no 'century' here; use hour, day, week, month"),
    ("status=sleeping", "The status was left out. There is no 'sleeping' here"),
    ("order=colour", "The order was left out. There is no 'colour' here"),
    ("size=7", "The size was left out. There is no '7' here; use 25, 50, 100, 200"),
    ("after=nowhere", "That place in the list is not there; this is the first page."),
]


def test_what_makes_no_sense_is_told_at_the_filter_and_left_out(served: Site) -> None:
    submit(served, "notes")
    for query, words in SENSELESS:
        page = served.browser.get(f"/tasks?{query}")
        assert words in said(page)
        assert named(page) == ["notes-0"], query


def test_a_status_that_nothing_has_offers_the_way_back(served: Site) -> None:
    submit(served, "notes")
    page = served.browser.get("/tasks?status=cancelled")
    assert "No task is cancelled" in said(page)
    assert "Show all tasks" in said(page)


def test_what_strangers_wrote_is_shown_and_does_nothing(served: Site) -> None:
    for text in (*HTML.values(), *ATTRIBUTES.values()):
        served.engine.blocking.submit_task({}, "review", labels={text: text})
    served.dashboard._desk.settle()  # pyright: ignore[reportPrivateUsage] - the list follows in its own time
    page = served.browser.get("/tasks")
    assert page.status == 200
    assert not [one for name, one in page.elements if name in ("img", "svg", "iframe", "base", "math", "object")]
    assert not [key for _, one in page.elements for key in one if key.startswith("on") or key == "style"]
    scripts = [one for name, one in page.elements if name == "script"]
    assert all((one.get("src") or "").startswith("/static/") for one in scripts)


def test_the_page_costs_as_many_queries_for_50_tasks_as_for_one(served: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(served, "review")
    served.browser.get("/tasks")
    few = statements(served, monkeypatch)
    submit(served, "review", 50)
    assert statements(served, monkeypatch) == few


def statements(served: Site, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many statements the list has the index carry out."""
    ran: list[str] = []
    opened = index_file.IndexFile.opened

    def watched(self: index_file.IndexFile) -> Any:
        found = opened(self)
        entered = found.__enter__

        class Watched:
            def __enter__(self) -> Any:
                connection = entered()
                connection.set_trace_callback(ran.append)
                return connection

            def __exit__(self, *error: Any) -> Any:
                return found.__exit__(*error)

        return Watched()

    desk = served.dashboard._desk  # pyright: ignore[reportPrivateUsage] - the list without the shell around it
    with monkeypatch.context() as patched:
        patched.setattr(index_file.IndexFile, "opened", watched)
        tasks_rows.listed(desk, Wanted())
    return len(ran)


def test_the_list_is_there_while_the_engine_does_not_answer(tmp_path: Path) -> None:
    with site(tmp_path / "data", prepare) as served:
        submit(served, "review")
        desk = served.dashboard._desk  # pyright: ignore[reportPrivateUsage] - it outlives the engine
        model = desk.model
        rows = model.tasks().rows
    assert waits_of(served.engine, rows) == ("Waits for a person in phase 'approve'.",)
