"""The client: every operation once, the errors it raises, and what it does where connections fail."""

import contextlib
import socket
import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.contract.api_helpers import Served, served, waiting
from workflow_engine.client import Client, QuestionQuery, ServerRefused, ServerUnreachable, TaskQuery
from workflow_engine.client.transport import Transport
from workflow_engine.ecs_workflow import TaskState
from workflow_engine.errors import (
    AlreadyAnswered,
    AlreadyClaimed,
    AnswerRefused,
    ArtifactError,
    DuplicateTask,
    IllegalTransition,
    InputRefused,
    ShownChanged,
    SpecError,
    UnknownTask,
)
from workflow_engine.ui.api.table import OPERATIONS


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with served(tmp_path_factory.mktemp("client")) as found:
        yield found


@pytest.fixture(scope="module")
def client(api: Served) -> Client:
    return api.client()


def test_there_is_a_method_for_every_operation() -> None:
    other = {"list_events": "events", "list_task_events": "events", "stream_events": "watch"}
    other["stream_task_events"] = "watch"
    names = {other.get(operation.name, operation.name) for operation in OPERATIONS}
    assert {name for name in names if not callable(getattr(Client, name, None))} == set()


def test_a_task_is_submitted_watched_and_told(client: Client) -> None:
    task = client.submit_task({"order": 1}, "packing", task_id="a?b%2F&c+ü", priority=3, labels={"for": "acme"})
    events = [event.name for event in client.watch(task)]
    assert events == ["TaskSubmitted", "PhaseStarted", "PhaseCompleted", "TaskCompleted"]
    done = client.wait(task, timeout=5)
    assert (done.id, done.status, done.output) == ("a?b%2F&c+ü", TaskState.COMPLETED, {"packed": {"order": 1}})
    assert (done.priority, done.labels, done.data) == (3, {"for": "acme"}, {"order": 1})
    assert (done.context, done.outputs) == ({"packed": True}, {"work": {"packed": {"order": 1}}})
    assert [phase.outcome for phase in done.phases] == ["completed"]
    assert done.submitted_at.utcoffset() is not None
    assert "is completed" in client.explain(done)
    assert [event.name for event in client.watch(task)] == events
    assert list(client.watch(task, after=client.events(task)[-1].place)) == []
    assert client.read_artifact(task, "notes/packed.txt") == b"three boxes"
    assert [one.name for one in client.list_artifacts(task)] == ["notes/packed.txt"]


def test_tasks_are_listed_to_the_end_and_counted(client: Client) -> None:
    ids = [client.submit_task({}, "packing", labels={"batch": "1"}).id for _ in range(5)]
    query = TaskQuery(labels={"batch": "1"}, order="submitted", limit=2)
    assert [row.id for row in client.each_task(query)] == ids
    assert len(client.list_tasks(query).rows) == 2
    for task in ids:
        client.wait(task, timeout=5)
    assert client.count_tasks(TaskQuery(labels={"batch": "1"})) == {TaskState.COMPLETED: 5}


def test_a_failed_task_is_previewed_retried_forked_and_purged(client: Client) -> None:
    task = client.wait(client.submit_task({"fail": 1}, "packing"), timeout=5)
    assert (task.status, task.failure is not None and task.failure.error) == (TaskState.FAILED, "PermanentFailure")
    assert client.preview_retry(task).runs == ("work",)
    assert client.retry(task, phase="work").status is not TaskState.FAILED
    assert client.wait(task, timeout=5).status is TaskState.FAILED
    assert client.preview_fork(task).sentence == "work is done in the new task."
    fork = client.fork_task(task, data={"order": 2}, context={"by": "hand"}, labels={"a": "b"})
    assert client.wait(fork, timeout=5).output == {"packed": {"order": 2}}
    assert (fork.forked_from, fork.labels) == (task.id, {"a": "b"})
    assert [group["count"] for group in client.list_failures("packing")["failures"]] == [1]
    client.purge(task)
    with pytest.raises(UnknownTask):
        client.get_task(task)


def test_questions_are_tended_and_answered(api: Served, client: Client) -> None:
    ben, question = api.client("ben"), waiting(client)
    task = question.partition("/")[0]
    assert client.list_questions(QuestionQuery(task=task)).rows[0].id == question
    assert client.claim_question(question).claimed_by == "ann"
    with pytest.raises(AlreadyClaimed, match="ann has claimed it"):
        ben.claim_question(question)
    assert client.unclaim_question(question).claimed_by is None
    assert client.assign_question(question, candidates=["packers"], note="theirs").candidates == ("packers",)
    assert [row.id for row in ben.list_questions(mine=True).rows] == [question]
    assert ben.count_questions()["groups"] == 1
    assert ben.comment_question(question, "I look at it").comments[0].by == "ben"
    assert ben.set_question_due(question, "2d").due is not None
    assert ben.delegate_question(question, "ann").assignee == "ann"
    seen = client.assign_question(question, "ann")
    with pytest.raises(ServerRefused, match="the question is for ann"):
        ben.answer(question, 1)
    with pytest.raises(ShownChanged):
        client.answer(question, 1, shown="0" * 64)
    assert client.answer(task, {"ok": True}, shown=seen.shown).outputs["approve"] == {"ok": True}
    with pytest.raises(AlreadyAnswered) as refused:
        client.answer(question, {"ok": False})
    assert (refused.value.by, refused.value.value) == ("ann", {"ok": True})
    with pytest.raises(AnswerRefused):
        client.get_question(task)


def test_a_task_is_suspended_resumed_given_files_and_cancelled(client: Client) -> None:
    question = waiting(client)
    task = question.partition("/")[0]
    with pytest.raises(IllegalTransition):
        client.suspend(task, "human", "wait", due="1h", form={"type": "boolean"})
    assert client.add_artifact_text(task, "a/ü.txt", "text").media_type == "text/plain"
    assert client.add_artifact_bytes(task, "raw", b"\0").size == 1
    assert client.add_artifact(task, "file.py", Path(__file__)).size == Path(__file__).stat().st_size
    assert client.read_artifact(task, "a/ü.txt") == b"text"
    client.resume(task, {"ok": True})
    assert client.wait(task, timeout=5).status is TaskState.COMPLETED
    other = waiting(client).partition("/")[0]
    assert client.cancel(other, "not needed").reason == "not needed"


def test_a_task_moves(api: Served, client: Client, tmp_path: Path) -> None:
    task = waiting(client).partition("/")[0]
    document = client.export_task(task, cancel=True)
    assert client.get_task(task).status is TaskState.CANCELLED
    with served(tmp_path) as elsewhere:
        there = elsewhere.client()
        assert there.import_task(document).id == task
        assert there.answer(task, 1).outputs["approve"] == 1
        with pytest.raises(IllegalTransition):
            there.import_task(msgspec.json.encode(document))


def test_many_are_cancelled_at_once(client: Client) -> None:
    tasks = [client.get_task(waiting(client, labels={"many": "1"}).partition("/")[0]) for _ in range(3)]
    query = TaskQuery(labels={"many": "1"})
    assert client.bulk_tasks("cancel", query=query, dry_run=True).tasks[0].outcome == "would be done"
    assert client.bulk_tasks("cancel", tasks, reason="all of them").done == 3
    assert client.count_tasks(query) == {TaskState.CANCELLED: 3}


def test_workflows_and_the_whole_are_told(client: Client) -> None:
    assert {"approve-order", "packing"} <= {workflow["name"] for workflow in client.list_workflows()}
    assert client.save_workflow("name: x\nphases: 3\n", validate_only=True)["ok"] is False
    assert client.save_workflow("name: kept\nphases: [{id: work}]\n")["saved"] is True
    assert client.get_workflow("kept")["spec"]["name"] == "kept"
    assert client.draw_workflow("kept").startswith("<svg")
    with pytest.raises(SpecError) as refused:
        client.save_workflow("name: x\nphases: 3\n")
    assert [said.line for said in refused.value.problems] == [2]
    assert client.get_overview("1h")["questions"] >= 0
    assert (client.list_schedules(), client.list_costs()) == ([], [])
    assert client.get_status()["status"] == "ok"
    assert client.get_me()["name"] == "ann"


def test_what_is_wrong_is_refused_with_the_error_of_the_engine(client: Client) -> None:
    client.submit_task({"a": 1}, "packing", task_id="taken")
    with pytest.raises(DuplicateTask, match="taken"):
        client.submit_task({"a": 2}, "packing", task_id="taken")
    with pytest.raises(InputRefused, match="there is no workflow 'nobody'"):
        client.submit_task({}, "nobody")
    with pytest.raises(InputRefused, match="#/priority"):
        client.submit_task({}, "packing", priority=10**10)
    with pytest.raises(InputRefused, match="not JSON"):
        client.submit_task({"a": float("nan")}, "packing")
    with pytest.raises(ArtifactError, match="has no artifact"):
        client.read_artifact("taken", "nothing")
    with pytest.raises(InputRefused, match="mine=True"):
        client.list_questions(QuestionQuery(people=("ann",)))
    with pytest.raises(UnknownTask) as unknown:
        client.explain("nobody")
    assert (unknown.value.kind, unknown.value.name) == ("task", "nobody")


def test_a_wait_is_bounded(client: Client) -> None:
    task = waiting(client).partition("/")[0]
    with pytest.raises(TimeoutError, match="waiting_human"):
        client.wait(task, timeout=0.05)


def test_a_viewer_is_told_that_they_may_not(api: Served) -> None:
    with pytest.raises(ServerRefused, match="operator") as refused:
        api.client("cleo").submit_task({}, "packing")
    assert refused.value.status == 403


def test_a_client_without_a_token_works_where_nobody_has_to_log_in(api: Served) -> None:
    with Client(api.url) as client:
        assert client.wait(client.submit_task({}, "packing"), timeout=5).status is TaskState.COMPLETED
        assert client.get_me()["via"] == "loopback"


def test_a_server_that_is_not_there_is_named() -> None:
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        transport = Transport(url, "wfe_a_b", 5.0, sleep=lambda _: None)
        with closing(transport), pytest.raises(ServerUnreachable, match=url):
            transport.get("/status")
    with pytest.raises(InputRefused, match="no address"):
        Client("localhost:5000")


class Breaking:
    """A proxy that breaks connections: the first after the answer has come, or streams after so many bytes."""

    def __init__(self, url: str, breaks: int, after_bytes: int) -> None:
        self._target = int(url.rpartition(":")[2])
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._breaks, self._after_bytes = breaks, after_bytes
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.broken = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more connections."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._passed, args=(near,), daemon=True).start()

    def _passed(self, near: socket.socket) -> None:
        left = self._after_bytes if self.broken < self._breaks else None
        with near, socket.create_connection(("127.0.0.1", self._target)) as far:
            threading.Thread(target=_copied, args=(near, far), daemon=True).start()
            if _copied(far, near, left):
                self.broken += 1
            # The other thread still reads from both.
            with contextlib.suppress(OSError):
                near.shutdown(socket.SHUT_RDWR)
                far.shutdown(socket.SHUT_RDWR)


def _copied(source: socket.socket, target: socket.socket, most: int | None = None) -> bool:
    """Send on what comes; return whether that ended because more than *most* bytes came."""
    passed = 0
    with contextlib.suppress(OSError):
        while content := source.recv(4096):
            passed += len(content)
            if most is not None and passed > most:
                return True
            target.sendall(content)
    return False


def test_a_request_whose_answer_is_lost_is_done_once(api: Served) -> None:
    proxy = Breaking(api.url, breaks=2, after_bytes=0)
    with closing(proxy), Client(proxy.url, api.tokens["ann"]) as client:
        question = waiting(api.client())
        assert len(client.comment_question(question, "once").comments) == 1
        assert proxy.broken == 2


def test_a_task_is_watched_over_broken_connections(api: Served) -> None:
    task = api.client().submit_task({}, "packing")
    whole = list(api.client().watch(task))
    proxy = Breaking(api.url, breaks=2, after_bytes=500)
    with closing(proxy), Client(proxy.url, api.tokens["ann"]) as client:
        assert list(client.watch(task)) == whole
        assert proxy.broken > 0


def test_everything_is_watched_from_now_on(client: Client) -> None:
    client.wait(client.submit_task({}, "packing"), timeout=5)
    before = client.events()[-1].place
    seen = client.watch(after=before)
    task = client.submit_task({}, "packing")
    assert next(seen).task == task.id
    seen.close()  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - a generator
