"""Files that only their owner reads: passwords, sessions, keys, the audit."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Final

from workflow_engine.errors import ConfigError, JournalLocked
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.lock import FileLock

LOCK_WAIT_MAX: Final = 10.0
"""How long an edit waits for another one, in seconds."""


def write_private(path: Path, data: bytes) -> None:
    """Put *data* into the file *path*, durably, and at once: nobody ever reads half of it."""
    path = path.resolve()  # a link stays one
    make_folder(path.parent)
    fd, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with open(fd, "wb") as file:
            _give_away(fd, path if path.exists() else path.parent)
            file.write(data)
            file.flush()
            os.fsync(fd)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
    Disk().sync_directory(path.parent)


def open_private(path: Path, flags: int) -> int:
    """Return a descriptor of the file *path*, which is made where it is missing."""
    make_folder(path.parent)
    fd = os.open(path, flags | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    _give_away(fd, path.parent)
    return fd


def make_folder(path: Path) -> None:
    """Make the folder *path* where it is missing, for its owner alone."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _give_away(fd, path.parent)
        finally:
            os.close(fd)


@contextlib.contextmanager
def locked(path: Path) -> Generator[None]:
    """Keep every other process and thread from editing the file *path*.

    Raises:
        ConfigError: somebody else has been editing it for too long.
    """
    beside = path.resolve().with_name(f".{path.name}.lock")
    os.close(open_private(beside, os.O_RDWR))
    lock = FileLock(beside)
    try:
        lock.take(LOCK_WAIT_MAX)
    except JournalLocked as error:
        raise ConfigError(f"{path} is being changed by process {error.holder}; try again when it has ended") from error
    try:
        yield
    finally:
        lock.release()


def _give_away(fd: int, model: Path) -> None:
    """Give a file that root makes to the owner of *model*: root adds a user, and the server still reads the file."""
    owner = model.stat()
    if os.geteuid() == 0 and os.fstat(fd).st_uid != owner.st_uid and not stat.S_ISLNK(owner.st_mode):
        os.fchown(fd, owner.st_uid, owner.st_gid)
