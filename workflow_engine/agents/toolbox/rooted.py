"""A folder that nothing leads out of: each part of a path is opened by itself, below the one before, no link followed.

What was checked is what is used: a part that is exchanged meanwhile is another folder of the same root, or refused.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from workflow_engine.agents.tools import ToolError
from workflow_engine.errors import PermanentFailure, TransientFailure

PARTS_MAX: Final = 64
"""Most folders in a path."""

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe would wait for somebody to write into it; O_NOCTTY: a terminal stays what it is.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class Entry(NamedTuple):
    """What a folder holds.

    Attributes:
        name: of the file or folder.
        kind: "file", "folder", "link" or "special file" (a pipe, a device).
        size: bytes of a file, 0 of all else.
    """

    name: str
    kind: str
    size: int


class Rooted:
    """A folder, and what can be done below it.

    Args:
        path: the folder; links that lead to it are followed, those in it are not.
        name: what it is called in messages.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def list(self, parts: tuple[str, ...]) -> list[Entry]:
        """Return what the folder at *parts* holds, by name."""
        with self._folder(parts) as folder, self._told(parts):
            return sorted(_entry(folder, name) for name in os.listdir(folder))

    def size(self, parts: tuple[str, ...]) -> Entry:
        """Return what there is at *parts*."""
        if not parts:
            return Entry(self._name, "folder", 0)
        with self._folder(parts[:-1]) as folder, self._told(parts):
            return _entry(folder, parts[-1])

    def read(self, parts: tuple[str, ...], most: int) -> bytes:
        """Return the content of the file at *parts*.

        Raises:
            ToolError: there is none, it is no regular file, or has more than *most* bytes.
        """
        name = _last(parts)
        with self._folder(parts[:-1]) as folder, self._told(parts):
            # Opening a device can do something, so it is looked at before, too.
            self._check_regular(os.stat(name, dir_fd=folder, follow_symlinks=False), parts)
            with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
                self._check_regular(os.fstat(file.fileno()), parts)
                content = file.read(most + 1)
        if len(content) > most:
            raise ToolError(f"{self.shown(parts)} has more than the {most:,} bytes that can be read")
        return content

    def write(self, parts: tuple[str, ...], content: bytes) -> None:
        """Put *content* in the place of the file at *parts*, all at once; folders that are missing are made.

        The file is a new one under the old name: where the old one had other names (hard links), those keep it.
        """
        name = _last(parts)
        with self._folder(parts[:-1], make=True) as folder, self._told(parts):
            mode = self._mode(folder, name, parts)
            temporary = f".{os.urandom(8).hex()}.part"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=folder), "wb") as file:
                try:
                    file.write(content)
                    file.flush()
                    os.fchmod(file.fileno(), mode)
                    os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    os.unlink(temporary, dir_fd=folder)
                    raise

    def delete(self, parts: tuple[str, ...]) -> None:
        """Remove the file, the link or the empty folder at *parts*."""
        name = _last(parts)
        with self._folder(parts[:-1]) as folder, self._told(parts):
            if _entry(folder, name).kind == "folder":
                os.rmdir(name, dir_fd=folder)
            else:
                os.unlink(name, dir_fd=folder)

    def shown(self, parts: tuple[str, ...]) -> str:
        """Return a path as the model writes it."""
        return "/".join((self._name, *parts))

    @contextmanager
    def _folder(self, parts: tuple[str, ...], make: bool = False) -> Generator[int]:
        """Hold the folder at *parts* open."""
        held = self._opened_root()
        try:
            device = os.fstat(held).st_dev
            for count, part in enumerate(parts, 1):
                with self._told(parts[:count]):
                    inner = _opened(held, part, make)
                os.close(held)
                held = inner
                if os.fstat(held).st_dev != device:  # /proc and the like, mounted below the root
                    raise ToolError(f"{self.shown(parts[:count])} is another file system, which is out of bounds")
            yield held
        finally:
            os.close(held)

    def _opened_root(self) -> int:
        try:
            return os.open(self._path, _FOLDER & ~os.O_NOFOLLOW)
        except OSError as error:
            raise PermanentFailure(
                f"the mount {self._name!r} is {self._path}, which cannot be opened ({error.strerror}); "
                "make the folder, or mend the path"
            ) from error

    def _mode(self, folder: int, name: str, parts: tuple[str, ...]) -> int:
        """Return the permissions that a file is to have: those of the one that it replaces."""
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return 0o644
        self._check_regular(status, parts)
        return stat.S_IMODE(status.st_mode) & 0o777

    def _check_regular(self, status: os.stat_result, parts: tuple[str, ...]) -> None:
        if stat.S_ISLNK(status.st_mode):
            raise ToolError(f"{self.shown(parts)} is a link, and links are not followed")
        if not stat.S_ISREG(status.st_mode):
            raise ToolError(f"{self.shown(parts)} is a {_kind(status.st_mode)}, not a file")

    @contextmanager
    def _told(self, parts: tuple[str, ...]) -> Generator[None]:
        """Have the model told what the system refuses."""
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                raise TransientFailure(f"{self._path} cannot be written ({error.strerror}); make room") from error
            raise ToolError(f"{self.shown(parts)}: {_WORDS.get(error.errno or 0) or error.strerror}") from error


_WORDS: Final = {
    errno.ELOOP: "is a link, and links are not followed",
    errno.ENOTDIR: "a part of the path is no folder, or a link, and links are not followed",
    errno.ENOENT: "there is no such file or folder",
    errno.EISDIR: "is a folder",
    errno.ENXIO: "is no file",
}


def split(path: str) -> tuple[str, ...]:
    """Return the parts of a path that a model wrote.

    Raises:
        ToolError: it is absolute, leads upwards, or is none.
    """
    if "\0" in path:
        raise ToolError("a path holds no NUL character")
    if path.startswith(("/", "~")):
        raise ToolError(f"{path!r} is absolute; paths begin with the name of a mount")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        raise ToolError(f"{path!r} leads upwards; write it without ..")
    if len(parts) > PARTS_MAX:
        raise ToolError(f"a path has at most {PARTS_MAX} parts")
    return parts


def _opened(folder: int, part: str, make: bool) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
        os.mkdir(part, dir_fd=folder)
        return os.open(part, _FOLDER, dir_fd=folder)


def _last(parts: tuple[str, ...]) -> str:
    if not parts:
        raise ToolError("that is a mount; name a file in it")
    return parts[-1]


def _entry(folder: int, name: str) -> Entry:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    kind = _kind(status.st_mode)
    return Entry(name, kind, status.st_size if kind == "file" else 0)


def _kind(mode: int) -> str:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "special file"
