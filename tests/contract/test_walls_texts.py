"""Hostile texts that tasks, people and workflows bring along: every page that shows one shows it as text."""

import json
import logging
import urllib.parse
from collections.abc import Generator
from typing import Any, Final

import pytest

from tests.contract.walls_given import Reply, World, logged_well, prepare, quoted, standing, walled
from tests.contract.walls_looking import EVIL, complaints
from tests.unit.hostile_strings import ATTRIBUTES, BIDI, HEADERS, HTML, INVISIBLE, LOGS, MARKDOWN, SCRIPTS, URLS
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, WorkflowSpec
from workflow_engine.errors import ArtifactError, EngineError
from workflow_engine.registry import TASK_ID
from workflow_engine.spec.strict import NAME
from workflow_engine.ui.pages.task_tabs import TABS
from workflow_engine.ui.security.roles import Role

TEXTS: Final = {
    f"{kind}: {name}": text
    for kind, texts in (
        *(("html", HTML), ("attribute", ATTRIBUTES), ("script", SCRIPTS), ("bidi", BIDI), ("invisible", INVISIBLE)),
        *(("header", HEADERS), ("log", LOGS), ("url", dict(list(URLS.items())[::4]))),
    )
    for name, text in texts.items()
}
"""Texts that stand in all places; those of Markdown stand in files and prompts."""

NUMBERS: Final = {name: number for number, name in enumerate(TEXTS)}

ENDINGS: Final = ("html", "svg", "md", "json", "txt", "xml", "csv", "pdf", "png")


def storable(text: str) -> str:
    """Return a text as the engine takes it: without halves of pairs and NUL."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def evil(text: str) -> str:
    """Return a text that breaks out where nothing is escaped."""
    return EVIL + storable(text)


def named_so(text: str) -> str:
    """Return a text as near as the name of a workflow or phase can be to it."""
    bare = storable(evil(text)).replace("/", "\u2215").replace("#", "")
    bare = "".join(letter for letter in bare if letter >= " " and letter != "\x7f")[:190].strip()
    return bare if NAME.fullmatch(bare) else f"w{abs(hash(text))}"


def task_id(text: str, number: int) -> str:
    """Return a text as near as the id of a task can be to it."""
    bare = f"{number}\"'><x-evil>" + "".join(letter for letter in storable(text) if TASK_ID.fullmatch(letter))[:80]
    return bare if TASK_ID.fullmatch(bare) else f"t{number}"


def workflow_of(name: str) -> WorkflowSpec:
    """Return a workflow that asks with a hostile text wherever it can say something."""
    text = TEXTS[name]
    form = {
        "type": "object",
        "title": evil(text),
        "description": evil(text),
        "required": ["decision"],
        "properties": {
            "decision": {"enum": [evil(text), "reject"], "title": evil(text)},
            evil(text): {"type": "string", "title": text if storable(text) == text else "t", "description": evil(text)},
            "choice": {"oneOf": [{"const": evil(text), "title": evil(text)}, {"const": 2, "title": "two"}]},
            "default": {"type": "string", "default": evil(text), "examples": [evil(text)], "format": "markdown"},
            "file": {"type": "string", "format": "binary", "title": evil(text)},
        },
    }
    asking = Phase(
        id=named_so(text), assigned_to="human", prompt="{{ inputs.text }}", form=form, show={evil(text): "{{ inputs }}"},
        candidates=[evil(text)] if storable(text).isprintable() else [], target_classification=named_so(text),
    )  # fmt: skip
    inputs = {"type": "object", "title": evil(text), "properties": {"text": {"type": "string", "title": evil(text)}}}
    return WorkflowSpec(
        name=named_so(text),
        description=storable(evil(text)),
        version=named_so(text)[:40],
        phases=(asking,),
        inputs=inputs,
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    def ready(engine: ECSWorkflowEngine) -> None:
        prepare(engine)
        for name in TEXTS:
            engine.register_workflow(workflow_of(name))

    with walled(tmp_path_factory.mktemp("texts"), ready) as found:
        standing(found)
        _stored(found)
        yield found


def _stored(world: World) -> None:
    """Submit tasks with every text wherever a task may have one, and wait for all."""
    files: dict[str, str] = {}
    for number, text in enumerate([*TEXTS.values(), *list(MARKDOWN.values())[::3]]):
        ending = ENDINGS[number % len(ENDINGS)]
        files[f"{number}.{ending}"] = evil(text) if number % 2 else storable(text)
    for name, number in NUMBERS.items():
        text = TEXTS[name]
        data = {
            "text": evil(text),
            evil(text): storable(text),
            "list": [{evil(text): evil(text)}],
            "prompt": evil(text),
        }
        labels = {storable(evil(text))[:100]: storable(evil(text))[:100]}
        world.ask.submit_task(data, named_so(text), task_id=task_id(text, number), labels=labels)
        failing = {"message": storable(evil(text)) if number % 2 else storable(text) or "x", **data}
        world.ask.submit_task(failing, "fails", task_id=f"f{number}")
        world.ask.submit_task(data, "asks", task_id=f"c{number}")
    wide = {
        "output": [storable(text) for text in TEXTS.values()],
        "context": {storable(evil(t)): t for t in map(storable, TEXTS.values())},
    }
    world.ask.submit_task({"files": files, **wide}, "works", task_id="files")
    for word in ("talks", "logs"):
        world.ask.submit_task({"text": "\n".join(map(evil, TEXTS.values())), "prompt": "p"}, word, task_id=word)
    for task in ("files", "talks", "logs", *(f"f{number}" for number in NUMBERS.values())):
        assert world.ask.wait(task, timeout=20).status.terminal, task
    for name, number in NUMBERS.items():
        question = question_of(world, task_id(TEXTS[name], number))
        world.ask.comment_question(question, storable(evil(TEXTS[name])), "anna")
        world.ask.cancel(f"c{number}", storable(evil(TEXTS[name])), by="anna")
    world.desk.settle()


def question_of(world: World, task: str) -> str:
    """Return the id of the question of a task."""
    return str(world.site.until(lambda: _questions(world, task), bool)[0])


def _questions(world: World, task: str) -> list[str]:
    runs = world.ask.inspect(task).record.runs.values()
    return [run["question"].id for run in runs if "question" in run]


@pytest.fixture(autouse=True)
def _log_of_single_lines(caplog: pytest.LogCaptureFixture) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    with caplog.at_level(logging.INFO):
        yield
    logged_well(caplog.records)


def look(world: World, path: str, *statuses: int) -> Reply:
    """Return a page that is harmless."""
    found = world.send("GET", path, browser=world.browsers[Role.ADMIN])
    assert found.status in (statuses or (200,)), (path, found.status, found.page.words[:300])
    assert complaints(found) == [], path
    return found


@pytest.mark.parametrize("name", TEXTS)
def test_the_pages_of_a_task_that_is_full_of_it_are_harmless(world: World, name: str) -> None:
    task = quoted(task_id(TEXTS[name], NUMBERS[name]))
    for tab in ("runs", "events", "context", "input"):
        look(world, f"/tasks/{task}?tab={tab}")
    look(world, f"/tasks/{task}?tab=context&phase={quoted(named_so(TEXTS[name]))}")
    look(world, f"/tasks/{task}/fork?phase={quoted(named_so(TEXTS[name]))}")
    look(world, f"/tasks/{task}/retry")
    look(world, f"/tasks/c{NUMBERS[name]}?tab=events")
    look(world, f"/tasks/f{NUMBERS[name]}")


@pytest.mark.parametrize("name", TEXTS)
def test_the_pages_of_a_question_and_a_workflow_that_are_full_of_it_are_harmless(world: World, name: str) -> None:
    task, workflow = task_id(TEXTS[name], NUMBERS[name]), quoted(named_so(TEXTS[name]))
    look(world, f"/inbox/{urllib.parse.quote(question_of(world, task))}?who=all")
    look(world, f"/inbox?who=all&workflow={workflow}")
    look(world, f"/tasks?workflow={workflow}")
    look(world, f"/failures?workflow={workflow}")
    for page in ("", "/submit", "/edit", "/migrate"):
        look(world, f"/workflows/{workflow}{page}")
    look(world, f"/workflows/new?copied={workflow}")
    source = look(world, f"/workflows/{workflow}/source")
    assert source.header("content-disposition").startswith("attachment")
    drawn = look(world, f"/api/v1/workflows/{workflow}/graph")
    assert "sandbox" in drawn.header("content-security-policy")
    assert "<script" not in drawn.text.lower()
    assert "<x-evil" not in drawn.text


@pytest.mark.parametrize("name", TEXTS)
def test_forms_that_come_back_with_it_are_harmless(world: World, name: str) -> None:
    admin, text = world.browsers[Role.ADMIN], evil(TEXTS[name])
    task = task_id(TEXTS[name], NUMBERS[name])
    about = urllib.parse.quote(question_of(world, task))
    workflow = quoted(named_so(TEXTS[name]))
    forms = {
        f"/inbox/{about}": {"/decision": text, f"/{text}": text, "/default": text, "shown": text, "/choice~as": text},
        f"/inbox/due/{about}": {"other": text},
        f"/inbox/assign/{about}": {"to": "," + "," * 3, "note": text},
        f"/inbox/delegate/{about}": {"to": f"{text},b"},
        f"/inbox/{quoted(text)}/a/1/1q0": {f"/{text}": text},
        "/tasks/bulk/preview": {"action": "cancel", "task": task, "reason": text, "filter": text, "back": text},
        "/tasks/bulk": {"action": "purge", "tasks": task, "reason": text, "phase": text},
        f"/tasks/{quoted(task)}/fork": {"do": "fork", "task_id": text, "data": text, "phase": text},
        f"/tasks/{quoted(task)}/retry": {"phase": text},
        f"/workflows/{workflow}/submit": {"/text": text, "task_id": text, "labels": text, "priority": text},
        "/workflows/new": {"text": text, "do": "save", "began": text, "seal": text},
        f"/workflows/{workflow}/edit": {"text": f"name: {json.dumps(text)}\nphases:\n  - id: {text}\n", "do": "check"},
        "/account/tokens": {"label": text, "days": text},
        "/login": {"name": text, "password": text, "next": text},
    }
    half = NUMBERS[name] % 2  # of them, to save time: each text stands in all kinds of fields
    for path, fields in list(forms.items())[half::2]:
        body = urllib.parse.urlencode(fields, errors="surrogatepass").encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded", "X-CSRF-Token": world.csrf(admin)}
        found = world.send("POST", path, browser=admin, body=body, headers=kind)
        assert complaints(found) == [], path


def test_what_is_typed_into_the_editor_is_checked_as_json(world: World) -> None:
    admin = world.browsers[Role.ADMIN]
    for text in TEXTS.values():
        for given in (evil(text), f"name: {json.dumps(evil(text))}\nphases: [{json.dumps(text)}]"):
            body = json.dumps({"text": given, "name": "", "began": "", "seal": ""}).encode()
            kind = {"Content-Type": "application/json", "X-CSRF-Token": world.csrf(admin)}
            found = world.send("POST", "/workflows/check", browser=admin, body=body, headers=kind)
            assert (found.status, found.header("content-type")) == (200, "application/json"), given
            told: dict[str, Any] = json.loads(found.body)
            assert told["graph"] is None or "<x-evil" not in told["graph"]


@pytest.mark.parametrize("tab", TABS)
def test_each_tab_of_a_task_with_all_of_them_is_harmless(world: World, tab: str) -> None:
    for task in ("files", "talks", "logs", "f1", "c1"):
        look(world, f"/tasks/{task}?tab={tab}")


def test_logs_and_transcripts_with_all_of_them_are_harmless(world: World) -> None:
    look(world, "/tasks/logs/logs/print/1/1")
    whole = look(world, "/tasks/logs/logs/print/1/1?whole=1")
    assert whole.header("content-disposition").startswith("attachment")
    for about in world.ask.get_task("talks").artifacts.values():
        look(world, f"/tasks/talks?tab=transcript&transcript={about['sha256']}")


def test_lists_with_all_of_them_are_harmless(world: World) -> None:
    for path in ("/", "/inbox?who=all", "/tasks", "/failures", "/workflows", "/account", "/api/v1/docs"):
        seen, address = 0, path
        while seen < 8:
            page = look(world, address).page
            following = [link for link in page.links if "after=" in link or "page=" in link]
            seen += 1
            if not following or following[-1] == address:
                break
            address = urllib.parse.urljoin(path, following[-1])
    for group in world.desk.model.failures(limit=200).rows:
        look(world, f"/failures?group={quoted(group.key)}")


def test_a_text_that_is_turned_around_has_a_mark_in_the_inbox(world: World) -> None:
    name = "bidi: override"
    about = urllib.parse.quote(question_of(world, task_id(TEXTS[name], NUMBERS[name])))
    workflow = quoted(named_so(TEXTS[name]))
    for path in (f"/inbox?who=all&workflow={workflow}", f"/inbox/{about}", f"/tasks?workflow={workflow}"):
        page = look(world, path)
        assert "U+202E" in page.page.words, path


def test_artifacts_of_every_kind_are_shown_and_sent_harmlessly(world: World) -> None:
    kept = world.ask.get_task("files").artifacts
    assert len(kept) > 150
    for number, (name, about) in enumerate(kept.items()):
        address = f"/tasks/files/artifacts/{about['sha256']}/{quoted(name)}"
        saved = look(world, address)
        assert saved.header("content-disposition").startswith("attachment")
        shown = world.send("GET", f"{address}?inline=1", browser=world.browsers[Role.ADMIN])
        policy = shown.header("content-security-policy").split("; ")
        inert = ("sandbox" in policy, "default-src 'none'" in policy)
        # A browser's viewer of PDFs does not work in a sandbox; see `workflow_engine.ui.showing.headers`.
        assert inert == (True, True) or shown.header("content-type") == "application/pdf", (name, policy)
        assert "sandbox" in saved.header("content-security-policy").split("; ")
        assert shown.header("x-content-type-options") == "nosniff"
        if number % 3 == 0:
            look(world, f"/tasks/files?tab=artifacts&artifact={quoted(name)}")


@pytest.mark.parametrize("name", TEXTS)
def test_a_file_that_is_called_so_is_kept_and_sent_under_a_harmless_name_or_refused(world: World, name: str) -> None:
    for given in (TEXTS[name], evil(TEXTS[name]) + ".html"):
        try:
            world.ask.add_artifact("asking", given, b"<x-evil>", by="anna")
        except (ArtifactError, EngineError):
            continue
    for kept, about in world.ask.get_task("asking").artifacts.items():
        found = look(world, f"/tasks/asking/artifacts/{about['sha256']}/{quoted(kept)}")
        disposition = found.header("content-disposition")
        assert disposition.startswith('attachment; filename="')
        assert disposition.isascii()
        assert disposition.isprintable()
        assert disposition.count('"') == 2, disposition
    look(world, "/tasks/asking?tab=artifacts")


@pytest.mark.parametrize("name", TEXTS)
def test_json_stays_json(world: World, name: str) -> None:
    task = quoted(task_id(TEXTS[name], NUMBERS[name]))
    for path in (
        f"/tasks/{task}",
        f"/tasks/{task}/explanation",
        f"/tasks/{task}/events",
        f"/tasks/{quoted(TEXTS[name])}",
    ):
        found = world.send("GET", f"/api/v1{path}", browser=world.browsers[Role.ADMIN])
        assert complaints(found) == []
        assert found.header("content-type") in ("application/json", "application/problem+json"), path
        json.loads(found.body)


def test_every_line_of_the_audit_is_one_entry(world: World) -> None:
    notes = [path for path in (world.desk.data_dir / "ui").glob("*.jsonl")]
    assert {path.name for path in notes} >= {"audit.jsonl"}
    for path in notes:
        for line in path.read_bytes().split(b"\n")[:-1]:
            assert line.decode("ascii").isprintable()
            assert set(json.loads(line)) == {"at", "who", "via", "address", "what", "about", "outcome"}
