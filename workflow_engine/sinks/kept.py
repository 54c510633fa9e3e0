"""What is kept of a sink between lives: how far it is, what is wrong, and what was set aside."""

import contextlib
import fcntl
import os
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from workflow_engine.errors import ConfigError
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.port import EventRecord

FOLDER: Final = "sinks"
"""The folder in the data directory."""


class SinkState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a sink stands.  Times are seconds since the epoch.

    Attributes:
        cursor: the place up to which everything was delivered, left out or set aside.
        behind: commits that it has not come to yet; only as told by `Sinks.states` and the command line.
        delivered: events that were delivered, all lives together; repeats count again.
        last_delivered_at: when the last of them was.
        error: what is wrong, as a sentence; None where nothing is.
        since: since when it is.
        tries: how often the delivery under way has failed.
        failing: ids of the first and the last event of that delivery.
        busy_since: since when a delivery is under way; only as told by `Sinks.states`.
        dead: events that were set aside.
    """

    cursor: Place = Place()
    behind: int = 0
    delivered: int = 0
    last_delivered_at: float | None = None
    error: str | None = None
    since: float | None = None
    tries: int = 0
    failing: tuple[str, str] | None = None
    busy_since: float | None = None
    dead: int = 0


class Kept:
    """The files of one sink in ``<data directory>/sinks``.

    Attributes:
        name: of the sink.
        dead: lines of JSON, one for each event that was set aside, and one for each stretch that was skipped.
        gap: where a gap is put in order.
    """

    def __init__(self, data_dir: Path, name: str) -> None:
        self.name = name
        self.folder = Path(data_dir) / FOLDER
        self.dead = self.folder / f"{name}.dead.jsonl"
        self.gap = self.folder / f"{name}.gap.sqlite"
        self._state = self.folder / f"{name}.json"
        self._skip = self.folder / f"{name}.skip.json"
        self._lock = self.folder / f"{name}.lock"

    def load(self) -> SinkState | None:
        """Return where the sink stood, None for one that is new.

        Raises:
            ConfigError: the file is not what was written.
        """
        with contextlib.suppress(FileNotFoundError):
            try:
                return _decode_state(self._state.read_bytes())
            except msgspec.DecodeError as error:
                raise ConfigError(
                    f"{self._state} is not what was written: {error}; write "
                    f'{{"cursor":{{"n":N}}}} into it, with the commit N to go on behind, or remove it to begin anew'
                ) from error
        return None

    def save(self, state: SinkState, *, durably: bool = True) -> None:
        """Keep *state*; an old one is replaced as a whole."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _replace(self._state, _encode(msgspec.structs.replace(state, behind=0, busy_since=None)), durably)

    def set_aside(self, events: Sequence[EventRecord], why: str, tries: int) -> None:
        """Add events to the dead ones, durably."""
        at = time.time()
        self._bury([{"at": at, "error": why, "tries": tries, "event": event} for event in events])

    def note_skipped(self, after: Place, upto: Place) -> None:
        """Add to the dead ones that everything between two places was left out, as somebody wanted."""
        self._bury([{"at": time.time(), "skipped": {"after": str(after), "upto": str(upto)}}])

    def ask_to_skip(self, upto: Place) -> None:
        """Have whoever delivers leave out what stands up to a place."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _replace(self._skip, _encode(upto), durably=True)

    def asked_to_skip(self) -> Place | None:
        """Return up to which place somebody wants to leave things out, None where nobody does."""
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):
            return _decode_place(self._skip.read_bytes())
        return None

    def skipped(self) -> None:
        """Note that it was done as somebody wanted."""
        self._skip.unlink(missing_ok=True)

    @contextlib.contextmanager
    def alone(self) -> Generator[bool]:
        """Be the only one who delivers, for the length of a ``with``; gives whether one is."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(fd)

    def _bury(self, lines: list[dict[str, Any]]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        data = b"".join(_encode(line) + b"\n" for line in lines)
        fd = os.open(self.dead, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            size = os.fstat(fd).st_size
            if size and os.pread(fd, 1, size - 1) != b"\n":
                data = b"\n" + data  # a crash has left half a line
            while data:
                data = data[os.write(fd, data) :]
            os.fsync(fd)
        finally:
            os.close(fd)


def _replace(path: Path, data: bytes, durably: bool) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        os.write(fd, data)
        if durably:
            os.fsync(fd)
    finally:
        os.close(fd)
    fresh.replace(path)
    if durably:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


_encode: Final = msgspec.json.Encoder().encode
_decode_state: Final = msgspec.json.Decoder(SinkState).decode
_decode_place: Final = msgspec.json.Decoder(Place).decode
