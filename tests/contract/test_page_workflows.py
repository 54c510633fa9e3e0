"""The pages of workflows: what there is, how it stands, what differs between versions, moving tasks."""

from pathlib import Path

import pytest

from tests.contract.ui_given import Site, site
from tests.contract.workflows_given import ONE, OTHERWISE, PLAIN, TWO, csrf, register, site_for, site_of
from tests.unit.hostile_strings import ALL
from workflow_engine.core.components import TaskState
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, WorkflowSpec
from workflow_engine.spec.loading import load_text
from workflow_engine.spec.strict import NAME
from workflow_engine.ui.pages.workflows_templates import ready_made


def settled(site: Site) -> None:
    """Have the index know what was done."""
    site.dashboard._desk.settle()  # pyright: ignore[reportPrivateUsage] - what a page does after a command


def submitted(site: Site, name: str = "review", topic: str = "bees") -> str:
    task = site.engine.blocking.submit_task({"topic": topic}, name)
    found: str = task.id
    site.until(lambda: site.engine.blocking.get_task(found).status, lambda seen: seen is TaskState.WAITING_HUMAN)
    settled(site)
    return found


def version_of(site: Site, task: str) -> str:
    found: str = site.engine.blocking.inspect(task).record.components["identity"].definition
    return found


def digest_of(text: str) -> str:
    return load_text(text, "the file").spec.digest()


def test_the_list_shows_every_workflow_with_its_tasks(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE, PLAIN) as site:
        submitted(site)
        page = site.browser.get("/workflows")
        assert "review version one" in page.words
        assert "A text is written and looked at. 1 waiting for a person 2 phases 1 in flight" in page.words
        assert "plain version 1" in page.words
        assert "no tasks yet 1 phase" in page.words
        assert "/tasks?workflow=review&status=waiting_human" in page.links
        assert "/workflows/review/submit" in page.links
        assert "/workflows/review/edit" in page.links


def test_an_empty_list_says_what_to_do(tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        page = site.browser.get("/workflows")
        assert "No workflows yet" in page.words
        assert "workflow-engine serve review.yaml" in page.words
        assert "/workflows/new" in page.links


def test_a_list_can_be_narrowed_by_a_part_of_a_name(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE, PLAIN) as site:
        words = site.browser.get("/workflows?text=REV").words
        assert ("review version" in words, "plain version" in words) == (True, False)
        assert "No workflow is called so" in site.browser.get("/workflows?text=nothing").words
        for page in ("0", "-1", "99", "x", "1" * 50):
            assert "plain version" in site.browser.get(f"/workflows?page={page}").words


def test_a_schedule_is_shown_with_its_next_moment(tmp_path: Path) -> None:
    with site_of(tmp_path, PLAIN + "schedule: {cron: '0 3 * * *', timezone: Europe/Berlin}\n") as site:
        settled(site)
        words = site.browser.get("/workflows").words
        assert "runs by itself: 0 3 * * * Europe/Berlin , next" in words


def test_a_saved_file_that_cannot_be_used_is_shown_with_the_remedy(tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        site.dashboard._desk.library.save(PLAIN)  # pyright: ignore[reportPrivateUsage]
        site.dashboard._desk.library.versions("plain")[0].path.write_text("name: plain\nphases: [{id: a, when: '{{'}]")  # pyright: ignore[reportPrivateUsage]
    with site_of(tmp_path) as site:
        for path in ("/workflows", "/workflows/plain"):
            page = site.browser.get(path)
            assert "cannot be used" in page.words
            assert "/workflows/plain/edit" in page.links
        editor = site.browser.get("/workflows/plain/edit")
        assert "when: '{{'" in editor.text.replace("&#39;", "'")
        assert "to be mended" in editor.words


def test_the_page_of_a_workflow_says_what_it_asks_for_and_does(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        task = submitted(site)
        page = site.browser.get("/workflows/review")
        assert "topic text yes what it is about" in page.words
        assert 'tone one of: warm , dry no unless given: "dry"' in page.words.lower()
        assert "paper file no" in page.words
        assert "look Is it good? Is it good? person write answer within 2 d" in page.words
        assert f"/tasks/{task}" in page.links
        assert "new tasks use it" in page.words
        assert 'class="workflow-drawing"' in page.text
        assert 'data-phase="write"' in page.text
        assert any("drawing.css" in (given.get("href") or "") for name, given in page.elements if name == "link")


def test_a_workflow_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        for rest in ("", "/submit", "/edit", "/source", "/migrate"):
            answer = site.browser.get(f"/workflows/nothing{rest}")
            assert answer.status == 404
            assert "there is no workflow nothing" in answer.words


def test_the_file_can_be_downloaded_as_it_was_saved(tmp_path: Path) -> None:
    with site_of(tmp_path) as site:
        text = "# by hand\n" + ONE
        site.dashboard._desk.library.save(text)  # pyright: ignore[reportPrivateUsage]
        answer = site.browser.get("/workflows/review/source")
        assert answer.body == text.encode()
        assert "filename*=UTF-8''review.yaml" in answer.headers["content-disposition"]
        assert answer.headers["content-type"] == "application/yaml; charset=utf-8"


def test_what_differs_between_two_versions_is_shown(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        submitted(site)
        site.dashboard._desk.library.save(TWO)  # pyright: ignore[reportPrivateUsage]
        page = site.browser.get("/workflows/review")
        assert "1 task is under way on earlier versions" in page.words
        chosen = dict(page.form("/workflows/review#diff").fields)
        assert chosen == {"before": digest_of(ONE), "after": digest_of(TWO)}
        shown = site.browser.get(f"/workflows/review?before={chosen['before']}&after={chosen['after']}")
        assert "From " + digest_of(ONE)[:8] in shown.words
        assert "Is it very good?" in shown.words
        assert "added, 2 lines removed" in shown.words
        gone = site.browser.get("/workflows/review?before=00000000&after=11111111")
        assert "not kept any more" in gone.words
        odd = site.browser.get("/workflows/review?before=%3Cscript%3E&after=..%2F..")
        assert odd.status == 200


def test_tasks_under_way_move_to_the_newest_version(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        tasks = [submitted(site, topic=f"bees {number}") for number in range(3)]
        register(TWO)(site.engine)
        site.until(lambda: "3 tasks" in site.browser.get("/workflows/review/migrate").words, bool)
        page = site.browser.get("/workflows/review/migrate")
        assert "Can move 3 tasks" in page.words
        assert "Stay" not in page.words
        done = site.browser.send(page, page.forms[-1])
        assert "3 tasks go on with the newest version" in done.words
        assert {version_of(site, task) for task in tasks} == {digest_of(TWO)}
        assert "No task under way can move" in site.browser.get("/workflows/review/migrate").words


def test_tasks_that_cannot_move_stay_and_it_is_said_why(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        task = submitted(site)
        register(OTHERWISE)(site.engine)
        page = site.browser.get("/workflows/review/migrate")
        assert "Stay 1 task" in page.words
        assert "phase 'write', which it is in, is gone" in page.words
        assert "No task under way can move" in page.words
        sent = [("csrf_token", csrf(site.browser.get("/workflows/review/edit"))), ("definition", digest_of(OTHERWISE))]
        site.browser.post("/workflows/review/migrate", sent)
        assert version_of(site, task) == digest_of(ONE)


def test_nothing_moves_to_a_version_that_nobody_has_looked_at(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        task = submitted(site)
        register(TWO)(site.engine)
        page = site.browser.get("/workflows/review/migrate")
        register(TWO.replace("very", "really"))(site.engine)
        told = site.browser.send(page, page.forms[-1])
        assert "changed meanwhile, so nothing was moved" in told.words
        assert version_of(site, task) == digest_of(ONE)


def test_who_may_look_and_who_may_do(tmp_path: Path) -> None:
    seen: dict[str, dict[str, int]] = {}
    paths = ("", "/review", "/review/source", "/review/submit", "/review/edit", "/review/migrate", "/new")
    for role in ("viewer", "operator", "admin"):
        with site_for(tmp_path / role, role, ONE) as browser:
            seen[role] = {path: browser.get(f"/workflows{path}").status for path in paths}
            links = set(browser.get("/workflows").links)
            assert ("/workflows/review/submit" in links) is (role != "viewer")
            assert ("/workflows/review/edit" in links) is ("/workflows/new" in links) is (role == "admin")
    looks = {"": 200, "/review": 200, "/review/source": 200}
    edits = ("/review/edit", "/review/migrate", "/new")
    assert seen["viewer"] == {**looks, "/review/submit": 403, **dict.fromkeys(edits, 403)}
    assert seen["operator"] == {**looks, "/review/submit": 200, **dict.fromkeys(edits, 403)}
    assert seen["admin"] == {**looks, "/review/submit": 200, **dict.fromkeys(edits, 200)}


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_only_an_admin_changes_workflows(role: str, tmp_path: Path) -> None:
    with site_for(tmp_path, "operator" if role == "operator" else "viewer", ONE) as browser:
        sent = [("text", TWO), ("do", "save"), ("began", "review"), ("seal", "")]
        for path in ("/workflows/new", "/workflows/review/edit", "/workflows/review/migrate", "/workflows/check"):
            answer = browser.post(path, sent)
            assert (answer.status, "it takes the role admin" in answer.words) == (403, True)
        assert "version one" in browser.get("/workflows").words
    assert not (tmp_path / "workflows").exists()


def named(name: str, text: str) -> WorkflowSpec:
    phase = Phase(id="ask", assigned_to="human", prompt=text, candidates=[text])
    inputs = {"type": "object", "properties": {text: {"type": "string", "description": text, "enum": [text, "b"]}}}
    return WorkflowSpec(name=name, version=text, description=text, phases=[phase], inputs=inputs)


HOSTILE = {key: text for key, text in ALL.items() if NAME.fullmatch(text) and text.isprintable()}


def test_no_name_or_text_of_a_workflow_does_more_than_be_read(tmp_path: Path) -> None:
    def prepare(engine: ECSWorkflowEngine) -> None:
        for text in HOSTILE.values():
            engine.register_workflow(named(text, text.replace("{{", "{ {").replace("{%", "{ %")))

    with site(tmp_path, prepare) as found:
        pages = [found.browser.get(f"/workflows?page={number}") for number in (1, 2, 3)]
        links = {link for page in pages for link in page.links if link.startswith("/workflows/")}
        shown = [link for link in links if link.rstrip("/").count("/") == 2]
        assert len(shown) >= min(len(HOSTILE), 20)
        for link in sorted(links):
            answer = found.browser.get(link)
            assert answer.status == 200, link
            pages.append(answer)
        for page in pages:
            ours = {given.get("src") for name, given in page.elements if name == "script"}
            assert all((source or "").startswith("/static/") for source in ours), page.path
            said = [
                given for _, given in page.elements if any(name.startswith("on") or name == "style" for name in given)
            ]
            assert said == [], page.path
            assert not [name for name, _ in page.elements if name in ("iframe", "base", "object", "img")], page.path


def test_every_ready_made_workflow_has_its_pages(tmp_path: Path) -> None:
    with site_of(tmp_path, *(path.read_text() for path in ready_made().values())) as site:
        for name in ready_made():
            for rest in ("", "/submit", "/edit", "/source"):
                assert site.browser.get(f"/workflows/{name}{rest}").status == 200, (name, rest)


def test_a_workflow_that_only_tasks_know_is_shown_as_not_registered(tmp_path: Path) -> None:
    with site_of(tmp_path, ONE) as site:
        submitted(site)
    with site_of(tmp_path) as site:
        page = site.browser.get("/workflows/review")
        assert "not registered here" in page.words
        assert "Write about" in page.words
        assert site.browser.get("/workflows/review/migrate").status == 422
