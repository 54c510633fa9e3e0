"""Logs of programs, written and read at the same time."""

import logging
from pathlib import Path

import pytest

from workflow_engine.adapters.program_log import (
    HEAD_BYTES,
    TAIL_BYTES,
    LogPart,
    ProgramLog,
    log_path,
    read_log,
    remove_logs,
)

LINE = b"0123456789abcde\n"
FULL = HEAD_BYTES + 3 * TAIL_BYTES
"""Bytes that do not fit."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return log_path(tmp_path, "t1", "lint", 1, 1)


def written(path: Path, size: int) -> ProgramLog:
    """Return a log to which *size* bytes were added, line by line."""
    log = ProgramLog(path)
    for _ in range(size // len(LINE)):
        log.add(LINE)
    return log


def test_what_is_written_is_read_piece_by_piece(path: Path) -> None:
    log = ProgramLog(path)
    log.add(b"one\n")
    first = read_log(path)
    log.add(b"two\n")
    assert (first, read_log(path, first.position)) == (LogPart("one\n", 4), LogPart("two\n", 8))
    assert read_log(path, 8) == LogPart("", 8)
    log.close()


def test_a_log_that_is_not_there_yet_is_empty(path: Path) -> None:
    ProgramLog(path).close()
    assert read_log(path) == LogPart("", 0)
    assert not path.exists()


def test_of_a_long_log_head_and_tail_are_kept(path: Path) -> None:
    written(path, FULL).close()
    text, position = read_log(path)
    assert position == FULL
    assert path.stat().st_size < HEAD_BYTES + 2 * TAIL_BYTES + 100
    head, rest = text[:HEAD_BYTES], text[HEAD_BYTES:]
    marker, tail = rest.split("]\n", 1)
    assert head.encode() == LINE * (HEAD_BYTES // len(LINE))
    assert len(tail) >= TAIL_BYTES
    assert marker.split() == ["[...", str(FULL - HEAD_BYTES - len(tail)), "bytes", "dropped", "..."]


def test_a_reader_that_kept_up_sees_each_byte_of_a_long_log_once(path: Path) -> None:
    log = ProgramLog(path)
    seen, position = "", 0
    for _ in range(FULL // 65_536):
        log.add(LINE * (65_536 // len(LINE)))
        part = read_log(path, position)
        seen, position = seen + part.text, part.position
    log.close()
    assert seen.encode() == LINE * (FULL // len(LINE))


def test_a_reader_that_fell_behind_is_told_what_it_missed(path: Path) -> None:
    log = written(path, HEAD_BYTES)
    position = read_log(path).position
    for _ in range(3 * TAIL_BYTES // len(LINE)):
        log.add(LINE)
    log.close()
    assert read_log(path, position).text.startswith("\n[... ")
    assert read_log(path, FULL - 5).text == LINE.decode()[-5:]


def test_half_a_character_is_left_for_the_next_time(path: Path) -> None:
    log = ProgramLog(path)
    log.add("né".encode()[:2])
    part = read_log(path)
    log.add("né".encode()[2:])
    log.close()
    assert (part, read_log(path, part.position)) == (LogPart("n", 1), LogPart("é", 3))


def test_bytes_that_are_no_text_can_be_read(path: Path) -> None:
    log = ProgramLog(path)
    log.add(b"a\xff\xfeb")
    log.close()
    assert read_log(path).text == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b"


def test_a_log_that_is_begun_anew_is_read_from_its_beginning(path: Path) -> None:
    written(path, 1600).close()
    log = ProgramLog(path)
    log.add(b"again")
    log.close()
    assert read_log(path, 1600) == LogPart("again", 5)


def test_a_disk_that_refuses_costs_the_log_and_nothing_else(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.parent.mkdir(parents=True)
    path.parent.write_text("in the way")
    log = ProgramLog(path)
    log.add(b"lost")
    log.add(b"lost")
    log.close()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(path) in caplog.text


def test_only_the_owner_can_read_a_log(path: Path) -> None:
    written(path, FULL).close()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("name", ["..", ".", "...", "a b", "é" * 200, "x" * 200, "%2E%2E", "a\\b", "~", "C:"])
def test_any_name_is_one_part_of_a_path(tmp_path: Path, name: str) -> None:
    path = log_path(tmp_path, name, name, 1, 1)
    assert path.parent.parent == tmp_path / "logs"
    assert not path.parent.name.startswith(".")
    assert not path.name.startswith(".")
    assert max(len(part.encode()) for part in path.parts) <= 255
    written(path, 16).close()
    assert path.is_file()


def test_names_that_differ_have_logs_that_differ(tmp_path: Path) -> None:
    names = ["..", "%2E%2E", "%2E.", "x" * 199, "x" * 200, "é" * 40, "é" * 41, "a b", "a%20b", "a+b"]
    assert len({log_path(tmp_path, name, "p", 1, 1) for name in names}) == len(names)


def test_the_logs_of_one_task_are_removed(tmp_path: Path, path: Path) -> None:
    written(path, 160).close()
    other = log_path(tmp_path, "t2", "lint", 1, 1)
    written(other, 160).close()
    remove_logs(tmp_path, "t1")
    remove_logs(tmp_path, "t3")
    assert (path.exists(), other.exists()) == (False, True)
