"""Drafts: what people have typed and not sent, so that a closed tab or a restart loses nothing."""

import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.ui.forms.uploads import Upload, file_name

LOG: Final = logging.getLogger("workflow_engine")

SIZE_MAX: Final = 256 * 1024
"""Largest draft, in bytes of JSON."""
COUNT_MAX: Final = 200
"""Drafts that one person has at most; the oldest goes first."""
AGE_MAX: Final = 30 * 24 * 3600.0
"""How long a draft is kept after it was last changed, in seconds."""
FILE_MAX: Final = 32 * 1024 * 1024
"""Largest file that is kept with a draft, in bytes."""
FILES_MAX: Final = 256 * 1024 * 1024
"""Bytes of files that one person has at most."""

_DRAFT: Final = ".json"
_FILE: Final = ".file"
_PARTIAL: Final = ".part"


class _Draft(msgspec.Struct, frozen=True):
    posted: dict[str, list[str]]


class Drafts:
    """Keeps drafts as files of their own, readable by nobody else: one folder a person, one file a draft.

    Args:
        folder: where; it is made when the first draft is kept.
        clock: tells the time, in seconds since the epoch.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()

    def keep(self, person: str, key: str, posted: Mapping[str, Sequence[str]]) -> bool:
        """Keep what *person* has typed under *key*; the one before is replaced.

        Returns:
            Whether it is kept: what is larger than `SIZE_MAX`, or what the disk refuses, is not, and the draft before
            stays.
        """
        content = msgspec.json.encode(_Draft({name: [_whole(t) for t in texts] for name, texts in posted.items()}))
        return len(content) <= SIZE_MAX and self._write(person, self._path(person, key, _DRAFT), content)

    def get(self, person: str, key: str) -> dict[str, list[str]] | None:
        """Return what *person* had typed under *key*, or None; what is too old or damaged is not there."""
        content = self._read(self._path(person, key, _DRAFT))
        try:
            return None if content is None else msgspec.json.decode(content, type=_Draft).posted
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            LOG.warning("a draft of %s cannot be read and is left out: %s", person, error)
            return None

    def drop(self, person: str, key: str) -> None:
        """Forget the draft of *person* under *key*, if there is one."""
        self._path(person, key, _DRAFT).unlink(missing_ok=True)

    def shelf(self, person: str) -> "PersonalShelf":
        """Return what keeps files of *person* while their form is not finished."""
        return PersonalShelf(self, person)

    def put_file(self, person: str, upload: Upload) -> str | None:
        """Keep a file and return its token; None where it is too large or the disk refuses."""
        token = hashlib.sha256(upload.content + upload.name.encode() + upload.media_type.encode()).hexdigest()
        head = json.dumps([upload.name, upload.media_type]).encode() + b"\n"
        if len(upload.content) > FILE_MAX:
            return None
        return token if self._write(person, self._path(person, token, _FILE), head + upload.content) else None

    def get_file(self, person: str, token: str) -> Upload | None:
        """Return the file of *person* with this token, or None."""
        content = self._read(self._path(person, token, _FILE))
        if content is None:
            return None
        head, _, body = content.partition(b"\n")
        try:
            name, media_type = msgspec.json.decode(head, type=tuple[str, str])
        except msgspec.DecodeError:
            return None
        return Upload(file_name(name), media_type, body)

    def _path(self, person: str, key: str, ending: str) -> Path:
        return self._folder / _hashed(person) / (_hashed(key) + ending)

    def _read(self, path: Path) -> bytes | None:
        try:
            if path.stat().st_mtime < self._clock() - AGE_MAX:
                path.unlink(missing_ok=True)
                return None
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            LOG.warning("a draft cannot be read and is left out: %s", error)
            return None

    def _write(self, person: str, path: Path, content: bytes) -> bool:
        """Write a file in one go, or not at all, and remove what is too much or too old."""
        partial = path.with_name(f"{path.name}.{threading.get_ident()}{_PARTIAL}")
        now = self._clock()
        try:
            for folder in (self._folder, path.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.utime(partial, (now, now))
            with self._lock:
                partial.replace(path)
                self._tidy(path.parent, now)
        except OSError as error:
            LOG.warning("a draft of %s cannot be kept: %s", person, error)
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            return False
        return True

    def _tidy(self, folder: Path, now: float) -> None:
        """Remove what is too old, then the oldest of what is too much."""
        files = sorted(((p.stat().st_mtime, p) for p in folder.iterdir() if p.is_file()), reverse=True)
        count, size = 0, 0
        for changed, path in files:
            count += path.suffix == _DRAFT
            size += path.stat().st_size if path.suffix == _FILE else 0
            too_much = (path.suffix == _DRAFT and count > COUNT_MAX) or (path.suffix == _FILE and size > FILES_MAX)
            if too_much or changed < now - AGE_MAX:
                path.unlink(missing_ok=True)


class PersonalShelf:
    """Keeps uploaded files of one person; see `workflow_engine.ui.forms.uploads.Shelf`."""

    def __init__(self, drafts: Drafts, person: str) -> None:
        self._drafts = drafts
        self._person = person

    def put(self, upload: Upload) -> str | None:
        """Keep a file and return its token; None where it cannot be kept."""
        return self._drafts.put_file(self._person, upload)

    def get(self, token: str) -> Upload | None:
        """Return the file with this token, or None."""
        return self._drafts.get_file(self._person, token)


def _hashed(name: str) -> str:
    return hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()


def _whole(text: str) -> str:
    """Return *text* without halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()
