"""Traversal: no address, and no name that is sent, leads to a file outside."""

import json
import logging
import urllib.parse
from collections.abc import Generator
from typing import Final

import pytest

from tests.contract.walls_given import World, asked, logged_well, quoted, standing, walled
from tests.contract.walls_looking import complaints
from tests.unit.hostile_strings import TRAVERSAL

CANARY: Final = "the canary that nobody may see"
FORM: Final = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    folder = tmp_path_factory.mktemp("wire")
    (folder / "canary.txt").write_text(CANARY)
    with walled(folder / "data", body_max_mib=1) as found:
        standing(found)
        for name in ("canary.txt", "canary.yaml", "1-1.log", "print-1-1.log"):
            (found.desk.data_dir / name).write_text(CANARY)
        yield found


@pytest.fixture(autouse=True)
def _log_without_failures(caplog: pytest.LogCaptureFixture) -> Generator[None]:  # pyright: ignore[reportUnusedFunction]
    with caplog.at_level(logging.INFO):
        yield
    logged_well(caplog.records)


WAYS: Final = {
    "plain": "../canary.txt",
    "deep": "../../../../../../../../etc/passwd",
    "from data": "../../../canary.txt",
    "encoded": "%2e%2e%2fcanary.txt",
    "encoded twice": "%252e%252e%252fcanary.txt",
    "half encoded": "..%2fcanary.txt",
    "overlong": "%c0%ae%c0%ae%c0%afcanary.txt",
    "back slashes": "..%5c..%5ccanary.txt",
    "absolute": "/etc/passwd",
    "absolute, encoded": "%2fetc%2fpasswd",
    "drive": "C:%5cWindows%5cwin.ini",
    "NUL": "canary.txt%00.css",
    "dots": "....//....//canary.txt",
    "a point": "./canary.txt",
    "only dots": "..",
    "users": "../users.json",
    "key": "../ui/key",
    "long": "x" * 5_000,
    "long parts": "../" * 2_000 + "canary.txt",
    "semicolon": "..;/canary.txt",
    "unicode dots": "%e2%80%a5/%ef%bc%8e%ef%bc%8e/canary.txt",
    "line end": "canary.txt%0d%0aX-Evil:%201",
    "surrogate": "%ed%a0%80canary.txt",
}
PLACES: Final = (
    *("/static/{}", "/tasks/{}", "/tasks/logged/logs/{}", "/tasks/logged/logs/{}/1/1", "/tasks/logged/logs/print/{}/1"),
    *("/tasks/{}/logs/print/1/1", "/tasks/logged?tab=logs&log={}", "/tasks/logged?tab=logs&log={}/1/1"),
    *("/tasks/ended/artifacts/$sha/{}", "/tasks/ended/artifacts/{}/notes.txt", "/tasks/{}/artifacts/$sha/notes.txt"),
    *(
        "/tasks/ended?tab=artifacts&artifact={}",
        "/tasks/talked?tab=transcript&transcript={}",
        "/live/logs/{}/print/1/1",
    ),
    *(
        "/live/logs/logged/{}/1/1",
        "/live/tasks/{}",
        "/inbox/{}",
        "/inbox/{}/a/1/1q0",
        "/workflows/{}",
        "/failures?group={}",
    ),
    *("/workflows/{}/source", "/workflows/{}/edit", "/workflows/{}/submit", "/workflows/new?ready={}"),
    *("/workflows/new?copied={}", "/workflows/saved?before={}&after={}", "/tasks/bulk/done/{}", "/{}"),
    *("/api/v1/tasks/{}", "/api/v1/tasks/ended/artifacts/{}", "/api/v1/workflows/{}", "/api/v1/workflows/{}/graph"),
    *("/api/v1/questions/{}", "/api/v1/tasks/{}/events"),
)


@pytest.mark.parametrize("way", WAYS)
def test_no_address_leads_to_a_file_outside(world: World, way: str) -> None:
    before = world.state()
    for place in PLACES:
        path = world.filled(place).replace("{}", WAYS[way])
        found = asked(world, "GET", path)
        assert found.status < 500, path
        # A page whose parameter names nothing shows what it shows without it.
        if place.startswith(("/tasks/logged/logs/{}", "/live/logs/logged/{}")) and found.status == 200:
            assert not found.body or "The program wrote nothing" in found.text, path  # of a phase that there is not
            continue
        assert found.status in (400, 404, 409, 414, 422) or "?" in path or found.status in (301, 302, 303, 308), path
        for secret in (CANARY, "root:x:", "scrypt", '"users":'):
            assert secret not in found.text, path
        assert complaints(found) == [], path
    assert world.state() == before


@pytest.mark.parametrize("name", TRAVERSAL)
def test_no_name_that_is_sent_is_written_outside(world: World, name: str) -> None:
    text = TRAVERSAL[name].replace("\ud800", "")
    outside = set(world.desk.data_dir.parent.iterdir())
    about = f"/inbox/{world.filled('$asking')}/approve/1/1q0"
    for path, fields in {
        f"/inbox/draft/{quoted(text) or 'x'}/a/1/1q0": {"/comment": "x"},
        about.replace("/inbox/", "/inbox/draft/"): {text: text, "/comment": text},
        "/workflows/asks/submit/draft": {"~root": text, "task_id": text},
        "/workflows/new": {"text": f"name: {json.dumps(text)}\nphases:\n  - id: a\n    wait: 1\n", "do": "save"},
        "/workflows/saved/edit": {"text": f"name: {json.dumps(text)}\nphases: []", "began": text, "do": "save"},
        f"/account/tokens/{quoted(text) or 'x'}/revoke": {},
    }.items():
        found = asked(world, "POST", path, urllib.parse.urlencode(fields).encode(), Content_Type=FORM)
        assert found.status < 500, (path, found.status)
        assert complaints(found) == []
    put = asked(
        world, "PUT", f"/api/v1/tasks/asking/artifacts/{urllib.parse.quote(text)}", b"x", Content_Type="text/plain"
    )
    assert put.status in (200, 404, 405, 422, 308, 414), put.status
    part = f'--b\r\nContent-Disposition: form-data; name="/comment"; filename="{text[:500]}"\r\n\r\nx\r\n--b--\r\n'
    sent = asked(world, "POST", about, part.encode("utf-8", "replace"), Content_Type="multipart/form-data; boundary=b")
    assert sent.status in (400, 409, 422), sent.page.words[:200]
    assert set(world.desk.data_dir.parent.iterdir()) == outside
    for kept in world.desk.data_dir.rglob("*"):
        assert kept.resolve().is_relative_to(world.desk.data_dir.resolve()), kept
    for place in world.desk.data_dir.glob("workflows/*"):
        assert place.is_dir(), place
