"""Answering a question by its form alone: mistakes, two people at once, changes meanwhile, restarts, files."""

import hashlib
from pathlib import Path
from typing import Any

from tests.contract.inbox_given import (
    FORM,
    RICH,
    answer_form,
    asks,
    fields,
    page_of,
    question_of,
    send_files,
    submitted,
    tend,
)
from tests.contract.ui_given import Answer, Browser, Site, site
from tests.unit.hostile_strings import ALL, BIDI
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task
from workflow_engine.ui.security.person import local_person
from workflow_engine.ui_settings import UiSettings

APPROVE = ("/decision", "approve")
REJECT = ("/decision", "reject")
ME = local_person("loopback").name


def answered(given: Site, task: str) -> dict[str, Any]:
    """Return what a task was answered, by whom."""
    (row,) = given.dashboard._desk.model.answered(task)  # pyright: ignore[reportPrivateUsage]
    return {"value": row.value, "by": row.by}


def send(browser: Browser, page: Answer, button: tuple[str, str] | None = APPROVE, **values: str) -> Answer:
    """Send the form for the answer; names are without their slash."""
    return browser.send(page, answer_form(page), {f"/{name}": text for name, text in values.items()}, button=button)


def test_answering_leads_to_the_next_question_until_none_is_left(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a", "b", "c")
        page = send(given.browser, page_of(given.browser, "b"), comment="fine")
        assert (page.status, page.path) == (200, f"/inbox/{question_of('c')}")
        assert "Answered: Publish? Approve" in page.words
        page = send(given.browser, page, REJECT)
        assert (page.path, "Answered: Publish? Reject" in page.words) == (f"/inbox/{question_of('a')}", True)
        page = send(given.browser, page)
        assert (page.path, "Nothing waits for you." in page.words) == ("/inbox", True)
        assert answered(given, "b") == {"value": {"decision": "approve", "comment": "fine"}, "by": ME}
        lines = given.dashboard._desk.audit.path.read_text()  # pyright: ignore[reportPrivateUsage]
        assert lines.count('"what": "answer"') == 3


def test_the_next_question_is_one_of_the_same_list(tmp_path: Path) -> None:
    def prepare(engine: ECSWorkflowEngine) -> None:
        asks(engine)
        asks(engine, "other")

    with site(tmp_path, prepare) as given:
        submitted(given, "a")
        submitted(given, "b", workflow="other")
        submitted(given, "c")
        page = send(given.browser, page_of(given.browser, question_of("a"), "?who=all&workflow=w"))
        assert page.path == f"/inbox/{question_of('c')}?who=all&workflow=w"
        page = send(given.browser, page)
        assert page.path == "/inbox?who=all&workflow=w"


def test_mistakes_are_told_beside_the_fields_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        before = given.engine.commits
        wrong = send(given.browser, page_of(given.browser, "a"), REJECT, comment="  keep\nme ", publish_on="2026-13-01")
        assert wrong.status == 422
        assert wrong.words.count("There is no month 13. Write a date as 2026-12-01.") == 2  # on top, and at the field
        kept = fields(answer_form(wrong))
        assert (kept["/comment"], kept["/publish_on"]) == ("  keep\nme ", "2026-13-01")
        assert given.engine.commits == before
        undecided = send(given.browser, wrong, None, publish_on="2026-12-01")
        assert (undecided.status, "Decision" in undecided.words) == (422, True)
        done = send(given.browser, undecided, REJECT)
        assert done.path == "/inbox"
        value = {"decision": "reject", "comment": "  keep\nme ", "publish_on": "2026-12-01"}
        assert answered(given, "a")["value"] == value


def test_a_form_of_every_kind_is_filled_in_without_scripts(tmp_path: Path) -> None:
    with site(tmp_path, lambda engine: asks(engine, form=RICH)) as given:
        submitted(given, "a")
        page = page_of(given.browser, "a")
        more = given.browser.send(page, answer_form(page), {"/name": "Ada"}, button=("_action", "add:/lines"))
        assert (more.status, fields(answer_form(more))["/name"]) == (200, "Ada")
        values = {"/lines/0": "one", "/hours": "50", "/urgent": "true", "/address/city": "Bonn"}
        wrong = given.browser.send(more, answer_form(more), values, button=("/team", "editors"))
        assert wrong.status == 422
        done = send_files(given.browser, wrong, {"/hours": "12", "/team": "editors"}, {"/receipt": ("r.txt", b"paid")})
        assert done.path == "/inbox", done.words
        assert answered(given, "a")["value"] == {
            "name": "Ada", "team": "editors", "hours": 12, "urgent": True, "address": {"city": "Bonn"},
            "lines": ["one"], "receipt": "r.txt",
        }  # fmt: skip
        assert given.engine.blocking.read_artifact("a", "r.txt") == b"paid"


def test_a_file_takes_the_place_of_none_that_is_there_and_is_kept_over_mistakes(tmp_path: Path) -> None:
    form = {"type": "object", "required": ["receipt"], "properties": {
        "receipt": {"type": "string", "format": "binary"}, "day": {"type": "string", "format": "date"}}}  # fmt: skip
    with site(tmp_path, lambda engine: asks(engine, form=form)) as given:
        submitted(given, "a")
        given.engine.blocking.add_artifact_text("a", "r.txt", "another")
        page = page_of(given.browser, "a")
        wrong = send_files(given.browser, page, {"/day": "someday"}, {"/receipt": ("../r.txt", b"paid")})
        assert (wrong.status, "Attached: r-2.txt" in wrong.words) == (422, True)
        done = send(given.browser, wrong, None, day="2026-12-01")
        assert done.path == "/inbox", done.words
        assert answered(given, "a")["value"] == {"receipt": "r-2.txt", "day": "2026-12-01"}
        assert given.engine.blocking.read_artifact("a", "r-2.txt") == b"paid"
        assert given.engine.blocking.read_artifact("a", "r.txt") == b"another"


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    small = UiSettings(port=0, body_max_mib=1)
    form = {"type": "object", "properties": {"receipt": {"type": "string", "format": "binary"}}}
    with site(tmp_path, lambda engine: asks(engine, form=form), small) as given:
        submitted(given, "a")
        page = page_of(given.browser, "a")
        try:
            refused = send_files(given.browser, page, {}, {"/receipt": ("r.bin", bytes(2 << 20))})
        except ConnectionError:  # the server may hang up before all of it is sent
            pass
        else:
            assert refused.status == 413
        assert given.engine.blocking.get_question("a").artifacts == ()


def test_the_second_of_two_is_told_who_was_first_and_what_they_said(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a", "b")
        pages = [(browser, page_of(browser, question_of("a"))) for browser in (given.browser, given.another())]
        first = send(*pages[0], APPROVE, comment="fine")
        assert first.path == f"/inbox/{question_of('b')}"
        second = send(*pages[1], REJECT, comment="I had typed\nall this")
        assert second.status == 409
        assert "This question has been answered" in second.words
        assert f"( {ME} ) have answered it, just now" in second.words
        assert "Decision approve Comment fine" in second.words
        assert "What you had typed" in second.words
        assert "Comment I had typed all this Decision reject" in second.words
        assert "/tasks/a" in second.links
        assert answered(given, "a")["value"] == {"decision": "approve", "comment": "fine"}
        again = send(*pages[0], APPROVE, comment="fine")  # the same once more: a double click
        assert again.status == 409


def test_somebody_elses_answer_is_shown_to_who_opens_the_link_later(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        name = "ann\u202exe.<b>"
        given.engine.blocking.answer("a", {"decision": "reject", "comment": "<script>alert(1)</script>"}, by=name)
        page = page_of(given.browser, question_of("a"))
        assert page.status == 200
        assert "U+202E xe.<b> has answered it, just now" in page.words
        assert "<script>alert(1)</script>" in page.words
        assert ("script", {}) not in page.elements


def test_hostile_words_that_are_typed_come_back_as_they_were(tmp_path: Path) -> None:
    texts = [ALL["html: script"], ALL["html: textarea"], BIDI["override"], '"><b>', "\n\n  x\t\n"]
    with site(tmp_path, asks) as given:
        submitted(given, *(f"t{number}" for number in range(len(texts))))
        for number, text in enumerate(texts):
            wrong = send(given.browser, page_of(given.browser, f"t{number}"), comment=text, publish_on=text)
            assert wrong.status == 422
            assert fields(answer_form(wrong))["/comment"] == text
            send(given.browser, wrong, publish_on="")
            assert answered(given, f"t{number}")["value"] == {"decision": "approve", "comment": text}


def test_what_changed_meanwhile_is_shown_before_the_answer_is_taken(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        ask = given.engine.blocking
        ask.add_artifact_text("a", "draft.txt", "One line.\nAnother line.\n")
        ask.add_artifact_bytes("a", "data.bin", b"\0\1")
        page = page_of(given.browser, "a")
        ask.add_artifact_text("a", "draft.txt", "One line.\nQuite another line.\n")
        ask.add_artifact_bytes("a", "data.bin", b"\0\2")
        ask.add_artifact_text("a", "new.txt", "new")
        changed = send(given.browser, page, APPROVE, comment="typed")
        assert changed.status == 409
        assert "Your answer was not sent yet: what this question shows has changed" in changed.words
        assert "The file draft.txt has changed." in changed.words
        assert "added: Quite another" in changed.words or "added: Quite" in changed.words
        assert "The file data.bin has changed. What it was before is not kept here" in changed.words
        assert "The file new.txt is new." in changed.words
        assert fields(answer_form(changed))["/comment"] == "typed"
        assert send(given.browser, changed).path == "/inbox"
        assert answered(given, "a")["value"] == {"decision": "approve", "comment": "typed"}


def test_an_answer_without_what_was_shown_or_with_something_made_up_is_not_taken(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        given.engine.blocking.add_artifact_text("a", "x.txt", "secret")
        page = page_of(given.browser, "a")
        digest = hashlib.sha256(b"secret").hexdigest()
        for shown, seen in (("", ""), ("0" * 64, 'x {"artifact:x.txt":["' + digest + '",6]}'), (digest, "\u00e9 {")):
            refused = given.browser.send(page, answer_form(page), {"shown": shown, "seen": seen}, button=APPROVE)
            assert (refused.status, "has changed since you looked at it" in refused.words) == (409, True)
        assert given.engine.blocking.get_question("a").id == question_of("a")


def test_a_draft_outlives_a_restart_and_can_be_thrown_away(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        page = page_of(given.browser, "a")
        action = next(str(attributes["data-draft"]) for _, attributes in page.elements if "data-draft" in attributes)
        typed = {**fields(answer_form(page)), "/comment": "half a sent", "/decision": "reject"}
        before = given.engine.commits
        assert given.browser.post(action, list(typed.items())).status == 204
        assert given.engine.commits == before
    with site(tmp_path, asks) as given:
        page = page_of(given.browser, "a")
        assert "Your draft from" in page.words
        assert fields(answer_form(page))["/comment"] == "half a sent"
        fresh = tend(given.browser, page, "forget")
        assert ("Your draft from" in fresh.words, fields(answer_form(fresh))["/comment"]) == (False, "")


def test_a_draft_of_what_is_closed_is_not_lost_either(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        page = page_of(given.browser, "a")
        typed = [*fields(answer_form(page)).items(), ("/comment", "half a sent")]
        assert given.browser.post(f"/inbox/draft/{question_of('a')}", typed).status == 204
        given.engine.blocking.answer("a", {"decision": "approve"}, by="ann")
        assert given.browser.post(f"/inbox/draft/{question_of('a')}", typed).status == 409
        assert "Comment half a sent" in page_of(given.browser, question_of("a")).words


def test_passwords_are_in_no_draft_and_on_no_page(tmp_path: Path) -> None:
    form = {
        "type": "object",
        "properties": {"code": {"type": "string", "format": "password"}, "n": {"type": "integer"}},
    }
    with site(tmp_path, lambda engine: asks(engine, form=form)) as given:
        submitted(given, "a")
        page = page_of(given.browser, "a")
        given.browser.post(
            f"/inbox/draft/{question_of('a')}", [*fields(answer_form(page)).items(), ("/code", "s3cret!")]
        )
        wrong = send(given.browser, page, None, code="s3cret!", n="x")
        assert (wrong.status, "s3cret!" in wrong.text) == (422, False)
        assert "s3cret!" not in page_of(given.browser, "a").text
        given.engine.blocking.answer("a", {"n": 1}, by="ann")
        late = send(given.browser, page, None, code="s3cret!", n="2")
        assert (late.status, "s3cret!" in late.text, "N 2" in late.words) == (409, False, True)
        drafts = (tmp_path / "ui" / "drafts").rglob("*")
        assert not [path for path in drafts if path.is_file() and b"s3cret!" in path.read_bytes()]


def test_what_the_engine_refuses_is_told_at_the_form(tmp_path: Path) -> None:
    form = {"not": {"const": {"n": 1}}, "type": "object", "properties": {"n": {"type": "integer"}}}
    with site(tmp_path, lambda engine: asks(engine, form=form)) as given:
        submitted(given, "a")
        refused = send(given.browser, page_of(given.browser, "a"), None, n="1")
        assert refused.status in (409, 422)
        assert fields(answer_form(refused))["/n"] == "1"
        assert given.engine.blocking.get_question("a").id == question_of("a")


def test_arguments_of_a_tool_and_a_question_without_a_form_can_be_read_and_answered(tmp_path: Path) -> None:
    def prepare(engine: ECSWorkflowEngine) -> None:
        async def agent(task: Task) -> Any:
            show = {"tool": "refund", "arguments": {"order_id": "A-1", "amount": 40.5}}
            return await task.ask_human("May the model call refund?", form=FORM, show=show)

        async def open_question(task: Task) -> Any:
            return await task.ask_human("What now?")

        engine.register_handler("agent", agent)
        engine.register_handler("open", open_question)

    with site(tmp_path, prepare) as given:
        given.engine.blocking.submit_task({}, classification="agent", task_id="a")
        submitted(given)
        given.until(lambda: given.engine.blocking.list_questions().rows, bool)
        assert "Tool refund Arguments Order id A-1 Amount 40.5" in page_of(given.browser, "a").words
        given.engine.blocking.submit_task({}, classification="open", task_id="b")
        given.until(lambda: given.engine.blocking.list_questions().rows, lambda rows: len(rows) == 2)
        page = page_of(given.browser, "b")
        sent = given.browser.send(page, answer_form(page), {"~root": "Wait until Monday"})
        assert "Answered: What now?" in sent.words
        assert answered(given, "b")["value"] == "Wait until Monday"


def test_a_task_called_as_an_action_is_answered_as_any_other(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "draft", "claim", "a?b&c=%2F\u00e9")
        for task in ("draft", "claim", "a?b&c=%2F\u00e9"):
            send(given.browser, page_of(given.browser, question_of(task)), comment=task)
            assert answered(given, task)["value"] == {"decision": "approve", "comment": task}
