"""The file: what is in it after every kind of trouble."""

import json
import os
import resource
from pathlib import Path

import pytest

from tests.unit.sink_given import event
from workflow_engine.errors import ConfigError
from workflow_engine.sinks.file import FileSink
from workflow_engine.sinks.port import encoded


def ids(path: Path) -> list[str]:
    """Return the ids of the events in a file."""
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def deliver(path: Path, *numbers: int, size_bytes: int = 1 << 20, keep: int = 3) -> None:
    """Deliver events as a process does that begins and ends."""
    sink = FileSink(path, size_bytes, keep)
    sink.deliver([event(n) for n in numbers])
    sink.close()


def test_events_are_lines_of_json_behind_those_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "audit.jsonl"
    deliver(path, 1, 2)
    deliver(path, 3)
    assert path.read_bytes() == b"".join(encoded(event(n)) + b"\n" for n in (1, 2, 3))


def test_what_a_crash_has_left_of_a_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    deliver(path, 1, 2)
    for length in range(1, len(encoded(event(2))) + 1):
        path.write_bytes(encoded(event(1)) + b"\n" + encoded(event(2))[:length])
        deliver(path, 2, 3)
        assert ids(path) == ["1.0", "2.0", "3.0"]


def test_a_first_line_that_is_torn_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(encoded(event(1))[:9])
    deliver(path, 1)
    assert ids(path) == ["1.0"]


def test_events_that_come_again_are_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    deliver(path, 1, 2, 3)
    deliver(path, 2, 3, 4)
    assert ids(path) == ["1.0", "2.0", "3.0", "4.0"]


def test_events_that_come_again_after_the_file_was_followed_are_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    deliver(path, 1, 2, size_bytes=1)
    assert not path.exists()
    deliver(path, 1, 2, 3)
    assert (ids(path.with_name("audit.jsonl.1")), ids(path)) == (["1.0", "2.0"], ["3.0"])


def test_events_of_another_journal_with_the_same_numbers_are_written(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    deliver(path, 8, 9)
    sink = FileSink(path)
    sink.deliver([event(1, task="of another journal")])
    sink.close()
    assert ids(path) == ["8.0", "9.0", "1.0"]


@pytest.mark.parametrize("content", ["not ours\n", '{"id":"1"}\n', "precious", "a\nb"])
def test_a_file_that_holds_something_else_is_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"audit.jsonl is not a file of this sink; give it another path"):
        deliver(path, 1)
    assert path.read_text() == content


def test_so_many_older_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for n in range(1, 7):
        deliver(path, n, size_bytes=1, keep=3)
    assert {one.name: ids(one) for one in tmp_path.iterdir()} == {
        "audit.jsonl.1": ["6.0"],
        "audit.jsonl.2": ["5.0"],
        "audit.jsonl.3": ["4.0"],
    }


def test_a_crash_between_two_numberings_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for n in range(1, 4):
        deliver(path, n, size_bytes=1)
    path.with_name("audit.jsonl.1").rename(path)  # as it is before the last step
    deliver(path, 4, size_bytes=1)
    found = {one.name: ids(one) for one in tmp_path.iterdir()}
    assert found == {"audit.jsonl.1": ["3.0", "4.0"], "audit.jsonl.2": ["2.0"], "audit.jsonl.3": ["1.0"]}


def test_events_behind_a_number_that_a_crash_has_left_out_are_not_written_twice(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for n in range(1, 4):
        deliver(path, n, size_bytes=1, keep=9)
    path.with_name("audit.jsonl.3").rename(path.with_name("audit.jsonl.4"))
    path.with_name("audit.jsonl.2").rename(path.with_name("audit.jsonl.3"))  # and the crash comes
    deliver(path, 1, 2, 3, 4, keep=9)
    assert ids(path) == ["4.0"]


def test_a_file_that_somebody_moved_away_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    sink = FileSink(path)
    sink.deliver([event(1)])
    path.rename(tmp_path / "moved")
    sink.deliver([event(2)])
    sink.close()
    assert (ids(tmp_path / "moved"), ids(path)) == (["1.0"], ["2.0"])


def test_a_disk_that_was_full_leaves_whole_lines_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    pid = os.fork()
    if pid == 0:  # a limit of the process stands in for the disk
        code = 1
        try:
            import signal

            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            line = len(encoded(event(1))) + 1
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 * line + 5, hard))
            sink = FileSink(path)
            try:
                sink.deliver([event(n) for n in (1, 2, 3)])
            except OSError:
                resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
                sink.deliver([event(n) for n in (1, 2, 3)])
                code = 0
        finally:
            os._exit(code)
    assert os.waitpid(pid, 0)[1] == 0
    assert ids(path) == ["1.0", "2.0", "3.0"]
