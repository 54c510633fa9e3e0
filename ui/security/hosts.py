"""Which Host headers are answered.

A page of a stranger may have its own name point to this machine, and then counts, to the browser, as the same site as
the dashboard (DNS rebinding).  It cannot have the browser send another name.
"""

import ipaddress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from workflow_engine.ui_settings import HOST, UiSettings

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
"""Names under which a browser on this machine, or at the end of a tunnel, finds the dashboard, on whatever port."""


class Host(NamedTuple):
    """A name in lower case, and a port; None for any port, or for none in the header."""

    name: str
    port: int | None


class Hosts:
    """The hosts that are answered, as the settings have them."""

    def __init__(self, settings: UiSettings) -> None:
        bound = f"[{settings.host}]" if ":" in settings.host else settings.host
        # Port 0 is whatever was free.
        self._known = {Host(name, None) for name in LOOPBACK} | {Host(bound.lower(), settings.port or None)}
        self._known |= {found for name in settings.allowed_hosts if (found := parse_host(name)) is not None}
        public = urlsplit(settings.public_url or "")
        if public.hostname is not None:
            shown = f"[{public.hostname}]" if ":" in public.hostname else public.hostname
            self._known.add(Host(shown.lower(), public.port or _DEFAULT_PORTS[public.scheme]))
        # Who listens everywhere is reached by numbers; those cannot be made to point elsewhere.
        self._any_address = is_wildcard(settings.host)

    def answer(self, header: str | None) -> bool:
        """Return whether a request with this Host header is answered."""
        host = parse_host(header or "")
        if host is None:
            return False
        # Whether a proxy was reached by https is not known here, so a header without a port may mean either.
        ports = (host.port,) if host.port is not None else tuple(_DEFAULT_PORTS.values())
        named = any(Host(host.name, port) in self._known for port in (None, *ports))
        return named or (self._any_address and _is_address(host.name))


def parse_host(text: str) -> Host | None:
    """Return the host that a Host header names, None where it is none."""
    match = HOST.fullmatch(text)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else None
    return None if port is not None and not 0 < port < 65_536 else Host(match["name"].lower(), port)


def is_wildcard(host: str) -> bool:
    """Return whether who listens on *host* listens on every address of the machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
