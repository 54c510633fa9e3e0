"""Compaction: what it makes, and what a crash in the middle of it leaves."""

import random
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from workflow_engine.errors import JournalError
from workflow_engine.journal.compact import compact
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import encode_commit
from workflow_engine.journal.port import Commit
from workflow_engine.journal.recovery import recover
from workflow_engine.journal.segments import encode_header
from workflow_engine.journal.snapshots import archive_lines, archives, newest_snapshot, snapshot_events
from workflow_engine.testing.failing_disk import Crash, FailingDisk


def plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def commits(seed: int, count: int) -> list[Commit]:
    """Return a random history of tasks that are made, changed, ended, retried and purged."""
    source = random.Random(seed)
    made: list[Commit] = []
    for n in range(1, count + 1):
        changes: dict[str, Any] = {}
        ended: list[str] = []
        for task in source.sample([f"t{k}" for k in range(12)], 3):
            match source.randrange(7):
                case 0:
                    changes[task] = None
                case 1:
                    changes[task] = {"identity": n, "status": "new"}
                case 2:
                    ended.append(task)
                case 3:
                    changes[f"{task}/run"] = source.choice([None, {"run": n}])
                case _:
                    changes[task] = {"outputs+": {f"k{source.randrange(4)}": n}, "status": source.choice([None, n])}
        events = tuple({"task": task, "n": n} for task in sorted({*changes, *ended}))
        made.append(Commit(n, n / 2, changes, tuple(ended), events))
    return made


def write(layout: Layout, made: list[Commit], per_segment: int = 10) -> None:
    layout.journal.mkdir(parents=True)
    for number, start in enumerate(range(0, len(made), per_segment), 1):
        text = b"".join(encode_commit(each) for each in made[start : start + per_segment])
        layout.segment(number).write_bytes(encode_header(number, made[start].n) + text)


def live(layout: Layout) -> Any:
    found = recover(layout).recovered
    return found.n, found.at, plain(found.entities)


def record_of_everything(layout: Layout) -> dict[str, Any]:
    """Return ``{task: [components of the last life that ended, all events]}`` from the archives, as a reader would."""
    known: dict[str, Any] = {}
    for archive in archives(layout):
        for row in archive_lines(archive.path):
            if row.purged:
                known[row.task] = [None, []]
                continue
            entry: list[Any] = known.get(row.task, [None, []])
            entry = [entry[0] if row.components is None else plain(row.components), entry[1] + plain(row.events)]
            known[row.task] = entry
    return known


@pytest.mark.parametrize("seed", range(20))
def test_a_compacted_journal_folds_like_its_segments(tmp_path: Path, seed: int) -> None:
    raw, once, often = (Layout(tmp_path / name) for name in ("raw", "once", "often"))
    made = commits(seed, 95)
    for layout in (raw, once, often):
        write(layout, made)
    compact(once, 90, Disk())
    for upto in (20, 30, 70, 90):
        compact(often, upto, Disk())
    assert live(once) == live(often) == live(raw)
    (newest,) = once.snapshots()
    assert newest == (90, once.snapshot(90))
    assert [number for number, _ in once.segments()] == [10]


@pytest.mark.parametrize("seed", range(20))
def test_no_event_is_lost_before_its_task_is_purged(tmp_path: Path, seed: int) -> None:
    layout = Layout(tmp_path)
    made = commits(seed, 91)
    write(layout, made)
    for upto in (20, 30, 70, 90):
        compact(layout, upto, Disk())
    told: dict[str, list[Any]] = {}
    for each in made[:90]:
        for event in each.events:
            told.setdefault(event["task"], []).append([each.n, each.at, each.events.index(event), event])
        for entity, components in each.changes.items():
            if components is None:
                told.pop(entity, None)
    kept = {task: entry[1] for task, entry in record_of_everything(layout).items() if entry[1]}
    newest = newest_snapshot(layout)
    assert newest is not None
    for task, events in snapshot_events(newest[1]):
        kept[task] = kept.get(task, []) + plain(events)
    assert kept == told


def test_an_archived_task_that_is_retried_is_superseded_by_its_next_end(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    made = [
        Commit(1, 1.0, {"t1": {"identity": 1, "old": 1}}, ("t1",), ({"task": "t1", "k": 1},)),
        Commit(2, 2.0, {"t1": {"identity": 2}}, (), ({"task": "t1", "k": 2},)),
        Commit(3, 3.0, {"t1": {"status": "done"}}, ("t1",), ({"task": "t1", "k": 3},)),
        Commit(4, 4.0, {}),
    ]
    write(layout, made, per_segment=1)
    for upto in (1, 2, 3):
        compact(layout, upto, Disk())
    assert record_of_everything(layout) == {
        "t1": [{"identity": 2, "status": "done"}, [[k, float(k), 0, {"task": "t1", "k": k}] for k in (1, 2, 3)]]
    }


async def test_a_crash_at_any_step_leaves_a_journal_that_opens_as_before(tmp_path: Path) -> None:
    made = commits(3, 45)
    template = Layout(tmp_path / "template")
    write(template, made)
    compact(template, 10, Disk())
    before = live(template)
    steps = 0
    while True:
        layout = Layout(tmp_path / f"crash-{steps}")
        shutil.copytree(template.data, layout.data)
        disk = FailingDisk()
        disk.crash_after = steps
        try:
            compact(layout, 40, disk)
        except Crash:
            steps += 1
        else:
            break
        assert live(layout) == before
        journal = JsonJournal(layout.data)
        await journal.open()
        assert layout.unfinished() == []
        await journal.append(Commit(46, 50.0, {"new": {"x": 1}}))
        await journal.compact()
        await journal.close()
        assert live(layout)[2] == {**before[2], "new": {"x": 1}}
        assert [(archive.first, archive.last) for archive in layout.archives()] in (
            [(1, 10), (11, 46)],
            [(1, 10), (11, 40), (41, 46)],
            [(1, 10), (11, 40)],
        )
    assert steps >= 10


def test_what_is_not_finished_is_not_compacted(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write(layout, commits(1, 25))
    for upto in (15, 25):
        with pytest.raises(JournalError, match=f"not {upto}"):
            compact(layout, upto, Disk())
    assert [number for number, _ in layout.segments()] == [1, 2, 3]


def test_compacting_again_does_nothing(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write(layout, commits(1, 25))
    compact(layout, 20, Disk())
    disk = FailingDisk()
    compact(layout, 20, disk)
    assert disk.calls == 0
