"""Putting read-only copies into a folder that a program works in."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from workflow_engine.artifacts.names import checked_name
from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.errors import ArtifactError

_COPY_BYTES = 64 << 20


def mounted_names(refs: Iterable[ArtifactRef]) -> dict[str, ArtifactRef]:
    """Return *refs* by name.

    Raises:
        ArtifactError: two of them have one name and different contents, or a name is not acceptable.
    """
    named: dict[str, ArtifactRef] = {}
    for ref in refs:
        name = checked_name(ref.name)  # again: a reference may come from a journal that others can write
        if named.setdefault(name, ref).sha256 != ref.sha256:
            raise ArtifactError(f"artifact {name}: two contents are to be mounted under this name; choose one")
    return named


def mount_file(directory: Path, name: str, fill: Callable[[BinaryIO], None]) -> None:
    """Create the file *name* below *directory*, have *fill* write it, and leave it read-only.

    Raises:
        ArtifactError: something is in its way, or it cannot be written.
    """
    path = directory / name
    try:
        _make_folders(directory, name)
        # O_EXCL follows no link and opens no file that is there already, whoever put it there.
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o444), "wb") as file:
            fill(file)
            os.fchmod(file.fileno(), 0o444)  # whatever the umask is
    except OSError as error:
        raise ArtifactError(
            f"artifact {name} cannot be mounted at {path} ({error.strerror}); mount into an empty, writable directory"
        ) from error


def copy_into(source: Path) -> Callable[[BinaryIO], None]:
    """Return a function that writes the content of *source*.

    It never links: a hard link shares the inode, and a program that may chmod its mount would write into the store.
    """

    def fill(target: BinaryIO) -> None:
        with source.open("rb") as blob:
            _copy(blob, target)

    return fill


def _make_folders(directory: Path, name: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    folder = directory
    for part in name.split("/")[:-1]:
        folder /= part
        if folder.is_symlink():  # it may lead anywhere
            raise NotADirectoryError(0, f"{folder} is a link")
        folder.mkdir(exist_ok=True)


def _copy(source: BinaryIO, target: BinaryIO) -> None:
    if sys.platform == "linux":
        # Shares the blocks, copy on write, on file systems that can (Btrfs, XFS); else copies inside the kernel.  Where
        # it is refused, as between some file systems, the plain loop goes on at the offset where this one stopped.
        with suppress(OSError):
            while os.copy_file_range(source.fileno(), target.fileno(), _COPY_BYTES):
                continue
    while piece := source.read(1 << 20):
        target.write(piece)
