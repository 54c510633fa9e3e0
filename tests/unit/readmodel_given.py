"""Journals for tests of the read model: real files, written without an engine; and what they amount to."""

import json as stdlib_json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from workflow_engine.core.components import (
    AnswerRecord,
    Attempt,
    Component,
    Cost,
    Data,
    Definition,
    Failure,
    Identity,
    ItemResult,
    Items,
    Ledger,
    PhaseProgress,
    Question,
    Result,
    Run,
    Running,
    Spent,
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
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
    TaskPurged,
    TaskRetried,
)
from workflow_engine.journal.compact import compact
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.folding import Folding
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import encode_commit
from workflow_engine.journal.lock import COMPACTION_END_MAX, FileLock
from workflow_engine.journal.port import Changes, Commit, Entities
from workflow_engine.journal.segments import spans
from workflow_engine.readmodel.read_model import ReadModel

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


def plain(entities: Entities) -> dict[str, Any]:
    """Return entities as plain JSON values."""
    return {
        entity: {
            name: {key: stdlib_json.loads(bytes(one)) for key, one in value.items()}
            if isinstance(value, dict)
            else stdlib_json.loads(bytes(value))
            for name, value in parts.items()
        }
        for entity, parts in entities.items()
    }


def folded(commits: Iterable[Commit]) -> dict[str, Any]:
    """Return what tasks and runs, live or ended, have after *commits*."""
    folding = Folding()
    for commit in commits:
        encoded = stdlib_json.loads(encode_commit(commit))
        folding.apply(encoded["changes"], encoded.get("ended", ()))
    return {entity: parts for entity, parts in plain(folding.entities | folding.ended).items() if entity[0] != "#"}


class Known(NamedTuple):
    """What a plain look at all components says of a task; of places, each is (phase, classification, waiting)."""

    id: str
    workflow: str
    definition: str
    state: TaskState
    since: float
    submitted_at: float
    priority: int
    parent: str | None
    labels: dict[str, str]
    failure: dict[str, Any] | None
    cost: dict[str, Any] | None
    places: list[tuple[str, str, str | None]]
    data: str


def known(commits: Iterable[Commit]) -> list[Known]:
    """Return all tasks after *commits*."""
    entities = folded(commits)
    phases = {"d1": {"draft": "write"}, "d2": {"draft": "write"}}
    found: list[Known] = []
    for task, parts in entities.items():
        if "/" not in task:
            identity, status = parts["identity"], parts["status"]
            runs = [run for name, run in entities.items() if name.startswith(f"{task}/")]
            of = phases[identity["definition"]]
            stand = [(str(run["run"]["phase"]), run.get("suspended", {}).get("kind")) for run in runs]
            found.append(
                Known(
                    task,
                    identity["workflow"],
                    identity["definition"],
                    TaskState(status["state"]),
                    status["since"],
                    identity["submitted_at"],
                    identity.get("priority", 0),
                    identity.get("parent"),
                    identity.get("labels") or {},
                    parts.get("failure"),
                    parts.get("spent", {}).get("cost"),
                    [(phase, of.get(phase, phase), waiting) for phase, waiting in stand],
                    str(parts["data"]["value"]),
                )
            )
    return found


async def story(directory: Path, seed: int, number: int = 180) -> list[Commit]:
    """Write a random history; the index has followed a part of it, leapt over a part, and followed the rest."""
    commits = list(Story(seed).commits(1, number))
    journal = JsonJournal(directory, segment_bytes=6_000)
    await journal.open()
    model = ReadModel(directory)
    for commit in commits:
        await journal.append(commit)
        if commit.n == number // 3:
            model.catch_up()
        elif commit.n == 2 * number // 3:
            Written(directory).compact()
            model.catch_up()
    await journal.close()
    model.catch_up()
    return commits


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
            changes: Changes = {"#d1": components(DEFINITION), "#d2": components(DEFINITION)} if n == 1 else {}
            ended: list[str] = []
            events: list[Event] = []
            for _ in range(self._random.randint(1, 6)):
                self._step(changes, ended, events)
            if self._random.random() < 0.1:
                workflow = self._random.choice("abc")
                timetable = Timetable(workflow, "0 9 * * *", "UTC", "once", json({}), self.at)
                changes[f"#schedule:{workflow}"] = components(timetable) if self._random.random() < 0.7 else None
                changes[f"#spent:{workflow}"] = components(Ledger(workflow, Cost(n, n / 1_000, 1)))
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
        workflow = self._random.choice(("review", "print", "ship"))
        definition = self._random.choice(("d1", "d2"))
        identity = Identity(task, workflow, definition, self.at, None, self._random.randrange(3), parent, labels)
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
            asked = (Suspended(WaitKind.HUMAN, self.at, f"{run}/1q0"),)
        made = components(Run(task, phase, self._visits, self.at), Attempt(1), *asked)
        if isinstance(asked[0], Suspended):
            made["question"] = self._question(f"{run}/1q0")
        if self._random.random() < 0.3:
            made["items"] = Items(json(list(range(self._random.choice((3, 2_000))))))
            made["results+"] = self._results()
        changes[run] = made
        self._living[task].append(run)
        events.append(PhaseStarted(task, run))

    def _question(self, question: str) -> dict[str, Any]:
        """Return a question as a journal has it, with what later versions say of one too."""
        chance = self._random.random
        given = {
            "candidates": self._random.choice(([], ["ann", "bob"], ["legal"])),
            "due": self.at + 5 if chance() < 0.5 else None,
            "assignee": self._random.choice((None, None, "ann", "eve")),
            "claimed_by": self._random.choice((None, "bob", "eve")),
            "owner": self._random.choice((None, "boss")),
            "escalate_to": self._random.choice(([], ["boss"])),
            "overdue": chance() < 0.3,
        }
        prompt = self._random.choice(("Sure?", "Publish 100% of it?", "Pay \u00e9clair"))
        asked = {"id": question, "kind": self._random.choice(("human", "agent")), "prompt": prompt, "asked_at": self.at}
        return asked | {name: value for name, value in given.items() if value}

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
        elif dice < 0.75:
            own["spent"] = Spent(Cost(self._visits, self._visits / 7, self._random.randrange(2)))
            answer = AnswerRecord(self.at, json({"said": self._visits}), self._random.choice((None, "ann")))
            own["answers+"] = {f"{task}/approve/{self._visits}/1q0": answer}
        elif dice < 0.8:
            own["context+"] = {f"key{self._random.randrange(4)}": json(self._visits), "": json(None)}
        else:
            self._spawn(task, changes, events)

    def _end(self, task: str, changes: Changes, ended: list[str], events: list[Event]) -> None:
        for run in self._living.pop(task):
            changes[run] = None
        state = self._random.choice((TaskState.COMPLETED, TaskState.FAILED, TaskState.FAILED, TaskState.CANCELLED))
        own: dict[str, Any] = {"status": Status(state, self.at)}
        if state is TaskState.FAILED:
            message = self._random.choice((f"failed at {self.at}", f"no '{task}' in {self.at}", "disk is full"))
            phase, error = self._random.choice(("draft", "approve")), self._random.choice(("Oops", "Timeout"))
            own["failure"] = Failure(phase, error, message, 1)
            self._failed.add(task)
        elif self._random.random() < 0.5:
            own["result"] = Result(json(list(range(self._random.choice((3, 2_000))))))
        changes[task] = own
        self._ended.append(task)
        ended.append(task)
        events.append(_ending(task, state))

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


def _ending(task: str, state: TaskState) -> Event:
    if state is TaskState.COMPLETED:
        return TaskCompleted(task)
    return TaskFailed(task, "Oops", "it") if state is TaskState.FAILED else TaskCancelled(task)
