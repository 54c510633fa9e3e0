"""Recovery: what a journal makes of files that a crash or a bad disk left."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from workflow_engine.errors import JournalDamaged, JournalError
from workflow_engine.journal.compact import compact
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.lines import encode_commit, encode_line
from workflow_engine.journal.port import Commit, Recovered
from workflow_engine.journal.recovery import recover
from workflow_engine.journal.segments import encode_header
from workflow_engine.journal.snapshots import archive_lines, archives


def commit(n: int) -> Commit:
    text = "lorem ipsum @ " * (n % 7)
    event = {"task": f"t{n % 9}", "kind": "noted"}
    return Commit(
        n, n / 4, {f"t{n % 9}": {"identity": n, "text": text}}, (f"t{n % 5}",) if n % 8 == 0 else (), (event,)
    )


def lines(first: int, last: int) -> bytes:
    return b"".join(encode_commit(commit(n)) for n in range(first, last + 1))


def write_segment(layout: Layout, number: int, first: int, content: bytes) -> Path:
    layout.journal.mkdir(parents=True, exist_ok=True)
    path = layout.segment(number)
    path.write_bytes(encode_header(number, first) + content)
    return path


def known(found: Recovered) -> Any:
    """Return what was recovered as plain values, without the warnings."""
    return msgspec.json.decode(msgspec.json.encode((found.n, found.at, found.entities, found.ended)))


def expected(n: int, tmp_path: Path) -> Any:
    layout = Layout(tmp_path / f"expected-{n}")
    write_segment(layout, 1, 1, lines(1, n))
    return known(recover(layout).recovered)


async def reopened(directory: Path) -> Recovered:
    """Open, append a commit, close, and return what is found after that."""
    journal = JsonJournal(directory)
    n = (await journal.open()).n
    await journal.append(commit(n + 1))
    await journal.close()
    return recover(Layout(directory)).recovered


async def test_a_journal_cut_anywhere_keeps_every_whole_commit_and_goes_on(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    whole = write_segment(layout, 1, 1, lines(1, 80)).read_bytes()
    cuts_max = len(whole) - 4096
    answers = {n: expected(n, tmp_path) for n in range(81)}
    for cut in range(len(whole), cuts_max, -1):
        layout.segment(1).write_bytes(whole[:cut])
        n = whole.count(b"\n", 0, cut) - 1 + (whole[cut : cut + 1] == b"\n")
        found = recover(layout)
        assert known(found.recovered) == answers[n]
        if cut % 97 == 0 or whole[cut - 1 : cut + 1].count(b"\n"):
            assert known(await reopened(tmp_path)) == expected(n + 1, tmp_path)
            layout.segment(1).unlink()
            shutil.rmtree(tmp_path / f"expected-{n + 1}")


def test_a_torn_tail_is_told_of(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    path = write_segment(layout, 1, 1, lines(1, 3)[:-5])
    offset = len(encode_header(1, 1) + lines(1, 2))
    assert recover(layout).recovered.warnings == (
        f"{path}, line 4 (byte {offset}): a write had not finished when the engine stopped; it was cut off",
    )


async def test_a_torn_tail_is_gone_once_the_journal_is_open(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    path = write_segment(layout, 1, 1, lines(1, 3) + b'{"n":4,' + b"x" * 1000 + bytes(5000))
    journal = JsonJournal(tmp_path)
    assert len((await journal.open()).warnings) == 1
    assert path.read_bytes() == encode_header(1, 1) + lines(1, 3)
    await journal.close()


def test_a_snapshot_that_lacks_lines_is_damaged(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_segment(layout, 1, 1, lines(1, 20))
    write_segment(layout, 2, 21, lines(21, 22))
    compact(layout, 20, Disk())
    written = layout.snapshot(20).read_bytes().splitlines(keepends=True)
    for k in range(len(written)):
        layout.snapshot(20).write_bytes(b"".join(written[:k] + written[k + 1 :]))
        with pytest.raises(JournalDamaged):
            recover(layout)


def test_each_of_two_thousand_flipped_bits_is_noticed_or_loses_nothing(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_segment(layout, 1, 1, lines(1, 60))
    write_segment(layout, 2, 61, lines(61, 120))
    write_segment(layout, 3, 121, lines(121, 150) + bytes(2000))
    compact(layout, 60, Disk())
    paths = [path for path in sorted(layout.journal.iterdir()) if path.suffix == ".jsonl"]
    assert len(paths) == 4
    whole = everything(layout)
    source = random.Random(20240607)
    noticed = 0
    last_bytes = [(path, 8 * (path.stat().st_size - 1) + bit) for path in paths for bit in range(8)]
    anywhere = [(path := source.choice(paths), source.randrange(8 * path.stat().st_size)) for _ in range(2000)]
    for path, bit in [*last_bytes, *anywhere]:
        sound = path.read_bytes()
        flipped = bytearray(sound)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            assert everything(layout) == whole, f"bit {bit} of {path}"
        except JournalDamaged:
            noticed += 1
        path.write_bytes(sound)
    assert noticed > 1500


def everything(layout: Layout) -> Any:
    archived = [list(archive_lines(archive.path)) for archive in archives(layout)]
    return known(recover(layout).recovered), msgspec.json.decode(msgspec.json.encode(archived))


def test_what_a_newer_segment_has_again_counts_and_the_older_end_does_not(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for junk in (b"", lines(8, 12), b"junk\n", bytes(700) + b"junk", lines(8, 9)[:-3]):
        write_segment(layout, 1, 1, lines(1, 7) + junk)
        write_segment(layout, 2, 8, lines(8, 8)[:50])
        write_segment(layout, 3, 8, lines(8, 20))
        assert known(recover(layout).recovered) == expected(20, tmp_path)


def test_damage_before_what_a_newer_segment_has_again_is_damage(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    path = write_segment(layout, 1, 1, lines(1, 6) + b"junk\n")
    write_segment(layout, 2, 8, lines(8, 20))
    with pytest.raises(JournalDamaged) as caught:
        recover(layout)
    assert (caught.value.path, caught.value.line) == (str(path), 8)
    assert path.read_bytes()[caught.value.offset :] == b"junk\n"


def spoil_gap(layout: Layout) -> None:
    write_segment(layout, 2, 8, lines(8, 9) + lines(11, 12))


def spoil_missing_end(layout: Layout) -> None:
    write_segment(layout, 1, 1, lines(1, 5))


def spoil_missing_file(layout: Layout) -> None:
    layout.segment(1).unlink()


def spoil_header(layout: Layout) -> None:
    path = layout.segment(2)
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":3', 1))


def spoil_name(layout: Layout) -> None:
    layout.segment(2).rename(layout.segment(3))


def spoil_stray_line(layout: Layout) -> None:
    write_segment(layout, 2, 8, encode_line({"hello": 1}) + lines(8, 9))


def spoil_empty_middle(layout: Layout) -> None:
    layout.segment(1).write_bytes(b"")


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_gap,
        spoil_missing_end,
        spoil_missing_file,
        spoil_header,
        spoil_name,
        spoil_stray_line,
        spoil_empty_middle,
    ],
)
def test_what_is_missing_or_strange_is_damage(tmp_path: Path, spoil: Callable[[Layout], None]) -> None:
    layout = Layout(tmp_path)
    write_segment(layout, 1, 1, lines(1, 7))
    write_segment(layout, 2, 8, lines(8, 12))
    spoil(layout)
    with pytest.raises(JournalDamaged):
        recover(layout)


@pytest.mark.parametrize("header", [b"", encode_header(2, 8)[:9], encode_header(2, 8)[:-1], bytes(4096)])
async def test_a_segment_of_which_a_crash_left_no_header_holds_nothing(tmp_path: Path, header: bytes) -> None:
    layout = Layout(tmp_path)
    write_segment(layout, 1, 1, lines(1, 7))
    layout.segment(2).write_bytes(header)
    assert known(await reopened(tmp_path)) == expected(8, tmp_path)


async def test_a_journal_of_which_a_crash_left_only_the_first_file_name_is_new(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.journal.mkdir()
    layout.segment(1).touch()
    assert (await reopened(tmp_path)).n == 1


def test_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.journal.mkdir()
    layout.segment(1).write_bytes(encode_line({"format": 2, "engine": "9.0", "pages": []}))
    with pytest.raises(JournalError, match=r"journal-00000001\.jsonl has format 2, and this engine reads up to 1"):
        recover(layout)
