"""The audit: lines that nobody can forge, in files that do not grow for ever."""

import json
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from tests.unit.ui_security_given import Clock
from workflow_engine.ui.security.audit import FIELD_MAX, FILES_MAX, STRANGERS, Audit, audit_path
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import Role

ANN = Person("ann", Role.ADMIN, "session")


def audit(folder: Path, file_bytes_max: int = 10_000_000) -> Audit:
    """Return an audit with a clock that stands still."""
    return Audit(audit_path(folder), Clock(1_800_000_000.123), file_bytes_max)


def test_a_line_says_who_did_what_and_when(tmp_path: Path) -> None:
    audit(tmp_path).record(ANN, "answer", "t1/approve/1/1", address="10.0.0.7")
    path = tmp_path / "ui" / "audit.jsonl"
    assert json.loads(path.read_text()) == {
        "at": "2027-01-15T08:00:00.123Z",
        "who": "ann",
        "via": "session",
        "address": "10.0.0.7",
        "what": "answer",
        "about": "t1/approve/1/1",
        "outcome": "done",
    }
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("text", ['\n{"who": "ann"}', "\r\n", "\u2028", "\x1b[2J", "\x00", '"}', "\udcff", "\u202e"])
def test_no_text_of_a_stranger_becomes_a_line(tmp_path: Path, text: str) -> None:
    found = audit(tmp_path)
    found.record(Person(f"ann{text}", Role.VIEWER, "proxy"), f"do{text}", f"it{text}", f"done{text}", text)
    content = found.path.read_bytes()
    assert (content.count(b"\n"), content.isascii()) == (1, True)
    assert all(32 <= byte < 127 for byte in content[:-1])
    assert json.loads(content)["about"] == f"it{text}"


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    found = audit(tmp_path)
    found.record(ANN, "x" * 9_999, "y" * 9_999, "z" * 9_999)
    assert {len(json.loads(found.path.read_text())[key]) for key in ("what", "about", "outcome")} == {FIELD_MAX}


def test_files_are_bounded_and_the_oldest_goes(tmp_path: Path) -> None:
    found = audit(tmp_path, file_bytes_max=1_000)
    for number in range(200):
        found.record(ANN, "do", str(number))
    files = sorted(found.path.parent.glob("audit*.jsonl"))
    assert [path.name for path in files] == sorted(["audit.jsonl", *(f"audit.{n}.jsonl" for n in range(1, FILES_MAX))])
    assert all(path.stat().st_size <= 1_000 for path in files)
    ordered = [found.path.with_name(f"audit.{n}.jsonl") for n in range(FILES_MAX - 1, 0, -1)] + [found.path]
    numbers = [int(json.loads(line)["about"]) for path in ordered for line in path.read_text().splitlines()]
    assert numbers == list(range(numbers[0], 200))


def test_strangers_push_nothing_out_of_the_record(tmp_path: Path) -> None:
    found = audit(tmp_path, file_bytes_max=1_000)
    found.record(ANN, "do", "it")
    for _ in range(200):
        found.record(None, "request", "GET /", "421")
    assert len(found.path.read_text().splitlines()) == 1
    assert found.path.with_name(STRANGERS).exists()


def test_threads_and_processes_write_whole_lines(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from workflow_engine.ui.security.audit import Audit, audit_path\n"
        "from workflow_engine.ui.security.person import local_person\n"
        "audit = Audit(audit_path(Path(sys.argv[1])), file_bytes_max=20_000)\n"
        "for number in range(100): audit.record(local_person('command line'), 'do', str(number))\n"
    )
    other = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    found = audit(tmp_path, file_bytes_max=20_000)

    def work() -> None:
        for number in range(100):
            found.record(ANN, "do", str(number))

    threads = [Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert other.wait(60) == 0
    lines = [line for path in found.path.parent.glob("audit*.jsonl") for line in path.read_text().splitlines()]
    assert (len(lines), {json.loads(line)["what"] for line in lines}) == (400, {"do"})


def test_a_disk_that_takes_no_more_is_logged_with_what_was_to_be_noted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = audit(tmp_path)
    found.path.mkdir(parents=True)
    found.record(ANN, "answer", "t1")
    assert ("cannot be written to" in caplog.text, '"about": "t1"' in caplog.text) == (True, True)


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    found = audit(tmp_path)
    found.path.parent.mkdir()
    found.path.symlink_to(tmp_path / "elsewhere")
    found.record(ANN, "do", "it")
    assert not (tmp_path / "elsewhere").exists()
