"""A served engine: ``workflow-engine serve`` in a process of its own, as a user starts it."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

WITHIN: Final = 30.0
"""Seconds in which the server listens, or has ended."""

_URL: Final = re.compile(r"Dashboard +(http://\S+)")


class Served:
    """A server on a data directory, which can be ended or killed and started again on the same port.

    Attributes:
        data_dir: the data directory.
        url: where it is, with a slash at the end.
        log: what it has printed.
    """

    def __init__(self, data_dir: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.url = ""
        self.log: list[str] = []
        self._arguments = arguments
        self._environment = environment or {}
        self._process: subprocess.Popen[str] | None = None
        self._listening = threading.Event()
        self._reader: threading.Thread | None = None
        self._port = free_port()

    def start(self) -> Self:
        """Start it, and return when it answers."""
        self._listening.clear()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "workflow_engine", "serve", *self._arguments),
                *("--port", str(self._port), "--data-dir", str(self.data_dir)),
            ],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_COLOR": "1", **self._environment},
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        assert self._listening.wait(WITHIN), "".join(self.log)
        assert self.url, "".join(self.log)
        return self

    def stop(self) -> int:
        """End it as Ctrl-C does; return the exit code."""
        return self._ended(signal.SIGINT)

    def kill(self) -> None:
        """End it as a power failure does."""
        self._ended(signal.SIGKILL)

    def __enter__(self) -> Self:
        """Start it."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.kill()

    def _ended(self, number: int) -> int:
        process = self._process
        if process is None:
            return 0
        process.send_signal(number)
        code = process.wait(WITHIN)
        self._process = None
        if self._reader is not None:
            self._reader.join(WITHIN)  # a child of the server may hold its end open for a moment longer
        return code

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self.log.append(line)
            if match := _URL.search(line):
                self.url = match[1]
                self._listening.set()
        process.stderr.close()
        self._listening.set()  # it has ended; whoever waits sees why


def free_port() -> int:
    """Return a port that is free.  One that the server finds itself would not be the same after a restart."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
