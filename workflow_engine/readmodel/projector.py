"""The projector: keeps an index current through a process of its own, and says when it knows a commit."""

import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, Final

PAUSE_MIN: Final = 0.1
"""Seconds before a process that died is started again, the first time."""

PAUSE_MAX: Final = 30.0
"""Seconds before that, when it dies again and again."""

CLOSE_MAX: Final = 10.0
"""Seconds for a process to end when it is killed."""


class Projector:
    """Runs ``python -m workflow_engine.readmodel DIRECTORY --follow``.

    A process that dies is started again.  One whose parent dies finds its input at its end, and ends too.  All methods
    are for any thread.

    Attributes:
        data_dir: the data directory.
    """

    def __init__(self, data_dir: Path) -> None:
        """Name the data directory of an engine; nothing is started."""
        self.data_dir = Path(data_dir)
        self._changed = threading.Condition()
        self._position = 0
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = False  # a line was sent, and is not answered
        self._keeper: threading.Thread | None = None

    @property
    def position(self) -> int:
        """The number of the last commit that the index is known to know."""
        return self._position

    @property
    def process_id(self) -> int | None:
        """The id of the process, None while there is none."""
        process = self._process
        return process.pid if process is not None else None

    def start(self) -> None:
        """Start the process, and keep it running until `close`; does nothing if that was done."""
        with self._changed:
            if self._keeper is None and not self._closed:
                self._keeper = threading.Thread(target=self._keep, name="index projector", daemon=True)
                self._keeper.start()

    def settled(self, n: int, timeout: float = 2.0) -> bool:
        """Wait until the index knows commit *n*; return whether it does, False after *timeout* seconds."""
        deadline = time.monotonic() + timeout
        pause = _RETRY_MIN
        with self._changed:
            while self._position < n and not self._closed and self._keeper is not None:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._ask()
                answered = not self._asked or self._changed.wait(min(left, _ANSWER_MAX))
                if answered and self._position < n:
                    # No process just now, or an answer from before the commit: not as fast as it can.
                    self._changed.wait(min(left, pause))
                    pause = min(2 * pause, _RETRY_MAX)
            return self._position >= n

    def close(self) -> None:
        """Kill the process, and wait until it is gone; whoever waits in `settled` goes on."""
        with self._changed:
            self._closed = True
            keeper, process = self._keeper, self._process
            self._changed.notify_all()
            if process is not None:
                process.kill()
        if keeper is not None and keeper is not threading.current_thread():
            keeper.join(CLOSE_MAX)

    def _ask(self) -> None:
        """Send a line, unless one is on its way."""
        process = self._process
        if process is None or process.stdin is None or self._asked:
            return
        with contextlib.suppress(OSError):  # it has just died; the keeper sees it too
            process.stdin.write(b"\n")
            self._asked = True

    def _keep(self) -> None:
        pause = PAUSE_MIN
        while not self._closed:
            begun = time.monotonic()
            try:
                self._run()
            except OSError as error:
                _log.warning("the process that keeps the index of %s cannot be started: %s", self.data_dir, error)
            if time.monotonic() - begun > PAUSE_MAX:
                pause = PAUSE_MIN
            with self._changed:
                if not self._closed:
                    self._changed.wait_for(lambda: self._closed, pause)
            pause = min(2 * pause, PAUSE_MAX)

    def _run(self) -> None:
        """Start a process, and listen to it until it ends."""
        with tempfile.TemporaryFile() as complaints:
            process = _started(self.data_dir, complaints)
            with process:
                with self._changed:
                    self._process, self._asked = process, False
                    if self._closed:
                        process.kill()
                    self._changed.notify_all()
                try:
                    self._listen(process)
                finally:
                    with self._changed:
                        self._process, self._asked = None, False
                    process.kill()
            if not self._closed:
                complaints.seek(0)
                why = complaints.read(_COMPLAINT_MAX).decode(errors="replace").strip()
                _log.warning(
                    "the process that keeps the index of %s ended with code %d, and is started again: %s",
                    self.data_dir,
                    process.returncode,
                    why or "it did not say why",
                )

    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._changed:
                self._position = int(line)
                self._asked = False
                self._changed.notify_all()


_RETRY_MIN: Final = 0.002
_RETRY_MAX: Final = 0.1
_ANSWER_MAX: Final = 0.5  # a process that dies takes the question with it
_COMPLAINT_MAX: Final = 4096
_log: Final = logging.getLogger(__name__)


def _started(data_dir: Path, complaints: IO[bytes]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "workflow_engine.readmodel", str(data_dir), "--follow"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        bufsize=0,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
