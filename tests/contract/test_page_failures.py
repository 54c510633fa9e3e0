"""The page of failures: what failed alike stands together, with how it failed, and is tried again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine_helpers import QUICK
from tests.contract.tasks_given import prepare, said, submit
from tests.contract.ui_given import Answer, Site, site
from tests.unit.hostile_strings import HTML
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def late(task: Task) -> Any:
    """Fail in the words of the task."""
    raise TimeoutError(task.data["says"])


def prepare_more(engine: ECSWorkflowEngine) -> None:
    """Register a workflow with several attempts, too."""
    prepare(engine)
    engine.register_handler("call", late)
    engine.register_workflow("calls", [Phase(target_classification="call", retry=QUICK)])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Site]:
    """Give a dashboard without tasks."""
    with site(tmp_path / "data", prepare_more) as found:
        yield found


def called(served: Site, *says: str) -> list[str]:
    """Have tasks fail with these words; return their ids."""
    ids = [served.engine.blocking.submit_task({"says": one}, "calls").id for one in says]
    for one in ids:
        served.engine.blocking.wait(one, 10)
    served.dashboard._desk.settle()  # pyright: ignore[reportPrivateUsage] - the list follows in its own time
    return ids


def groups(page: Answer) -> list[str]:
    """Return the links to groups."""
    return [link for link in page.links if link.startswith("/failures?group=") and "task=" not in link]


def test_without_failures_it_says_so(served: Site) -> None:
    submit(served, "notes")
    page = served.browser.get("/failures")
    assert page.status == 200
    assert "Nothing has failed" in said(page)
    assert not [form for form in page.forms if form.method == "post" and "bulk" in form.action]


def test_tasks_that_failed_alike_stand_together(served: Site) -> None:
    submit(served, "invoices", 3)
    called(served, "no answer within 3 s", "no answer within 7 s")
    page = served.browser.get("/failures")
    assert "Failed tasks 5" in said(page)
    assert len(groups(page)) == 2
    assert "TimeoutError in calls, call no answer within 7 s 2 tasks" in said(page)
    assert "ValueError in invoices, extract invoice {'n': 2} has no total 3 tasks" in said(page)
    assert len(groups(served.browser.get("/failures?workflow=calls"))) == 1
    most = served.browser.get("/failures?order=-count")
    assert said(most).index("ValueError") < said(most).index("TimeoutError")


def test_a_group_shows_trace_attempts_and_its_tasks(served: Site) -> None:
    first, second = called(served, "no answer within 3 s", "no answer within 7 s")
    link = groups(served.browser.get("/failures"))[0]
    page = served.browser.get(link)
    assert f"How {second} failed" in said(page)
    assert "Traceback (most recent call last)" in said(page)
    assert "TimeoutError: no answer within 7 s" in said(page)
    for number in (1, 2, 3):
        assert f"Attempt {number} of call failed with TimeoutError: no answer within 7 s." in said(page)
    assert {f"/tasks/{first}", f"/tasks/{second}"} <= set(page.links)
    other = served.browser.get(f"{link}&task={first}")
    assert f"How {first} failed" in said(other)
    assert "Attempt 3 of call failed with TimeoutError: no answer within 3 s." in said(other)


@pytest.mark.parametrize(("words", "count"), [("Retry all 3", 3), ("Retry …", 1), ("Retry this one", 1)])
def test_one_a_group_or_all_are_tried_again(served: Site, words: str, count: int) -> None:
    submit(served, "invoices", 1)
    called(served, "no answer within 3 s", "no answer within 7 s")
    page = served.browser.get("/failures")
    if words == "Retry this one":
        page = served.browser.get(groups(page)[0])
    forms = [form for form in page.forms if form.action == "/tasks/bulk/preview"]
    before = page.text.split(words)[0].count('action="/tasks/bulk/preview"')
    preview = served.browser.send(page, forms[before - 1])
    found = next(n for n in (1, 2, 3) if f"Retry {n} task" in said(preview))
    assert found == (2 if words == "Retry …" else count)
    form = next(form for form in preview.forms if form.action == "/tasks/bulk")
    done = served.browser.send(preview, form)
    assert f"{found} task{'s were' if found > 1 else ' was'} taken up again" in said(done)
    assert "/failures" in done.links


def test_a_group_that_is_gone_says_so(served: Site) -> None:
    (task,) = called(served, "no answer within 3 s")
    link = groups(served.browser.get("/failures"))[0]
    served.engine.blocking.purge(task)
    served.dashboard._desk.settle()  # pyright: ignore[reportPrivateUsage] - the list follows in its own time
    page = served.browser.get(link)
    assert (page.status, "No task fails like that any more" in said(page)) == (200, True)


def test_the_tasks_of_a_group_have_pages(served: Site) -> None:
    ids = called(served, *(f"no answer within {n} s" for n in range(30)))
    first = served.browser.get(groups(served.browser.get("/failures"))[0])
    second = served.browser.get(next(link for link in first.links if "after=" in link and "task=" not in link))
    assert [f"/tasks/{task}" in first.links for task in ids].count(True) == 25
    assert all(f"/tasks/{task}" in (*first.links, *second.links) for task in ids)
    assert "Back to the first" in said(second)


def test_no_address_breaks_the_page(served: Site) -> None:
    called(served, "no answer within 3 s")
    link = groups(served.browser.get("/failures"))[0]
    for name in ("workflow", "order", "after", "group", "task"):
        for value in ("", "%00", "9" * 400, "'", "%ff", "%ED%A0%80", "*", "-1"):
            assert served.browser.get(f"/failures?{name}={value}").status == 200, (name, value)
            assert served.browser.get(f"{link}&{name}={value}").status == 200, (name, value)


def test_errors_of_strangers_are_shown_and_do_nothing(served: Site) -> None:
    called(served, *HTML.values())
    page = served.browser.get("/failures")
    for one in (page, *(served.browser.get(link) for link in groups(page)[:5])):
        assert one.status == 200
        assert not [name for name, _ in one.elements if name in ("img", "svg", "iframe", "base", "math", "object")]
        assert not [key for _, given in one.elements for key in given if key.startswith("on") or key == "style"]
