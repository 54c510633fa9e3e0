"""Sinks and what is on the other side: servers that fail, hang and refuse, and engines that go on."""

import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import json
import time
from collections.abc import Generator, Sequence
from email.message import EmailMessage
from pathlib import Path
from threading import Event
from typing import Any

import jsonschema
import pytest

from tests.contract.engine_helpers import WITHIN, echo, engine_on
from tests.contract.sink_servers import (
    Answer,
    Letter,
    PostOffice,
    Receiver,
    Request,
    certified,
    post_office,
    receiving,
    until,
)
from tests.unit.readmodel_given import Written, question
from tests.unit.sink_given import a_task, journal_of
from workflow_engine.core.components import Question, WaitKind
from workflow_engine.core.events import Event as DecidedEvent
from workflow_engine.core.events import (
    QuestionAsked,
    QuestionAssigned,
    QuestionDelegated,
    QuestionEscalated,
    QuestionOverdue,
)
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase
from workflow_engine.errors import ConfigError, PermanentFailure
from workflow_engine.sinks.index import Index
from workflow_engine.sinks.kept import Kept, SinkState
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.port import EventRecord
from workflow_engine.sinks.running import Sinks
from workflow_engine.sinks.schema import schema
from workflow_engine.sinks.settings import (
    EmailSettings,
    FileSettings,
    RedactSettings,
    Sending,
    SlackSettings,
    WebhookSettings,
)
from workflow_engine.sinks.skipping import failing, skip
from workflow_engine.sinks.testing import try_out

QUICK: dict[str, Any] = {"retry_initial": 0.001, "retry_max": 0.01, "begin": "beginning"}
"""Settings of a sink that does not wait long."""


class Collecting:
    """A sink that keeps what it gets, and does first what it is told to.

    Attributes:
        got: batches, in order.
        closed: whether it was.
        troubles: what is raised next, once each.
    """

    def __init__(self, *troubles: Exception) -> None:
        self.got: list[Sequence[EventRecord]] = []
        self.closed = False
        self.troubles = list(troubles)

    def deliver(self, events: Sequence[EventRecord]) -> None:
        """Raise the next trouble, or keep what came."""
        if self.troubles:
            raise self.troubles.pop(0)
        self.got.append(events)

    def close(self) -> None:
        """Note it."""
        self.closed = True

    @property
    def ids(self) -> list[str]:
        """Ids of all events, in order."""
        return [event.id for batch in self.got for event in batch]


@pytest.fixture
def receiver() -> Generator[Receiver]:
    with receiving() as server:
        yield server


def webhook(receiver: Receiver, **settings: Any) -> WebhookSettings:
    return WebhookSettings(type="webhook", url=receiver.url, **{**QUICK, **settings})


def told(request: Request) -> list[str]:
    """Return the ids of the events in a request."""
    return [event["id"] for event in json.loads(request.body)["events"]]


def all_ids(data_dir: Path) -> list[str]:
    """Return the ids of all events of a data directory."""
    model = Index(data_dir).model
    model.catch_up()
    return [f"{row.n}.{row.i}" for row in model.events(limit=1_000)]


async def written(data_dir: Path, tasks: int = 2) -> list[str]:
    """Write a journal, and return the ids of its events."""
    await (await journal_of(data_dir, tasks)).close()
    return all_ids(data_dir)


# ---------------------------------------------------------------- an engine and its sinks


async def test_what_an_engine_decides_is_told_in_order_and_fits_the_schema(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    engine.register_handler("echo", echo)
    engine.register_workflow("echo", [Phase(target_classification="echo")])
    mine = Collecting()
    sinks = Sinks(engine)
    sinks.add("mine", mine)
    sinks.start()
    async with engine:
        task = await engine.submit_task({"a": 1}, "echo")
        await engine.wait(task, timeout=WITHIN)
    assert sinks.close(WITHIN) == ()
    events = [event for batch in mine.got for event in batch]
    assert [event.event for event in events] == ["TaskSubmitted", "PhaseStarted", "PhaseCompleted", "TaskCompleted"]
    assert {(event.task, event.workflow) for event in events} == {(task.id, "echo")}
    assert [event.id for event in events] == all_ids(tmp_path)
    assert mine.closed
    validator: Any = jsonschema.Draft202012Validator(schema())
    for event in events:
        validator.validate({name: getattr(event, name) for name in event.__struct_fields__})
    state = sinks.states()["mine"]
    assert (state.delivered, state.behind, state.error, state.dead) == (4, 0, None, 0)


async def test_an_engine_goes_on_while_a_sink_hangs(tmp_path: Path) -> None:
    released = Event()

    class Hanging(Collecting):
        def deliver(self, events: Sequence[EventRecord]) -> None:
            released.wait(WITHIN)
            super().deliver(events)

    engine = engine_on(tmp_path)
    engine.register_handler("echo", echo)
    engine.register_workflow("echo", [Phase(target_classification="echo")])
    hanging, other = Hanging(), Collecting()
    sinks = Sinks(engine)
    sinks.add("hanging", hanging)
    sinks.add("other", other)
    sinks.start()
    async with engine:
        tasks = [await engine.submit_task(number, "echo") for number in range(50)]
        for task in tasks:
            assert (await engine.wait(task, timeout=WITHIN)).output is not None
        assert hanging.got == []
        await asyncio.to_thread(until, lambda: len(other.ids) == 200)
    assert sinks.states()["hanging"].busy_since is not None
    released.set()
    assert sinks.close(WITHIN) == ()
    assert hanging.ids == other.ids == all_ids(tmp_path)


async def test_a_sink_that_hangs_does_not_keep_an_engine_from_ending(tmp_path: Path) -> None:
    released = Event()

    class Hanging(Collecting):
        def deliver(self, events: Sequence[EventRecord]) -> None:
            released.wait(WITHIN)

    await written(tmp_path)
    sinks = Sinks(tmp_path)
    sinks.add("hanging", Hanging(), Sending(begin="beginning"))
    sinks.start()
    until(lambda: sinks.states()["hanging"].busy_since)
    assert sinks.close(0.05) == ("hanging",)
    released.set()


async def test_a_new_sink_begins_with_what_happens_from_now_on(tmp_path: Path) -> None:
    before = await written(tmp_path)
    mine, whole = Collecting(), Collecting()
    sinks = Sinks(tmp_path)
    sinks.add("mine", mine)
    sinks.add("whole", whole, Sending(begin="beginning"))
    sinks.start()
    assert sinks.close(WITHIN) == ()
    assert (mine.ids, whole.ids) == ([], before)
    again = Collecting()
    sinks = Sinks(tmp_path)
    sinks.add("whole", again, Sending(begin="beginning"))
    sinks.start()
    assert sinks.close(WITHIN) == ()
    assert again.ids == []


async def test_a_sink_that_fails_gets_everything_in_the_next_life(tmp_path: Path) -> None:
    ids = await written(tmp_path, 3)
    failing_one = Collecting(*[OSError("no route")] * 1_000)
    sinks = Sinks(tmp_path)
    sinks.add("mine", failing_one, Sending(batch=4, begin="beginning", retry_max=1.0))
    sinks.start()
    until(lambda: sinks.states()["mine"].error)
    state = sinks.states()["mine"]
    assert (state.error, state.failing, state.cursor) == ("no route", ("2.0", "4.0"), Place())
    assert sinks.close(WITHIN) == ("mine",)
    mine = Collecting()
    sinks = Sinks(tmp_path)
    sinks.add("mine", mine, Sending(batch=4, **QUICK))
    sinks.start()
    assert sinks.close(WITHIN) == ()
    assert mine.ids == ids
    assert [len(batch) for batch in mine.got] == [4, 4, 1]


async def test_what_is_refused_for_good_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    ids = await written(tmp_path)
    mine = Collecting(*[PermanentFailure("never")] * 3)
    sinks = Sinks(tmp_path)
    sinks.add("mine", mine, Sending(batch=2, refusals_max=3, **QUICK))
    sinks.start()
    until(lambda: mine.ids)
    assert sinks.close(WITHIN) == ()
    dead = [json.loads(line) for line in (tmp_path / "sinks/mine.dead.jsonl").read_text().splitlines()]
    assert [(one["event"]["id"], one["error"], one["tries"]) for one in dead] == [
        ("2.0", "never", 3),
        ("2.1", "never", 3),
    ]
    assert mine.ids == ids[2:]
    assert Kept(tmp_path, "mine").load() == SinkState(
        Place(5), delivered=4, last_delivered_at=sinks.states()["mine"].last_delivered_at, dead=2
    )


async def test_a_sink_that_keeps_what_is_refused_tries_for_ever(tmp_path: Path) -> None:
    ids = await written(tmp_path)
    mine = Collecting(*[PermanentFailure("never")] * 30)
    sinks = Sinks(tmp_path)
    sinks.add("mine", mine, Sending(refusals_max=0, **QUICK))
    sinks.start()
    until(lambda: mine.ids)
    sinks.close(WITHIN)
    assert mine.ids == ids


async def test_what_fails_is_skipped_while_a_process_delivers(tmp_path: Path) -> None:
    ids = await written(tmp_path)
    mine = Collecting(*[OSError("no route")] * 3)
    sinks = Sinks(tmp_path)
    sinks.add("mine", mine, Sending(batch=2, begin="beginning", retry_initial=60.0))
    sinks.start()
    kept = Kept(tmp_path, "mine")
    until(lambda: (state := kept.load()) and state.failing)
    mine.troubles.clear()
    assert skip(kept, failing("mine", kept.load() or SinkState()))
    until(lambda: mine.ids)
    assert sinks.close(WITHIN) == ()
    assert mine.ids == ids[2:]
    assert sinks.states()["mine"].dead == 2


@pytest.mark.parametrize(
    ("upto", "dead", "skipped", "got"),
    [
        (Place(2, 0), ["2.0"], None, ["2.1", "3.0", "4.0", "4.1", "5.0"]),
        (Place(2, 1), ["2.0", "2.1"], None, ["3.0", "4.0", "4.1", "5.0"]),
        (Place(4, 0), ["2.0", "2.1"], {"after": "2.1", "upto": "4.0"}, ["4.1", "5.0"]),
        (Place(5), ["2.0", "2.1"], {"after": "2.1", "upto": "5"}, []),
    ],
)
async def test_exactly_what_somebody_names_is_skipped(
    tmp_path: Path, upto: Place, dead: list[str], skipped: Any, got: list[str]
) -> None:
    await written(tmp_path)
    mine = Collecting(*[OSError("no route")] * 1_000)
    sinks = Sinks(tmp_path)
    sinks.add("mine", mine, Sending(batch=2, begin="beginning", retry_initial=60.0))
    sinks.start()
    kept = Kept(tmp_path, "mine")
    until(lambda: (state := kept.load()) and state.failing)
    mine.troubles.clear()
    kept.ask_to_skip(upto)
    until(lambda: sinks.states()["mine"].cursor == Place(5))
    assert sinks.close(WITHIN) == ()
    lines = [json.loads(line) for line in kept.dead.read_text().splitlines()]
    assert [line["event"]["id"] for line in lines if "event" in line] == dead
    assert next((line["skipped"] for line in lines if "skipped" in line), None) == skipped
    assert mine.ids == got


async def test_everything_is_skipped_while_no_process_delivers(tmp_path: Path) -> None:
    await written(tmp_path)
    kept = Kept(tmp_path, "mine")
    assert skip(kept, Place(4))
    mine = Collecting()
    sinks = Sinks(tmp_path)
    sinks.add("mine", mine, Sending(**QUICK))
    sinks.start()
    assert sinks.close(WITHIN) == ()
    assert mine.ids == ["5.0"]
    assert json.loads(kept.dead.read_text())["skipped"] == {"after": "0", "upto": "4"}


async def test_a_cursor_ahead_of_a_journal_that_was_restored_goes_back_to_its_end(tmp_path: Path) -> None:
    journal = await journal_of(tmp_path, 1)
    Kept(tmp_path, "mine").save(SinkState(Place(900, 2)))
    mine = Collecting()
    sinks = Sinks(tmp_path)
    sinks.add("mine", mine)
    sinks.start()
    until(lambda: sinks.states()["mine"].cursor == Place(3))
    await a_task(journal, "t2")
    await journal.close()
    assert sinks.close(WITHIN) == ()
    assert mine.ids == ["4.0", "4.1", "5.0"]


async def test_two_processes_do_not_deliver_to_one_sink(tmp_path: Path) -> None:
    await written(tmp_path)
    first, second = Collecting(), Collecting()
    one, other = Sinks(tmp_path), Sinks(tmp_path)
    one.add("mine", first, Sending(**QUICK))
    other.add("mine", second, Sending(**QUICK))
    one.start()
    until(lambda: first.ids)
    other.start()
    until(lambda: other.states()["mine"].error)
    assert other.states()["mine"].error == "another process delivers to this sink; it goes on here when that ends"
    one.close(WITHIN)
    other.close(WITHIN)
    assert second.ids == []


def test_a_name_is_used_once_and_fits_a_file(tmp_path: Path) -> None:
    sinks = Sinks(tmp_path)
    sinks.add("mine", Collecting())
    with pytest.raises(ConfigError, match="there is a sink 'mine' already"):
        sinks.add("mine", Collecting())
    with pytest.raises(ConfigError, match=r"'\.\./x' cannot be the name of a sink"):
        sinks.add("../x", Collecting())


async def test_no_secret_reaches_a_sink(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", "s3cr3t-of-ours")

    async def leaking(task: Any) -> None:
        raise PermanentFailure("s3cr3t-of-ours and hunter2222 and case-77")

    engine = engine_on(tmp_path)
    engine.register_handler("leak", leaking)
    engine.register_workflow("leak", [Phase(target_classification="leak")])
    mine = Collecting()
    redact = RedactSettings.model_validate({"patterns": [r"case-\d+"]})
    sinks = Sinks(engine, redact=redact, secrets=["hunter2222"])
    sinks.add("mine", mine)
    sinks.start()
    async with engine:
        await engine.wait(await engine.submit_task(None, "leak"), timeout=WITHIN)
    sinks.close(WITHIN)
    messages = [event.data["message"] for batch in mine.got for event in batch if event.event == "TaskFailed"]
    assert messages == ["[redacted] and [redacted] and [redacted]"]


# ---------------------------------------------------------------- webhooks


async def test_a_webhook_is_signed_as_its_receiver_expects(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await written(tmp_path)
    monkeypatch.setenv("OPS_SECRET", "whsec_" + base64.b64encode(b"k" * 24).decode())
    monkeypatch.setenv("OPS_OLD", "the one before")
    settings = webhook(receiver, secret="${OPS_SECRET}", previous_secret="env:OPS_OLD", headers={"X-Team": "ops"})
    sinks = Sinks(tmp_path, {"ops": settings})
    sinks.start()
    request = receiver.next()
    assert sinks.close(WITHIN) == ()
    headers = request.headers
    assert (headers["webhook-id"], headers["x-team"], headers["content-type"]) == ("2_0-5_0", "ops", "application/json")
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < WITHIN
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    assert headers["webhook-signature"].split() == [
        "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for key in (b"k" * 24, b"the one before")
    ]
    assert told(request) == ids


@pytest.mark.parametrize("answer", [500, 503, 408, 409, 425, 429, 302, "close", "cut"])
async def test_what_may_pass_is_tried_again_with_the_same_id(tmp_path: Path, receiver: Receiver, answer: Any) -> None:
    ids = await written(tmp_path)
    receiver.plan(*[answer] * 10)
    sinks = Sinks(tmp_path, {"ops": webhook(receiver, refusals_max=1)})
    sinks.start()
    requests = [receiver.next() for _ in range(11)]
    assert sinks.close(WITHIN) == ()
    assert {(request.headers["webhook-id"], request.body) for request in requests} == {
        (requests[0].headers["webhook-id"], requests[0].body)
    }
    assert told(requests[0]) == ids
    assert sinks.states()["ops"].dead == 0


async def test_a_receiver_that_hangs_is_given_up_and_asked_again(tmp_path: Path, receiver: Receiver) -> None:
    ids = await written(tmp_path)
    receiver.plan("hang")
    sinks = Sinks(tmp_path, {"ops": webhook(receiver, timeout=0.1)})
    sinks.start()
    assert [told(receiver.next()), told(receiver.next())] == [ids, ids]
    assert sinks.close(WITHIN) == ()


@pytest.mark.parametrize("status", [400, 401, 404, 410, 422])
async def test_what_a_receiver_refuses_is_set_aside_after_so_many_tries(
    tmp_path: Path, receiver: Receiver, status: int
) -> None:
    ids = await written(tmp_path)
    receiver.plan(status, status)
    sinks = Sinks(tmp_path, {"ops": webhook(receiver, refusals_max=2, batch=2)})
    sinks.start()
    seen = [told(receiver.next()) for _ in range(4)]
    assert sinks.close(WITHIN) == ()
    assert seen == [ids[:2], ids[:2], ids[2:4], ids[4:]]
    dead = [json.loads(line) for line in (tmp_path / "sinks/ops.dead.jsonl").read_text().splitlines()]
    assert [one["event"]["id"] for one in dead] == ids[:2]
    assert dead[0]["error"].startswith(f"127.0.0.1 answered {status} ")
    assert dead[0]["error"].endswith(": said")


async def test_a_receiver_that_asks_for_a_pause_gets_it(tmp_path: Path, receiver: Receiver) -> None:
    await written(tmp_path)
    receiver.plan(Answer(429, {"Retry-After": "3600"}, b""))
    sinks = Sinks(tmp_path, {"ops": webhook(receiver)})
    sinks.start()
    receiver.next()
    until(lambda: sinks.states()["ops"].error)
    assert sinks.states()["ops"].error == "127.0.0.1 answered 429 Too Many Requests"
    assert sinks.close(0.2) == ("ops",)
    assert receiver.requests.empty()


async def test_a_redirect_is_not_followed(tmp_path: Path, receiver: Receiver) -> None:
    await written(tmp_path)
    with receiving() as elsewhere:
        receiver.plan(*[Answer(307, {"Location": elsewhere.url})] * 3)
        sinks = Sinks(tmp_path, {"ops": webhook(receiver)})
        sinks.start()
        for _ in range(4):
            receiver.next()
        assert sinks.close(WITHIN) == ()
        assert elsewhere.requests.empty()


async def test_a_long_answer_is_not_read(tmp_path: Path, receiver: Receiver) -> None:
    await written(tmp_path)
    receiver.plan(Answer(400, {}, b"x" * (8 << 20)))
    sinks = Sinks(tmp_path, {"ops": webhook(receiver, refusals_max=1)})
    sinks.start()
    until(lambda: sinks.states()["ops"].dead)
    assert len(sinks.states()["ops"].error or "") < 300
    sinks.close(WITHIN)


async def test_a_secret_that_is_not_set_is_named_and_nothing_is_lost(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await written(tmp_path)
    monkeypatch.delenv("OPS_SECRET", raising=False)
    sinks = Sinks(tmp_path, {"ops": webhook(receiver, secret="${OPS_SECRET}")})
    sinks.start()
    until(lambda: sinks.states()["ops"].error)
    assert sinks.states()["ops"].error == "${OPS_SECRET} is not set; set it for the process that runs the engine"
    monkeypatch.setenv("OPS_SECRET", "now it is")
    assert told(receiver.next()) == ids
    assert sinks.close(WITHIN) == ()


async def test_a_place_that_is_secret_is_not_in_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await written(tmp_path)
    monkeypatch.setenv("HOOK", "http://127.0.0.1:9/services/T000/B000/very-secret")
    sinks = Sinks(tmp_path, {"ops": WebhookSettings(type="webhook", url="${HOOK}", **QUICK)})
    sinks.start()
    until(lambda: sinks.states()["ops"].error)
    error = sinks.states()["ops"].error or ""
    sinks.close(0.1)
    assert "could not be reached" in error
    assert "very-secret" not in error + (tmp_path / "sinks/ops.json").read_text()


# ---------------------------------------------------------------- people


RUN = "t1/approve/1"
ID = "t1/approve/1/1q0"


async def asking(engine: ECSWorkflowEngine, prompt: str = "Publish <b>this</b> & that?", **phase: Any) -> str:
    """Have a task ask a person, and return the id of its question."""
    engine.register_workflow("review", [Phase(id="approve", assigned_to="human", prompt=prompt, **phase)])
    await engine.submit_task({}, "review")
    while not (page := await engine.list_questions()).rows:
        pass
    return page.rows[0].id


async def test_a_chat_is_told_of_a_question_with_a_link(tmp_path: Path, receiver: Receiver) -> None:
    engine = engine_on(tmp_path)
    settings = SlackSettings(type="slack", url=receiver.url, **QUICK)
    sinks = Sinks(engine, {"chat": settings}, public_url="https://tasks.example.org/")
    sinks.start()
    async with engine:
        name = await asking(engine, assignee="ann")
        request = await asyncio.to_thread(receiver.next)
    sinks.close(WITHIN)
    message = json.loads(request.body)
    link = f"https://tasks.example.org/inbox/{name.replace('/', '%2F')}"
    assert message["text"] == f"Publish &lt;b&gt;this&lt;/b&gt; &amp; that? {link}"
    assert message["blocks"][0]["text"] == {"type": "mrkdwn", "text": "*Publish &lt;b&gt;this&lt;/b&gt; &amp; that?*"}
    assert "For ann" in message["blocks"][1]["text"]["text"]
    assert message["blocks"][2]["text"]["text"] == f"<{link}|Open in the dashboard>"


async def test_a_chat_can_be_told_of_failures(tmp_path: Path, receiver: Receiver) -> None:
    async def failing_handler(task: Any) -> None:
        raise PermanentFailure("<!channel> it broke")

    engine = engine_on(tmp_path)
    engine.register_handler("fail", failing_handler)
    engine.register_workflow("fail", [Phase(target_classification="fail")])
    sinks = Sinks(engine, {"chat": SlackSettings(type="slack", url=receiver.url, events=("TaskFailed",), **QUICK)})
    sinks.start()
    async with engine:
        task = await engine.submit_task(None, "fail")
        request = await asyncio.to_thread(receiver.next)
    sinks.close(WITHIN)
    message = json.loads(request.body)
    assert message["text"] == f"TaskFailed: task {task.id} of fail"
    assert "&lt;!channel&gt; it broke" in message["blocks"][1]["text"]["text"]


async def test_nobody_is_told_of_a_question_that_is_answered(tmp_path: Path, receiver: Receiver) -> None:
    engine = engine_on(tmp_path)
    async with engine:
        name = await asking(engine)
        await engine.answer(name, {})
        second = await engine.submit_task({}, "review")
        while not (page := await engine.list_questions()).rows:
            pass
    sinks = Sinks(tmp_path, {"chat": SlackSettings(type="slack", url=receiver.url, **QUICK)})
    sinks.start()
    assert second.id in receiver.next().body.decode()
    assert sinks.close(WITHIN) == ()
    assert page.rows[0].id != name
    assert receiver.requests.empty()
    assert sinks.states()["chat"].behind == 0


@pytest.mark.parametrize(
    ("event", "title", "people"),
    [
        (QuestionAsked("t1", RUN, ID, "human", "ann"), "Publish?", "ann"),
        (QuestionAssigned("t1", RUN, ID, None, ("bob", "cy")), "Assigned to you: Publish?", "bob, cy"),
        (QuestionAssigned("t1", RUN, ID, "dan", ("bob",)), "Assigned to you: Publish?", "dan"),
        (QuestionDelegated("t1", RUN, ID, "eve", "ann"), "Delegated to you: Publish?", "eve"),
        (QuestionOverdue("t1", RUN, ID), "Overdue: Publish?", "ann"),
        (QuestionEscalated("t1", RUN, ID, ("boss",)), "Escalated to you: Publish?", "boss"),
    ],
)
async def test_those_whom_an_event_names_are_told_what_it_means(
    tmp_path: Path, receiver: Receiver, event: DecidedEvent, title: str, people: str
) -> None:
    journal = await Written(tmp_path).open()
    await journal.task("t1", phase="approve", question=question("t1", assignee="ann"))
    await journal.commit({}, (), (event,))
    await journal.close()
    sinks = Sinks(tmp_path, {"chat": SlackSettings(type="slack", url=receiver.url, **QUICK)})
    sinks.start()
    blocks = json.loads(receiver.next().body)["blocks"]
    assert sinks.close(WITHIN) == ()
    assert blocks[0]["text"]["text"] == f"*{title}*"
    assert f"For {people}" in blocks[1]["text"]["text"].splitlines()


async def test_a_question_that_is_for_an_agent_is_told_to_nobody(tmp_path: Path, receiver: Receiver) -> None:
    journal = await Written(tmp_path).open()
    await journal.task("t1", phase="approve", question=Question(ID, WaitKind.AGENT, "Go on?", 1.0))
    await journal.commit({}, (), (QuestionAsked("t1", RUN, ID, "agent"),))
    await journal.close()
    sinks = Sinks(tmp_path, {"chat": SlackSettings(type="slack", url=receiver.url, **QUICK)})
    sinks.start()
    assert sinks.close(WITHIN) == ()
    assert receiver.requests.empty()


def mail(office: PostOffice, **settings: Any) -> EmailSettings:
    given: dict[str, Any] = {
        "host": "localhost",
        "port": office.port,
        "security": "none",
        "sender": "Workflows <w@example.org>",
        "to": ["desk@example.org"],
        **QUICK,
        **settings,
    }
    return EmailSettings(type="email", **given)


def read(letter: Letter) -> EmailMessage:
    """Return a message as a mail program reads it."""
    return email.message_from_bytes(letter.content, policy=email.policy.default)


async def test_those_who_are_asked_get_a_message_each(tmp_path: Path) -> None:
    addresses = {"ann": "ann@example.org", "editors": ("bob@example.org", "cy@example.org")}
    engine = engine_on(tmp_path)
    with post_office() as office:
        sinks = Sinks(engine, {"people": mail(office, addresses=addresses)}, public_url="https://tasks.example.org")
        sinks.start()
        async with engine:
            name = await asking(engine, "Publish?", candidates=["ann", "editors", "nobody"])
            letters = [await asyncio.to_thread(office.next) for _ in range(3)]
        assert sinks.close(WITHIN) == ()
        assert office.letters.empty()
    assert [letter.to for letter in letters] == [("ann@example.org",), ("bob@example.org",), ("cy@example.org",)]
    message = read(letters[0])
    assert (message["Subject"], message["To"], message["Auto-Submitted"]) == (
        "Publish?",
        "ann@example.org",
        "auto-generated",
    )
    assert message["From"] == "Workflows <w@example.org>"
    assert len({read(letter)["Message-ID"] for letter in letters}) == 3
    assert f"https://tasks.example.org/inbox/{name.replace('/', '%2F')}" in message.get_content()


async def test_a_question_for_nobody_in_the_table_goes_to_the_default(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    with post_office() as office:
        sinks = Sinks(engine, {"people": mail(office, addresses={"ann": "ann@example.org"})})
        sinks.start()
        async with engine:
            await asking(engine, assignee="bob")
            assert (await asyncio.to_thread(office.next)).to == ("desk@example.org",)
        sinks.close(WITHIN)


async def test_an_address_can_be_made_of_a_name_but_not_of_any(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    to = ["{person}@example.org", "desk@example.org"]
    with post_office() as office:
        sinks = Sinks(engine, {"people": mail(office, to=to)})
        sinks.start()
        async with engine:
            await asking(engine, candidates=["ann.b", "x@evil.example,y\r\nBcc: z"])
            assert (await asyncio.to_thread(office.next)).to == ("ann.b@example.org",)
        assert sinks.close(WITHIN) == ()
        assert office.letters.empty()


async def test_a_prompt_with_line_ends_injects_no_header(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    with post_office() as office:
        sinks = Sinks(engine, {"people": mail(office)})
        sinks.start()
        async with engine:
            await asking(engine, "Publish?\r\nBcc: evil@example.org\r\n\r\nbody ünïcode", assignee="a\nCc: b")
            letter = await asyncio.to_thread(office.next)
        sinks.close(WITHIN)
    message = read(letter)
    assert letter.to == ("desk@example.org",)
    assert (message["Bcc"], message["Cc"]) == (None, None)
    assert message["Subject"] == "Publish? Bcc: evil@example.org body ünïcode"
    assert "body ünïcode" in message.get_content()


@pytest.mark.parametrize("tls", [False, True])
async def test_messages_are_encrypted_and_the_sender_logs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    certificate = certified(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("MAIL_PASSWORD", "open sesame")
    engine = engine_on(tmp_path / "data")
    with post_office(certificate, tls) as office:
        settings = mail(office, security="tls" if tls else "starttls", username="w", password="env:MAIL_PASSWORD")
        sinks = Sinks(engine, {"people": settings})
        sinks.start()
        async with engine:
            await asking(engine)
            letter = await asyncio.to_thread(office.next)
        sinks.close(WITHIN)
    assert (letter.secure, letter.user) == (True, "w")


async def test_a_server_that_is_not_certified_gets_nothing(tmp_path: Path) -> None:
    engine = engine_on(tmp_path / "data")
    with post_office(certified(tmp_path)) as office:
        sinks = Sinks(engine, {"people": mail(office, security="starttls")})
        sinks.start()
        async with engine:
            await asking(engine)
            await asyncio.to_thread(until, lambda: sinks.states()["people"].error)
        sinks.close(0.1)
        assert "certificate verify failed" in (sinks.states()["people"].error or "")
        assert office.letters.empty()


async def test_a_recipient_who_is_refused_for_now_gets_the_message_later_and_the_others_once(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    with post_office() as office:
        office.greetings = ["421 too busy"]
        office.refusals = {"bob@example.org": ["450 later", "451 later still"]}
        sinks = Sinks(engine, {"people": mail(office, to=["ann@example.org", "bob@example.org"])})
        sinks.start()
        async with engine:
            await asking(engine)
            letters = [await asyncio.to_thread(office.next) for _ in range(2)]
        assert sinks.close(WITHIN) == ()
        assert office.letters.empty()
    assert [letter.to for letter in letters] == [("ann@example.org",), ("bob@example.org",)]
    assert sinks.states()["people"].dead == 0


async def test_a_recipient_who_is_refused_for_good_is_set_aside(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    with post_office() as office:
        office.refusals = {"bob@example.org": ["550 unknown"] * 2}
        settings = mail(office, to=["bob@example.org", "ann@example.org"], refusals_max=2)
        sinks = Sinks(engine, {"people": settings})
        sinks.start()
        async with engine:
            await asking(engine)
            assert (await asyncio.to_thread(office.next)).to == ("ann@example.org",)
            await asyncio.to_thread(until, lambda: sinks.states()["people"].dead)
        sinks.close(WITHIN)
        assert office.letters.empty()
    assert sinks.states()["people"].error == "localhost refuses messages: bob@example.org: 550 unknown"


# ---------------------------------------------------------------- trying out


def test_a_test_is_delivered_to_each_type(tmp_path: Path, receiver: Receiver) -> None:
    with post_office() as office:
        try_out("people", mail(office), tmp_path)
        try_out("ops", webhook(receiver), tmp_path)
        try_out("chat", SlackSettings(type="slack", url=receiver.url), tmp_path)
        try_out("audit", FileSettings(type="file", path="audit.jsonl"), tmp_path)
        assert read(office.next())["Subject"] == "SinkTest: task test"
    assert told(receiver.next()) == ["0.0"]
    assert json.loads(receiver.next().body)["text"] == "SinkTest: task test"
    assert json.loads((tmp_path / "audit.jsonl").read_text())["event"] == "SinkTest"


def test_a_test_that_fails_says_why(tmp_path: Path, receiver: Receiver) -> None:
    receiver.plan(404)
    with pytest.raises(PermanentFailure, match=r"127\.0\.0\.1 answered 404 Not Found: said"):
        try_out("ops", webhook(receiver), tmp_path)
