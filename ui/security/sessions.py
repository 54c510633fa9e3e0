"""Sessions: who has logged in, by the cookie of their browser.

Kept in memory, and in a file, so that people stay logged in when the server is started anew.  Only the digest of a
cookie is kept: who reads the file cannot log in with it.
"""

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.ui.security.private_files import write_private


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who has logged in.  Times are seconds since the epoch.

    Attributes:
        digest: SHA-256 of the cookie.
        name: of the user.
        epoch: of the user, when they logged in; see `workflow_engine.ui.security.users.User`.
        begun: when they logged in.
        seen: when they made their last request, to within `SEEN_EVERY`.
    """

    digest: str
    name: str
    epoch: str
    begun: float
    seen: float


SEEN_EVERY: Final = 60.0
"""How often, in seconds, it is noted that somebody is still there."""

OF_USER_MAX: Final = 50
"""Sessions of a user at most; the one longest unused makes room."""


class Sessions:
    """The sessions of a server.  For several threads.

    Args:
        path: the file; one that is damaged is begun anew, and people log in again.
        idle: after how many seconds without a request a session ends.
        lifetime: after how many seconds it ends in any case.
        clock: gives the time, in seconds since the epoch.
    """

    def __init__(self, path: Path, idle: float, lifetime: float, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._idle = idle
        self.lifetime = lifetime
        self._clock = clock
        self._lock = threading.Lock()
        self._by_digest = {session.digest: session for session in _read(path)}

    def begin(self, name: str, epoch: str) -> str:
        """Begin a session, and return its cookie, which nobody has seen before."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            of_user = sorted((s for s in self._live(now) if s.name == name), key=lambda s: s.seen)
            for oldest in of_user[: max(0, len(of_user) + 1 - OF_USER_MAX)]:
                del self._by_digest[oldest.digest]
            self._put(Session(_digest(cookie), name, epoch, now, now))
        return cookie

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie, None where it has ended or there never was one."""
        now = self._clock()
        with self._lock:
            session = self._by_digest.get(_digest(cookie))
            if session is None or not self._is_live(session, now):
                return None
            if now - session.seen >= SEEN_EVERY:
                session = msgspec.structs.replace(session, seen=now)
                self._put(session)
            return session

    def end(self, cookie: str) -> None:
        """End the session of a cookie."""
        with self._lock:
            if self._by_digest.pop(_digest(cookie), None) is not None:
                self._write()

    def end_all(self, name: str) -> None:
        """End all sessions of a user."""
        with self._lock:
            self._by_digest = {digest: s for digest, s in self._by_digest.items() if s.name != name}
            self._write()

    def _put(self, session: Session) -> None:
        self._by_digest[session.digest] = session
        self._write()

    def _write(self) -> None:
        live = self._live(self._clock())
        self._by_digest = {session.digest: session for session in live}
        try:
            write_private(self._path, msgspec.json.encode(live))
        except OSError as error:  # people stay logged in while this server runs
            _LOG.warning("%s cannot be written: %s", self._path, error.strerror)

    def _live(self, now: float) -> list[Session]:
        return [session for session in self._by_digest.values() if self._is_live(session, now)]

    def _is_live(self, session: Session, now: float) -> bool:
        return now - session.seen < self._idle and now - session.begun < self.lifetime


def _read(path: Path) -> tuple[Session, ...]:
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (msgspec.DecodeError, OSError) as error:
        _LOG.warning("%s cannot be read (%s); people have to log in again", path, error)
        return ()


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()


_LOG: Final = logging.getLogger("workflow_engine")
_decode: Final = msgspec.json.Decoder(tuple[Session, ...]).decode
