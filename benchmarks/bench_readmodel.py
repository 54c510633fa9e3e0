"""How fast the index follows a journal, and how fast a page is with a million tasks.

python benchmarks/bench_readmodel.py [DIRECTORY]
"""

import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import encode_commit
from workflow_engine.journal.port import Changes, Commit
from workflow_engine.journal.segments import encode_header
from workflow_engine.readmodel.projector import Projector
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import QuestionQuery, TaskQuery

ENDED: Final = 100_000
PARKED: Final = 200_000
LISTED: Final = 1_000_000
AT_ONCE: Final = 128
"""Tasks that share a commit."""

BUSY: Final = 2_000
"""Tasks a second that an engine finishes while queries are measured; the index has to follow, too."""

START: Final = 1.7e9
"""When the first of the listed tasks is submitted, engine time, in seconds; one follows each second."""

PHASES: Final = ("fetch", "write", "store")
SPEC: Final = {"name": "echo3", "phases": [{"id": phase, "target_classification": phase} for phase in PHASES]}


def main(directory: Path) -> None:
    """Measure, and print a table."""
    gc.disable()  # as the process that catches up does
    rows = [
        *catching_up(directory / "ended", ended(ENDED), ENDED, "ended tasks of 3 phases"),
        *catching_up(directory / "parked", parked(PARKED), PARKED, "parked tasks, each with a question"),
        *pages(directory / "listed"),
    ]
    for name, value in rows:
        print(f"{name:<66} {value:>40}", flush=True)


def catching_up(directory: Path, commits: Iterator[Commit], tasks: int, what: str) -> Iterator[tuple[str, str]]:
    """Measure how fast a journal is taken in: by an index that follows, and by one that is built."""
    half = Layout(directory)
    half.journal.mkdir(parents=True)
    with half.segment(1).open("wb") as file:
        file.write(encode_header(1, 1))
        model = ReadModel(directory)
        model.catch_up()
        for commit in commits:
            file.write(encode_commit(commit))
    start, used = time.perf_counter(), time.process_time()
    model.catch_up()
    rate, cost = tasks / (time.perf_counter() - start), (time.process_time() - used) / tasks
    yield f"following: {what}, a second", f"{rate:,.0f}"
    yield "  processor time of each", f"{cost * 1e6:.0f} us"
    start = time.perf_counter()
    model.reindex()
    yield f"building: {what}, a second", f"{tasks / (time.perf_counter() - start):,.0f}"
    yield "  bytes of each, in the journal and in the index", _sizes(half, model, tasks)


def _sizes(layout: Layout, model: ReadModel, tasks: int) -> str:
    return f"{layout.segment(1).stat().st_size // tasks:,} + {model.path.stat().st_size // tasks:,}"


def ended(count: int) -> Iterator[Commit]:
    """Give the commits of tasks that go through three phases, as an engine writes them."""
    n = 1
    yield Commit(n, 1.0, {"#d": {"definition": {"name": "echo3", "spec": SPEC}}})
    for start in range(0, count, AT_ONCE):
        tasks = [f"0190f3c2-{number:012d}" for number in range(start, min(count, start + AT_ONCE))]
        for step in range(len(PHASES) + 1):
            n += 1
            yield _step(n, tasks, step)


def _step(n: int, tasks: list[str], step: int) -> Commit:
    at = 1.7e9 + n / 1000
    changes: Changes = {}
    events: list[dict[str, Any]] = []
    for task in tasks:
        own: dict[str, Any] = {}
        if step == 0:
            own = _submitted(task, at, "in_progress")
            events.append({"event": "TaskSubmitted", "task": task, "workflow": "echo3"})
        else:
            done = PHASES[step - 1]
            entry = {
                "visits": 1,
                "outcome": "completed",
                "started": at,
                "ended": at,
                "attempts": 1,
                "output": {"ok": 1},
            }
            own["progress+"] = {done: entry}
            changes[f"{task}/{done}/1"] = None
            events.append({"event": "PhaseCompleted", "task": task, "run": f"{task}/{done}/1"})
        if step < len(PHASES):
            run = f"{task}/{PHASES[step]}/1"
            visit = {"task": task, "phase": PHASES[step], "visit": 1, "since": at}
            changes[run] = {"run": visit, "attempt": {"number": 1}, "running": {"since": at}}
            events.append({"event": "PhaseStarted", "task": task, "run": run})
        else:
            own["status"] = {"state": "completed", "since": at}
            events.append({"event": "TaskCompleted", "task": task})
        changes[task] = own
    return Commit(n, at, changes, tuple(tasks) if step == len(PHASES) else (), tuple(events))


def _submitted(task: str, at: float, state: str) -> dict[str, Any]:
    return {
        "identity": {"id": task, "workflow": "echo3", "definition": "d", "submitted_at": at},
        "data": {"value": {"topic": "the durability of things", "number": 17}},
        "status": {"state": state, "since": at},
    }


def parked(count: int) -> Iterator[Commit]:
    """Give the commits of tasks that wait for somebody."""
    yield Commit(1, 1.0, {"#d": {"definition": {"name": "echo3", "spec": SPEC}}})
    for n, start in enumerate(range(0, count, AT_ONCE), 2):
        at = 1.7e9 + n / 1000
        changes: Changes = {}
        for number in range(start, min(count, start + AT_ONCE)):
            task = f"0190f3c2-{number:012d}"
            run = f"{task}/write/1"
            asked = {"id": f"{run}/1q0", "kind": "human", "prompt": "Publish?", "asked_at": at, "candidates": ["ann"]}
            changes[task] = _submitted(task, at, "waiting_human")
            changes[run] = {
                "run": {"task": task, "phase": "write", "visit": 1, "since": at},
                "attempt": {"number": 1},
                "suspended": {"kind": "human", "since": at, "question": asked["id"]},
                "question": asked,
            }
        yield Commit(n, at, changes)


def listed(count: int) -> Iterator[Commit]:
    """Give the commits of very many tasks: of 20 workflows, 5 % of them alive, 1 % failed in 40 ways, 3 % asking."""
    definitions: Changes = {}
    for number in range(60):
        definitions[f"#d{number}"] = {"definition": {"name": f"w{number % 20}", "spec": SPEC}}
    yield Commit(1, START, definitions)
    for n, start in enumerate(range(0, count, AT_ONCE), 2):
        yield _listed(n, range(start, min(count, start + AT_ONCE)), count)


def _listed(n: int, numbers: range, count: int) -> Commit:
    changes: Changes = {}
    ended: list[str] = []
    events: list[dict[str, Any]] = []
    for number in numbers:
        task, state = f"0190f3c2-{number:07d}", _state(number)
        changes[task] = _own(task, number, count, state)
        events.append({"event": "TaskSubmitted", "task": task, "workflow": "w"})
        if state in ("completed", "failed", "cancelled"):
            ended.append(task)
            events.append({"event": f"Task{state.capitalize()}", "task": task})
        else:
            changes[f"{task}/write/1"] = _run(task, number, state)
    return Commit(n, START + numbers[-1], changes, tuple(ended), tuple(events))


def _state(number: int) -> str:
    match number % 100:
        case 0:
            return "pending"
        case 1:
            return ("in_progress", "waiting_agent", "waiting_io")[number // 100 % 3]
        case 2 | 3 | 4:
            return "waiting_human"
        case 5:
            return "failed"
        case 6:
            return "cancelled"
        case _:
            return "completed"


def _own(task: str, number: int, count: int, state: str) -> dict[str, Any]:
    workflow = (number + number // 100) % 20
    at = START + number
    own: dict[str, Any] = {
        "identity": {
            "id": task,
            "workflow": f"w{workflow}",
            "definition": f"d{workflow + 20 * (3 * number // count)}",
            "submitted_at": at,
            "priority": number % 5,
            "labels": {"customer": f"c{number % 1_000}", "region": ("eu", "us", "asia", "africa")[number % 4]},
        },
        "data": {"value": {"topic": f"the durability of word{number}", "age": "old" if 3 * number < count else "new"}},
        "status": {"state": state, "since": at + number % 600},
    }
    if state == "failed":
        way = number // 100 % 40
        message = f"{_WAYS[way % 10]} at line {number} of 'file {number}.txt'"
        own["failure"] = {"phase": PHASES[way % 3], "error": f"Error{way // 10}", "message": message, "attempts": 3}
    if number % 10 == 0:
        own["spent"] = {"cost": {"tokens": number % 5_000, "dollars": number % 100 / 1_000}}
    return own


def _run(task: str, number: int, state: str) -> dict[str, Any]:
    at = START + number
    run: dict[str, Any] = {"run": {"task": task, "phase": "write", "visit": 1, "since": at}, "attempt": {"number": 1}}
    if state == "waiting_human":
        asked: dict[str, Any] = {"id": f"{task}/write/1/1q0", "kind": "human", "prompt": f"Publish chapter {number}?"}
        asked |= {"asked_at": at, "overdue": number % 10 == 2}
        if number % 2:
            asked["due"] = at + 86_400
        if number % 3:
            asked |= {"assignee": f"p{number % 50}"} if number % 3 == 1 else {"candidates": [f"g{number % 7}", "all"]}
        run |= {"suspended": {"kind": "human", "since": at, "question": asked["id"]}, "question": asked}
    elif state.startswith("waiting"):
        run["suspended"] = {"kind": state.removeprefix("waiting_"), "since": at}
    else:
        run["ready"] = {"since": at}
    return run


def pages(directory: Path) -> Iterator[tuple[str, str]]:
    """Measure queries of an index with very many tasks: alone, and while it follows a journal that grows."""
    layout = Layout(directory)
    layout.journal.mkdir(parents=True)
    with layout.segment(1).open("wb") as file:
        file.write(encode_header(1, 1))
        for commit in listed(LISTED):
            file.write(encode_commit(commit))
    model = ReadModel(directory)
    start = time.perf_counter()
    n = model.reindex()
    yield f"building: {LISTED:,} tasks in all states, a second", f"{LISTED / (time.perf_counter() - start):,.0f}"
    yield "  bytes of each, in the journal and in the index", _sizes(layout, model, LISTED)
    yield f"in {LISTED:,} tasks: p50, p95", "alone; beside an engine"
    queries = list(_queries(model))
    alone = [_milliseconds(call) for _, call in queries]
    command = [sys.executable, __file__, "--write", str(directory), str(n)]
    projector = Projector(directory)
    projector.start()
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as engine:
        assert engine.stdout is not None
        engine.stdout.readline()
        before, begun = model.position(), time.perf_counter()
        for (name, call), quiet in zip(queries, alone, strict=True):
            yield f"  {name}", f"{quiet}; {_milliseconds(call)}"
        rate = (model.position() - before) * AT_ONCE / (len(PHASES) + 1) / (time.perf_counter() - begun)
        yield "followed meanwhile: tasks a second, about", f"{rate:,.0f}"
        engine.kill()
    projector.close()


def write(directory: Path, n: int) -> None:
    """Add commits to a journal behind number *n*, at the pace of an engine that is busy, until it is killed."""
    with Layout(directory).segment(1).open("ab", buffering=0) as file:
        pace = time.perf_counter()
        for count, commit in enumerate(ended(100 * LISTED)):
            if count:
                renumbered = Commit(
                    commit.n + n - 1, START + LISTED + count, commit.changes, commit.ended, commit.events
                )
                file.write(encode_commit(renumbered))
                if count == 1:
                    print("begun", flush=True)
            pace += AT_ONCE / (len(PHASES) + 1) / BUSY
            time.sleep(max(0.0, pace - time.perf_counter()))


def _queries(model: ReadModel) -> Iterator[tuple[str, Callable[[], object]]]:
    deep = TaskQuery()
    for _ in range(200):
        deep = TaskQuery(after=model.tasks(deep).next)
    start, end = START, START + LISTED
    for name, query in (
        ("page: the newest", TaskQuery()),
        ("page: the newest, page 200", deep),
        ("page: updated last", TaskQuery(order="-since")),
        ("page: by priority", TaskQuery(order="priority")),
        ("page: failed, one workflow", TaskQuery(statuses=("failed",), workflows=("w3",))),
        ("page: one workflow, updated last", TaskQuery(workflows=("w3",), order="-since")),
        ("page: three workflows, oldest first", TaskQuery(workflows=("w1", "w2", "w3"), order="submitted")),
        ("page: in a phase, one workflow", TaskQuery(phase="write", workflows=("w0",))),
        ("page: in a phase, updated last", TaskQuery(phase="write", order="-since")),
        ("page: waiting for a person, longest first", TaskQuery(statuses=("waiting_human",), order="since")),
        ("page: waiting, by priority", TaskQuery(statuses=("waiting_human", "pending"), order="priority")),
        ("page: one label of 1,000", TaskQuery(labels={"customer": "c77"})),
        ("page: one label of 4, failed", TaskQuery(labels={"region": "us"}, statuses=("failed",))),
        ("page: one label of 4, updated last", TaskQuery(labels={"region": "us"}, order="-since")),
        ("page: error and failed phase", TaskQuery(error="Error1", failed_phase="write", order="-since")),
        ("page: updated in an hour", TaskQuery(since_after=end - 7_200, since_before=end - 3_600)),
        ("page: submitted in an hour, by id", TaskQuery(submitted_after=end - 3_600, order="-id")),
        ("page: old, updated last", TaskQuery(submitted_before=start + 300_000, order="-since")),
        ("page: a rare word", TaskQuery(text="word4711")),
        ("page: a word that all have", TaskQuery(text="durability")),
        ("page: a word that only old ones have", TaskQuery(text="old")),
        ("page: two words, failed ones", TaskQuery(text="durability old", statuses=("failed",))),
        ("page: two labels as words", TaskQuery(text="us c77")),
        ("page: all words that begin so", TaskQuery(text="dura*")),
        ("page: the beginning of an id", TaskQuery(text="0190f3c2-07712")),
    ):
        yield name, partial(model.tasks, query)
    group = model.failures(limit=1).rows[0].key
    yield "page: a group of failures", partial(model.tasks, TaskQuery(failure_group=group))
    yield "counts: all", model.counted
    yield "counts: one workflow", partial(model.counted, TaskQuery(workflows=("w3",)))
    yield "counts: one label of 4", partial(model.counted, TaskQuery(labels={"region": "us"}))
    yield "counts: a word that all have", partial(model.counted, TaskQuery(text="durability"))
    yield "counts: a label of 1,000, a word", partial(model.counted, TaskQuery(labels={"customer": "c7"}, text="old"))
    yield "workflows", model.workflows
    yield "failures", model.failures
    yield "failures: one workflow, most first", partial(model.failures, "w3", order="-count")
    yield "overview: an hour", partial(model.overview, float(end))
    yield "overview: 30 days", partial(model.overview, float(end), 30 * 86_400)
    for name, asked in (
        ("inbox: all", QuestionQuery()),
        ("inbox: mine", QuestionQuery(people=("p7",))),
        ("inbox: mine or my groups", QuestionQuery(people=("p7", "g1", "g2", "all"))),
        ("inbox: my groups, one workflow", QuestionQuery(people=("p7", "all"), workflow="w3")),
        ("inbox: nobody's", QuestionQuery(unassigned=True)),
        ("inbox: overdue", QuestionQuery(overdue=True)),
        ("inbox: a rare text", QuestionQuery(text="CHAPTER 999902")),
    ):
        yield name, partial(model.questions, asked)
    yield "inbox: the badge", partial(model.question_counts, ("p7", "g1", "g2", "all"))
    yield "the newest events", model.latest_events
    yield "the newest failures among events", partial(model.latest_events, 50, ("TaskFailed",))
    yield "one task with all components", partial(model.record, "0190f3c2-0500000")
    yield "looking up 100 ids, none known", partial(model.find, [f"x{number}" for number in range(100)], at_least=0)


_WAYS: Final = (
    "connection refused", "no such record", "the schema does not fit", "too many tokens", "disk is full",
    "unexpected end of input", "permission denied", "the reply was cut off", "no handler", "deadline exceeded",
)  # fmt: skip


def _milliseconds(call: Callable[[], object]) -> str:
    """Return how long *call* takes, the opening of the file included: median and 95 % of some calls."""
    seconds: list[float] = []
    for _ in range(20):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    seconds.sort()
    return f"{seconds[9] * 1e3:.1f}, {seconds[18] * 1e3:.1f} ms"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
            main(Path(place))
