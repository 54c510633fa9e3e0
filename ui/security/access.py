"""What the guard knows: settings, people, sessions and keys of one server."""

import hashlib
import hmac
import logging
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from workflow_engine.ui.security.audit import Audit
from workflow_engine.ui.security.binding import check_binding, why_login
from workflow_engine.ui.security.hosts import Hosts
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.private_files import make_folder, write_private
from workflow_engine.ui.security.proxies import Proxies
from workflow_engine.ui.security.sessions import Sessions
from workflow_engine.ui.security.throttle import Throttle
from workflow_engine.ui_settings import UiSettings

FOLDER: Final = "ui"
"""Where sessions and the key are, below the data directory."""


class Desk(Protocol):
    """What has to be known of an engine."""

    @property
    def settings(self) -> UiSettings:
        """Settings of the dashboard."""
        ...

    @property
    def data_dir(self) -> Path:
        """Where the engine keeps everything."""
        ...

    @property
    def people(self) -> People:
        """Who may log in."""
        ...

    @property
    def audit(self) -> Audit:
        """The record of who did what."""
        ...


class Access:
    """Who may come in.

    Attributes:
        settings: of the dashboard.
        people: who may log in.
        audit: the record of who did what.
        sessions: who has logged in.
        throttle: of logging in.
        hosts: which Host headers are answered.
        proxies: which are trusted.
        login_needed: whether people have to say who they are.

    Args:
        desk: see there.
        clock: gives the time, in seconds since the epoch.
        throttle: of logging in.
    """

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.time, throttle: Throttle | None = None) -> None:
        settings, folder = desk.settings, desk.data_dir / FOLDER
        check_binding(settings, desk.people)
        make_folder(folder)
        self.settings = settings
        self.people = desk.people
        self.audit = desk.audit
        self.sessions = Sessions(
            folder / "sessions.json", settings.session_idle_hours * 3_600, settings.session_hours * 3_600, clock
        )
        self.throttle = Throttle() if throttle is None else throttle
        self.hosts = Hosts(settings)
        self.proxies = Proxies(settings)
        self.login_needed = why_login(settings) is not None
        self._key = _key(folder / "key")

    def derived(self, *parts: str) -> str:
        """Return a secret that belongs to *parts*, and that nobody can tell from outside."""
        # Lengths before the parts: ("ab", "c") and ("a", "bc") are two.
        message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def csrf_token(self, cookie: str, name: str) -> str:
        """Return what forms have to carry that are sent with *cookie* by the person *name*, "" for nobody known."""
        return self.derived("csrf", cookie, name)

    def cookie_name(self, encrypted: bool) -> str:
        """Return the name of the session's cookie; over https one that no other host can set.

        Cookies are shared between the ports of a host, so each port has a name of its own.
        """
        return "__Host-workflow_engine" if encrypted else f"workflow_engine_{self.settings.port}"


def _key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = b""
    if len(key) != _KEY_BYTES:
        if key:
            _LOG.warning("%s is damaged; pages that are open have to be loaded again", path)
        key = secrets.token_bytes(_KEY_BYTES)
        write_private(path, key)
    return key


_KEY_BYTES: Final = 32
_LOG: Final = logging.getLogger("workflow_engine")
