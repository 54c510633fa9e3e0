"""The logs of a task's programs: which there are, and their text without the codes of terminals."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from workflow_engine.adapters.program_log import log_path

FILES_MAX: Final = 2_000
"""Files of a task's folder that are looked at."""

TEXT_MAX: Final = 256 * 1024
"""Characters of a log that a page shows: the last of them."""


class LogName(NamedTuple):
    """Which log.

    Attributes:
        phase: id of the phase.
        visit: of the task to it, from 1; in a fan-out with a dot and the item.
        attempt: from 1.
    """

    phase: str
    visit: str
    attempt: int

    @property
    def path(self) -> str:
        """How it is written in addresses."""
        return f"{self.phase}/{self.visit}/{self.attempt}"


class LogFile(NamedTuple):
    """A log that is there.

    Attributes:
        name: which it is.
        size: bytes that are kept of it.
        changed: when something was written last, in seconds since the epoch.
    """

    name: LogName
    size: int
    changed: float


def log_files(data_dir: Path, task: str, phases: Sequence[str]) -> list[LogFile]:
    """Return the logs of these phases of a task, the one that was written to last first."""
    folder = log_path(data_dir, task, "x", 1, 1).parent
    starts = {log_path(data_dir, task, phase, 1, 1).name.removesuffix("1-1.log"): phase for phase in phases}
    found: list[LogFile] = []
    try:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                parts = _NAME.fullmatch(entry.name)
                if count >= FILES_MAX:
                    break
                if parts is not None and parts[1] in starts:
                    status = entry.stat()
                    name = LogName(starts[parts[1]], parts[2], int(parts[3]))
                    found.append(LogFile(name, status.st_size, status.st_mtime))
    except FileNotFoundError:
        return []
    return sorted(found, key=lambda one: (-one.changed, one.name))


def log_name(path: str) -> LogName | None:
    """Return which log an address names, None where it names none."""
    phase, _, rest = path.partition("/")
    visit, _, attempt = rest.partition("/")
    if not phase or _VISIT.fullmatch(visit) is None or _NUMBER.fullmatch(attempt) is None:
        return None
    return LogName(phase, visit, int(attempt))


def readable(text: str) -> str:
    """Return the output of a program without codes of terminals; of a line that was written over, what stood last."""
    bare = _CODES.sub("", text).replace("\r\n", "\n")
    if "\r" not in bare:
        return bare
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in bare.split("\n"))


def whole_part(text: str) -> str:
    """Return *text* up to a code of a terminal at its end that may not be whole yet."""
    found = _BEGUN.search(text, max(0, len(text) - 200))
    return text[: found.start()] if found else text


_NAME: Final = re.compile(r"(.*-)(\d+(?:\.\d+)?)-(\d+)\.log", re.DOTALL)
_VISIT: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
# ECMA-48: control sequences, strings (titles, links) to their terminator, and the short sequences.
_CODES: Final = re.compile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\\\)|\x1b[ -/]*[0-~]")
_BEGUN: Final = re.compile("\x1b(?:\\[[0-?]*[ -/]*|[\\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)?\\Z|\r\\Z")
