"""Workflow files by what people type: a path, or the name of one that the package brings along."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import workflow_engine
from workflow_engine.errors import InputRefused
from workflow_engine.spec.problems import did_you_mean, listed

if TYPE_CHECKING:
    from workflow_engine.spec.loading import Loaded

STDIN: Final = "-"
"""What means stdin in place of a file."""

SUFFIXES: Final = (".yaml", ".yml", ".json")
"""Endings of workflow files."""

LIBRARY: Final = Path(workflow_engine.__file__).resolve().parent / "workflows"
"""Folder of the ready-made workflows."""

_REPLIES: Final = ".replies"


class Companions(NamedTuple):
    """Files that belong to a workflow file by their names; None where there is no such file.

    Attributes:
        replies: what the offline model says: ``review.replies.yaml`` of ``review.yaml``.
        handlers: Python handlers, as ``HANDLERS`` by classification: ``document_review_handlers.py`` of
            ``document-review.yaml``; for the only workflow of a folder ``handlers.py`` will do.
    """

    replies: Path | None
    handlers: Path | None


def find_workflow_file(name: str) -> Path:
    """Return the workflow file that *name* means: a path, or else the name of a ready-made workflow.

    Raises:
        InputRefused: there is no such file.
    """
    path = Path(name)
    if path.is_file():
        return path
    ready_made = library()
    if name in ready_made:
        return ready_made[name]
    if path.is_dir():
        raise InputRefused(f"{name} is a folder; name a workflow file in it")
    remedy = did_you_mean(name, ready_made) or f"; name a workflow file, or a ready-made one: {listed(ready_made)}"
    raise InputRefused(f"there is no file {name}{remedy}")


def load(name: str) -> "Loaded":
    """Return the workflow that *name* means: as in `find_workflow_file`, or ``-`` for one on stdin.

    Raises:
        InputRefused: there is no such file.
        SpecError: the file is wrong.
    """
    from workflow_engine.spec.loading import load_text, load_workflow  # pydantic is heavy

    if name == STDIN:
        return load_text(sys.stdin.buffer.read(), "stdin", Path.cwd())
    return load_workflow(find_workflow_file(name))


def library() -> dict[str, Path]:
    """Return the ready-made workflows by name, sorted."""
    return {path.stem: path for path in workflow_files(LIBRARY, deep=False)}


def workflow_files(folder: Path, *, deep: bool = True) -> list[Path]:
    """Return what has the name of a workflow file in *folder*, sorted; hidden folders are left out.

    Files of replies are none, nor are JSON Schemas, which have ``.schema.json`` at their end.
    """
    found = folder.rglob("*") if deep else folder.glob("*")
    return sorted(path for path in found if _is_workflow_file(path, folder))


def companions(path: Path) -> Companions:
    """Return what belongs to the workflow file at *path*."""
    replies = (path.with_name(f"{path.stem}{_REPLIES}{suffix}") for suffix in SUFFIXES)
    handlers = (
        path.with_name(f"{path.stem.replace('-', '_')}_handlers.py"),
        path.with_name("handlers.py"),
    )
    return Companions(_first(replies), _first(handlers))


def _is_workflow_file(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    kind = Path(path.stem).suffix
    return not hidden and path.suffix in SUFFIXES and kind not in (_REPLIES, ".schema") and path.is_file()


def _first(paths: Iterable[Path]) -> Path | None:
    return next((path for path in paths if path.is_file()), None)
