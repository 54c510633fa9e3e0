"""What is done on the page of a task: cancel, retry, fork, export, remove; each of it told before, and kept in mind."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.page_task_given import log_of, path, prepare, submitted, tab
from tests.contract.ui_given import Answer, Site, site


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, prepare) as found:
        yield found


def _visits(at: Site) -> int:
    """Return how often task t came to its first phase."""
    found: int = at.engine.blocking.inspect("t").record.components["progress"].entries["draft"].visits
    return found


def pressed(at: Site, page: Answer, values: dict[str, str], do: str = "fork") -> Answer:
    """Press a button of the form of a fork."""
    return at.browser.send(page, page.form("/fork"), values, button=("do", do))


def test_a_task_is_cancelled_with_a_reason(at: Site, tmp_path: Path) -> None:
    page = tab(at, submitted(at, "article", "waiting_human"), "runs")
    after = at.browser.send(page, page.form("/cancel"), {"reason": "ordered <b>twice</b>"})
    assert "The task is cancelled" in after.words
    assert "ordered <b>twice</b>" in after.words
    assert at.engine.blocking.get_task("t").status == "cancelled"
    assert log_of(tmp_path) == ["cancel t"]
    again = at.browser.send(page, page.form("/cancel"))
    assert "It was not cancelled" in again.words


def test_nothing_is_changed_without_the_token_of_a_form(at: Site) -> None:
    task = submitted(at, "article", "waiting_human")
    for more in ("/cancel", "/purge", "/export", "/retry", "/fork"):
        assert at.browser.post(path(task, more), [("sure", "yes"), ("do", "fork")]).status == 403
    for more in ("/cancel", "/purge", "/export"):
        assert at.browser.get(path(task, more)).status == 405
    assert at.engine.blocking.get_task("t").status == "waiting_human"


def test_a_task_that_ended_is_removed_once_that_is_confirmed(at: Site, tmp_path: Path) -> None:
    page = tab(at, submitted(at, "press", "failed"), "runs")
    assert "tick the box first" in at.browser.send(page, page.form("/purge")).words
    after = at.browser.send(page, page.form("/purge"), {"sure": "yes"})
    assert (after.path, "Task t is removed" in after.words) == ("/tasks", True)
    assert at.browser.get("/tasks/t").status == 404
    assert log_of(tmp_path) == ["purge t"]


def test_a_task_that_lives_is_not_removed(at: Site) -> None:
    task = submitted(at, "article", "waiting_human")
    page = tab(at, task, "runs")
    form = page.form("/cancel")._replace(action=path(task, "/purge"))
    assert "It was not removed" in at.browser.send(page, form, {"sure": "yes"}).words


def test_a_retry_is_told_before_it_is_done(at: Site, tmp_path: Path) -> None:
    submitted(at, "press", "failed")
    page = at.browser.get("/tasks/t/retry")
    assert "jam is done again; draft keeps its output." in page.words
    (choice,) = [form for form in page.forms if form.method == "get" and "retry" in form.action]
    chosen = at.browser.send(page, choice, {"phase": "draft"})
    assert "draft and jam are done again" in chosen.words
    assert at.engine.blocking.get_task("t").status == "failed"
    (form,) = [form for form in chosen.forms if form.method == "post" and "retry" in form.action]
    after = at.browser.send(chosen, form)
    assert "The task goes on from draft." in after.words
    at.until(lambda: _visits(at), lambda visits: visits == 2)
    assert log_of(tmp_path) == ["retry t"]


def test_what_cannot_be_retried_says_why_and_what_can_be_done(at: Site) -> None:
    task = submitted(at, "article", "waiting_human")
    page = at.browser.get(path(task, "/retry"))
    assert page.status == 200
    assert "Fork it as a new task instead" in page.words
    submitted(at, "press", "failed", task_id="f")
    assert "'<b>'" in at.browser.get("/tasks/f/retry?phase=%3Cb%3E").words


def test_a_fork_begins_with_the_context_as_it_was_changed(at: Site, tmp_path: Path) -> None:
    submitted(at, "press", "failed")
    page = at.browser.get("/tasks/t/fork?phase=jam")
    assert "jam is done in the new task; draft keeps its output." in page.words
    values = {"n0-name": "paper", "n0": '"dry"', "v0": '"warm"', "task_id": "new"}
    after = pressed(at, page, values)
    assert (after.path, "This is the new task; t stays as it is." in after.words) == ("/tasks/new", True)
    new: Any = at.engine.blocking.wait("new", timeout=10)
    assert (new.output, dict(new.context)) == ({"printed": "dry"}, {"tone": "warm", "paper": "dry"})
    assert at.engine.blocking.get_task("t").status == "failed"
    assert "forked from t" in tab(at, "new", "runs").words
    assert log_of(tmp_path) == ["fork t as new"]


def test_a_fork_can_leave_values_out_and_be_about_something_else(at: Site) -> None:
    submitted(at, "press", "failed")
    page = at.browser.get("/tasks/t/fork?phase=jam")
    pressed(at, page, {"v0-removed": "yes", "v0": "not even JSON", "data": '{"topic": "ebb"}', "task_id": "new"})
    record = at.engine.blocking.inspect("new").record
    assert "context" not in record.components
    assert bytes(record.components["data"].value) == b'{"topic":"ebb"}'


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(at: Site) -> None:
    submitted(at, "press", "failed")
    page = at.browser.get("/tasks/t/fork")
    values = {
        "data": "{oops", "v0": "</textarea><script>alert(1)</script>", "n0-name": "tone", "n0": "1",
        "n1-name": "", "n1": "2", "n2-name": "fine", "n2": "\n3", "task_id": "a b",
    }  # fmt: skip
    wrong = pressed(at, page, values)
    assert wrong.status == 422
    assert "4 fields are not right yet" in wrong.words
    assert "This is not JSON: line 1, column 2" in wrong.words
    assert "There is a value of this name above" in wrong.words
    assert "Give it a name" in wrong.words
    kept = dict(wrong.form("/fork").fields)
    assert {name: kept[name].strip() for name in values} == {name: value.strip() for name, value in values.items()}
    assert "<script>alert" not in wrong.text
    refused = pressed(at, page, {"task_id": "a b", "phase": ""})
    assert (refused.status, dict(refused.form("/fork").fields)["task_id"]) == (422, "a b")
    assert at.browser.get("/tasks/a%20b").status == 404


def test_another_phase_is_previewed_without_losing_what_was_typed(at: Site) -> None:
    submitted(at, "press", "failed")
    page = at.browser.get("/tasks/t/fork")
    seen = pressed(at, page, {"phase": "jam", "v0": '"warm"', "n0-name": "paper", "n0": "1"}, do="preview")
    assert (seen.status, "draft keeps its output" in seen.words) == (200, True)
    fields = dict(seen.form("/fork").fields)
    assert (fields["v0"].strip(), fields["n0-name"], fields["phase"]) == ('"warm"', "paper", "jam")


def test_values_that_only_later_phases_have_set_are_marked(at: Site) -> None:
    submitted(at, "press", "failed")
    assert "set by draft , which is done anew: left out unless you change it" in at.browser.get("/tasks/t/fork").words
    assert "done anew" not in at.browser.get("/tasks/t/fork?phase=jam").words


def test_a_phase_that_is_not_there_cannot_be_forked_from(at: Site) -> None:
    submitted(at, "press", "failed")
    page = at.browser.get("/tasks/t/fork?phase=%3Cb%3Enothing")
    assert page.status == 200
    assert "nothing" in page.words
    assert pressed(at, page, {"phase": "<b>nothing"}).status == 200
    assert at.engine.blocking.list_tasks().rows[0].id == "t"


def test_a_task_that_another_waits_for_can_be_exported_as_a_copy_only_where_that_is_possible(at: Site) -> None:
    task = submitted(at, "article", "waiting_human")
    page = tab(at, task, "runs")
    answer = at.browser.send(page, page.form("/export"), {"end": "yes"})
    assert answer.headers["content-type"].startswith("application/json")
    assert at.engine.blocking.get_task("t").status == "cancelled"
    again = at.browser.send(page, page.form("/export"), {"end": "yes"})
    assert "It was not exported" in again.words
