"""Submitting by the form of a workflow: what is typed becomes a task, once, and nothing that was typed is lost."""

from pathlib import Path
from typing import Any

import pytest

from tests.contract.ui_given import Answer, Form, Site
from tests.contract.workflows_given import ONE, PLAIN, csrf, form_with, site_for, site_of
from workflow_engine.readmodel.rows import TaskQuery
from workflow_engine.task import Task

PATH = "/workflows/review/submit"


def form_of(page: Answer) -> Form:
    return form_with(page, "once")


def send(site: Site, values: dict[str, str], path: str = PATH, *, follow: bool = True) -> Answer:
    page = site.browser.get(path)
    return site.browser.send(page, form_of(page), values, follow=follow)


def tasks(site: Site) -> list[Task]:
    found: Any = site.engine.blocking.list_tasks(TaskQuery(order="submitted"))
    return [site.engine.blocking.get_task(row.id) for row in found.rows]


def test_a_form_becomes_a_task_and_leads_to_its_page(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        answer = send(site, {"/topic": "bees", "/tone": "warm"}, follow=False)
        [task] = tasks(site)
        assert (answer.status, answer.headers["location"]) == (303, f"/tasks/{task.id}")
        assert task.data == {"topic": "bees", "tone": "warm"}
        assert task.workflow == "review"


def test_what_is_said_beside_the_data_counts(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        extras = {"task_id": "order-4711", "priority": "7", "labels": "team=editors\r\n\r\n a = b=c ", "start": "look"}
        send(site, {"/topic": "bees", **extras})
        [task] = tasks(site)
        assert (task.id, task.priority, task.labels) == ("order-4711", 7, {"team": "editors", "a": "b=c"})
        site.until(lambda: site.engine.blocking.get_task(task.id).phase, lambda phase: phase == "look")
        events = site.engine.blocking.events("order-4711")
        assert events[0].event["by"] == site_person(site)


def site_person(site: Site) -> str:
    """Return who looks at a site from this machine."""
    import json

    lines = (site.engine.data_dir / "ui" / "audit.jsonl").read_text().splitlines()
    found: str = json.loads(lines[-1])["who"]
    return found


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        wrong = {
            "task_id": "a b",
            "priority": "much",
            "labels": "x",
            "start": "nowhere",
            "/topic": "be",
            "/tone": "warm",
        }
        page = send(site, wrong)
        assert page.status == 422
        for words in (
            "This cannot be an id.",
            "This is not a whole number.",
            "Line 1 is not a label.",
            "The workflow has no such phase.",
            "2",
        ):
            assert words in page.words
        kept = dict(form_of(page).fields)
        assert {name: kept[name] for name in wrong} == wrong
        assert tasks(site) == []


def test_a_required_input_is_asked_for(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = send(site, {"labels": "a=b"})
        assert page.status == 422
        assert dict(form_of(page).fields)["labels"] == "a=b"
        assert any(given.get("aria-invalid") == "true" for _, given in page.elements)


def test_a_form_that_is_sent_twice_makes_one_task(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = site.browser.get(PATH)
        answers = [
            site.browser.send(page, form_of(page), {"/topic": "bees"}, follow=False).headers["location"]
            for _ in range(2)
        ]
        assert answers[0] == answers[1]
        assert len(tasks(site)) == 1


def test_a_form_that_was_sent_and_changed_makes_another_task_when_it_is_sent_again(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = site.browser.get(PATH)
        site.browser.send(page, form_of(page), {"/topic": "bees"})
        told = site.browser.send(page, form_of(page), {"/topic": "ants"})
        assert told.status == 409
        assert "A task was submitted from this form already" in told.words
        site.browser.send(told, form_of(told))
        assert [task.data["topic"] for task in tasks(site)] == ["bees", "ants"]


def test_an_id_that_is_taken_is_said_beside_its_field(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        send(site, {"/topic": "bees", "task_id": "mine"})
        told = send(site, {"/topic": "ants", "task_id": "mine"})
        assert told.status == 409
        assert "Another task has this id." in told.words
        assert "/tasks/mine" in told.links
        assert dict(form_of(told).fields)["/topic"] == "ants"


def test_a_workflow_that_says_nothing_of_its_inputs_takes_json(tmp_path: Path) -> None:
    with site_of(tmp_path, PLAIN) as site:
        page = site.browser.get("/workflows/plain/submit")
        assert dict(form_of(page).fields)["~root"] == "{}"
        send(site, {"~root": '{"a": [1, null]}'}, "/workflows/plain/submit")
        send(site, {"~root": "{}"}, "/workflows/plain/submit")
        wrong = send(site, {"~root": '{"a": '}, "/workflows/plain/submit")
        assert wrong.status == 422
        assert dict(form_of(wrong).fields)["~root"] == '{"a": '
        assert [task.data for task in tasks(site)] == [{"a": [1, None]}, {}]


def multipart(fields: list[tuple[str, str]], file: tuple[str, str, bytes]) -> tuple[bytes, str]:
    """Return a body as browsers send forms with a file, and its content type."""
    border = "x-border-x"
    parts = [f'--{border}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n'.encode() for n, v in fields]
    name, called, content = file
    disposition = f'form-data; name="{name}"; filename="{called}"'
    head = f"--{border}\r\nContent-Disposition: {disposition}\r\nContent-Type: text/plain\r\n\r\n".encode()
    body = b"".join(parts) + head + content + f"\r\n--{border}--\r\n".encode()
    return body, f"multipart/form-data; boundary={border}"


def test_a_file_is_kept_as_an_artifact_of_the_new_task(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = site.browser.get(PATH)
        fields = [(name, "bees" if name == "/topic" else value) for name, value in form_of(page).fields]
        body, kind = multipart(fields, ("/paper", "../notes.txt", b"about bees"))
        for _ in range(2):
            site.browser.request("POST", PATH, body=body, headers={"Content-Type": kind})
        [task] = tasks(site)
        assert task.data["paper"] == "notes.txt"
        assert site.engine.blocking.read_artifact(task.id, "notes.txt") == b"about bees"


def test_a_file_is_not_lost_where_something_else_is_wrong(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = site.browser.get(PATH)
        body, kind = multipart(form_of(page).fields, ("/paper", "notes.txt", b"about bees"))
        wrong = site.browser.request("POST", PATH, body=body, headers={"Content-Type": kind})
        assert wrong.status == 422
        site.browser.send(wrong, form_of(wrong), {"/topic": "bees"})
        [task] = tasks(site)
        assert site.engine.blocking.read_artifact(task.id, "notes.txt") == b"about bees"


def test_a_draft_outlives_a_restart_and_ends_with_the_task(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = site.browser.get(PATH)
        sent = [("csrf_token", csrf(page)), ("/topic", "bees and"), ("/tone", "dry"), ("labels", "a=b")]
        assert site.browser.post(f"{PATH}/draft", sent).status == 204
    with site_of(tmp_path, ONE) as site:
        page = site.browser.get(PATH)
        assert "did not send" in page.words
        typed = dict(form_of(page).fields)
        assert (typed["/topic"], typed["labels"]) == ("bees and", "a=b")
        site.browser.send(page, form_of(page))
        assert "did not send" not in site.browser.get(PATH).words
        site.browser.post(f"{PATH}/draft", [("csrf_token", csrf(page)), ("/topic", "more")])
        page = site.browser.get(PATH)
        afresh = site.browser.send(page, page.form("discard"), button=("do", "discard"))
        assert dict(form_of(afresh).fields)["/topic"] == ""
        assert len(tasks(site)) == 1


def test_a_viewer_submits_nothing(tmp_path: Path) -> None:
    with site_for(tmp_path, "viewer", ONE) as browser:
        for path in (PATH, f"{PATH}/draft"):
            answer = browser.post(path, [("/topic", "bees")])
            assert (answer.status, "it takes the role operator" in answer.words) == (403, True)


@pytest.mark.parametrize("once", ["", "a b", "x/y", "x" * 300, "\x00", "<script>"])
def test_a_forged_mark_of_the_form_is_replaced_or_taken(once: str, tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        answer = send(site, {"/topic": "bees", "once": once})
        assert answer.status == 200
        assert len(tasks(site)) == 1
