"""Repair: what is kept of a damaged journal, and what is said of the rest."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest

from workflow_engine.errors import JournalDamaged, JournalLocked
from workflow_engine.journal.compact import compact
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import encode_commit
from workflow_engine.journal.port import Commit
from workflow_engine.journal.recovery import recover
from workflow_engine.journal.repair import Loss, repair
from workflow_engine.journal.segments import encode_header
from workflow_engine.journal.snapshots import archive_lines, archives


def commit(n: int) -> Commit:
    ended = (f"t{n - 1}",) if n % 4 == 0 else ()
    return Commit(n, float(n), {f"t{n}": {"identity": n}, "all": {"out+": {f"k{n}": n}}}, ended)


def journal_of(tmp_path: Path, count: int = 12, per_segment: int = 4) -> Layout:
    layout = Layout(tmp_path)
    layout.journal.mkdir()
    for number, first in enumerate(range(1, count + 1, per_segment), 1):
        text = b"".join(encode_commit(commit(n)) for n in range(first, first + per_segment))
        layout.segment(number).write_bytes(encode_header(number, first) + text)
    return layout


def spoil(path: Path, old: bytes, new: bytes) -> bytes:
    before = path.read_bytes()
    assert before.count(old) == 1
    path.write_bytes(before.replace(old, new))
    return before


def keys(layout: Layout) -> list[str]:
    entities: Any = msgspec.json.decode(msgspec.json.encode(recover(layout).recovered.entities))
    return list(entities["all"]["out"])


def test_a_sound_journal_is_left_alone(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    before = {path: path.read_bytes() for path in layout.journal.iterdir()}
    report = repair(tmp_path)
    assert report.sentences() == ["The journal is sound; nothing was changed."]
    assert {path: path.read_bytes() for path in before} == before


async def test_a_damaged_middle_is_cut_out_and_named(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    path = layout.segment(2)
    spoil(path, b'"k6":6', b'"k6":9')
    damaged = path.read_bytes()
    report = repair(tmp_path)
    offset = len(encode_header(2, 5) + encode_commit(commit(5)))
    assert report.lost == (Loss(str(path), 3, offset, ("t6", "all")),)
    assert (report.kept, report.commits) == (11, ((6, 6),))
    assert report.moved == str(layout.journal / "damaged-1")
    assert (layout.journal / "damaged-1" / path.name).read_bytes() == damaged
    said = report.sentences()
    assert f"{path}, line 3 (byte {offset}): not what was written; it was about t6, all." in said
    assert "Commit 6 is lost." in said
    assert keys(layout) == [f"k{n}" for n in range(1, 13) if n != 6]
    journal = JsonJournal(tmp_path)
    assert (await journal.open()).n == 11
    await journal.append(Commit(12, 20.0, {}))
    await journal.close()


def test_two_lines_whose_newline_was_damaged_are_both_kept(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    spoil(layout.segment(2), b'}\n{"n":6', b'}K{"n":6')
    report = repair(tmp_path)
    assert (report.kept, report.commits, len(report.lost)) == (12, (), 1)
    assert keys(layout) == [f"k{n}" for n in range(1, 13)]


def test_a_missing_file_is_named_by_its_commits(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    layout.segment(2).unlink()
    report = repair(tmp_path)
    assert (report.kept, report.commits) == (8, ((5, 8),))
    assert "Commits 5 to 8 are lost." in report.sentences()
    assert keys(layout) == [f"k{n}" for n in (1, 2, 3, 4, 9, 10, 11, 12)]


def test_a_damaged_header_costs_no_commit(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    spoil(layout.segment(2), b'"segment":2', b'"segment":3')
    assert repair(tmp_path).commits == ()
    assert keys(layout) == [f"k{n}" for n in range(1, 13)]


def test_a_torn_tail_is_no_loss(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    spoil(layout.segment(2), b'"k6":6', b'"k6":9')
    with layout.segment(3).open("ab") as file:
        file.write(encode_commit(commit(13))[:30])
    assert repair(tmp_path).commits == ((6, 6),)


def test_damaged_snapshots_and_archives_keep_their_sound_lines(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    compact(layout, 8, Disk())
    spoil(
        layout.snapshot(8), b'"entity":"t5","components":{"identity":5}', b'"entity":"t5","components":{"identity":4}'
    )
    spoil(layout.archive(1, 8), b'"task":"t3"', b'"task":"t9"')
    report = repair(tmp_path)
    assert {loss.entities for loss in report.lost} == {("t5",), ("t9",)}
    assert set(recover(layout).recovered.entities) == {"all", "t1", "t2", "t4", "t6", "t8", "t9", "t10", "t12"}
    (archive,) = archives(layout)
    assert [row.task for row in archive_lines(archive.path)] == ["t7"]


def test_a_lost_snapshot_does_not_take_the_archives_with_it(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    compact(layout, 8, Disk())
    layout.snapshot(8).unlink()
    repair(tmp_path)
    recover(layout)
    assert [archive.last for archive in archives(layout)] == [8]
    assert keys(layout) == ["k9", "k10", "k11", "k12"]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_damaged_the_journal_opens_again(tmp_path: Path, seed: int) -> None:
    source = random.Random(seed)
    layout = journal_of(tmp_path, count=24)
    compact(layout, 12, Disk())
    paths = sorted(path for path in layout.journal.iterdir() if path.suffix == ".jsonl")
    for path in source.sample(paths, 2):
        data = bytearray(path.read_bytes())
        for _ in range(source.randrange(1, 6)):
            start = source.randrange(len(data))
            data[start : start + source.randrange(60)] = source.randbytes(source.randrange(60))
        path.write_bytes(data)
    repair(tmp_path)
    recover(layout)
    for archive in archives(layout):
        list(archive_lines(archive.path))
    assert repair(tmp_path).moved is None


async def test_a_running_engine_is_not_repaired(tmp_path: Path) -> None:
    journal = JsonJournal(tmp_path)
    await journal.open()
    with pytest.raises(JournalLocked):
        repair(tmp_path)
    await journal.close()


def test_what_damage_looks_like_before_repair(tmp_path: Path) -> None:
    layout = journal_of(tmp_path)
    spoil(layout.segment(2), b'"k6":6', b'"k6":9')
    with pytest.raises(JournalDamaged, match=r"line 3 .*workflow-engine repair"):
        recover(layout)
