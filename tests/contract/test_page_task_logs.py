"""Logs of programs: as a page, as a file, and live, without the codes of terminals."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.page_task_given import prepare, settled, submitted, tab
from tests.contract.ui_given import WITHIN, Site, site
from workflow_engine.ui.pages.task_log_files import LogName, log_name, readable, whole_part

LIVE = "/live/logs/t/build/1/1"


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Site]:
    with site(tmp_path, prepare) as found:
        yield found


def messages(at: Site, path: str, after: str | None = None) -> Iterator[tuple[str, str, str]]:
    """Yield event, id and text of the messages of a stream, until it ends."""
    connection = http.client.HTTPConnection(at.browser.host, at.browser.port, timeout=WITHIN)
    try:
        connection.request("GET", path, headers={"Last-Event-ID": after} if after is not None else {})
        response = connection.getresponse()
        assert response.headers["Content-Type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        while line := response.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name:
                fields[name] = value
            elif "event" in fields:
                yield fields["event"], fields["id"], json.loads(fields["data"])
                fields = {}
    finally:
        connection.close()


def test_a_log_is_shown_without_codes_and_saved_as_it_was_written(at: Site) -> None:
    task = submitted(at, "program", "completed")
    page = settled(at, task, "logs", "green")
    assert "green <b>words</b> 100%" in page.words
    assert "50%" not in page.words
    (link,) = {link for link in page.links if "whole=1" in link}
    whole = at.browser.get(link)
    assert whole.body == b"\x1b[32mgreen\x1b[0m <b>words</b>\n50%\r100%\n"
    assert whole.headers["content-disposition"] == 'attachment; filename="build-1-1.log"'
    assert "green" in at.browser.get("/tasks/t/logs/build/1/1").words


def test_a_stream_gives_what_was_written_and_ends_with_the_program(at: Site) -> None:
    submitted(at, "program", "completed")
    assert list(messages(at, LIVE)) == [
        ("log", "37", "green <b>words</b>\n100%\n"),
        ("over", "37", ""),
    ]
    assert list(messages(at, LIVE, after="37")) == [("over", "37", "")]
    assert list(messages(at, f"{LIVE}?after=28")) == [("log", "37", "100%\n"), ("over", "37", "")]


def test_a_stream_follows_a_program_that_runs_and_ends_when_it_is_stopped(at: Site) -> None:
    task = submitted(at, "slow program", "in_progress")
    page: Any = at.until(lambda: tab(at, task, "logs"), lambda answer: "first" in answer.words)
    (pre,) = [given for _, given in page.elements if "data-stream" in given]
    assert (pre["data-position"], pre["data-stream"]) == ("6", f"{LIVE}?after=6")
    stream = messages(at, LIVE)
    assert next(stream) == ("log", "6", "first\n")
    at.engine.blocking.cancel(task)
    assert list(stream) == [("over", "6", "")]


def test_a_log_that_is_not_there_is_empty_and_an_address_of_none_is_refused(at: Site) -> None:
    submitted(at, "program", "completed")
    assert "The program wrote nothing." in at.browser.get("/tasks/t/logs/nothing/1/1").words
    for path in ("build", "build/x/1", "build/1", "../1/1", "build/1/../../../users.json", "build/1/1/1"):
        answer = at.browser.get(f"/tasks/t/logs/{path}")
        assert answer.status == 404 or "The program wrote nothing." in answer.words


def test_addresses_name_phase_visit_and_attempt() -> None:
    assert log_name("a b/1.37/2") == LogName("a b", "1.37", 2)
    assert [log_name(path) for path in ("", "a", "a/1", "/1/1", "a/1/x", "a/x/1", "a/1/1/1", "a/\u0661/1")] == [
        None
    ] * 8


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b(Bplain\x1b7", "plain"),
        ("10%\r20%\r30%\ndone\r\n", "30%\ndone\n"),
        ("a\r\nb\r", "a\nb"),
        ("no codes", "no codes"),
    ],
)
def test_codes_of_terminals_are_left_out(written: str, read: str) -> None:
    assert readable(written) == read


@pytest.mark.parametrize("code", ["\x1b[1;31m", "\x1b]0;title\x07", "\x1b(B", "\r\n"])
def test_a_code_that_is_not_whole_yet_is_left_for_the_next_time(code: str) -> None:
    for end in range(1, len(code)):
        assert whole_part("text" + code[:end]) == "text"
    assert whole_part("text" + code) == "text" + code
