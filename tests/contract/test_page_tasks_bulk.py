"""Many tasks at once: a page says what will happen, then it does, and a page says what has become of each."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.tasks_given import named, prepare, said, submit
from tests.contract.ui_given import Answer, Browser, Site, site
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui_settings import UiSettings


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Site]:
    """Give a dashboard without tasks."""
    with site(tmp_path / "data", prepare_more) as found:
        yield found


def prepare_more(engine: ECSWorkflowEngine) -> None:
    """Register a workflow that asks for something else, too."""
    prepare(engine)
    form = {"type": "object", "required": ["price"], "properties": {"price": {"type": "integer", "minimum": 1}}}
    ask = Phase(target_classification="ask", assigned_to="human", prompt="How much?", form=form)
    engine.register_workflow("offer", [ask])


def preview(browser: Browser, action: str, *tasks: str, at: str = "/tasks") -> Answer:
    """Select tasks on the list, or with none all that match, and press a button."""
    page = browser.get(at)
    chosen: dict[str, str | tuple[str, ...]] = {"task": tasks} if tasks else {"all": "1"}
    return browser.send(page, page.form("/tasks/bulk/preview"), chosen, button=("action", action))


def carried_out(browser: Browser, page: Answer, **values: str) -> Answer:
    """Press the button of a preview."""
    form = next(form for form in page.forms if form.action == "/tasks/bulk")
    return browser.send(page, form, values)


def stands(served: Site, task: str) -> str:
    """Return where a task stands."""
    return str(served.engine.blocking.get_task(task).status.value)


def test_a_preview_says_what_will_happen_and_changes_nothing(served: Site) -> None:
    submit(served, "review", 2)
    submit(served, "notes")
    page = preview(served.browser, "cancel", "review-0", "review-1", "notes-0", "nobody")
    assert page.status == 200
    assert "Cancel 2 tasks?" in said(page)
    assert "2 tasks will be cancelled; 2 cannot be. Nothing has been changed yet." in said(page)
    assert "1 already ended: completed" in said(page)
    assert "1 gone: no task has this id any more" in said(page)
    assert [stands(served, task) for task in ("review-0", "review-1", "notes-0")] == ["waiting_human"] * 2 + [
        "completed"
    ]


def test_cancelling_tells_what_became_of_each_and_is_noted(served: Site) -> None:
    submit(served, "review", 2)
    page = preview(served.browser, "cancel", "review-0", "review-1")
    served.engine.blocking.cancel("review-1")
    done = carried_out(served.browser, page, reason="not needed")
    assert done.status == 200
    assert done.path.startswith("/tasks/bulk/done/")
    assert "1 task was cancelled; 1 was not" in said(done)
    assert "already ended: cancelled" in said(done)
    assert "/tasks/review-0" in done.links
    assert served.browser.get(done.path).words == done.words
    task = served.engine.blocking.get_task("review-0")
    assert (task.status.value, task.reason) == ("cancelled", "not needed")
    lines = (served.engine.data_dir / "ui" / "audit.jsonl").read_text().splitlines()
    noted = [json.loads(line) for line in lines]
    assert [(one["what"], one["about"], one["outcome"] == "done") for one in noted] == [
        ("cancel", "review-0", True),
        ("cancel", "review-1", False),
    ]


def test_all_that_match_are_meant_and_no_others(served: Site) -> None:
    submit(served, "review", 3)
    submit(served, "offer", 2)
    submit(served, "notes", 2)
    page = preview(served.browser, "cancel", at="/tasks?workflow=review")
    assert "3 tasks will be cancelled. Nothing" in said(page)
    carried_out(served.browser, page)
    assert stands(served, "offer-0") == "waiting_human"
    assert [stands(served, f"review-{n}") for n in range(3)] == ["cancelled"] * 3


def test_of_all_that_match_those_that_ended_are_counted_without_being_asked(served: Site) -> None:
    submit(served, "review")
    submit(served, "notes", 4)
    page = preview(served.browser, "cancel")
    assert "1 task will be cancelled; 4 cannot be." in said(page)
    assert "4 already ended: completed" in said(page)


def test_a_filter_that_makes_no_sense_never_means_all(served: Site) -> None:
    submit(served, "review")
    page = served.browser.get("/tasks")
    form = page.form("/tasks/bulk/preview")
    odd = served.browser.send(page, form, {"all": "1", "filter": "status=asleep"}, button=("action", "cancel"))
    assert odd.status == 422
    assert "makes no sense" in odd.words


def test_more_than_can_be_done_at_once_is_said_and_repeated(served: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow_engine.ui.pages.bulk_chosen.LIMIT_MAX", 2)
    submit(served, "review", 5)
    page = preview(served.browser, "cancel", at="/tasks?order=id")
    assert "2 tasks will be cancelled" in said(page)
    assert "3 more match. Repeat it for the next." in said(page)
    done = carried_out(served.browser, page)
    assert "Cancel 3 tasks that still match" in said(done)
    again = served.browser.send(done, done.form("/tasks/bulk/preview"))
    assert "/tasks/review-2" in again.links
    assert "1 more matches. Repeat it for the next." in said(again)


def test_nothing_selected_leads_back_to_the_list(served: Site) -> None:
    submit(served, "review")
    page = served.browser.get("/tasks?workflow=review")
    back = served.browser.send(page, page.form("/tasks/bulk/preview"), button=("action", "cancel"))
    assert back.path == "/tasks?workflow=review"
    assert "Nothing was selected." in back.words


def test_a_retry_says_what_is_done_again_and_may_begin_elsewhere(served: Site) -> None:
    submit(served, "invoices", 2)
    page = preview(served.browser, "retry", "invoices-0", "invoices-1")
    assert "2 tasks will be taken up again" in said(page)
    assert "2 extract is done again." in said(page)
    again = served.browser.send(page, page.form("/tasks/bulk/preview"), {"phase": "extract"})
    assert "2 tasks will be taken up again" in again.words
    done = carried_out(served.browser, again)
    assert "2 tasks were taken up again" in said(done)
    history = served.engine.blocking.wait("invoices-0", 10)
    assert history.status.value == "failed"
    events = [row.event["event"] for row in served.dashboard._desk.model.events("invoices-0")]  # pyright: ignore[reportPrivateUsage] - the history
    assert events.count("TaskRetried") == 1


def test_questions_with_one_form_are_answered_together(served: Site) -> None:
    submit(served, "offer", 2)
    submit(served, "notes")
    page = preview(served.browser, "answer", "offer-0", "offer-1", "notes-0")
    assert "2 tasks will get your answer; 1 cannot be." in said(page)
    assert "“How much?”, asked by phase 'ask' of offer" in said(page)
    wrong = carried_out(served.browser, page, **{"/price": "0"})
    assert wrong.status == 422
    assert "mended" in wrong.words
    assert stands(served, "offer-0") == "waiting_human"
    done = carried_out(served.browser, wrong, **{"/price": "40"})
    assert "2 tasks were answered" in said(done)
    assert [served.engine.blocking.wait(f"offer-{n}", 10).output for n in range(2)] == [{"price": 40}] * 2


def test_questions_with_several_forms_are_not_answered_together(served: Site) -> None:
    submit(served, "offer", 2)
    submit(served, "review")
    page = preview(served.browser, "answer")
    assert "These cannot be answered together: they ask for 2 different things" in said(page)
    assert "/tasks?workflow=offer&phase=ask" in page.links
    assert not [form for form in page.forms if form.action == "/tasks/bulk"]


def test_an_answer_to_what_has_changed_since_is_refused(served: Site) -> None:
    submit(served, "offer")
    page = preview(served.browser, "answer", "offer-0")
    served.engine.blocking.add_artifact_text("offer-0", "terms.txt", "other terms")
    done = carried_out(served.browser, page, **{"/price": "40"})
    assert "Nothing was answered; 1 was not" in said(done)
    assert "what it shows has changed since it was looked at" in said(done)


def test_removing_takes_a_tick(served: Site) -> None:
    submit(served, "notes", 2)
    page = preview(served.browser, "purge", "notes-0")
    assert "1 task will be removed for good" in said(page)
    again = carried_out(served.browser, page)
    assert again.status == 422
    assert "Tick the box" in again.words
    done = carried_out(served.browser, again, sure="1")
    assert "1 task was removed for good" in said(done)
    assert named(served.browser.get("/tasks")) == ["notes-1"]


@pytest.mark.parametrize("path", ["/tasks/bulk", "/tasks/bulk/preview"])
def test_nothing_is_done_without_a_form_of_ours(served: Site, path: str) -> None:
    submit(served, "review")
    assert served.browser.get(f"{path}?action=cancel&tasks=review-0").status in (404, 405)
    assert served.browser.post(path, [("action", "cancel"), ("tasks", "review-0")]).status == 403
    assert stands(served, "review-0") == "waiting_human"


def test_an_action_that_is_none_is_refused(served: Site) -> None:
    submit(served, "review")
    page = served.browser.get("/tasks")
    odd = served.browser.send(
        page, page.form("/tasks/bulk/preview"), {"task": "review-0"}, button=("action", "explode")
    )
    assert (odd.status, "use cancel, retry, purge, answer" in odd.words) == (422, True)


def test_a_result_that_is_not_kept_any_more_leads_to_the_list(served: Site) -> None:
    submit(served, "notes")
    page = served.browser.get("/tasks/bulk/done/nothing")
    assert page.path == "/tasks"
    assert "not kept any more" in said(page)


def logged_in(served: Site, name: str) -> Browser:
    """Return the browser of somebody who has logged in."""
    browser = served.another()
    page = browser.get("/login")
    browser.send(page, next(form for form in page.forms if form.method == "post"), {"name": name, "password": PASSWORD})
    return browser


PASSWORD = "a long password of nobody 17"


def test_viewers_look_operators_act_and_only_admins_remove(tmp_path: Path) -> None:
    people = People(tmp_path / "users.json")
    for name in ("viewer", "operator", "admin"):
        people.add(name, Role(name), password=PASSWORD)
    settings = UiSettings(port=0, login="always", users_file=tmp_path / "users.json")
    with site(tmp_path / "data", prepare, settings) as served:
        submit(served, "notes")
        viewer, operator, admin = (logged_in(served, name) for name in ("viewer", "operator", "admin"))
        page = viewer.get("/tasks")
        assert (page.status, named(page), "notes-0" in said(page)) == (200, [], True)
        assert not [form for form in page.forms if form.method == "post" and "bulk" in form.action]
        page = operator.get("/tasks")
        form = page.form("/tasks/bulk/preview")
        assert ("action", "purge") not in form.buttons
        assert operator.send(page, form, {"task": "notes-0"}, button=("action", "cancel")).status == 200
        refused = operator.send(page, form, {"task": "notes-0"}, button=("action", "purge"))
        assert (refused.status, "takes the role admin" in refused.words) == (403, True)
        assert ("action", "purge") in admin.get("/tasks").form("/tasks/bulk/preview").buttons
