"""Searching files for a text, within bounds.

For a text, not for a regular expression: one that a model made up may take for ever, and cannot be stopped.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from workflow_engine.agents.toolbox.rooted import PARTS_MAX, Rooted
from workflow_engine.agents.tools import ToolError

FILES_MAX: Final = 10_000
"""Most files and folders that are looked at."""

BYTES_MAX: Final = 128 << 20
"""Most bytes that are read."""

SECONDS_MAX: Final = 20.0
"""Longest time that a search takes."""

HITS_MAX: Final = 200
"""Most lines that the model is told."""

LINE_MAX: Final = 300
"""Most characters of a line that the model is told."""

_FILE_BYTES_MAX: Final = 8 << 20

Place = tuple[Rooted, tuple[str, ...]]


def search(places: Iterable[Place], text: str, files: str, ignore_case: bool) -> dict[str, Any]:
    """Return the lines that hold *text*: ``{"hits": [{"path", "line", "text"}], "stopped": why, or None}``.

    Args:
        places: files, and folders with all below them.
        text: what is looked for.
        files: pattern for the names of files.
        ignore_case: whether upper and lower case are the same.
    """
    bounds = _Bounds()
    wanted = text.casefold() if ignore_case else text
    hits: list[dict[str, Any]] = []
    for root, parts in _files(places, files, bounds):
        for number, line in enumerate(_lines(root, parts, bounds), 1):
            if wanted in (line.casefold() if ignore_case else line):
                hits.append({"path": root.shown(parts), "line": number, "text": line[:LINE_MAX]})
                if len(hits) == HITS_MAX:
                    return {"hits": hits, "stopped": f"there are more than {HITS_MAX} lines; look for something rarer"}
    return {"hits": hits, "stopped": bounds.reached}


class _Bounds:
    """How far a search may still go.

    Attributes:
        reached: which bound was reached, as a sentence; None while none was.
    """

    def __init__(self) -> None:
        self._files = FILES_MAX
        self._bytes = BYTES_MAX
        self._until = time.monotonic() + SECONDS_MAX

    @property
    def reached(self) -> str | None:
        if self._files < 0:
            return f"more than {FILES_MAX:,} files and folders; look in a smaller folder"
        if self._bytes < 0:
            return f"more than {BYTES_MAX:,} bytes; look in a smaller folder"
        if time.monotonic() > self._until:
            return f"it took more than {SECONDS_MAX:g} seconds; look in a smaller folder"
        return None

    def look(self) -> None:
        """Count a file or folder."""
        self._files -= 1

    def read(self, size: int) -> None:
        """Count what was read."""
        self._bytes -= size


def _files(places: Iterable[Place], files: str, bounds: _Bounds) -> Iterator[Place]:
    """Yield the files at and below *places* whose names fit, folder by folder, until a bound is reached."""
    folders: deque[Place] = deque()
    for root, parts in places:
        if root.size(parts).kind == "file":
            yield root, parts
        else:
            folders.append((root, parts))
    while folders and bounds.reached is None:
        root, parts = folders.popleft()
        for entry in _listed(root, parts):
            bounds.look()
            below = (*parts, entry.name)
            if entry.kind == "folder" and len(below) < PARTS_MAX:
                folders.append((root, below))
            elif entry.kind == "file" and fnmatchcase(entry.name, files) and bounds.reached is None:
                yield root, below


def _listed(root: Rooted, parts: tuple[str, ...]) -> list[Any]:
    try:
        return list(root.list(parts))
    except ToolError:  # it is gone meanwhile, or may not be read
        return []


def _lines(root: Rooted, parts: tuple[str, ...], bounds: _Bounds) -> list[str]:
    """Return the lines of a file; none where it is no text, or too large."""
    try:
        content = root.read(parts, _FILE_BYTES_MAX)
    except ToolError:
        return []
    bounds.read(len(content))
    return [] if b"\0" in content[:8192] else content.decode(errors="replace").splitlines()
