"""The inbox and the page of a question: what they show, and that looking changes nothing."""

from pathlib import Path
from typing import Any

from tests.contract.inbox_given import (
    FIRST,
    SECOND,
    answer_form,
    asks,
    listed,
    page_of,
    question_of,
    reviews,
    submitted,
)
from tests.contract.ui_given import Answer, Site, site
from tests.unit.hostile_strings import ALL, BIDI, HTML
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task
from workflow_engine.ui.showing.words import spoken

YES = {"decision": "approve"}


def lines(page: Answer) -> list[str]:
    """Return where the lines of the list lead."""
    rows = (attributes for name, attributes in page.elements if name == "a" and "data-row" in attributes)
    return [row["href"] or "" for row in rows]


def test_an_empty_inbox_says_when_something_will_stand_there(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        page = given.browser.get("/inbox")
        assert (page.status, lines(page)) == (200, [])
        assert "Nothing waits for you. When a workflow needs your decision, the question stands here." in page.words


def test_the_list_has_what_is_due_first_and_then_what_waits_longest(tmp_path: Path) -> None:
    def prepare(engine: ECSWorkflowEngine) -> None:
        asks(engine)
        asks(engine, "soon", prompt="Soon?", due="90m")
        asks(engine, "later", prompt="Later?", due="2d")

    with site(tmp_path, prepare) as given:
        submitted(given, "a", "b")
        submitted(given, "c", workflow="later")
        submitted(given, "d", workflow="soon")
        page = given.browser.get("/inbox")
        assert lines(page) == [f"/inbox/{question_of(task)}" for task in ("d", "c", "a", "b")]
        assert "Soon? due in 1 h soon · approve · asked just now Later? due in 47 h" in page.words
        late = [
            attributes
            for name, attributes in page.elements
            if name == "span" and "due" in str(attributes.get("class")).split()
        ]
        assert len(late) == 1


def test_the_list_is_filtered_by_words_workflow_kind_and_due_time(tmp_path: Path) -> None:
    def prepare(engine: ECSWorkflowEngine) -> None:
        asks(engine)
        asks(engine, "other", prompt="Refund 40.00?")

        async def waiting(task: Task) -> Any:
            return await task.suspend("io", "the bank")

        engine.register_handler("bank", waiting)

    with site(tmp_path, prepare) as given:
        submitted(given, "a")
        submitted(given, "b", workflow="other")
        given.engine.blocking.submit_task({}, classification="bank", task_id="c")
        listed(given, "c")
        found = {
            query: [line.split("/")[2] for line in lines(given.browser.get(f"/inbox?{query}"))]
            for query in (
                "",
                "text=refund",
                "workflow=w",
                "overdue=1",
                "who=all",
                "who=all&kind=io",
                "who=nobody",
                "kind=io",
            )
        }
        assert found == {
            "": ["a", "b"], "text=refund": ["b"], "workflow=w": ["a"], "overdue=1": [], "who=all": ["a", "b", "c"],
            "who=all&kind=io": ["c"], "who=nobody": ["a", "b"], "kind=io": ["a", "b"],
        }  # fmt: skip
        assert "No question fits this filter." in given.browser.get("/inbox?text=nothing+like+it").words
        page = page_of(given.browser, "c", "?who=all")
        assert "This is asked of another system, which answers by itself." in page.words


def test_the_list_goes_on_behind_a_page_and_a_place_that_is_none_is_told(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        for number in range(51):
            given.engine.blocking.submit_task({}, workflow_name="w", task_id=f"t{number:02}")
        given.until(lambda: given.engine.blocking.list_questions().next, bool)
        listed(given)
        first = given.browser.get("/inbox")
        following = next(link for link in first.links if "after=" in link)
        second = given.browser.get(following)
        assert (len(lines(first)), len(lines(second))) == (50, 1)
        assert {line.partition("?")[0] for line in lines(first) + lines(second)} == {
            f"/inbox/{question_of(f't{number:02}')}" for number in range(51)
        }
        assert "Mine 51" in first.words
        wrong = given.browser.get("/inbox?after=nonsense")
        assert (wrong.status, len(lines(wrong))) == (422, 50)


def test_a_link_with_slashes_as_percent_signs_leads_to_the_question_and_so_does_that_of_its_task(
    tmp_path: Path,
) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        for address in ("/inbox/a%2Fapprove%2F1%2F1q0", "/inbox/a", f"/inbox/{question_of('a')}"):
            page = given.browser.get(address)
            assert (page.status, "Publish?" in page.words) == (200, True), address
        inputs = [attributes["value"] for _, attributes in page.elements if "data-select" in attributes]
        assert inputs == [f"{given.url}inbox/a/approve/1/1q0"]


def test_work_that_comes_again_shows_what_was_said_about_it_and_what_has_changed(tmp_path: Path) -> None:
    with site(tmp_path, reviews) as given:
        submitted(given, "a", workflow="review")
        assert "Show the first version" not in page_of(given.browser, "a").words
        reject = {"decision": "reject", "comment": "Say how fast."}
        given.engine.blocking.answer(question_of("a"), reject, by="mara")
        given.until(lambda: given.engine.blocking.list_questions().rows, lambda rows: rows and rows[0].visit == 2)
        listed(given)
        page = page_of(given.browser, "a")
        assert "Draft 2 of at most 3" in given.browser.get("/inbox").words
        assert "mara sent the first version back just now , because: Say how fast." in page.words
        assert "removed: blazingly fast added: three times faster" in page.words
        assert page.words.count("Show the first version") == 2  # of the text and of the file
        assert FIRST in page.words
        assert SECOND in page.words
        assert "notes.md , second version" in page.words


def test_hostile_words_are_shown_as_words_and_with_marks(tmp_path: Path) -> None:
    shown = {name: text for name, text in ALL.items() if "\ud800" not in text and len(text) < 2_000}
    with site(tmp_path, lambda engine: asks(engine, show="{{ inputs }}", prompt="{{ inputs.title }}")) as given:
        for number, text in enumerate([*HTML.values(), *BIDI.values()]):
            data = {"title": text, **dict(list(shown.items())[number * 8 :][:8]), text: text}
            given.engine.blocking.submit_task(data, workflow_name="w", task_id=f"t{number}", labels={"l": text})
        count = len(HTML) + len(BIDI)
        listed(given, *(f"t{number}" for number in range(count)))
        pages = [given.browser.get("/inbox"), *(page_of(given.browser, f"t{number}") for number in range(count))]
        for page in pages:
            assert page.status == 200
            harmless(page)
        assert "U+202E" in pages[0].words


def harmless(page: Answer) -> None:
    """Check that a page runs and loads nothing but what is ours."""
    assert "\u202e" not in page.text
    for name, attributes in page.elements:
        assert not [one for one in attributes if one.startswith("on") or one == "style"], attributes
        if name in ("script", "img", "iframe", "link"):
            assert str(attributes.get("src") or attributes.get("href")).startswith(("/static/", "/tasks/")), attributes
        assert name not in ("base", "object", "embed", "svg", "math", "style"), name
        address = str(attributes.get("href") or attributes.get("action") or "").strip().lower()
        assert not address.startswith(("javascript:", "data:", "vbscript:", "//")), address


def test_looking_changes_nothing(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a", "b")
        given.engine.blocking.answer(question_of("b"), YES)
        before = given.engine.commits
        words = ("draft", "claim", "release", "assign", "delegate", "comment", "due", "forget")
        addresses = ["/inbox", "/inbox?who=all&text=x", "/inbox/a", *(f"/inbox/{question_of(task)}" for task in "ab")]
        for address in [*addresses, *(f"/inbox/{word}/{question_of('a')}" for word in words)]:
            given.browser.get(address)
        assert given.engine.commits == before
        assert given.engine.blocking.get_question("a").claimed_by is None


def test_a_question_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        for address in ("nobody", "a/approve/9/1q0", "a/b", "x/y/1/1q0", "..%2f", "%00", "a/approve/1/1q0/2"):
            page = given.browser.get(f"/inbox/{address}")
            assert page.status in (200, 404), address
            assert "There is no such question" in page.words or "This question is not open" in page.words, address


def test_a_question_whose_task_was_cancelled_says_so(tmp_path: Path) -> None:
    with site(tmp_path, asks) as given:
        submitted(given, "a")
        page = page_of(given.browser, "a")
        given.engine.blocking.cancel("a")
        withdrawn = given.browser.send(page, answer_form(page), {"/comment": "typed"}, button=("/decision", "approve"))
        assert withdrawn.status == 409
        for seen in (withdrawn, page_of(given.browser, question_of("a"))):
            assert "This question was withdrawn" in seen.words
            assert "its task is cancelled" in seen.words
        assert "typed" in withdrawn.words


def test_words_of_the_program_are_not_shown(tmp_path: Path) -> None:
    def prepare(engine: ECSWorkflowEngine) -> None:
        reviews(engine)
        asks(engine, due="1d", on_due="fail")

    with site(tmp_path, prepare) as given:
        submitted(given, "a")
        page = page_of(given.browser, "a")
        assert "Without an answer by then, this step of the task fails." in page.words
        assert spoken("waiting_human") not in page.words
        assert _without_text(given, "a") == []


def _without_text(given: Site, task: str) -> list[str]:
    """Return controls of a page that nobody has named."""
    page = page_of(given.browser, task)
    ids = {attributes.get("for") for name, attributes in page.elements if name == "label"}
    controls = [one for one in page.elements if one[0] in ("input", "select", "textarea")]
    return [
        str(attributes)
        for _, attributes in controls
        if attributes.get("type") != "hidden"
        and "aria-label" not in attributes
        and attributes.get("id") is not None
        and attributes.get("id") not in ids
    ]
