"""The client: the engine's methods, over HTTP."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec

from workflow_engine.client import views
from workflow_engine.client.queries import question_parameters, selection, task_parameters
from workflow_engine.client.transport import Transport, part
from workflow_engine.client.views import (
    Artifact,
    BulkResult,
    Event,
    EventPage,
    Question,
    QuestionPage,
    Rerun,
    Task,
    TaskPage,
    TaskSummary,
)
from workflow_engine.client.watching import ENDS, watched
from workflow_engine.core.components import TaskState
from workflow_engine.readmodel.rows import QuestionQuery, TaskQuery

V = TypeVar("V")

UNSET: Final = msgspec.UNSET
"""What is not given, which is not the same as None."""

POLL_SECONDS: Final = 25.0
"""How long one request waits for a task."""

LAST: Final = 999_999_999_999_999
"""Number of an event behind all of its commit."""


class Client:
    """Calls the REST API of a dashboard.  For several threads.

    Methods are called as those of `workflow_engine.ecs_workflow.ECSWorkflowEngine`, take tasks or their ids, and raise
    the same errors; who does something is known to the server by the token.  Requests are sent again where a connection
    fails, and nothing is done twice by that.  Beside the engine's errors, all raise `ServerRefused` where the server
    does not let you, `ServerUnreachable`, and `TimeoutError`.

    Args:
        url: of the dashboard.
        token: as it was made for you; None where nobody has to log in.
        timeout: seconds that the server has for an answer.
    """

    def __init__(self, url: str = "http://127.0.0.1:5000", token: str | None = None, timeout: float = 30.0) -> None:
        self._transport = Transport(url, token, timeout)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    # ------------------------------------------------------------ tasks

    def submit_task(
        self,
        data: Any,
        workflow_name: str | None = None,
        classification: str | None = None,
        assigned_to: str | None = None,
        *,
        task_id: str | None = None,
        priority: int = 0,
        labels: Mapping[str, str] | None = None,
        parent: "TaskLike | None" = None,
    ) -> Task:
        """Take a task in; it is durable when this returns."""
        given = {
            "data": data,
            "workflow": workflow_name,
            "classification": classification,
            "assigned_to": assigned_to,
            "task_id": task_id,
            "priority": priority,
            "labels": dict(labels) if labels is not None else None,
            "parent": task_name(parent) if parent is not None else None,
        }
        return _read(self._transport.post("/tasks", given), Task)

    def get_task(self, task: "TaskLike") -> Task:
        """Return a task as it is now, with its phases and runs."""
        return _read(self._transport.get(_of(task)), Task)

    def wait(self, task: "TaskLike", timeout: float | None = None) -> Task:
        """Return a task once it is completed, failed or cancelled.

        Raises:
            TimeoutError: it takes longer than *timeout* seconds; the task goes on.
        """
        from time import monotonic

        ends = None if timeout is None else monotonic() + timeout
        while True:
            left = POLL_SECONDS if ends is None else max(0.0, min(POLL_SECONDS, ends - monotonic()))
            query, patience = {"timeout": f"{left:.3f}"}, left + self._transport.timeout
            found = _read(self._transport.get(f"{_of(task)}/wait", query, patience), Task)
            if found.status.terminal:
                return found
            if ends is not None and monotonic() >= ends:
                raise TimeoutError(f"task {found.id} is {found.status} after {timeout:g} s; it goes on")

    def explain(self, task: "TaskLike") -> str:
        """Return in one sentence what or whom a task waits for, since when, and what happens next."""
        return str(_plain(self._transport.get(f"{_of(task)}/explanation"))["explanation"])

    def list_tasks(self, query: TaskQuery | None = None) -> TaskPage:
        """Return a page of tasks; without a query, the newest."""
        return _read(self._transport.get("/tasks", task_parameters(query or TaskQuery())), TaskPage)

    def each_task(self, query: TaskQuery | None = None) -> Iterator[TaskSummary]:
        """Yield all tasks of a query, page by page."""
        asked = query or TaskQuery()
        while True:
            page = self.list_tasks(asked)
            yield from page.rows
            if page.next is None:
                return
            asked = msgspec.structs.replace(asked, after=page.next)

    def count_tasks(self, query: TaskQuery | None = None) -> dict[TaskState, int]:
        """Return how many tasks of a query stand where; where those are many, at least how many."""
        counts = _plain(self._transport.get("/tasks/counts", selection(query or TaskQuery())))["counts"]
        return {TaskState(state): int(count["n"]) for state, count in counts.items()}

    # ------------------------------------------------------------ commands

    def cancel(self, task: "TaskLike", reason: str | None = None) -> Task:
        """End a task; what is under way for it is stopped."""
        return _read(self._transport.post(f"{_of(task)}/cancel", {"reason": reason}), Task)

    def retry(self, task: "TaskLike", phase: str | None = None) -> Task:
        """Take a failed task up again, from the phase that failed, or from another one."""
        return _read(self._transport.post(f"{_of(task)}/retry", {"phase": phase}), Task)

    def preview_retry(self, task: "TaskLike", phase: str | None = None) -> Rerun:
        """Return what `retry` with the same arguments does again, and what it keeps."""
        return _read(self._transport.get(f"{_of(task)}/retry-preview", {"phase": phase}), Rerun)

    def preview_fork(self, source: "TaskLike", phase: str | None = None) -> Rerun:
        """Return what a task does that `fork_task` makes, and which outputs it takes over."""
        return _read(self._transport.get(f"{_of(source)}/fork-preview", {"phase": phase}), Rerun)

    def fork_task(
        self,
        source: "TaskLike",
        phase: str | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        remove_context: Iterable[str] = (),
        data: Any = UNSET,
        task_id: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Task:
        """Make a new task that begins at a phase of another one."""
        given = {
            "phase": phase,
            "context": dict(context) if context is not None else None,
            "remove_context": list(remove_context),
            "task_id": task_id,
            "labels": dict(labels) if labels is not None else None,
            **({"data": data} if data is not UNSET else {}),
        }
        return _read(self._transport.post(f"{_of(source)}/fork", given), Task)

    def suspend(
        self,
        task: "TaskLike",
        kind: str = "io",
        prompt: str = "to be resumed",
        *,
        form: Mapping[str, Any] | None = None,
        due: float | str | None = None,
    ) -> str:
        """Have a task wait until it is resumed; return the id of the question that resumes it."""
        given = {"kind": kind, "prompt": prompt, "form": dict(form) if form is not None else None, "due_in": due}
        return str(_plain(self._transport.post(f"{_of(task)}/suspend", given))["question"])

    def resume(self, task: "TaskLike", value: Any = None) -> Task:
        """Let a suspended task go on, with a value for its one open question."""
        return _read(self._transport.post(f"{_of(task)}/resume", {"value": value}), Task)

    def purge(self, task: "TaskLike") -> None:
        """Remove a task that has ended for good."""
        self._transport.send("DELETE", _of(task))

    def bulk_tasks(
        self,
        action: str,
        tasks: "Iterable[TaskLike] | None" = None,
        *,
        query: TaskQuery | None = None,
        dry_run: bool = False,
        reason: str | None = None,
        phase: str | None = None,
        value: Any = None,
    ) -> BulkResult:
        """Do something with many tasks, 1,000 at most.

        Args:
            action: "cancel", "retry", "purge" or "answer".
            tasks: which; or else
            query: which, its order, limit and cursor left aside.
            dry_run: whether only to say what would be done.
            reason: of cancelling.
            phase: of retrying.
            value: the answer to the one open question of each.
        """
        given = {
            "action": action,
            "tasks": [task_name(task) for task in tasks] if tasks is not None else None,
            "filter": selection(query) if query is not None else None,
            "dry_run": dry_run,
            "reason": reason,
            "phase": phase,
            "value": value,
        }
        return _read(self._transport.post("/tasks/bulk", given), BulkResult)

    # ------------------------------------------------------------ questions

    def list_questions(self, query: QuestionQuery | None = None, *, mine: bool = False) -> QuestionPage:
        """Return a page of open questions, those due first, then the oldest.

        Args:
            query: which; its *people* are told by *mine*: the server knows who you are.
            mine: only those that are for you, or for a group of yours.
        """
        given = question_parameters(query or QuestionQuery(), mine)
        return _read(self._transport.get("/questions", given), QuestionPage)

    def count_questions(self) -> dict[str, int]:
        """Return how many open questions there are: "mine", "groups" (with mine), "all", and "overdue" of groups."""
        found = _plain(self._transport.get("/questions/counts"))
        return {name: int(count["n"]) for name, count in found.items()}

    def get_question(self, question: str) -> Question:
        """Return an open question with all that whoever answers it needs to see."""
        return _read(self._transport.get(f"/questions/{part(question)}"), Question)

    def answer(self, question: str, value: Any, shown: str | None = None) -> Task:
        """Answer a question, and let its task go on.

        Args:
            question: its id, or the id of a task that has one open question.
            value: the answer, which must fit the question's form.
            shown: `Question.shown` as you saw it; None where it need not be the same any more.
        """
        return _read(
            self._transport.post(f"/questions/{part(question)}/answer", {"value": value, "shown": shown}), Task
        )

    def claim_question(self, question: str) -> Question:
        """Say that you work on a question."""
        return _read(self._transport.post(f"/questions/{part(question)}/claim"), Question)

    def unclaim_question(self, question: str) -> Question:
        """Give a question up, or return one that was delegated to you."""
        return _read(self._transport.post(f"/questions/{part(question)}/unclaim"), Question)

    def assign_question(
        self, question: str, assignee: str | None = None, candidates: Sequence[str] = (), note: str | None = None
    ) -> Question:
        """Have others asked."""
        given = {"assignee": assignee, "candidates": list(candidates), "note": note}
        return _read(self._transport.post(f"/questions/{part(question)}/assign", given), Question)

    def delegate_question(self, question: str, to: str) -> Question:
        """Have another person answer for you."""
        return _read(self._transport.post(f"/questions/{part(question)}/delegate", {"to": to}), Question)

    def comment_question(self, question: str, text: str) -> Question:
        """Say something about a question."""
        return _read(self._transport.post(f"/questions/{part(question)}/comments", {"text": text}), Question)

    def set_question_due(self, question: str, due_in: float | str | None) -> Question:
        """Give a question another due time: seconds from now, a duration, or None for never."""
        return _read(self._transport.post(f"/questions/{part(question)}/due", {"due_in": due_in}), Question)

    # ------------------------------------------------------------ artifacts

    def list_artifacts(self, task: "TaskLike") -> tuple[Artifact, ...]:
        """Return the files of a task, by name."""
        return msgspec.convert(_plain(self._transport.get(f"{_of(task)}/artifacts"))["artifacts"], tuple[Artifact, ...])

    def read_artifact(self, task: "TaskLike", name: str) -> bytes:
        """Return the content of an artifact."""
        return self._transport.get(f"{_of(task)}/artifacts/{part(name)}")

    def add_artifact(
        self, task: "TaskLike", name: str, content: bytes | str | Path, media_type: str | None = None
    ) -> Artifact:
        """Keep text, bytes or a file with a task that has not ended."""
        raw = content.read_bytes() if isinstance(content, Path) else content
        headers = {"Content-Type": media_type} if media_type is not None else {}
        sent = raw.encode() if isinstance(raw, str) else raw
        return _read(self._transport.send("PUT", f"{_of(task)}/artifacts/{part(name)}", None, sent, headers), Artifact)

    def add_artifact_text(self, task: "TaskLike", name: str, text: str) -> Artifact:
        """Keep a text with a task."""
        return self.add_artifact(task, name, text)

    def add_artifact_bytes(self, task: "TaskLike", name: str, content: bytes) -> Artifact:
        """Keep bytes with a task."""
        return self.add_artifact(task, name, content)

    # ------------------------------------------------------------ events

    def events(self, task: "TaskLike | None" = None, after: str | None = None, limit: int = 1_000) -> tuple[Event, ...]:
        """Return what was decided about a task, or about all, the oldest first.

        Args:
            task: which; None for all.
            after: `Event.place` behind which to begin.
            limit: events at most.
        """
        return self._events(task, after, limit).events

    def watch(self, task: "TaskLike | None" = None, after: str | None = None) -> Iterator[Event]:
        """Yield what is decided, as it happens, however often the connection breaks.

        Args:
            task: which, until it has ended; None for all tasks, without an end.
            after: `Event.place` behind which to begin; None for the beginning of the task, or, for all tasks, for now.
        """
        if task is None:
            place = after or f"{self.get_status()['commits']}.{LAST}"
            return watched(self._transport, "/events/stream", place, lambda event: False)
        return self._watched(task_name(task), after or "0.0")

    def _watched(self, task: str, after: str) -> Iterator[Event]:
        def over(place: str) -> bool:
            """Return whether a task has ended, and nothing is to be told of it behind a place."""
            return self.get_task(task).status.terminal and not self._events(task, place, 1).events

        def ends(event: Event) -> bool:
            return event.name in ENDS and (event.name == "TaskPurged" or over(event.place))

        if not over(after):
            yield from watched(self._transport, f"/tasks/{part(task)}/events/stream", after, ends)

    def _events(self, task: "TaskLike | None", after: str | None, limit: int) -> EventPage:
        path = f"{_of(task)}/events" if task is not None else "/events"
        return _read(self._transport.get(path, {"after": after, "limit": limit}), EventPage)

    # ------------------------------------------------------------ workflows

    def list_workflows(self) -> list[dict[str, Any]]:
        """Return all workflows, as ``GET /workflows`` has them."""
        found: list[dict[str, Any]] = _plain(self._transport.get("/workflows"))["workflows"]
        return found

    def get_workflow(self, name: str) -> dict[str, Any]:
        """Return a workflow with its definition."""
        return _plain(self._transport.get(f"/workflows/{part(name)}"))

    def draw_workflow(self, name: str, form: str = "svg") -> str:
        """Return a drawing of a workflow, "svg" or "mermaid"."""
        return self._transport.get(f"/workflows/{part(name)}/graph", {"format": form}).decode()

    def save_workflow(self, text: str, *, validate_only: bool = False) -> dict[str, Any]:
        """Save a workflow file as the newest of its workflow, or only check it.

        Raises:
            SpecError: the file is wrong; with *validate_only* the answer says so.
        """
        query = {"validate_only": validate_only}
        headers = {"Content-Type": "application/yaml"}
        return _plain(self._transport.send("POST", "/workflows", query, text.encode(), headers))

    # ------------------------------------------------------------ the whole

    def get_overview(self, window: float | str = "1d") -> dict[str, Any]:
        """Return how things stand, and what went on in the window before now."""
        return _plain(self._transport.get("/overview", {"window": window}))

    def list_failures(
        self, workflow: str | None = None, limit: int = 50, after: str | None = None, order: str = "-last"
    ) -> dict[str, Any]:
        """Return a page of groups of failures that are alike: ``{"failures": [...], "next": ...}``."""
        query = {"workflow": workflow, "limit": limit, "after": after, "order": order}
        return _plain(self._transport.get("/failures", query))

    def list_schedules(self) -> list[dict[str, Any]]:
        """Return the workflows whose tasks are submitted by themselves."""
        found: list[dict[str, Any]] = _plain(self._transport.get("/schedules"))["schedules"]
        return found

    def list_costs(self, workflows: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return what models have cost, by workflow."""
        found: list[dict[str, Any]] = _plain(self._transport.get("/costs", {"workflow": list(workflows)}))["costs"]
        return found

    def get_status(self) -> dict[str, Any]:
        """Return how the engine and its data are."""
        return _plain(self._transport.get("/status"))

    def get_me(self) -> dict[str, Any]:
        """Return who you are to the server: name, groups, role."""
        return _plain(self._transport.get("/me"))

    # ------------------------------------------------------------ moving

    def export_task(self, task: "TaskLike", cancel: bool = False) -> dict[str, Any]:
        """Return a task as a document, for `import_task` of another engine."""
        return _plain(self._transport.post(f"{_of(task)}/export", {"cancel": cancel}))

    def import_task(self, document: Mapping[str, Any] | bytes) -> Task:
        """Take in a task that another engine exported; import only documents that you trust."""
        given: Any = msgspec.Raw(document) if isinstance(document, bytes) else dict(document)
        return _read(self._transport.post("/tasks/import", given), Task)


TaskLike = str | views.Task | views.TaskSummary
"""A task, or its id."""


def task_name(task: TaskLike) -> str:
    """Return the id of a task."""
    return task if isinstance(task, str) else task.id


def _of(task: TaskLike) -> str:
    return f"/tasks/{part(task_name(task))}"


def _read(content: bytes, kind: type[V]) -> V:
    return msgspec.json.decode(content, type=kind)


def _plain(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(content)
    return found
