"""`workflow-engine demo`, as a person runs it: real processes, interrupted in every way."""

import contextlib
import os
import pty
import select
import shlex
import signal
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "workflow_engine")
ENDS_IN = 60  # seconds, on a machine that has much else to do

PUBLISHED = "# Why the sea comes and goes\n"
"""The first line of what the demo publishes."""


def demo(place: Path, *options: str) -> list[str]:
    return [*COMMAND, "demo", "--data", str(place / "data"), *options]


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
            self.seen += self._piece().decode(errors="replace")

    def types(self, line: str) -> None:
        """Type *line* and press Enter."""
        os.write(self._ours, f"{line}\n".encode())

    def ends(self) -> int:
        """Return the exit code."""
        with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
            while piece := self._piece():
                self.seen += piece.decode(errors="replace")
        os.close(self._ours)
        return self.process.wait(ENDS_IN)

    def _piece(self) -> bytes:
        """Return what comes next, empty where nobody writes any more."""
        ready, _, _ = select.select([self._ours], [], [], ENDS_IN)
        if not ready:
            self.process.kill()
            raise AssertionError(f"nothing came for {ENDS_IN} s after: {self.seen}")
        return os.read(self._ours, 4096)


def published(place: Path) -> list[str]:
    """Return what was published, a text for each task that completed."""
    return [path.read_text() for path in place.glob("data/demo/*/document.md")]


def test_it_runs_to_the_end_and_leaves_a_document(tmp_path: Path) -> None:
    code, output = ran(demo(tmp_path, "--yes"))
    assert code == 0, output
    for phase in ("draft", "lint", "review", "approve", "publish"):
        assert f"\n{phase:<10} done" in output
    [text] = published(tmp_path)
    assert text.startswith(PUBLISHED)
    for line in output.splitlines()[-3:]:  # what to try next
        code, output = ran([*COMMAND, *shlex.split(line)[1:]])
        assert code == 0, output


def test_the_first_draft_is_sent_back_with_the_reasons(tmp_path: Path) -> None:
    _, output = ran(demo(tmp_path, "--yes"))
    lines = [line for line in output.splitlines() if "done in" not in line]
    assert lines[1:9] == [
        "draft      under way",
        "lint       under way",
        "lint       rejects the work: draft is done again",
        "draft      under way again",
        "draft      is told: the first line is no title; begin it with '# '",
        "draft      is told: 'basically' says nothing; leave it out",
        "draft      is told: there is a TODO left",
        "lint       under way again",
    ]


def test_each_run_to_the_end_is_a_task_of_its_own(tmp_path: Path) -> None:
    first, second = ran(demo(tmp_path, "--yes")), ran(demo(tmp_path, "--yes"))
    assert (first[0], second[0]) == (0, 0)
    assert "resuming" not in second[1]
    assert len(published(tmp_path)) == 2


def test_killed_in_the_middle_it_goes_on_there(tmp_path: Path) -> None:
    code, seen = interrupted(demo(tmp_path, "--yes"), "lint       under way", signal.SIGKILL)
    assert (code, "publish" in seen) == (-signal.SIGKILL, False)
    code, output = ran(demo(tmp_path, "--yes"))
    assert code == 0, output
    assert output.startswith("resuming task demo-")
    assert len(published(tmp_path)) == 1


def test_interrupted_in_the_middle_it_goes_on_there(tmp_path: Path) -> None:
    code, seen = interrupted(demo(tmp_path, "--yes"), "lint       under way", signal.SIGINT)
    assert code == 130, seen
    assert "Nothing is lost" in seen
    assert "Traceback" not in seen
    code, output = ran(demo(tmp_path, "--yes"))
    assert code == 0, output
    assert output.startswith("resuming task demo-")
    assert len(published(tmp_path)) == 1


def test_where_nobody_can_be_asked_it_says_how_to_answer(tmp_path: Path) -> None:
    code, output = ran(demo(tmp_path))
    assert code == 3, output
    [answer] = [line for line in output.splitlines() if " decision=approve " in line]
    assert ran(demo(tmp_path))[0] == 3
    code, output = ran([*COMMAND, *shlex.split(answer)[1:]])
    assert code == 0, output
    code, output = ran(demo(tmp_path))
    assert code == 0, output
    assert "at phase publish\n" in output
    assert len(published(tmp_path)) == 1


def test_a_person_at_a_terminal_is_asked_and_what_is_rejected_is_written_again(tmp_path: Path) -> None:
    terminal = Terminal(demo(tmp_path))
    terminal.reads("Publish it?")
    assert "Why the sea comes and goes" in terminal.seen
    terminal.types("reject")
    terminal.reads("What is to change")
    terminal.types("say it [shorter]")
    terminal.reads("Publish it?")
    assert "is told: say it [shorter]" in terminal.seen
    terminal.types("approve")
    assert terminal.ends() == 0, terminal.seen
    assert len(published(tmp_path)) == 1


def test_control_c_at_the_question_leaves_it_open(tmp_path: Path) -> None:
    terminal = Terminal(demo(tmp_path))
    terminal.reads("Publish it?")
    terminal.process.send_signal(signal.SIGINT)
    terminal.types("")  # the signal may come in the instant before the read begins, which then is not interrupted
    assert terminal.ends() == 130, terminal.seen
    code, output = ran(demo(tmp_path, "--yes"))
    assert code == 0, output
    assert "at phase approve\n" in output


def test_rejected_too_often_the_task_fails(tmp_path: Path) -> None:
    terminal = Terminal(demo(tmp_path))
    for _ in range(4):
        terminal.reads("Publish it?")
        terminal.types("reject")
        terminal.reads("What is to change")
        terminal.types("no")
    assert terminal.ends() == 1, terminal.seen
    assert "rejected the work 4 times" in terminal.seen


def test_a_file_is_what_the_text_is_to_be_about(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("Bees dance.")
    code, output = ran(demo(tmp_path, str(tmp_path / "notes.md"), "--yes"))
    assert code == 0, output
    assert " on notes.md: " in output
    assert published(tmp_path)[0].startswith("# A text by nobody\n")


def test_a_file_that_is_not_there_is_bad_usage(tmp_path: Path) -> None:
    code, output = ran(demo(tmp_path, str(tmp_path / "gone.md"), "--yes"))
    assert code == 2
    assert "gone.md" in output
    assert not (tmp_path / "data").exists()
