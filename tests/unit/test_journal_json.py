"""The journal on disk: full and failing disks, rolls, compaction while it runs, relaxed durability."""

import asyncio
import os
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from workflow_engine.errors import JournalDamaged, JournalError, JournalLocked
from workflow_engine.journal import writer
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.port import Commit, Recovered
from workflow_engine.journal.recovery import recover
from workflow_engine.testing.failing_disk import FailingDisk
from workflow_engine.testing.memory_journal import MemoryJournal


def commit(n: int, padding: int = 60) -> Commit:
    return Commit(
        n, float(n), {f"t{n % 10}": {"identity": n, "out+": {f"k{n}": "x" * padding}}}, events=({"task": "t1"},)
    )


def known(found: Recovered) -> Any:
    return msgspec.json.decode(msgspec.json.encode((found.n, found.at, found.entities, found.ended)))


async def in_memory(n: int) -> Any:
    """Return what a journal of *n* commits holds."""
    journal = MemoryJournal()
    await journal.open()
    for k in range(1, n + 1):
        journal.append(commit(k))
    return known(await journal.reopen().open())


class Slow(Disk):
    """A disk whose syncs wait while *go_on* is clear."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.go_on.set()
        self.reached = threading.Event()

    def sync(self, fd: int) -> None:
        """Wait, then sync."""
        if not self.go_on.is_set():
            self.reached.set()
            self.go_on.wait(10)
        super().sync(fd)


async def within_seconds(*waits: asyncio.Future[None]) -> None:
    async with asyncio.timeout(10):
        await asyncio.gather(*waits)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.002)


async def test_a_full_disk_is_waited_out_and_nothing_is_lost(tmp_path: Path) -> None:
    disk = FailingDisk()
    journal = JsonJournal(tmp_path, disk=disk)
    await journal.open()
    await journal.append(commit(1))
    disk.room_bytes = 100  # a short write comes first
    waits = [journal.append(commit(n)) for n in range(2, 50)]
    await until(lambda: journal.trouble)
    assert journal.trouble is not None
    assert "journal-00000001.jsonl: No space left on device; nothing is lost" in journal.trouble
    assert not any(wait.done() for wait in waits)
    disk.room_bytes = None
    await within_seconds(*waits)
    assert journal.trouble is None
    await journal.close()
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(49)


async def test_after_a_short_write_the_file_ends_where_it_did(tmp_path: Path) -> None:
    disk = FailingDisk()
    journal = JsonJournal(tmp_path, disk=disk)
    await journal.open()
    await journal.append(commit(1))
    disk.room_bytes = 100
    wait = journal.append(commit(2))
    await until(lambda: journal.trouble)
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(1)
    assert recover(Layout(tmp_path)).recovered.warnings == ()
    disk.room_bytes = None
    await wait
    await journal.close()


@pytest.mark.parametrize("failing", [1, 3])
async def test_after_a_failed_sync_everything_unacknowledged_is_written_again(tmp_path: Path, failing: int) -> None:
    disk = FailingDisk()
    journal = JsonJournal(tmp_path, disk=disk)
    await journal.open()
    await journal.append(commit(1))
    disk.failing_syncs = failing
    waits = [journal.append(commit(n)) for n in range(2, 30)]
    await until(lambda: journal.trouble)
    assert "Input/output error" in str(journal.trouble)
    await within_seconds(*waits)
    await journal.append(commit(30))
    await journal.close()
    assert len(Layout(tmp_path).segments()) == 2
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(30)


async def test_the_end_of_the_old_file_is_disregarded_even_if_it_cannot_be_cut(tmp_path: Path) -> None:
    class Stubborn(FailingDisk):
        def truncate(self, fd: int, size_bytes: int) -> None:
            raise OSError("no")

        def remove(self, path: Path) -> None:
            raise OSError("no")

    disk = Stubborn()
    journal = JsonJournal(tmp_path, disk=disk)
    await journal.open()
    await journal.append(commit(1))
    disk.failing_syncs = 3
    await within_seconds(*[journal.append(commit(n)) for n in range(2, 30)])
    await journal.close()
    assert len(Layout(tmp_path).segments()) == 4
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(29)


async def test_relaxed_durability_loses_nothing_to_a_failed_sync_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RELAXED_SYNC", 0.02)
    disk = FailingDisk()
    journal = JsonJournal(tmp_path, durability="relaxed", disk=disk)
    await journal.open()
    disk.failing_syncs = 1
    for n in range(1, 20):
        await journal.append(commit(n))
    await until(lambda: disk.failing_syncs == 0)
    await journal.append(commit(20))
    await journal.close()
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(20)


async def test_nothing_is_acknowledged_before_it_is_synced(tmp_path: Path) -> None:
    disk = Slow()
    journal = JsonJournal(tmp_path, disk=disk)
    await journal.open()
    disk.go_on.clear()
    wait = journal.append(commit(1))
    await asyncio.to_thread(disk.reached.wait, 10)
    await asyncio.sleep(0.01)
    assert not wait.done()
    disk.go_on.set()
    await wait
    await journal.close()


async def test_closing_goes_on_when_its_caller_is_cancelled(tmp_path: Path) -> None:
    disk = Slow()
    journal = JsonJournal(tmp_path, disk=disk)
    await journal.open()
    disk.go_on.clear()
    wait = journal.append(commit(1))
    closing = asyncio.ensure_future(journal.close())
    await asyncio.to_thread(disk.reached.wait, 10)
    closing.cancel()
    await asyncio.wait([closing])
    with pytest.raises(JournalLocked):
        await JsonJournal(tmp_path).open()
    disk.go_on.set()
    await journal.close()
    assert wait.done()
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(1)


async def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="file cannot be used as a data directory"):
        await JsonJournal(tmp_path / "file").open()


async def test_relaxed_durability_acknowledges_before_the_sync(tmp_path: Path) -> None:
    disk = FailingDisk()
    journal = JsonJournal(tmp_path, durability="relaxed", disk=disk)
    await journal.open()
    disk.failing_syncs = 1
    await journal.append(commit(1))
    assert disk.failing_syncs == 1
    disk.failing_syncs = 0
    await journal.close()


async def test_what_comes_while_the_disk_syncs_shares_the_next_sync(tmp_path: Path) -> None:
    class Counting(Disk):
        syncs = 0

        def sync(self, fd: int) -> None:
            self.syncs += 1
            time.sleep(0.002)
            super().sync(fd)

    disk = Counting()
    journal = JsonJournal(tmp_path, disk=disk)
    await journal.open()
    await asyncio.gather(*[journal.append(commit(n)) for n in range(1, 501)])
    await journal.close()
    assert disk.syncs < 50


async def test_segments_are_followed_by_new_ones_at_their_size(tmp_path: Path) -> None:
    journal = JsonJournal(tmp_path, segment_bytes=4000)
    await journal.open()
    for n in range(1, 25):
        await journal.append(commit(n))
    await journal.close()
    sizes = [path.stat().st_size for _, path in Layout(tmp_path).segments()]
    assert len(sizes) >= 2
    assert all(size < 4300 for size in sizes)
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(24)


async def test_a_full_disk_at_a_roll_is_waited_out(tmp_path: Path) -> None:
    disk = FailingDisk()
    journal = JsonJournal(tmp_path, segment_bytes=1, disk=disk)
    await journal.open()
    await journal.append(commit(1))
    disk.room_bytes = 10
    wait = journal.append(commit(2))
    await until(lambda: journal.trouble)
    disk.room_bytes = None
    await wait
    await journal.close()
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(2)


async def test_compaction_goes_on_while_commits_are_appended(tmp_path: Path) -> None:
    archived: list[int] = []
    journal = JsonJournal(tmp_path, segment_bytes=20_000, on_archived=archived.append)
    await journal.open()
    n = 0
    while len(archived) < 2 and n < 200_000:
        n += 1
        await journal.append(commit(n))
    await journal.compact()
    await journal.append(commit(n + 1))
    await journal.close()
    assert archived == sorted(archived)
    assert archived[-1] == n
    assert len(Layout(tmp_path).segments()) == 1
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(n + 1)


async def test_a_compaction_that_fails_says_why_and_harms_nothing(tmp_path: Path) -> None:
    journal = JsonJournal(tmp_path)
    await journal.open()
    await journal.append(commit(1))
    path = Layout(tmp_path).segment(1)
    sound = path.read_bytes()
    path.write_bytes(sound.replace(b"identity", b"identitz"))
    with pytest.raises(JournalError, match=r"line 2 .*not what was written"):
        await journal.compact()
    path.write_bytes(sound.rstrip(b"\0"))
    await journal.append(commit(2))
    await journal.compact()
    await journal.close()
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(2)


async def test_closing_gives_up_a_compaction(tmp_path: Path) -> None:
    journal = JsonJournal(tmp_path)
    await journal.open()
    await journal.append(commit(1))
    compaction = asyncio.ensure_future(journal.compact())
    await asyncio.sleep(0.02)
    await journal.close()
    with pytest.raises(JournalError):
        await compaction
    assert known(recover(Layout(tmp_path)).recovered) == await in_memory(1)


async def test_two_journals_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    first, second = JsonJournal(tmp_path), JsonJournal(tmp_path)
    await first.open()
    with pytest.raises(JournalLocked) as caught:
        await second.open()
    assert (caught.value.directory, caught.value.holder) == (str(tmp_path), os.getpid())
    await first.close()
    third = JsonJournal(tmp_path)
    await third.open()
    await third.close()


async def test_a_damaged_journal_is_not_opened_and_not_kept_locked(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.journal.mkdir()
    layout.segment(1).write_bytes(b"junk\n")
    with pytest.raises(JournalDamaged):
        await JsonJournal(tmp_path).open()
    layout.segment(1).unlink()
    journal = JsonJournal(tmp_path)
    await journal.open()
    await journal.close()


async def test_an_error_of_ours_in_the_writer_is_not_waited_for(tmp_path: Path) -> None:
    class Broken(Disk):
        broken = False

        def write(self, fd: int, data: bytes, offset: int) -> int:
            if self.broken:
                raise AssertionError("a bug")
            return super().write(fd, data, offset)

    disk = Broken()
    journal = JsonJournal(tmp_path, disk=disk)
    await journal.open()
    disk.broken = True
    with pytest.raises(JournalError, match="a bug"):
        await journal.append(commit(1))
    with pytest.raises(JournalError, match="a bug"):
        journal.append(commit(2))
    with pytest.raises(JournalError, match="a bug"):
        await journal.close()
