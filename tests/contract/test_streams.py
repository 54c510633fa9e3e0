"""Streams: what is decided reaches open pages, and a stream that broke off is resumed."""

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine_helpers import echo
from tests.contract.ui_given import WITHIN, Site, site
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.ui.streaming.messages import Message, place_of
from workflow_engine.ui.streaming.streams import OPEN_MAX
from workflow_engine.ui.streaming.subscriber import WAITING_MAX, Subscriber


async def speaking(task: Task) -> str:
    """Say something on the way."""
    task.say("one ")
    task.say("two")
    return "said"


def prepared(engine: ECSWorkflowEngine) -> None:
    """Register what the tests submit."""
    engine.register_handler("echo", echo)
    engine.register_handler("speak", speaking)
    engine.register_workflow("asks", [Phase(id="ask", assigned_to="human", prompt="Well?"), Phase(id="speak")])


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Site]:
    """Give a site."""
    with site(tmp_path, prepared) as found:
        yield found


class Stream:
    """A stream as a browser reads it."""

    def __init__(self, here: Site, path: str, last: str | None = None) -> None:
        self._connection = http.client.HTTPConnection(here.browser.host, here.browser.port, timeout=WITHIN)
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last is not None else {})}
        self._connection.request("GET", path, headers=headers)
        self.response = self._connection.getresponse()

    def messages(self) -> Iterator[tuple[str | None, str, Any]]:
        """Give id, type and data of each message."""
        found: dict[str, str] = {}
        while line := self.response.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                found[name] = value
            elif "data" in found:
                yield found.get("id"), found["event"], json.loads(found["data"])
                found = {}

    def close(self) -> None:
        """Go away."""
        self.response.close()
        self._connection.close()


def names(stream: Stream, last: str) -> list[str]:
    """Return the events of a stream up to the one of this name."""
    found: list[str] = []
    for _, kind, data in stream.messages():
        if kind == "event":
            found.append(data["event"]["event"])
            if found[-1] == last:
                break
    return found


def test_a_stream_about_a_task_tells_its_events_and_what_is_said_and_nothing_of_others(here: Site) -> None:
    task = here.engine.blocking.submit_task({}, "asks", task_id="t1")
    here.until(lambda: here.engine.blocking.get_task(task).status, lambda status: status == "waiting_human")
    stream = Stream(here, "/live/tasks/t1")
    here.engine.blocking.submit_task({}, classification="echo", task_id="t2")
    here.engine.blocking.answer("t1", 1)
    told: list[str] = []
    said = ""
    for _, kind, data in stream.messages():
        assert "t2" not in json.dumps(data)
        said += data["text"] if kind == "said" else ""
        told += [data["event"]["event"]] if kind == "event" else []
        if told[-1:] == ["TaskCompleted"] and said == "one two":
            break
    assert told[0] == "QuestionAnswered"
    stream.close()


def test_a_stream_that_broke_off_is_resumed_where_it_was(here: Site) -> None:
    here.engine.blocking.submit_task({}, "asks", task_id="t1")
    first = Stream(here, "/live/tasks/t1")
    here.until(lambda: here.engine.blocking.get_task("t1").status, lambda status: status == "waiting_human")
    here.engine.blocking.answer("t1", 1)
    place = next(place for place, kind, data in first.messages() if kind == "event" and "QuestionAnswered" in str(data))
    first.close()
    here.engine.blocking.wait("t1", timeout=WITHIN)
    again = names(Stream(here, "/live/tasks/t1", place), "TaskCompleted")
    assert "QuestionAnswered" not in again
    assert again[-1] == "TaskCompleted"


def test_a_stream_about_the_whole_tells_that_something_happened_and_how_often(here: Site) -> None:
    stream = Stream(here, "/live")
    for _ in range(5):
        here.engine.blocking.submit_task({}, classification="echo")
    submitted = 0
    for place, kind, data in stream.messages():
        assert kind == "pulse"
        assert place == f"{data['n']}.0"
        submitted += data["counts"].get("TaskSubmitted", 0)
        if submitted == 5:
            break


def test_an_event_reaches_every_one_of_a_hundred_streams(here: Site) -> None:
    here.engine.blocking.submit_task({}, "asks", task_id="t1")
    here.until(lambda: here.engine.blocking.get_task("t1").status, lambda status: status == "waiting_human")
    streams = [Stream(here, "/live/tasks/t1") for _ in range(100)]
    found: list[list[str]] = []

    def follow(stream: Stream) -> None:
        found.append(names(stream, "TaskCompleted"))

    readers = [threading.Thread(target=follow, args=(stream,)) for stream in streams]
    for reader in readers:
        reader.start()
    here.engine.blocking.answer("t1", 1)
    for reader in readers:
        reader.join(WITHIN)
    assert found == [found[0]] * 100


def test_more_streams_than_there_are_threads_for_are_refused(here: Site) -> None:
    streams = [Stream(here, "/live") for _ in range(OPEN_MAX)]
    refused = here.browser.get("/live")
    assert refused.status == 503
    assert "live pages are open" in refused.text
    assert here.browser.get("/health").status == 200
    for stream in streams:
        stream.close()


def test_a_reader_that_is_too_slow_is_told_to_look_anew() -> None:
    slow = Subscriber(None)
    for number in range(WAITING_MAX + 1):
        slow.put(Message("event", number).encoded())
    assert next(slow.sent()) == b"event: reset\ndata: {}\n\n"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("17.3", (17, 3)),
        ("0.0", (0, 0)),
        (None, None),
        ("", None),
        ("17", None),
        ("-1.2", None),
        ("1.2.3", None),
        ("\u0661.1", None),
        ("9" * 400 + ".1", None),
    ],
)
def test_a_last_event_id_is_a_place_or_nothing(given: str | None, place: tuple[int, int] | None) -> None:
    assert place_of(given) == place
