"""Journals for tests of the read model: real files, written without an engine."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from workflow_engine.core.components import (
    Attempt,
    Component,
    Data,
    Definition,
    Failure,
    Identity,
    ItemResult,
    Items,
    PhaseProgress,
    Question,
    Result,
    Run,
    Running,
    Stage,
    Status,
    Suspended,
    TaskState,
    Timetable,
    WaitKind,
)
from workflow_engine.core.events import (
    Event,
    PhaseCompleted,
    PhaseStarted,
    TaskCompleted,
    TaskFailed,
    TaskPurged,
    TaskRetried,
)
from workflow_engine.journal.compact import compact
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lock import COMPACTION_END_MAX, FileLock
from workflow_engine.journal.port import Changes, Commit
from workflow_engine.journal.segments import spans

DEFINITION = Definition(
    "review",
    msgspec.Raw(b'{"name":"review","phases":[{"id":"draft","target_classification":"write"},{"id":"approve"}]}'),
)


def json(value: Any) -> msgspec.Raw:
    """Return *value* as JSON."""
    return msgspec.Raw(msgspec.json.encode(value))


def components(*given: Component) -> dict[str, Any]:
    """Return components by their names in journals."""
    return {type(component).__name__.lower(): component for component in given}


class Written:
    """A journal that is being written, and all of its commits."""

    def __init__(self, directory: Path, segment_bytes: int = 1 << 30) -> None:
        self.directory = directory
        self.commits: list[Commit] = []
        self.at = 0.0
        self._journal = JsonJournal(directory, segment_bytes=segment_bytes)

    async def open(self) -> "Written":
        """Begin."""
        await self._journal.open()
        await self.commit({"#d1": components(DEFINITION)})
        return self

    async def commit(self, changes: Changes, ended: tuple[str, ...] = (), events: tuple[Event, ...] = ()) -> int:
        """Write one commit, a second after the one before; return its number."""
        self.at += 1
        commit = Commit(len(self.commits) + 1, self.at, changes, ended, events)
        await self._journal.append(commit)
        self.commits.append(commit)
        return commit.n

    async def task(
        self,
        task: str,
        state: TaskState = TaskState.IN_PROGRESS,
        *,
        data: Any = None,
        phase: str = "draft",
        question: Question | None = None,
        failure: Failure | None = None,
        output: Any = None,
        **identity: Any,
    ) -> None:
        """Write a task, living in *phase* or ended, in one commit."""
        made = components(
            Identity(task, identity.pop("workflow", "review"), "d1", self.at + 1, **identity),
            Data(json(data)),
            Status(state, self.at + 1),
            *([failure] if failure else []),
        )
        if output is not None:
            made["progress+"] = {"draft": PhaseProgress(1, "completed", 1.0, 2.0, 1, json(output))}
        changes: Changes = {task: made}
        if not state.terminal:
            run = f"{task}/{phase}/1"
            asked = (
                (Suspended(question.kind, self.at + 1, question.id), question) if question else (Running(self.at + 1),)
            )
            changes[run] = components(Run(task, phase, 1, self.at + 1), Attempt(1), *asked)
        await self.commit(changes, (task,) if state.terminal else ())

    def compact(self) -> None:
        """Compact the finished segments, as another process does."""
        layout = Layout(self.directory)
        lock = FileLock(layout.compaction_lock)
        lock.take(wait_max=COMPACTION_END_MAX)  # the journal compacts by itself as well
        try:
            ends = [span.limit - 1 for span in spans(layout) if span.limit is not None]
            if ends:
                compact(layout, ends[-1], Disk())
        finally:
            lock.release()

    async def close(self) -> None:
        """End."""
        await self._journal.close()


def question(task: str, **given: Any) -> Question:
    """Return a question of a task's phase of approval."""
    return Question(
        f"{task}/approve/1/1q0", WaitKind.HUMAN, given.pop("prompt", "Publish?"), given.pop("asked_at", 1.0), **given
    )


class Story:
    """A random history, such as an engine would write."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._living: dict[str, list[str]] = {}
        self._failed: set[str] = set()
        self._ended: list[str] = []
        self._count = 0
        self._visits = 0
        self.at = 1_000.0

    def commits(self, first: int, number: int) -> Iterator[Commit]:
        """Give commits, from number *first* on."""
        for n in range(first, first + number):
            self.at += self._random.choice((0.0, 0.5, 3.0))
            changes: Changes = {"#d1": components(DEFINITION)} if n == 1 else {}
            ended: list[str] = []
            events: list[Event] = []
            for _ in range(self._random.randint(1, 6)):
                self._step(changes, ended, events)
            if self._random.random() < 0.1:
                workflow = self._random.choice("abc")
                timetable = Timetable(workflow, "0 9 * * *", "UTC", "once", json({}), self.at)
                changes[f"#schedule:{workflow}"] = components(timetable) if self._random.random() < 0.7 else None
            yield Commit(n, self.at, changes, tuple(ended), tuple(events))

    def _step(self, changes: Changes, ended: list[str], events: list[Event]) -> None:
        idle = [task for task in self._living if task not in changes]
        dice = self._random.random()
        if dice < 0.3 or not idle:
            self._submit(changes, events)
        elif dice < 0.45:
            self._end(self._random.choice(idle), changes, ended, events)
        elif dice < 0.5 and self._failed:
            self._retry(changes, events)
        elif dice < 0.53 and self._ended:
            task = self._random.choice(self._ended)
            if task not in changes:
                self._ended.remove(task)
                self._failed.discard(task)
                changes[task] = None
                events.append(TaskPurged(task))
        else:
            self._go_on(self._random.choice(idle), changes, events)

    def _submit(self, changes: Changes, events: list[Event]) -> None:
        self._count += 1
        task = f"t{self._random.randrange(10**6):06d}-{self._count}"
        labels = {"team": self._random.choice("abc")} if self._random.random() < 0.5 else None
        parent = self._random.choice([None, *self._living]) if self._random.random() < 0.2 else None
        identity = Identity(task, "review", "d1", self.at, None, self._random.randrange(3), parent, labels)
        data = {"topic": f"word{self._count}", "items": list(range(self._random.choice((0, 0, 2_000))))}
        stage = (Stage("new", self.at),) if self._random.random() < 0.5 else ()
        changes[task] = components(identity, Data(json(data)), Status(TaskState.PENDING, self.at), *stage)
        self._living[task] = []
        self._spawn(task, changes, events)

    def _spawn(self, task: str, changes: Changes, events: list[Event]) -> None:
        phase = self._random.choice(("draft", "approve"))
        self._visits += 1
        run = f"{task}/{phase}/{self._visits}"
        asked: tuple[Component, ...] = (Running(self.at),)
        if self._random.random() < 0.4:
            due = self.at + 5 if self._random.random() < 0.5 else None
            about = Question(f"{run}/1q0", WaitKind.HUMAN, "Sure?", self.at, candidates=("ann", "bob"), due=due)
            asked = (Suspended(WaitKind.HUMAN, self.at, about.id), about)
        made = components(Run(task, phase, self._visits, self.at), Attempt(1), *asked)
        if self._random.random() < 0.3:
            made["items"] = Items(json(list(range(self._random.choice((3, 2_000))))))
            made["results+"] = self._results()
        changes[run] = made
        self._living[task].append(run)
        events.append(PhaseStarted(task, run))

    def _results(self) -> dict[str, ItemResult]:
        count = self._random.choice((1, 5, 40))
        return {str(self._random.randrange(100)): ItemResult(json(self.at)) for _ in range(count)}

    def _go_on(self, task: str, changes: Changes, events: list[Event]) -> None:
        runs = self._living[task]
        own: dict[str, Any] = {"status": Status(TaskState.IN_PROGRESS, self.at)}
        changes[task] = own
        dice = self._random.random()
        if dice < 0.3 and runs:
            run = self._random.choice(runs)
            changes[run] = {
                "running": None,
                "question": None,
                "suspended": None,
                "attempt": Attempt(2),
                "ready": {"since": 1.0},
            }
        elif dice < 0.6 and runs:
            run = runs.pop(self._random.randrange(len(runs)))
            changes[run] = None
            own["progress+"] = {run.split("/")[1]: PhaseProgress(1, "completed", 1.0, 2.0, 1, json(self._visits))}
            events.append(PhaseCompleted(task, run))
        elif dice < 0.7 and runs:
            own["stage"] = Stage(self._random.choice(("new", "old")), self.at)
            changes[self._random.choice(runs)] = {"results+": self._results()}
        elif dice < 0.8:
            own["context+"] = {f"key{self._random.randrange(4)}": json(self._visits), "": json(None)}
        else:
            self._spawn(task, changes, events)

    def _end(self, task: str, changes: Changes, ended: list[str], events: list[Event]) -> None:
        for run in self._living.pop(task):
            changes[run] = None
        state = self._random.choice((TaskState.COMPLETED, TaskState.FAILED))
        own: dict[str, Any] = {"status": Status(state, self.at)}
        if state is TaskState.FAILED:
            own["failure"] = Failure("draft", "Oops", f"failed at {self.at}", 1)
            self._failed.add(task)
        elif self._random.random() < 0.5:
            own["result"] = Result(json(list(range(self._random.choice((3, 2_000))))))
        changes[task] = own
        self._ended.append(task)
        ended.append(task)
        events.append(TaskCompleted(task) if state is TaskState.COMPLETED else TaskFailed(task, "Oops", "it"))

    def _retry(self, changes: Changes, events: list[Event]) -> None:
        task = self._random.choice(sorted(self._failed))
        if task in changes:
            return
        self._failed.discard(task)
        self._ended.remove(task)
        identity = Identity(task, "review", "d1", 999.0, None, 1)
        changes[task] = components(identity, Data(json("again")), Status(TaskState.PENDING, self.at))
        self._living[task] = []
        events.append(TaskRetried(task, "draft"))
        self._spawn(task, changes, events)
