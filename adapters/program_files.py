"""The private folder that a program works in, and what it leaves there."""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from workflow_engine.artifacts.names import checked_name
from workflow_engine.errors import PermanentFailure, TransientFailure

INPUTS: Final = "inputs"
"""Folder of the task's artifacts, below the working directory."""

OUTPUTS: Final = "outputs"
"""Folder for the files that are to become artifacts, below the working directory."""

OUTPUTS_MAX: Final = 10_000
"""Most files that one attempt may leave: each is an entry of the task."""

_PROCESS: Final = secrets.token_hex(4) + "-"  # a process id would not do: in a container the next one has the same


def make_folder(parent: Path) -> Path:
    """Make a new working directory below *parent*, with an empty `OUTPUTS`; nobody but its owner can read it.

    Raises:
        TransientFailure: the disk does not take it just now.
    """
    try:
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = Path(tempfile.mkdtemp(prefix=_PROCESS, dir=parent))
        (folder / INPUTS).mkdir()
        (folder / OUTPUTS).mkdir()
    except OSError as error:
        raise TransientFailure(f"no working directory can be made in {parent} ({error.strerror})") from error
    return folder


def mount_files(mounts: Mapping[str, str], folder: Path) -> None:
    """Copy files and folders into *folder*, by the names they have there.

    Raises:
        PermanentFailure: a name is not below the folder, or what it stands for is not there.
    """
    for name, source in mounts.items():
        target = folder / name
        if not target.resolve().is_relative_to(folder.resolve()) or target.resolve() == folder.resolve():
            raise PermanentFailure(f"mount {name!r} is not below the folder of the program; use a relative name")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if Path(source).is_dir():
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target)
        except OSError as error:
            why = f"mount {name!r}: {source} cannot be copied ({error.strerror}); mend mounts of the phase"
            raise PermanentFailure(why) from error


def remove_leftovers(parent: Path) -> None:
    """Remove the working directories below *parent* that a process which died has left."""
    if parent.is_dir():
        for folder in parent.iterdir():
            if not folder.name.startswith(_PROCESS):
                remove_folder(folder)


def remove_folder(folder: Path) -> None:
    """Remove *folder* with everything in it, whatever its program made of the permissions."""
    for path, names, _ in os.walk(folder):
        for name in names:
            child = os.path.join(path, name)
            if not os.path.islink(child):
                with suppress(OSError):
                    os.chmod(child, 0o700)  # walk looks into it after this
    shutil.rmtree(folder, ignore_errors=True)


def left_files(folder: Path) -> dict[str, Path]:
    """Return the files below *folder* by the names they have as artifacts, sorted.

    Raises:
        PermanentFailure: something there cannot be an artifact.
        ArtifactError: a name is not acceptable.
    """
    if folder.is_symlink():
        raise PermanentFailure(
            f"the program replaced {folder.name}/ by a link; have it write into the folder it was given"
        )
    found: dict[str, Path] = {}
    for path, folders, files in os.walk(folder, onerror=_refuse):
        for name in sorted(folders + files):
            child = Path(path, name)
            if _is_file(child, folder):
                _add(found, child, folder)
    return dict(sorted(found.items()))


def _add(found: dict[str, Path], path: Path, folder: Path) -> None:
    name = checked_name(path.relative_to(folder).as_posix())
    if name in found:
        raise PermanentFailure(f"two files in {folder.name}/ are named {name!a} in Unicode's NFC form; rename one")
    if len(found) == OUTPUTS_MAX:
        raise PermanentFailure(
            f"there are more than {OUTPUTS_MAX:,} files in {folder.name}/; have the program pack them"
        )
    found[name] = path


def _is_file(path: Path, folder: Path) -> bool:
    """Return whether *path* is a file and not a folder; refuse what is neither."""
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
        return stat.S_ISREG(mode)
    what = "a link" if stat.S_ISLNK(mode) else "neither a file nor a folder"
    name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
    raise PermanentFailure(f"{name!a} is {what} and cannot be an artifact; have the program write a plain file")


def _refuse(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # a program may remove its folder
        raise PermanentFailure(f"{error.filename} cannot be read ({error.strerror}); leave folders readable") from error
