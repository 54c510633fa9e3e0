"""Tending questions on their pages: claiming, handing on, talking, due times; and who may do what."""

from pathlib import Path

from tests.contract.inbox_given import (
    LOGIN,
    answer_form,
    asks,
    logged_in,
    page_of,
    question_of,
    submitted,
    tend,
    with_people,
)
from tests.contract.test_page_inbox import lines
from tests.contract.ui_given import site
from tests.unit.hostile_strings import HTML
from workflow_engine.ui.security.roles import Role

PEOPLE = (
    ("ann", Role.ADMIN, ()),
    ("ben", Role.OPERATOR, ("editors",)),
    ("eva", Role.OPERATOR, ("editors", "legal")),
    ("vic", Role.VIEWER, ("editors",)),
)


def test_a_question_is_taken_talked_about_moved_and_given_back(tmp_path: Path) -> None:
    with site(tmp_path, lambda engine: asks(engine, due="1d", on_due="escalate", escalate_to=["bob"])) as given:
        submitted(given, "a")
        browser, ask = given.browser, given.engine.blocking
        page = page_of(browser, "a")
        assert "Without an answer by then, it goes to bob." in page.words
        page = tend(browser, page, "claim")
        assert "You have taken it: others see that you work on it." in page.words
        assert "you work on it" in browser.get("/inbox").words
        page = tend(browser, page, "comment", text="Page 2 is old.\r\n<b>Really.</b>")
        assert [comment.text for comment in ask.get_question("a").comments] == ["Page 2 is old.\n<b>Really.</b>"]
        assert "Page 2 is old. <b>Really.</b>" in page.words
        page = tend(browser, page, "due", **{"in": "4h"})
        found = ask.get_question("a")
        assert 14_000 < found.due - found.asked_at < 14_500
        page = tend(browser, page, "due", **{"in": "never"})
        assert (ask.get_question("a").due, "It has no due time any more." in page.words) == (None, True)
        page = tend(browser, page, "due", other="3d")
        assert ask.get_question("a").due is not None
        page = tend(browser, page, "release")
        assert ask.get_question("a").claimed_by is None
        page = tend(browser, page, "assign", to="legal, carl", note="either")
        found = ask.get_question("a")
        assert (found.assignee, found.candidates) == (None, ("legal", "carl"))
        assert "for legal or carl" in page.words
        page = tend(browser, page, "delegate", to="dora")
        assert (ask.get_question("a").assignee, "dora answers for you now." in page.words) == ("dora", True)
        page = tend(browser, page, "assign", to="", anybody="1")
        assert (ask.get_question("a").candidates, "for anybody" in page.words) == ((), True)


MISTAKES = (
    ("comment", {"text": "  \r\n "}, "Write something first."),
    ("comment", {"text": "x" * 10_001}, "That did not work:"),
    ("due", {"in": "1d", "other": "soon"}, "That did not work:"),
    ("due", {"in": "", "other": ""}, "Choose when it is due"),
    ("assign", {"to": " , ", "note": "kept"}, "Name a person or a group."),
    ("assign", {"to": ",".join(f"n{number}" for number in range(101))}, "Name at most 100, or a group."),
    ("delegate", {"to": "a, b"}, "One person can answer for you."),
    ("delegate", {"to": ""}, "Name a person or a group."),
)


def test_what_is_wrong_is_said_at_the_small_form_and_stays_typed(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        before = given.engine.commits
        for word, values, why in MISTAKES:
            page = tend(given.browser, page_of(given.browser, "a"), word, **values)
            assert (page.status, why in page.words) == (422, True), (word, values, page.words)
            form = next(form for form in page.forms if form.action.startswith(f"/inbox/{word}/"))
            typed = {name: text.strip() for name, text in values.items() if text.strip() and name != "in"}
            assert typed.items() <= {name: text.strip() for name, text in form.fields}.items()
        assert given.engine.commits == before


def test_each_sees_what_is_for_them_for_their_groups_and_for_anybody(tmp_path: Path) -> None:
    with_people(tmp_path, PEOPLE)
    with site(tmp_path, asks, LOGIN) as given:
        submitted(given, "a", "b", "c", "d")
        given.engine.blocking.assign_question("a", "ben")
        given.engine.blocking.assign_question("b", None, ["editors"])
        given.engine.blocking.assign_question("c", "legal")
        given.dashboard._desk.settle()  # pyright: ignore[reportPrivateUsage]
        ben = logged_in(given, "ben")
        found = {
            who: [line.split("/")[2] for line in lines(ben.get(f"/inbox?who={who}"))]
            for who in ("mine", "groups", "anyone", "all")
        }
        assert found == {"mine": ["a"], "groups": ["a", "b"], "anyone": ["d"], "all": ["a", "b", "c", "d"]}
        assert "Mine 1 My groups 2 For anyone 1 All 4" in ben.get("/inbox").words


def test_a_question_for_others_can_be_read_and_not_answered(tmp_path: Path) -> None:
    with_people(tmp_path, PEOPLE)
    with site(tmp_path, lambda engine: asks(engine, candidates=["legal"]), LOGIN) as given:
        submitted(given, "a")
        question = question_of("a")
        ben, eva, ann, vic = (logged_in(given, name) for name in ("ben", "eva", "ann", "vic"))
        good = page_of(eva, question)
        page = page_of(ben, question)
        assert "You cannot answer this one. the question is for legal" in page.words
        assert not [form for form in page.forms if any(name == "shown" for name, _ in form.fields)]
        assert "Reassign" not in page.words
        token = dict(page.forms[-1].fields)["csrf_token"]
        typed = [("csrf_token", token), ("/decision", "approve"), ("/comment", "typed")]
        refused = ben.post(f"/inbox/{question}", typed)
        assert (refused.status, "Comment typed" in refused.words) == (403, True)
        for word, values in (
            ("assign", ("to", "ben")),
            ("due", ("in", "1d")),
            ("delegate", ("to", "x")),
            ("claim", ("x", "")),
        ):
            refused = ben.post(f"/inbox/{word}/{question}", [("csrf_token", token), values])
            assert (refused.status, "the question is for legal" in refused.words) == (422, True), word
        assert ben.post(f"/inbox/draft/{question}", typed).status == 403
        looking = page_of(vic, question)
        assert "a viewer may look, and not answer" in looking.words
        assert [form.action for form in looking.forms if form.method == "post"] == ["/logout"]
        assert vic.post(f"/inbox/{question}", [("/decision", "approve")]).status == 403
        for word in ("claim", "release", "assign", "delegate", "comment", "due", "forget", "draft"):
            assert vic.post(f"/inbox/{word}/{question}", []).status == 403
        taken = tend(ann, page_of(ann, question), "assign")
        assert given.engine.blocking.get_question(question).assignee == "ann"
        assert answer_form(taken)
        late = eva.send(good, answer_form(good), {"/comment": "mine"}, button=("/decision", "reject"))
        assert (late.status, "for ann" in late.words, "Comment mine" in late.words) == (403, True, True)


def test_what_somebody_has_taken_is_marked_and_not_the_next_for_others(tmp_path: Path) -> None:
    with_people(tmp_path, PEOPLE)
    with site(tmp_path, lambda engine: asks(engine, candidates=["editors"]), LOGIN) as given:
        submitted(given, "a", "b", "c")
        ben, eva = logged_in(given, "ben"), logged_in(given, "eva")
        page = page_of(eva, question_of("b"), "?who=groups")
        tend(eva, page, "claim")
        assert "eva works on it" in ben.get("/inbox?who=groups").words
        page = page_of(ben, question_of("a"), "?who=groups")
        following = ben.send(page, answer_form(page), button=("/decision", "approve"))
        assert following.path == f"/inbox/{question_of('c')}?who=groups"
        theirs = page_of(ben, question_of("b"), "?who=groups")
        assert "eva works on this. You may answer all the same; the first answer counts." in theirs.words
        token = dict(answer_form(theirs).fields)["csrf_token"]
        refused = ben.post(f"/inbox/claim/{question_of('b')}", [("csrf_token", token)])
        assert (refused.status, "eva has claimed it" in refused.words) == (409, True)
        first = ben.send(theirs, answer_form(theirs), {"/comment": "mine"}, button=("/decision", "reject"))
        assert first.status == 200
        page = page_of(eva, question_of("b"))
        assert "ben has answered it, just now" in page.words


def test_a_delegated_question_goes_there_and_can_be_taken_back(tmp_path: Path) -> None:
    with_people(tmp_path, PEOPLE)
    with site(tmp_path, lambda engine: asks(engine, assignee="ben"), LOGIN) as given:
        submitted(given, "a")
        ben, eva = logged_in(given, "ben"), logged_in(given, "eva")
        page = tend(ben, page_of(ben, question_of("a")), "delegate", to="eva")
        assert "eva answers for you now." in page.words
        assert "You cannot answer this one." in page.words
        assert [line.split("/")[2] for line in lines(eva.get("/inbox"))] == ["a"]
        page = tend(ben, page, "claim")
        assert given.engine.blocking.get_question("a").claimed_by == "ben"
        assert answer_form(page)


def test_suggested_names_are_those_of_the_question_and_of_people(tmp_path: Path) -> None:
    with_people(tmp_path, PEOPLE)
    with site(tmp_path, lambda engine: asks(engine, candidates=["legal", HTML["script"]]), LOGIN) as given:
        submitted(given, "a")
        page = page_of(logged_in(given, "eva"), question_of("a"))
        text = page.text.partition('<datalist id="people">')[2].partition("</datalist>")[0]
        names = [part.partition('">')[0] for part in text.split('<option value="')[1:]]
        assert names == ["legal", "&lt;script&gt;alert(1)&lt;/script&gt;", "ann", "ben", "eva", "vic", "editors"]


def test_tending_what_is_closed_says_what_became_of_it_and_keeps_the_words(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        page = page_of(given.browser, "a")
        given.engine.blocking.answer("a", {"decision": "approve"}, by="ann")
        late = tend(given.browser, page, "comment", text="too late")
        assert (late.status, "Comment too late" in late.words, "ann has answered it" in late.words) == (409, True, True)
