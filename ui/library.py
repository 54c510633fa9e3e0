"""The library: workflow files that are written in the dashboard, every version of them.

::

    <data_dir>/workflows/<name>/20261120T101500000000Z-4086f265.yaml

The newest of a name is registered at a start, and whenever one is saved.
"""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from workflow_engine.ecs_workflow import ECSWorkflowEngine, WorkflowSpec
from workflow_engine.errors import EngineError, InputRefused
from workflow_engine.spec.loading import load_text

FOLDER: Final = "workflows"
"""Where the files are, below the data directory."""

BYTES_MAX: Final = 1 << 20
"""Length of a file at most."""

_FILE: Final = re.compile(r"(\d{8}T\d{12}Z)-([0-9a-f]{8})\.yaml")
_MOMENT: Final = "%Y%m%dT%H%M%S%fZ"


class Version(NamedTuple):
    """One saved file.

    Attributes:
        path: where it is.
        digest: how the hash of its definition begins.
        saved_at: when it was saved, UTC.
    """

    path: Path
    digest: str
    saved_at: datetime


class Library:
    """Keeps workflow files below the data directory of an engine, and registers them."""

    def __init__(self, engine: ECSWorkflowEngine) -> None:
        self._engine = engine
        self._folder = engine.data_dir / FOLDER
        self.problems: dict[str, str] = {}
        """Why the newest file of a name could not be registered, by name."""

    def register_all(self) -> None:
        """Register the newest file of every name; one that cannot be is noted in `problems`."""
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else []:
            versions = self.versions(folder.name)
            if versions:
                self._register(versions[0])

    def versions(self, name: str) -> list[Version]:
        """Return the saved files of a workflow, the newest first."""
        folder = self._folder / name
        if Path(name).name != name or not folder.is_dir():
            return []
        found = [version for path in folder.iterdir() if (version := _version(path)) is not None]
        return sorted(found, key=lambda version: (version.saved_at, version.path.name), reverse=True)

    def text(self, name: str) -> str | None:
        """Return the newest file of a workflow; None where none was saved."""
        versions = self.versions(name)
        return versions[0].path.read_text(encoding="utf-8") if versions else None

    def save(self, text: str) -> WorkflowSpec:
        """Keep a workflow file as the newest version of its workflow, and register it.

        Raises:
            SpecError: the file is wrong.
            InputRefused: it is too long.
        """
        content = text.encode("utf-8")
        if len(content) > BYTES_MAX:
            raise InputRefused(f"the file has {len(content):,} bytes, more than {BYTES_MAX:,}; split the workflow")
        spec = load_text(text, "the file").spec
        self._engine.register_workflow(spec)
        saved_at = datetime.now(UTC).strftime(_MOMENT)
        path = self._folder / spec.name / f"{saved_at}-{spec.digest()[:8]}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, content)
        self.problems.pop(spec.name, None)
        return spec

    def _register(self, version: Version) -> None:
        name = version.path.parent.name
        try:
            self._engine.register_workflow(load_text(version.path.read_bytes(), str(version.path)).spec)
        except (EngineError, OSError) as error:
            self.problems[name] = str(error)


def _version(path: Path) -> Version | None:
    match = _FILE.fullmatch(path.name)
    if match is None:
        return None
    try:
        saved_at = datetime.strptime(match[1], _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Version(path, match[2], saved_at)


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, durably."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
