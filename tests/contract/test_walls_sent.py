"""Hostile texts that are sent: in forms, addresses, file names and JSON; what comes back shows them as text."""

import json
import logging
import urllib.parse
from collections.abc import Generator
from typing import Any, Final

import pytest

from tests.contract.walls_given import World, logged_well, quoted
from tests.contract.walls_hostile import NUMBERS, TEXTS, evil, hostile, look, named_so, question_of, task_id
from tests.contract.walls_looking import complaints
from tests.unit.hostile_strings import BIDI
from workflow_engine.errors import ArtifactError, EngineError
from workflow_engine.ui.security.roles import Role


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    with hostile(tmp_path_factory.mktemp("texts")) as found:
        yield found


@pytest.fixture(autouse=True)
def _log_of_single_lines(caplog: pytest.LogCaptureFixture) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    with caplog.at_level(logging.INFO):
        yield
    logged_well(caplog.records)


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
    third = NUMBERS[name] % 3  # of them, to save time: each text stands in all kinds of fields
    for path, fields in list(forms.items())[third::3]:
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


PARAMETERS: Final = (
    *("after", "all", "artifact", "before", "changed", "copied", "days", "definition", "due", "failed", "group", "id"),
    *("inline", "items", "kind", "label", "left", "log", "mine", "next", "order", "overdue", "page", "phase", "ready"),
    *("right", "size", "stage", "state", "status", "submitted", "tab", "task", "text", "transcript", "whole", "who"),
    *(
        "window",
        "within",
        "workflow",
        "limit",
        "older",
        "newer",
        "since",
        "failure_group",
        "waits",
        "parent",
        "priority",
    ),
)
"""Names that pages read of their address, and some that they may read one day."""

REFLECTING: Final = (
    *(
        "/",
        "/inbox",
        "/inbox/asking/approve/1/1q0",
        "/tasks",
        "/tasks/ended",
        "/tasks/failed/retry",
        "/tasks/ended/fork",
    ),
    *(
        "/workflows",
        "/workflows/asks",
        "/workflows/asks/submit",
        "/workflows/saved/edit",
        "/workflows/new",
        "/failures",
    ),
    *("/account", "/nothing", "/workflows/saved/migrate"),
)


@pytest.mark.parametrize("path", REFLECTING)
def test_what_stands_in_an_address_is_shown_as_text(world: World, path: str) -> None:
    admin = world.browsers[Role.ADMIN]
    for name in PARAMETERS:
        found = world.send("GET", f"{path}?{name}={quoted(evil(BIDI['override']))}", browser=admin)
        assert (found.status < 500, complaints(found)) == (True, []), (path, name)


@pytest.mark.parametrize("name", TEXTS)
def test_a_search_and_a_page_that_is_not_there_show_it_as_text(world: World, name: str) -> None:
    admin, text = world.browsers[Role.ADMIN], quoted(evil(TEXTS[name]))
    for path in ("/tasks?text={}", "/inbox?text={}", "/workflows?text={}", "/failures?group={}", "/tasks/{}", "/{}={}"):
        found = world.send("GET", path.replace("{}", text), browser=admin)
        assert (found.status < 500, complaints(found)) == (True, []), path
    raw = world.send("GET", f"/tasks?text={quoted(TEXTS[name])}&{quoted(TEXTS[name])}={text}", browser=admin)
    assert (raw.status < 500, complaints(raw)) == (True, [])
    for path in ("/login?next={}", "/{}", "/tasks/{}"):
        stranger = world.send("GET", path.replace("{}", text))
        assert (stranger.status < 500, complaints(stranger)) == (True, []), path


def test_every_line_of_the_audit_is_one_entry(world: World) -> None:
    notes = [path for path in (world.desk.data_dir / "ui").glob("*.jsonl")]
    assert {path.name for path in notes} >= {"audit.jsonl"}
    for path in notes:
        for line in path.read_bytes().split(b"\n")[:-1]:
            assert line.decode("ascii").isprintable()
            assert set(json.loads(line)) == {"at", "who", "via", "address", "what", "about", "outcome"}
