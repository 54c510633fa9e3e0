"""Following a journal while it is written."""

import asyncio
import contextlib
import threading
from pathlib import Path

import msgspec
import pytest

from workflow_engine.errors import JournalDamaged
from workflow_engine.journal.compact import compact
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.follow import Compacted, Follower, Position
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import Record, encode_commit
from workflow_engine.journal.port import Commit
from workflow_engine.journal.segments import encode_header
from workflow_engine.journal.snapshots import snapshot_entities


def line(n: int, text: str = "") -> bytes:
    return encode_commit(Commit(n, float(n), {"t1": {"identity": n, "out+": {"k": text}}}, (), ({"task": "t1"},)))


def segment(layout: Layout, number: int, first: int, last: int, end: bytes = b"") -> Path:
    layout.journal.mkdir(parents=True, exist_ok=True)
    path = layout.segment(number)
    path.write_bytes(encode_header(number, first) + b"".join(line(n) for n in range(first, last + 1)) + end)
    return path


def numbers(records: list[Record]) -> list[int]:
    return [record.n for record in records]


def drained(follower: Follower, limit_bytes: int = 1 << 20) -> list[int]:
    found: list[int] = []
    while records := follower.read(limit_bytes):
        found += numbers(records)
    return found


def test_there_is_nothing_to_follow_before_there_is_a_journal(tmp_path: Path) -> None:
    follower = Follower(tmp_path)
    assert follower.read() == []
    segment(Layout(tmp_path), 1, 1, 2)
    assert numbers(follower.read()) == [1, 2]
    follower.close()


def test_a_record_has_its_values_as_json_and_the_names_of_tables(tmp_path: Path) -> None:
    segment(Layout(tmp_path), 1, 1, 1)
    follower = Follower(tmp_path)
    (record,) = follower.read()
    assert (
        msgspec.json.encode(record) + b"\n"
        == line(1)[: line(1).index(b',"crc"')].replace(b',"events', b',"ended":[],"events') + b"}\n"
    )
    follower.close()


def test_only_whole_lines_are_given(tmp_path: Path) -> None:
    path = segment(Layout(tmp_path), 1, 1, 2)
    follower = Follower(tmp_path)
    follower.read()
    before = path.read_bytes()
    for cut in range(len(line(3))):
        path.write_bytes(before + line(3)[:cut] + bytes(300))
        assert follower.read() == []
    path.write_bytes(before + line(3) + bytes(300))
    assert numbers(follower.read()) == [3]
    follower.close()


@pytest.mark.parametrize("limit_bytes", [1, 64, 300, 1 << 20])
def test_it_goes_on_across_segments_and_from_any_kept_position(tmp_path: Path, limit_bytes: int) -> None:
    layout = Layout(tmp_path)
    segment(layout, 1, 1, 4)
    segment(layout, 2, 5, 9)
    segment(layout, 4, 10, 12)
    found: list[int] = []
    kept = msgspec.json.encode(Position())
    while True:
        follower = Follower(tmp_path, msgspec.json.decode(kept, type=Position))
        records = follower.read(limit_bytes)
        follower.close()
        if not records:
            break
        found += numbers(records)
        kept = msgspec.json.encode(follower.position)
    assert found == list(range(1, 13))


def test_what_was_written_again_after_a_failed_sync_is_given_once(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    segment(layout, 1, 1, 4, end=b"junk\n")
    segment(layout, 2, 3, 9)
    follower = Follower(tmp_path)
    assert drained(follower) == list(range(1, 10))
    follower.close()


def test_it_says_so_when_compaction_took_what_comes_next(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for number in range(1, 5):
        segment(layout, number, number * 3 - 2, number * 3)
    start, middle = Follower(tmp_path), Follower(tmp_path)
    middle.read()
    compact(layout, 9, Disk())
    for follower in (start, middle):
        with pytest.raises(Compacted, match="snapshot of commit 9"):
            follower.read()
        follower.close()
    from_snapshot = Follower(tmp_path, Position(n=9))
    assert drained(from_snapshot) == [10, 11, 12]
    from_snapshot.close()


def test_it_goes_on_if_compaction_took_only_what_it_had_read(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    segment(layout, 1, 1, 3)
    follower, kept = Follower(tmp_path), Follower(tmp_path)
    for each in (follower, kept):
        each.read()
    kept.close()
    segment(layout, 2, 4, 6)
    compact(layout, 3, Disk())
    assert drained(follower) == drained(kept) == [4, 5, 6]
    follower.close()
    kept.close()


def test_a_position_in_a_file_that_is_another_one_now_is_noticed(tmp_path: Path) -> None:
    path = segment(Layout(tmp_path), 1, 1, 3)
    follower = Follower(tmp_path)
    follower.read()
    follower.close()
    path.write_bytes(encode_header(1, 1) + line(1) + line(2) + line(3, "other") + line(4))
    with pytest.raises(Compacted):
        follower.read()


def test_damage_is_noticed(tmp_path: Path) -> None:
    path = segment(Layout(tmp_path), 1, 1, 5)
    path.write_bytes(path.read_bytes().replace(b'"identity":4', b'"identity":5'))
    follower = Follower(tmp_path)
    assert numbers(follower.read()) == [1, 2, 3]
    with pytest.raises(JournalDamaged) as caught:
        follower.read()
    assert (caught.value.line, caught.value.offset) == (5, len(encode_header(1, 1) + line(1) + line(2) + line(3)))
    follower.close()


async def test_it_keeps_up_with_an_engine_that_compacts(tmp_path: Path) -> None:
    count = 2000
    known: dict[str, int] = {}
    restarts: list[int] = []
    compacted_once = threading.Event()

    def follow() -> None:
        layout = Layout(tmp_path)
        compacted_once.wait(20)
        follower = Follower(tmp_path)
        while follower.position.n < count:
            try:
                for record in follower.read(2000):
                    known.update({name: record.n for name in record.changes})
            except Compacted as compacted:
                restarts.append(compacted.n)
                with contextlib.suppress(FileNotFoundError):  # there is a newer one by now
                    known.update({name: -1 for name, _ in snapshot_entities(layout.snapshot(compacted.n))})
                    follower.close()
                    follower = Follower(tmp_path, Position(n=compacted.n))
        follower.close()

    journal = JsonJournal(tmp_path, segment_bytes=10_000, on_archived=lambda _: compacted_once.set())
    await journal.open()
    thread = threading.Thread(target=follow)
    thread.start()
    for n in range(1, count + 1):
        await journal.append(Commit(n, 0.0, {f"t{n}": {"x": n}}))
    await journal.compact()
    await asyncio.to_thread(thread.join, 20)
    await journal.close()
    assert set(known) == {f"t{n}" for n in range(1, count + 1)}
    assert restarts


async def test_it_keeps_up_with_an_engine_across_rolls(tmp_path: Path) -> None:
    count = 3000
    found: list[int] = []

    def follow() -> None:
        follower = Follower(tmp_path)
        while len(found) < count:
            found.extend(numbers(follower.read(5000)))
        follower.close()

    journal = JsonJournal(tmp_path, segment_bytes=20_000)
    await journal.open()
    # Compactions would take what the thread has not read yet, and this test is about rolls.
    Layout(tmp_path).compaction_lock.unlink()
    Layout(tmp_path).compaction_lock.mkdir()
    thread = threading.Thread(target=follow)
    thread.start()
    for n in range(1, count + 1):
        wait = journal.append(Commit(n, 0.0, {"t1": {"x": n}}))
        if n % 10 == 0:
            await wait
    await journal.close()
    await asyncio.to_thread(thread.join, 20)
    assert found == list(range(1, count + 1))
