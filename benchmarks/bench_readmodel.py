"""How fast the index follows a journal, and how fast a page is with a million tasks.

python benchmarks/bench_readmodel.py [DIRECTORY]
"""

import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import encode_commit
from workflow_engine.journal.port import Changes, Commit
from workflow_engine.journal.segments import encode_header
from workflow_engine.readmodel.index_file import IndexFile
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import QuestionQuery, TaskQuery

ENDED: Final = 100_000
PARKED: Final = 200_000
LISTED: Final = 1_000_000
AT_ONCE: Final = 128
"""Tasks that share a commit."""

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
        print(f"{name:<72} {value:>14}")


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


def pages(directory: Path) -> Iterator[tuple[str, str]]:
    """Measure queries of an index with very many tasks, of which one in ten waits."""
    Layout(directory).journal.mkdir(parents=True)
    model = ReadModel(directory)
    model.catch_up()
    with IndexFile(directory).opened() as connection:
        for statement in _ROWS.split(";"):
            connection.execute(statement, {"count": LISTED} if ":count" in statement else {})
    deep = TaskQuery()
    for _ in range(100):
        deep = TaskQuery(after=model.tasks(deep).next)
    for name, query in (
        ("the newest", TaskQuery()),
        ("the newest, page 100", deep),
        ("failed, one workflow", TaskQuery(statuses=("failed",), workflows=("w3",))),
        ("three workflows, any state, oldest first", TaskQuery(workflows=("w1", "w2", "w3"), order="submitted")),
        ("in a phase, one workflow", TaskQuery(phase="approve", workflows=("w0",))),
        ("waiting for a person, longest first", TaskQuery(statuses=("waiting_human",), order="since")),
        ("waiting, by priority", TaskQuery(statuses=("waiting_human", "pending"), order="priority")),
        ("one label of 1,000", TaskQuery(labels={"customer": "c77"})),
        ("a rare word", TaskQuery(text="word4711")),
        ("a word that all have", TaskQuery(text="durability")),
        ("a word that all have, failed ones", TaskQuery(text="durability", statuses=("failed",))),
        ("all words that begin so", TaskQuery(text="dura*")),
        ("a window of time, by id", TaskQuery(submitted_after=1.7e9 + LISTED - 100, order="-id")),
    ):
        yield f"page of 50 in {LISTED:,} tasks: {name}", _milliseconds(lambda query=query: model.tasks(query))
    yield "counting them by state", _milliseconds(model.counts)
    yield "one task with all components", _milliseconds(lambda: model.record("t0500000"))
    yield (
        "looking up 100 ids, none known",
        _milliseconds(lambda: model.find([f"x{number}" for number in range(100)], at_least=0)),
    )
    yield "inbox of one person", _milliseconds(lambda: model.questions(QuestionQuery(candidate="p7")))


_ROWS: Final = """
BEGIN;
CREATE TEMP TABLE numbers AS
    WITH RECURSIVE n (k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < :count) SELECT k FROM n;
INSERT INTO tasks SELECT k, printf('t%07d', k), 1, 'w' || (k % 10), 'd',
    CASE WHEN k % 10 = 0 THEN 'waiting_human' WHEN k % 1000 = 3 THEN 'failed' ELSE 'completed' END, 1.7e9 + k % 99991,
    1.7e9 + k, CASE WHEN k % 10 THEN 1.7e9 + k END, k % 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    CASE WHEN k % 10 = 0 THEN iif(k % 30, 'approve', 'check') END, CASE WHEN k % 10 = 0 THEN 'c' END,
    CASE WHEN k % 10 = 0 THEN 'human' END, 0 FROM numbers;
INSERT INTO labels SELECT k, 'customer', 'c' || (k % 1000), 1.7e9 + k, printf('t%07d', k) FROM numbers;
INSERT INTO parts SELECT k, 0, '', '', '', CAST('{"data":{"value":{"topic":"durability"}}}' AS BLOB) FROM numbers;
INSERT INTO search (rowid, text) SELECT k, printf('t%07d the durability of things word%d', k, k) FROM numbers;
INSERT INTO questions SELECT k, 'approve/1', printf('t%07d/approve/1/1q0', k), printf('t%07d', k), 'approve', 'human',
    'Publish?', NULL, CAST('[]' AS BLOB), 1.7e9 + k, NULL, 0, 1e18 FROM numbers WHERE k % 10 = 0;
INSERT INTO invited SELECT k, 'approve/1', 'p' || (k % 50), 1e18, 1.7e9 + k, printf('t%07d/approve/1/1q0', k)
    FROM numbers WHERE k % 10 = 0;
DROP TABLE numbers;
COMMIT
"""


def _milliseconds(call: Any) -> str:
    """Return how long *call* takes, the opening of the file included: the median of some calls."""
    seconds: list[float] = []
    for _ in range(15):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return f"{sorted(seconds)[len(seconds) // 2] * 1e3:.1f} ms"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as place:
        main(Path(place))
