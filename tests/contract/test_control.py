"""The control socket: what other processes of the machine can have a running engine do, and what they cannot."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from workflow_engine.control import server as server_module
from workflow_engine.control.client import ControlClient, find_engine
from workflow_engine.control.messages import LINE_BYTES_MAX, Refusal, error_of, refusal
from workflow_engine.control.place import NAME, POINTER, PREFIX
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType
from workflow_engine.errors import (
    AnswerRefused,
    DuplicateTask,
    EngineError,
    EngineStopped,
    IllegalTransition,
    InputRefused,
    JournalDamaged,
    TransientFailure,
    UnknownTask,
)
from workflow_engine.testing.memory_journal import MemoryJournal

T = TypeVar("T")

ENGINE = Path(__file__).with_name("engine_process.py")
WITHIN = 10.0
"""Seconds that anything here may take."""

CLIENT = """
import json, sys
from pathlib import Path
from workflow_engine.control.client import find_engine

with find_engine(Path(sys.argv[1])) as engine:
    print(json.dumps(engine.call("submit_task", data={"n": 1}, workflow_name="echo", task_id="from-a-process")))
    print(json.dumps(engine.call("wait", task="from-a-process")["outputs"]))
"""


def engine_on(data_dir: Path) -> ECSWorkflowEngine:
    """Return an engine with a workflow that echoes, and one that asks."""

    async def echo(task: Task) -> Any:
        return {"echo": task.data}

    engine = ECSWorkflowEngine(data_dir, stop_grace=0.1)
    engine.register_handler("echo", echo)
    engine.register_workflow("echo", [Phase(target_classification="echo")])
    ask = Phase(target_classification="ask", assigned_to=TaskType.HUMAN, prompt="Which?", form={"type": "integer"})
    engine.register_workflow("ask", [ask])
    return engine


def with_client(data_dir: Path, work: Callable[[ControlClient], T]) -> T:
    """Return what *work* gives, called in a thread with a client of an engine that runs here meanwhile."""

    async def both() -> T:
        async with engine_on(data_dir):
            return await asyncio.to_thread(connected, data_dir, work)

    return asyncio.run(both())


def connected(data_dir: Path, work: Callable[[ControlClient], T]) -> T:
    """Return what *work* gives with a client of the engine that runs, or starts to run, on *data_dir*."""
    with until(lambda: find_engine(data_dir)) as client:
        return work(client)


def until(look: Callable[[], T | None]) -> T:
    """Return what *look* gives as soon as that is something."""
    deadline = time.monotonic() + WITHIN
    while (found := look()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


def raw(data_dir: Path, sent: bytes) -> list[Any]:
    """Return the replies to *sent*, up to the end of the connection, which is half closed after it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(WITHIN)
        connection.connect(str(data_dir / NAME))
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as replies:
            return [json.loads(line) for line in replies]


@contextlib.contextmanager
def engine_process(data_dir: Path) -> Generator["subprocess.Popen[bytes]", None, None]:
    """Run an engine in a process of its own, and stop it in the end."""
    with subprocess.Popen([sys.executable, str(ENGINE), str(data_dir)]) as process:
        try:
            connected(data_dir, lambda client: client.call("status"))
            yield process
        finally:
            process.terminate()
            process.wait(WITHIN)


def test_a_thread_has_tasks_done(tmp_path: Path) -> None:
    def work(client: ControlClient) -> Any:
        submitted = client.call("submit_task", data={"n": 1}, workflow_name="echo", labels={"who": "ann"})
        return submitted, client.call("wait", task=submitted["id"], timeout=WITHIN)

    submitted, ended = with_client(tmp_path, work)
    assert submitted["workflow"] == "echo"
    assert submitted["failure"] is None
    assert ended["status"] == "completed"
    assert ended["outputs"] == {"echo": {"echo": {"n": 1}}}
    assert ended["labels"] == {"who": "ann"}


def test_a_process_has_tasks_done_by_another(tmp_path: Path) -> None:
    with engine_process(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, str(tmp_path)], capture_output=True, text=True, check=True, timeout=WITHIN
        )
    submitted, outputs = map(json.loads, done.stdout.splitlines())
    assert submitted["id"] == "from-a-process"
    assert outputs == {"echo": {"echo": {"n": 1}}}


def test_questions_are_answered_and_explained(tmp_path: Path) -> None:
    def work(client: ControlClient) -> Any:
        task = client.call("submit_task", data=None, workflow_name="ask", task_id="t1")["id"]
        until(lambda: client.call("get_task", task=task)["status"] == "waiting_human" or None)
        why = client.call("explain", task=task)
        with pytest.raises(AnswerRefused, match="does not fit its form"):
            client.call("answer", question=task, value="seven")
        client.call("answer", question=task, value=7, by="ann")
        return why, client.call("wait", task=task, timeout=WITHIN)

    why, ended = with_client(tmp_path, work)
    assert "to answer 'Which?' (question t1/ask/1/" in why
    assert ended["output"] == 7


def test_tasks_are_suspended_resumed_cancelled_and_retried(tmp_path: Path) -> None:
    def work(client: ControlClient) -> Any:
        client.call("submit_task", data={}, classification="nobody-does-this", task_id="t1")
        question = client.call("suspend", task="t1", kind="io", prompt="the mail")["question"]
        resumed = client.call("resume", task="t1", value={"mail": "came"})
        cancelled = client.call("cancel", task="t1", reason="superseded")
        with pytest.raises(IllegalTransition) as refused:
            client.call("retry", task="t1")
        return question, resumed["status"], cancelled["reason"], refused.value.state

    question, resumed, reason, state = with_client(tmp_path, work)
    assert question.startswith("t1/nobody-does-this/1/")
    assert resumed in ("pending", "in_progress")
    assert (reason, state) == ("superseded", "cancelled")


def test_errors_come_back_as_what_they_were(tmp_path: Path) -> None:
    def work(client: ControlClient) -> None:
        client.call("submit_task", data=1, workflow_name="ask", task_id="t1")
        with pytest.raises(DuplicateTask, match="task t1 exists with other data") as duplicate:
            client.call("submit_task", data=2, workflow_name="ask", task_id="t1")
        assert duplicate.value.task == "t1"
        with pytest.raises(UnknownTask, match="there is no task t9"):
            client.call("cancel", task="t9")
        with pytest.raises(InputRefused, match="there is no workflow 'aks'"):
            client.call("submit_task", data=1, workflow_name="aks")
        with pytest.raises(TimeoutError, match=r"task t1 has not ended within 0\.01 s"):
            client.call("wait", task="t1", timeout=0.01)

    with_client(tmp_path, work)


@pytest.mark.parametrize(
    "error",
    [
        UnknownTask("task", "t1"),
        TransientFailure("no answer", 3.0),
        JournalDamaged("/data/journal-1", 3, 700, "it is cut off"),
        InputRefused("that is no JSON"),
    ],
)
def test_an_error_survives_the_way(error: EngineError) -> None:
    there = error_of(refusal(error))
    assert (type(there), there.args, str(there)) == (type(error), error.args, str(error))


@pytest.mark.parametrize(
    "sent",
    [
        Refusal("OfTomorrow", "a sentence"),
        Refusal("UnknownTask", "a sentence", ("t1",)),
        Refusal("UnknownTask", "a sentence", ("task", "t1")),
        Refusal("SystemExit", "a sentence"),
    ],
)
def test_an_error_of_another_version_is_an_engine_error(sent: Refusal) -> None:
    there = error_of(sent)
    assert (type(there), str(there)) == (EngineError, "a sentence")


def test_the_status_says_who_serves_and_what_is_there(tmp_path: Path) -> None:
    def work(client: ControlClient) -> Any:
        client.call("submit_task", data=1, workflow_name="ask", task_id="t1")
        until(lambda: client.call("get_task", task="t1")["status"] == "waiting_human" or None)
        return client.call("status")

    status = with_client(tmp_path, work)
    assert status["pid"] == os.getpid()
    assert (status["live"], status["under_way"], status["trouble"]) == (1, 0, None)
    assert status["commits"] >= 2
    assert time.time() - WITHIN < status["serving_since"] <= time.time()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"nonsense", "a request is a line such as"),
        (b"[]", "a request is a line such as"),
        (b'{"call": "status", "more": 1}', "a request is a line such as"),
        (b"\xff\xfe", "a request is a line such as"),
        (b'{"call": "stop"}', "there is no call 'stop'"),
        (b'{"call": "__init__"}', "there is no call '__init__'"),
        (b'{"call": "cancel"}', "the arguments of cancel are not acceptable"),
        (b'{"call": "cancel", "arguments": {"task": 3}}', "Expected `str`, got `int` - at `$.task`"),
        (b'{"call": "cancel", "arguments": {"task": "t1", "whom": "me"}}', "unknown field `whom`"),
        (b'{"call": "cancel", "arguments": {"task": "t1"}}', "there is no task t1"),
    ],
)
def test_bad_input_is_refused_and_the_connection_goes_on(tmp_path: Path, line: bytes, said: str) -> None:
    replies = with_client(tmp_path, lambda _: raw(tmp_path, line + b'\n{"call":"status"}\n'))
    assert said in replies[0]["error"]["message"]
    assert replies[1]["result"]["pid"] == os.getpid()


def test_a_line_that_is_too_long_is_refused_and_the_engine_goes_on(tmp_path: Path) -> None:
    def work(client: ControlClient) -> Any:
        replies = raw(tmp_path, b"x" * (LINE_BYTES_MAX + 2))
        return replies, client.call("status")["live"]

    replies, live = with_client(tmp_path, work)
    # The end of the connection may come before the reply was read, since bytes are left that nobody takes.
    assert replies == [] or "8,388,608 bytes at most" in replies[0]["error"]["message"]
    assert live == 0


def test_the_client_refuses_what_is_too_long(tmp_path: Path) -> None:
    def work(client: ControlClient) -> None:
        with pytest.raises(InputRefused, match="8,388,608"):
            client.call("submit_task", data="x" * LINE_BYTES_MAX)

    with_client(tmp_path, work)


def test_four_mebibytes_of_data_pass(tmp_path: Path) -> None:
    data = "x" * (4 * 1024 * 1024 - 2)

    def work(client: ControlClient) -> int:
        task = client.call("submit_task", data=data, workflow_name="echo")["id"]
        return len(client.call("get_task", task=task)["data"])

    assert with_client(tmp_path, work) == len(data)


def test_a_defect_is_an_error_for_its_caller_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    def work(client: ControlClient) -> int:
        monkeypatch.setattr(server_module, "perform", broken)
        with pytest.raises(EngineError, match="the call explain failed: ZeroDivisionError"):
            client.call("explain", task="t1")
        pid: int = client.call("status")["pid"]
        return pid

    assert with_client(tmp_path, work) == os.getpid()


def test_callers_beyond_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "CONNECTIONS_MAX", 1)

    def work(client: ControlClient) -> None:
        client.call("status")
        with pytest.raises(EngineStopped, match="ask again later"):
            connected(tmp_path, lambda other: other.call("status"))

    with_client(tmp_path, work)


def test_a_wait_whose_caller_went_away_is_forgotten(tmp_path: Path) -> None:
    def work(client: ControlClient) -> list[Any]:
        client.call("submit_task", data=1, workflow_name="ask", task_id="t1")
        return raw(tmp_path, b'{"call":"wait","arguments":{"task":"t1"}}\n')

    assert with_client(tmp_path, work) == []


def test_who_waits_is_told_that_the_engine_stops(tmp_path: Path) -> None:
    def waiting() -> EngineError:
        with until(lambda: find_engine(tmp_path)) as client, pytest.raises(EngineStopped) as refused:
            client.call("wait", None, task="t1")
        return refused.value

    async def both() -> EngineError:
        engine = engine_on(tmp_path)
        async with engine:
            await engine.submit_task(1, "ask", task_id="t1")
            waiter = asyncio.create_task(asyncio.to_thread(waiting))
            async with asyncio.timeout(WITHIN):
                while "ControlServer._performed" not in str(asyncio.all_tasks()):
                    await asyncio.sleep(0.01)
        return await waiter

    assert "the engine was stopped" in str(asyncio.run(both()))


def test_the_socket_is_for_its_user_alone_and_goes_with_the_engine(tmp_path: Path) -> None:
    mode = with_client(tmp_path, lambda _: stat.S_IMODE((tmp_path / NAME).stat().st_mode))
    assert mode == 0o600
    assert not (tmp_path / NAME).exists()
    assert find_engine(tmp_path) is None


def test_a_long_path_is_got_around(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 30)

    def work(client: ControlClient) -> Path:
        return Path(json.loads((data_dir / POINTER).read_bytes())["socket"])

    path = with_client(data_dir, work)
    assert path.parent.name.startswith(PREFIX)
    assert not path.parent.exists()
    assert not (data_dir / POINTER).exists()


def test_the_sockets_of_a_killed_engine_are_replaced(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 30)
    for place in (tmp_path, data_dir):
        with engine_process(place) as process:
            process.send_signal(signal.SIGKILL)
            process.wait(WITHIN)
            assert find_engine(place) is None
    left = Path(json.loads((data_dir / POINTER).read_bytes())["socket"])
    assert left.exists()
    for place in (tmp_path, data_dir):
        assert with_client(place, lambda client: client.call("status"))["pid"] == os.getpid()
    assert not left.parent.exists()


def test_a_pointer_that_leads_to_no_socket_harms_nothing(tmp_path: Path) -> None:
    precious = tmp_path / f"{PREFIX}code" / NAME
    precious.parent.mkdir()
    precious.write_text("not a socket")
    (tmp_path / POINTER).write_text(json.dumps({"socket": str(precious)}))
    assert find_engine(tmp_path) is None
    with_client(tmp_path, lambda client: client.call("status"))
    assert precious.read_text() == "not a socket"


def test_an_engine_without_a_place_for_a_socket_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(_: Path) -> None:
        raise OSError("no room")

    monkeypatch.setattr(server_module, "Place", nowhere)

    async def run() -> str:
        async with engine_on(tmp_path) as engine:
            task = await engine.submit_task(1, "echo")
            return (await engine.wait(task, WITHIN)).status.value

    assert asyncio.run(run()) == "completed"
    assert find_engine(tmp_path) is None


def test_an_engine_whose_journal_is_elsewhere_has_no_socket(tmp_path: Path) -> None:
    async def run() -> bool:
        async with ECSWorkflowEngine(tmp_path, journal=lambda _: MemoryJournal()) as engine:
            await engine.submit_task(1, classification="echo")
            return (tmp_path / NAME).exists()

    assert asyncio.run(run()) is False


def test_an_engine_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(str(tmp_path / NAME))
        deaf.listen()
        with until(lambda: find_engine(tmp_path)) as client, pytest.raises(EngineStopped, match=r"within 0\.01 s"):
            client.call("status", 0.01)
