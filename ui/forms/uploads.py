"""Uploaded files."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final, Protocol

import msgspec

NAME_MAX: Final = 120
"""Longest name of a file, in characters."""


class Upload(msgspec.Struct, frozen=True):
    """A file that came with a form.

    Attributes:
        name: as on the computer that it comes from, without folders.
        media_type: as the browser says.
        content: all of it.
    """

    name: str
    media_type: str
    content: bytes


class Shelf(Protocol):
    """Keeps uploaded files while a form is not finished; see `workflow_engine.ui.forms.drafts.PersonalShelf`."""

    def put(self, upload: Upload) -> str | None:
        """Keep a file and return its token, without blanks; None where it cannot be kept."""
        ...

    def get(self, token: str) -> Upload | None:
        """Return the file with this token, or None."""
        ...


class _Stored(Protocol):
    """A file as Flask has it."""

    @property
    def filename(self) -> str | None: ...
    @property
    def mimetype(self) -> str: ...
    def read(self, size: int = ..., /) -> bytes: ...


def uploads_of(stored: Iterable[tuple[str, _Stored]], size_max_bytes: int) -> dict[str, Upload]:
    """Return the files of a request by the name of their input; those that nobody has chosen are left out.

    Args:
        stored: ``request.files.items()``.
        size_max_bytes: no more than one byte over this is read of each, so that a reader sees that it is too large.
    """
    return {
        name: Upload(file_name(file.filename), file.mimetype, file.read(size_max_bytes + 1))
        for name, file in stored
        if file.filename
    }


def file_name(given: str) -> str:
    """Return the name of a file without folders and without what steers terminals; never empty."""
    last = given.replace("\\", "/").rpartition("/")[2]
    plain = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    name = plain.strip().lstrip(".")
    stem, dot, ending = name.rpartition(".")
    if len(name) > NAME_MAX:
        name = stem[: NAME_MAX - len(ending) - 1] + dot + ending if len(ending) < 20 else name[:NAME_MAX]
    return name or "file"


def distinct(name: str, taken: Mapping[str, object]) -> str:
    """Return *name*, numbered if it is taken: ``report-2.pdf``."""
    stem, dot, ending = name.rpartition(".")
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{stem}-{number}{dot}{ending}" if stem else f"{name}-{number}"
    return found
