"""The page of a task: what it shows of tasks of all kinds, whatever they hold, and to whom."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.page_task_given import path, prepare, settled, submitted, tab
from tests.contract.ui_given import Site, site
from tests.unit.hostile_strings import HTML, INVISIBLE
from workflow_engine.core.components import TaskState
from workflow_engine.ui.pages.task_head import Actions, actions_of
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import Role

TABS = ("runs", "context", "iterations", "transcript", "logs", "artifacts", "input", "events")
HOSTILE = "".join(HTML.values()) + INVISIBLE["controls"]


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, prepare) as found:
        yield found


def test_the_page_begins_with_what_the_task_waits_for_and_what_can_be_done(at: Site) -> None:
    task = submitted(at, "article", "waiting_human")
    page = tab(at, task, "runs")
    assert "waiting for a person" in page.words
    assert "for editors to answer 'Publish this?'" in page.words
    assert [link for link in page.links if link.startswith("/inbox/t/approve/1/")] != []
    assert {form.action for form in page.forms if form.method == "post"} >= {
        path(task, "/cancel"),
        path(task, "/export"),
    }
    assert "/purge" not in page.text
    assert len([name for name, _ in page.elements if name == "h1"]) == 1


def test_the_drawing_says_how_often_work_was_sent_back_and_leads_to_each_phase(at: Site) -> None:
    page = tab(at, submitted(at, "article", "waiting_human"), "runs")
    assert "sent back twice of at most 3 times" in page.words
    assert "/tasks/t?tab=context&phase=lint#phase-lint" in page.links
    assert at.browser.get("/tasks/t?tab=context&phase=lint").text.count('id="phase-') == 1


def test_drawings_are_styled_by_a_file_that_browsers_keep(at: Site) -> None:
    page = tab(at, submitted(at, "press", "failed"), "runs")
    (address,) = [
        given["href"] for name, given in page.elements if name == "link" and "drawing" in (given["href"] or "")
    ]
    sheet = at.browser.get(address or "")
    assert (sheet.status, sheet.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in sheet.headers["cache-control"]
    assert "<style" not in page.text
    assert not [given for _, given in page.elements if "style" in given]


def test_the_timeline_has_a_lane_for_each_visit(at: Site) -> None:
    task = submitted(at, "article", "waiting_human")
    page = at.until(lambda: tab(at, task, "runs"), lambda answer: answer.text.count('class="lane"') == 7)
    lanes = re.findall(r'<svg class="lane".*?</svg>', page.text)
    assert [re.findall(r'rect class="(\w+)"', lane)[-1] for lane in lanes] == [
        "completed", "failed", "completed", "failed", "completed", "completed", "waiting_human",
    ]  # fmt: skip


def test_a_phase_shows_what_was_before_it_what_it_gave_and_what_it_set(at: Site) -> None:
    words = tab(at, submitted(at, "article", "waiting_human"), "context").words
    assert re.search(r"draft completed 3 visits.* Gave draft 3 about tides Set in the context tone dry", words)
    assert re.search(r"lint completed .*Before: 1 context value .*tone set last by draft dry", words)


def test_iterations_stand_side_by_side_with_the_reasons(at: Site) -> None:
    task = submitted(at, "article", "waiting_human")
    page = tab(at, task, "iterations", "&phase=draft")
    assert "sent back by lint : draft 1 is dull" in page.words
    assert "sent back by lint : draft 2 is dull" in page.words
    assert "What changed from the 2nd to the 3rd" in page.words
    other = tab(at, task, "iterations", "&phase=draft&left=1&right=2")
    assert "What changed from the 1st to the 2nd" in other.words
    assert "What changed" in tab(at, task, "iterations", "&phase=nothing&left=99&right=x").words


def test_artifacts_are_listed_shown_on_demand_and_saved(at: Site) -> None:
    task = submitted(at, "article", "waiting_human")
    page = tab(at, task, "artifacts", "&artifact=notes.md")
    assert "Notes 3" in page.words
    (saved,) = {link for link in page.links if link.startswith("/tasks/t/artifacts/") and "inline" not in link}
    assert at.browser.get(saved).body == b"# Notes 3\n\n- one\n- two\n"
    assert "no artifact of this name any more" in tab(at, task, "artifacts", "&artifact=other").words


def test_events_are_sentences(at: Site) -> None:
    words = tab(at, submitted(at, "press", "failed"), "events").words
    assert "ann submitted the task to press" in words
    assert "The task failed with PermanentFailure : the paper is jammed ." in words


def test_a_fan_out_is_one_lane_and_one_node_with_counts(at: Site) -> None:
    task = submitted(at, "pages", "completed", {"list": list(range(120))})
    page = settled(at, task, "runs", "108 of 120 done, 12 failed")
    assert page.text.count('class="lane"') == 1
    assert "120 items · " in page.words
    assert "The first 50 are listed" in page.words
    failed = tab(at, task, "runs", "&items=failed")
    assert "page 115 is empty" in failed.words
    assert "page 115" not in page.words


def test_a_workflow_of_300_phases_is_drawn_and_told_in_pages(at: Site) -> None:
    task = submitted(at, "long", "completed", {})
    page = settled(at, task, "runs", "Page 1 of 3")
    assert (page.text.count("data-phase="), page.text.count('class="lane"')) == (300, 100)
    assert tab(at, task, "runs", "&page=3").text.count('class="lane"') == 100
    assert tab(at, task, "context", "&page=15").text.count('<section class="phase"') == 20
    assert len(page.body) < 400_000


def test_what_strangers_wrote_is_shown_and_does_nothing(at: Site) -> None:
    labels = {"<b>": '"><script>alert(1)</script>'}
    hostile_id = "<img>'\"&?x=1%2F;ö"
    at.engine.blocking.submit_task(
        {"topic": HOSTILE, "tone": HOSTILE}, "article", task_id=hostile_id, labels=labels, by='<b onclick="x">'
    )
    at.until(lambda: at.engine.blocking.get_task(hostile_id).status, lambda status: status == "waiting_human")
    plain = {name for name, _ in tab(at, submitted(at, "article", "waiting_human"), "runs").elements}
    for name in TABS:
        page = tab(at, hostile_id, name, "&artifact=%3Cscript%3E&phase=%3Cscript%3E&transcript=%22%3E&log=%3Cb%3E")
        allowed = plain | {"pre", "ul", "li", "ol", "del", "ins", "code", "dl", "dt", "dd", "table", "thead", "tbody",
                           "tr", "th", "td", "bdi", "h3", "h4", "b", "blockquote", "strong", "em"}  # fmt: skip
        assert {element for element, _ in page.elements} <= allowed
        scripts = [given.get("src") for element, given in page.elements if element == "script"]
        assert all(source and source.startswith("/static/") for source in scripts)
        assert not [key for _, given in page.elements for key in given if key.startswith("on") or key == "style"]


def test_every_tab_of_every_kind_of_task_can_be_looked_at(at: Site) -> None:
    for number, (workflow, state) in enumerate(
        (("article", "waiting_human"), ("press", "failed"), ("retried", "failed"), ("waits", "in_progress"))
    ):
        task = submitted(at, workflow, state, task_id=f"t{number}")
        for name in (*TABS, "nonsense"):
            more = "&page=999999999999&after=x.y&left=-1&right=999&log=a/b/c"
            assert at.browser.get(f"{path(task)}?tab={name}{more}").status == 200


def test_a_task_that_is_not_there_is_told_in_words(at: Site) -> None:
    for more in ("", "/retry", "/fork", "/logs/a/1/1"):
        page = at.browser.get(f"/tasks/nothere{more}")
        assert page.status == 404
        assert "nothere" in page.words
    assert at.browser.get("/live/logs/nothere/a/1/1").status == 404


def test_a_task_that_ended_long_ago_is_shown_as_well(tmp_path: Path) -> None:
    with site(tmp_path, prepare) as at:
        submitted(at, "press", "failed")
    with site(tmp_path, prepare) as at:
        page = tab(at, "t", "context")
        assert "the paper is jammed" in page.words
        assert "draft 1 about tides" in page.words


def test_somebody_who_only_looks_has_no_buttons() -> None:
    def can(role: Role, state: TaskState) -> Actions:
        return actions_of(state, Person("x", role, "session"))

    assert not any(any(can(Role.VIEWER, state)) for state in TaskState)
    assert can(Role.OPERATOR, TaskState.FAILED) == Actions(False, True, True, True, False, False, False)
    assert can(Role.OPERATOR, TaskState.WAITING_HUMAN) == Actions(True, False, True, True, True, False, False)
    assert can(Role.ADMIN, TaskState.COMPLETED) == Actions(False, False, True, True, False, True, False)
    assert can(Role.ADMIN, TaskState.PENDING) == Actions(True, False, True, True, True, False, True)


def test_the_page_is_live_in_regions_with_names_of_their_own(at: Site) -> None:
    page = tab(at, submitted(at, "article", "waiting_human"), "runs")
    (main,) = [given for name, given in page.elements if name == "main"]
    assert main["data-live"] == "/live/tasks/t"
    ids = [given["id"] for _, given in page.elements if "id" in given]
    assert len(ids) == len(set(ids))
    assert {"task-head", "graph", "tab-runs"} <= {
        str(given.get("id")) for _, given in page.elements if "data-region" in given
    }


def test_an_export_is_a_file_that_another_engine_takes_in(at: Site, tmp_path: Path) -> None:
    task = submitted(at, "article", "waiting_human")
    page = tab(at, task, "runs")
    answer = at.browser.send(page, page.form("/export"))
    document: Any = json.loads(answer.body)
    assert (answer.status, document["task"]) == (200, "t")
    assert answer.headers["content-disposition"] == 'attachment; filename="t.json"'
    with site(tmp_path / "other", prepare) as other:
        other.engine.blocking.import_task(answer.body)
        assert "Publish this?" in tab(other, "t", "runs").words
