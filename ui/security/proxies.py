"""Trusted proxies: what their headers say of who somebody is, from where, and over what."""

import ipaddress
from typing import Final, NamedTuple, Protocol

from workflow_engine.errors import InputRefused
from workflow_engine.ui.security.users import checked_name
from workflow_engine.ui_settings import UiSettings

HOPS_MAX: Final = 20
"""Addresses of ``X-Forwarded-For`` that are looked at, from the end."""

FORWARDING: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")
"""Headers that say that a proxy has passed a request on."""


class HeadersLike(Protocol):
    """Headers of a request, whatever the case of their names."""

    def get(self, key: str, default: str, /) -> str:
        """Return the value of a header, *default* where it was not sent."""
        ...


class Named(NamedTuple):
    """Whom a proxy names."""

    name: str
    groups: tuple[str, ...]


class Proxies:
    """The proxies that the settings trust."""

    def __init__(self, settings: UiSettings) -> None:
        self._networks = [ipaddress.ip_network(text, strict=False) for text in settings.trusted_proxies]
        self._header = settings.proxy_header
        self._groups_header = settings.proxy_groups_header

    def trust(self, peer: str) -> bool:
        """Return whether *peer*, the address at the other end of the connection, is a proxy that is trusted."""
        address = parse_address(peer)
        return address is not None and any(
            address.version == network.version and address in network for network in self._networks
        )

    def named(self, peer: str, headers: HeadersLike) -> Named | None:
        """Return whom a trusted proxy names, None where it names nobody or the peer is not one.

        Raises:
            InputRefused: what it names is no name.
        """
        if self._header is None or not self.trust(peer):
            return None
        name = _text(headers.get(self._header, ""))
        if not name:
            return None
        groups = _text(headers.get(self._groups_header, "")).split(",") if self._groups_header else []
        return Named(checked_name(name), tuple(sorted({checked_name(g.strip()) for g in groups if g.strip()})))

    def origin(self, peer: str, headers: HeadersLike) -> str:
        """Return the address that a request came from: the last one that no trusted proxy has."""
        address = peer
        for hop in reversed(headers.get("X-Forwarded-For", "").split(",")[-HOPS_MAX:]):
            if not self.trust(address) or parse_address(hop.strip()) is None:
                return address
            address = hop.strip()
        return address

    def encrypted(self, peer: str, headers: HeadersLike) -> bool:
        """Return whether a trusted proxy says that it was reached by https."""
        return self.trust(peer) and headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower() == "https"


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address in *text*, None where there is none; one of IPv4 within IPv6 as IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _text(value: str) -> str:
    """Return the value of a header as UTF-8; WSGI has its bytes as Latin-1."""
    try:
        return value.encode("latin-1").decode("utf-8").strip()
    except UnicodeError as error:
        raise InputRefused("the proxy names somebody in a way that is not UTF-8; have it encode names so") from error
