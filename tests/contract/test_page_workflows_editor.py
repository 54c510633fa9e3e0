"""The editor: the same words and places as the command line, nothing lost, nothing overwritten unseen."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.contract.ui_given import Answer, Form, Site
from tests.contract.workflows_given import ONE, PLAIN, TWO, csrf, form_with, hidden, site_of
from tests.unit.test_mutated_files import WRONG, mutated
from tests.unit.workflow_files import GOOD, REVIEW, graph
from workflow_engine.cli.main import program
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.ui.library import Library
from workflow_engine.ui.pages.workflows_checking import check
from workflow_engine.ui.pages.workflows_templates import ready_made

EDIT = "/workflows/review/edit"
BROKEN = "name: review\nphases:\n  - id: a\n    depends_on: [b]\n    prompts: x\n"


def form_of(page: Answer) -> Form:
    return form_with(page, "seal")


def text_in(page: Answer) -> str:
    return dict(form_of(page).fields)["text"]


def save(site: Site, page: Answer, text: str, do: str = "save") -> Answer:
    return site.browser.send(page, form_of(page), {"text": text.replace("\n", "\r\n")}, button=("do", do))


def versions(site: Site) -> dict[str, str]:
    return {spec.name: spec.version for spec in site.engine.workflows()}


def checked(site: Site, body: Any, page: Answer | None = None) -> Answer:
    token = csrf(page or site.browser.get("/workflows/new"))
    headers = {"Content-Type": "application/json", "X-CSRF-Token": token}
    return site.browser.request("POST", "/workflows/check", body=json.dumps(body).encode(), headers=headers)


def test_a_new_workflow_is_written_checked_and_saved_by_forms_alone(tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        page = site.browser.get("/workflows/new")
        assert "Saving makes a new workflow, my-workflow." in page.words
        looked = save(site, page, ONE, "check")
        assert (looked.status, "good" in looked.words, 'data-phase="look"' in looked.text) == (200, True, True)
        assert text_in(looked) == ONE
        assert versions(site) == {}
        saved = save(site, looked, ONE)
        assert saved.path == "/workflows/review"
        assert "Saved: new tasks use it." in saved.words
        assert versions(site) == {"review": "one"}


def test_what_was_saved_is_there_after_a_restart(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        save(site, site.browser.get(EDIT), TWO)
    with site_of(tmp_path, ONE) as site:
        assert versions(site) == {"review": "two"}
        assert text_in(site.browser.get(EDIT)) == TWO


def test_it_is_said_what_saving_does_to_tasks_under_way(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        for number in range(2):
            site.engine.blocking.submit_task({"topic": f"bees {number}"}, "review")
        site.dashboard._desk.settle()  # pyright: ignore[reportPrivateUsage] - what a page does after a command
        looked = save(site, site.browser.get(EDIT), TWO, "check")
        stays = "new tasks use it; 2 tasks under way stay on the version they began with."
        assert f"Saving makes a new version of review: {stays}" in looked.words
        assert f"Saved: {stays}" in save(site, looked, TWO).words


def test_a_wrong_file_is_not_saved_and_comes_back_as_it_was_typed(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = save(site, site.browser.get(EDIT), BROKEN)
        assert page.status == 422
        assert text_in(page) == BROKEN
        assert "to be mended" in page.words
        assert "5:5 error 'prompts' is not known here; did you mean 'prompt'?" in page.words
        places = [(given["data-line"], given["data-column"]) for _, given in page.elements if "data-line" in given]
        assert ("5", "5") in places
        assert versions(site) == {"review": "one"}


def test_of_two_who_edit_the_second_sees_what_the_first_has_saved(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        first, second = site.browser.get(EDIT), site.browser.get(EDIT)
        save(site, first, TWO)
        mine = ONE.replace('version: "one"', 'version: "mine"')
        told = save(site, second, mine)
        assert told.status == 409
        assert "Somebody has saved review since you began" in told.words
        assert 'removed: version: "two"' in told.words
        assert 'added: version: "mine"' in told.words
        assert text_in(told) == mine
        assert versions(site) == {"review": "two"}
        save(site, told, mine)
        assert versions(site) == {"review": "mine"}


def test_what_comes_between_the_warning_and_saving_is_not_overwritten_either(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = site.browser.get(EDIT)
        save(site, site.browser.get(EDIT), TWO)
        told = save(site, page, ONE.replace("one", "mine"))
        save(site, site.browser.get(EDIT), TWO.replace("two", "later"))
        assert save(site, told, ONE.replace("one", "mine")).status == 409
        assert versions(site) == {"review": "later"}


def test_a_new_workflow_does_not_take_the_place_of_another_unseen(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE, PLAIN) as site:
        told = save(site, site.browser.get("/workflows/new"), TWO)
        assert (told.status, "There is a workflow review already" in told.words) == (409, True)
        renamed = save(site, site.browser.get("/workflows/plain/edit"), TWO)
        assert renamed.status == 409
        assert versions(site) == {"review": "one", "plain": "1"}
        assert save(site, told, TWO).status == 200
        assert versions(site) == {"review": "two", "plain": "1"}


def test_a_workflow_that_gets_another_name_is_a_new_one(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        save(site, site.browser.get(EDIT), TWO.replace("name: review", "name: second", 1))
        assert versions(site) == {"review": "one", "second": "two"}


@pytest.mark.parametrize("name", [".", "..", "new"])
def test_a_name_without_an_address_is_refused_with_the_text_kept(name: str, tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        text = PLAIN.replace("name: plain", f'name: "{name}"')
        page = save(site, site.browser.get("/workflows/new"), text)
        assert (page.status, "choose another name" in page.words, text_in(page)) == (422, True, text)


def test_a_new_workflow_begins_with_what_is_chosen(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        for name, path in ready_made().items():
            assert text_in(site.browser.get(f"/workflows/new?ready={name}")) == path.read_text()
        site.dashboard._desk.library.save("# mine\n" + TWO)  # pyright: ignore[reportPrivateUsage]
        assert text_in(site.browser.get("/workflows/new?copied=review")) == "# mine\n" + TWO
        short = text_in(site.browser.get("/workflows/new"))
        for odd in ("ready=../../etc/passwd", "copied=../x", "ready=&copied=nothing"):
            assert text_in(site.browser.get(f"/workflows/new?{odd}")) == short


def test_a_draft_outlives_a_restart_with_what_it_began_from(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        page = site.browser.get(EDIT)
        body = {"text": TWO, "name": "review", "began": hidden(page, "began"), "seal": hidden(page, "seal")}
        assert json.loads(checked(site, body).body)["kept"] is True
    with site_of(tmp_path, ONE.replace("one", "later")) as site:
        page = site.browser.get(EDIT)
        assert (text_in(page), "This is your draft" in page.words) == (TWO, True)
        assert save(site, page, TWO).status == 409
        page = site.browser.get(EDIT)
        fresh = site.browser.send(page, page.form("discard"), button=("do", "discard"))
        assert "version: later" in text_in(fresh).replace('"', "")
        assert "This is your draft" not in fresh.words


def test_what_is_checked_while_it_is_typed_comes_with_its_drawing(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        found = json.loads(checked(site, {"text": TWO, "name": "review"}).body)
        assert found["problems"] == []
        assert (found["name"], 'data-phase="look"' in found["graph"], "<style" in found["graph"]) == (
            "review",
            True,
            False,
        )
        wrong = json.loads(checked(site, {"text": BROKEN}).body)
        assert (wrong["name"], wrong["graph"], wrong["effect"]) == (None, None, "")
        assert wrong["problems"][-1] == {
            "line": 5,
            "column": 5,
            "severity": "error",
            "message": "'prompts' is not known here; did you mean 'prompt'?",
            "source": "    prompts: x",
        }


@pytest.mark.parametrize("body", [None, [], "text", {}, {"text": 3}, {"text": "a", "name": []}, {"text": None}])
def test_a_check_of_what_is_no_text_is_refused(body: Any, tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        answer = checked(site, body)
        assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_check_without_the_token_of_a_page_is_refused(tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        headers = {"Content-Type": "application/json"}
        answer = site.browser.request("POST", "/workflows/check", body=b'{"text": "a"}', headers=headers)
        assert answer.status == 403


def test_a_workflow_too_large_to_draw_is_edited_all_the_same(tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        found = json.loads(checked(site, {"text": graph(600)}).body)
        assert (found["name"], found["graph"]) == ("graph", None)
        page = save(site, site.browser.get("/workflows/new"), graph(600))
        assert "With 600 phases it is too large to be drawn here" in page.words


def test_a_hostile_text_is_answered_with_its_problems(tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        page = site.browser.get("/workflows/new")
        for name, text in WRONG.items():
            told = save(site, page, text)
            assert (told.status, "to be mended" in told.words) == (422, True), name
            found = json.loads(checked(site, {"text": text}, page).body)
            assert found["name"] is None, name
            assert min(problem["line"] for problem in found["problems"]) >= 1, name
        assert versions(site) == {}


def by_command(folder: Path, text: bytes) -> list[tuple[Any, ...]]:
    """Return what ``workflow-engine validate`` says of a file in *folder*."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "file.yaml"
    file.write_bytes(text)
    result = CliRunner().invoke(program, ["validate", "--json", str(file)])
    [said] = json.loads(result.stdout)
    return [
        *((one["line"], one["column"], "error", one["fact"]) for one in said["problems"]),
        *((one["line"], one["column"], "warning", one["fact"]) for one in said["warnings"]),
    ]


def test_the_editor_says_what_the_command_line_says(tmp_path: Path) -> None:
    library = Library(ECSWorkflowEngine(tmp_path))
    texts = [text.decode() for text in list(mutated())[::9] if _decodes(text)]
    texts += [BROKEN, REVIEW, *GOOD.values(), "name: x\nphases:\n  - {id: a, assigned_to: humann}\n"]
    texts += [text for text in WRONG.values() if len(text) < 20_000]
    severities: set[str] = set()
    for text in texts:
        found = check(library, text)
        here = [(one.line, one.column, one.severity, one.message) for one in found.problems]
        assert here == by_command(library.folder(_named(text)), text.encode())[:200], text
        severities |= {one.severity for one in found.problems}
    assert severities == {"error", "warning"}


def _decodes(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _named(text: str) -> str:
    """Return the folder that the library looks in; the name stands in the second column of these files."""
    from workflow_engine.ui.library import _named  # pyright: ignore[reportPrivateUsage]

    return _named(text) or "nothing"
