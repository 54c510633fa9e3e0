"""The console: lines of JSON on the output of the process."""

import os
from collections.abc import Sequence
from typing import Final, Literal

from workflow_engine.sinks.port import EventRecord, encoded

_DESCRIPTORS: Final = {"stdout": 1, "stderr": 2}


class ConsoleSink:
    """Writes each event as a line.

    It writes to the process's own output, whatever ``sys.stdout`` is just now.
    """

    def __init__(self, stream: Literal["stdout", "stderr"] = "stdout") -> None:
        self._fd = _DESCRIPTORS[stream]

    def deliver(self, events: Sequence[EventRecord]) -> None:
        """See `workflow_engine.sinks.port.Sink`."""
        data = b"".join(encoded(event) + b"\n" for event in events)
        while data:
            data = data[os.write(self._fd, data) :]

    def close(self) -> None:
        """Do nothing: the output is the process's."""
