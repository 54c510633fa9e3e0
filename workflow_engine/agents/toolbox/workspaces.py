"""Workspaces: a folder for each task that models work in, below the data directory."""

import errno
import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Final

from workflow_engine.errors import PermanentFailure

# Without capitals: some file systems take `A` for `a`.
_PLAIN: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")


def workspace(data_dir: Path, task: str) -> Path:
    """Return the folder of a task: ``workspaces/<task>``, or a hash where the id is no plain name."""
    name = task if _PLAIN.fullmatch(task) else f"~{hashlib.sha256(task.encode()).hexdigest()[:32]}"
    return data_dir / "workspaces" / name


def make_workspace(data_dir: Path, task: str) -> Path:
    """Return the folder of a task, which is made if it is missing.

    Raises:
        PermanentFailure: it cannot be made.
    """
    folder = workspace(data_dir, task)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        reason = os.strerror(error.errno or errno.EIO)
        raise PermanentFailure(f"the folder {folder} of task {task} cannot be made ({reason})") from error
    return folder


def remove_workspace(data_dir: Path, task: str) -> None:
    """Remove the folder of a task, if there is one."""
    shutil.rmtree(workspace(data_dir, task), ignore_errors=True)
