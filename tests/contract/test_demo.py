"""`workflow-engine demo`, as a person runs it: real processes, interrupted in every way."""

import contextlib
import hashlib
import json
import os
import pty
import shlex
import signal
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from workflow_engine.workflows.demo.measure import measured

COMMAND = (sys.executable, "-m", "workflow_engine")
ENDS_IN = 60  # seconds, on a machine that has much else to do

TEXT = "# First\n\nsome words here\n```\n# no heading\n```\n## Second\n"
BIG = "four words a line\n" * 600_000
"""Takes long enough to measure for somebody to interrupt it."""


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.md"
    path.write_text(TEXT)
    return path


@pytest.fixture
def big(tmp_path: Path) -> Path:
    path = tmp_path / "big.txt"
    path.write_text(BIG)
    return path


def demo(file: Path, *options: str) -> list[str]:
    return [*COMMAND, "demo", str(file), "--data", str(file.parent / "data"), *options]


def ran(command: list[str]) -> tuple[int, str]:
    """Return exit code and output of a command that nobody sits at."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=ENDS_IN
    )
    return done.returncode, done.stdout


def interrupted(command: list[str], line: str, number: int) -> tuple[int, str]:
    """Send a signal to a command once it has printed *line*, and return its exit code and output."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        seen = ""
        for printed in process.stdout:
            seen += printed
            if line in printed:
                process.send_signal(number)
                break
        seen += process.stdout.read()
        return process.wait(ENDS_IN), seen


class Terminal:
    """A command at a terminal, and somebody who types."""

    def __init__(self, command: list[str]) -> None:
        self._ours, theirs = pty.openpty()
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        self.seen = ""

    def reads(self, words: str) -> None:
        """Return when *words* have come that were not there before."""
        start = len(self.seen)
        while words not in self.seen[start:]:
            self.seen += os.read(self._ours, 4096).decode(errors="replace")

    def types(self, line: str) -> None:
        """Type *line* and press Enter."""
        os.write(self._ours, f"{line}\n".encode())

    def ends(self) -> int:
        """Return the exit code."""
        with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
            while piece := os.read(self._ours, 4096):
                self.seen += piece.decode(errors="replace")
        os.close(self._ours)
        return self.process.wait(ENDS_IN)


def bundle_of(file: Path) -> dict[str, bytes]:
    """Return what the demo packed for *file*, by name."""
    [path] = file.parent.glob("data/demo/*/bundle.zip")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def check_bundle(file: Path) -> str:
    """Check what the demo packed for *file*, and return its report."""
    content = bundle_of(file)
    manifest: list[dict[str, Any]] = json.loads(content.pop("manifest.json"))
    assert content[f"input/{file.name}"] == file.read_bytes()
    assert sorted(content) == [f"input/{file.name}", "report.md"]
    assert manifest == [
        {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in sorted(content.items())
    ]
    return content["report.md"].decode()


def test_a_text_is_measured(notes: Path) -> None:
    assert measured(notes) == {
        "bytes": len(TEXT),
        "lines": 7,
        "words": 12,
        "longest_line": 15,
        "headings": ["First", "Second"],
        "sha256": hashlib.sha256(TEXT.encode()).hexdigest(),
    }


def test_it_runs_to_the_end_and_leaves_a_bundle(notes: Path) -> None:
    code, output = ran(demo(notes, "--yes"))
    assert code == 0, output
    for phase in ("measure", "report", "approve", "pack"):
        assert f"\n{phase:<10} done" in output
    report = check_bundle(notes)
    assert "12 words" in report
    assert "- Second" in report
    for line in output.splitlines()[-3:]:  # what to try next
        code, output = ran([*COMMAND, *shlex.split(line)[1:]])
        assert code == 0, output


def test_each_run_to_the_end_is_a_task_of_its_own(notes: Path) -> None:
    first, second = ran(demo(notes, "--yes")), ran(demo(notes, "--yes"))
    assert (first[0], second[0]) == (0, 0)
    assert "resuming" not in second[1]
    assert len(list(notes.parent.glob("data/demo/*/bundle.zip"))) == 2


def test_killed_in_the_middle_of_a_phase_it_goes_on_there(big: Path) -> None:
    code, seen = interrupted(demo(big, "--yes"), "measure    under way", signal.SIGKILL)
    assert (code, "done" in seen) == (-signal.SIGKILL, False)
    code, output = ran(demo(big, "--yes"))
    assert code == 0, output
    assert "at phase measure\n" in output
    assert "2,400,000 words" in check_bundle(big)


def test_interrupted_in_the_middle_of_a_phase_it_goes_on_there(big: Path) -> None:
    code, seen = interrupted(demo(big, "--yes"), "measure    under way", signal.SIGINT)
    assert code == 130, seen
    assert "Nothing is lost" in seen
    assert "Traceback" not in seen
    code, output = ran(demo(big, "--yes"))
    assert code == 0, output
    assert output.startswith("resuming task demo-")
    check_bundle(big)


def test_where_nobody_can_be_asked_it_says_how_to_answer(notes: Path) -> None:
    code, output = ran(demo(notes))
    assert code == 3, output
    [answer] = [line for line in output.splitlines() if line.endswith("pack --data-dir " + str(notes.parent / "data"))]
    assert ran(demo(notes))[0] == 3
    code, output = ran([*COMMAND, *shlex.split(answer)[1:]])
    assert code == 0, output
    code, output = ran(demo(notes))
    assert code == 0, output
    assert "at phase pack\n" in output
    check_bundle(notes)


def test_a_person_at_a_terminal_is_asked_and_what_is_rejected_is_written_again(notes: Path) -> None:
    terminal = Terminal(demo(notes))
    terminal.reads("Pack it?")
    assert "Report on notes.md" in terminal.seen
    terminal.types("reject")
    terminal.reads("What is to change")
    terminal.types("say it [shorter]")
    terminal.reads("Pack it?")
    terminal.types("approve")
    assert terminal.ends() == 0, terminal.seen
    assert "> say it [shorter]" in check_bundle(notes)


def test_control_c_at_the_question_leaves_it_open(notes: Path) -> None:
    terminal = Terminal(demo(notes))
    terminal.reads("Pack it?")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.ends() == 130, terminal.seen
    code, output = ran(demo(notes, "--yes"))
    assert code == 0, output
    assert "at phase approve\n" in output


def test_rejected_too_often_the_task_fails(notes: Path) -> None:
    terminal = Terminal(demo(notes))
    for _ in range(3):
        terminal.reads("Pack it?")
        terminal.types("reject")
        terminal.reads("What is to change")
        terminal.types("no")
    assert terminal.ends() == 1, terminal.seen
    assert "more than 3 times" in terminal.seen


def test_a_file_that_is_not_there_is_bad_usage(tmp_path: Path) -> None:
    code, output = ran(demo(tmp_path / "gone.md", "--yes"))
    assert code == 2
    assert "gone.md" in output
    assert not (tmp_path / "data").exists()
