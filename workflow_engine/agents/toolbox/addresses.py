"""Addresses: which ones a model may have us connect to, and connecting to the very address that was looked at.

A name is looked up once, and what was found is judged and used: a second look-up could tell another story.
"""

import ipaddress
import socket
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final, NamedTuple

from workflow_engine.agents.tools import ToolError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# RFC 6052 and RFC 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo): an IPv4 address is inside, where a gateway goes to.
_GATEWAYS: Final = tuple(
    ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")
)
_ALSO: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",  # carrier-grade NAT; a cloud has its metadata at 100.100.100.200
        "192.0.0.0/24",  # IETF protocol assignments; a cloud has its metadata at 192.0.0.192
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "168.63.129.16/32",  # a public address that is the host of a virtual machine
        "fec0::/10",  # site-local
    )
)


class Hosts(NamedTuple):
    """Which hosts may be spoken to.

    Attributes:
        allowed: patterns of names, such as ``*.example.com``; empty for all.
        denied: patterns of names.
        private: names, and networks such as ``10.1.0.0/16``, that may be spoken to although they are not public.
    """

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    private: tuple[str, ...] = ()

    def check(self, host: str) -> None:
        """Return if *host*, in lower case, may be spoken to by its name.

        Raises:
            ToolError: it may not.
        """
        if _fits(host, self.denied) or (self.allowed and not _fits(host, self.allowed)):
            raise ToolError(f"{host} is not among the hosts that may be spoken to")

    def resolved(self, host: str, port: int) -> list[Address]:
        """Return the addresses of *host*, all of which may be connected to.

        Raises:
            ToolError: there are none, or one may not.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ToolError(f"{host} cannot be found: {error}") from error
        addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]
        for address in addresses:
            if not (is_public(address) or self._is_listed(host, address)):
                raise ToolError(f"{host} is {address}, which is no public address, and is out of bounds")
        return list(dict.fromkeys(addresses))

    def _is_listed(self, host: str, address: Address) -> bool:
        return host in self.private or any(_within(address, network) for network in networks(self.private))


def networks(words: Iterable[str]) -> list[Network]:
    """Return those of *words* that are networks or addresses; the others are names."""
    found: list[Network] = []
    for word in words:
        try:
            found.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            continue
    return found


def is_public(address: Address) -> bool:
    """Return whether *address*, and the IPv4 address that may be inside it, is one of the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _GATEWAYS):
            return False
    refused = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not refused and not any(_within(address, network) for network in _ALSO)


def _within(address: Address, network: Network) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address) in network


def _fits(host: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(host, pattern.lower()) for pattern in patterns)
