"""Where the control socket stands: in the data directory, or where a file there says.

A path of a socket has about 107 bytes at most, and not every file system takes sockets.  Then it stands in a private
directory for temporary files, and ``control.json`` in the data directory names it.
"""

import contextlib
import os
import socket
import tempfile
from pathlib import Path
from typing import Final

import msgspec

NAME: Final = "control.sock"
POINTER: Final = "control.json"
PREFIX: Final = "workflow-engine-"
"""How the names of the directories for temporary sockets begin."""

PENDING_MAX: Final = 64
"""Connections that wait to be accepted."""


class Pointer(msgspec.Struct, frozen=True):
    """What ``control.json`` holds: the path of the socket."""

    socket: str


class Place:
    """A listening socket that only this user can reach, and the files that lead to it.

    Raises:
        OSError: there is no place for one.
    """

    def __init__(self, data_dir: Path) -> None:
        """Take the place of whatever socket *data_dir* has; the lock of its journal must be held."""
        self._data_dir = data_dir.absolute()
        clear(self._data_dir)
        try:
            self.socket = _listening(self._data_dir / NAME)
        except OSError:
            self.socket = _elsewhere(self._data_dir)

    def remove(self) -> None:
        """Remove the files, so that nobody finds the socket any more."""
        clear(self._data_dir)


def paths(data_dir: Path) -> list[Path]:
    """Return where the socket of *data_dir* may stand."""
    found = [data_dir / NAME]
    with contextlib.suppress(OSError, msgspec.DecodeError):
        found.append(Path(msgspec.json.decode((data_dir / POINTER).read_bytes(), type=Pointer).socket))
    return found


def clear(data_dir: Path) -> None:
    """Remove what leads to a socket of *data_dir*, and what a dead engine left of it."""
    for path in paths(data_dir)[1:]:
        if path.is_socket():
            _remove(path)
    for name in (NAME, POINTER):
        (data_dir / name).unlink(missing_ok=True)


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before listen: until then nobody can connect
        listener.listen(PENDING_MAX)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _elsewhere(data_dir: Path) -> socket.socket:
    path = Path(tempfile.mkdtemp(prefix=PREFIX), NAME)  # a directory with mode 0700
    try:
        listener = _listening(path)
    except OSError:
        path.parent.rmdir()
        raise
    try:
        _write(data_dir / POINTER, Pointer(str(path)))
    except OSError:
        listener.close()
        _remove(path)
        raise
    return listener


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # it is another user's, or others put something there
        path.unlink()
        path.parent.rmdir()


def _write(path: Path, pointer: Pointer) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.write(msgspec.json.encode(pointer))
