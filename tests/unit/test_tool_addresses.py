"""Addresses that a model may have us connect to."""

import ipaddress
import socket
from typing import Any

import pytest

from workflow_engine.agents.toolbox.addresses import Hosts, is_public
from workflow_engine.agents.tools import ToolError


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "192.88.99.1",
        "198.18.0.1", "198.51.100.1", "203.0.113.1", "168.63.129.16", "224.0.0.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::8.8.8.8",
        "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1", "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1", "2002:7f00:1::1", "2001:0:7f00:1::1", "2001:db8::1", "100::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_known_as_such(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "0", "::1", "::ffff:7f00:1"]
)
def test_every_way_to_write_this_machine_is_refused(host: str) -> None:
    with pytest.raises(ToolError, match="which is no public address, and is out of bounds"):
        Hosts().resolved(host, 80)


@pytest.mark.parametrize("listed", ["127.0.0.1", "127.0.0.0/8", "LOOK", "0.0.0.0/0"])
def test_what_is_listed_may_be_reached_although_it_is_private(listed: str) -> None:
    host = "127.0.0.1"
    hosts = Hosts(private=(host if listed == "LOOK" else listed,))
    assert hosts.resolved(host, 80) == [ipaddress.ip_address(host)]


def test_a_private_address_is_known_behind_an_ipv6_one() -> None:
    hosts = Hosts(private=("10.0.0.0/8",))
    assert [str(one) for one in hosts.resolved("::ffff:10.1.2.3", 80)] == ["::ffff:a01:203"]
    with pytest.raises(ToolError, match="out of bounds"):
        hosts.resolved("::ffff:127.0.0.1", 80)


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(host: str, port: int, **more: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    with pytest.raises(ToolError, match=r"two\.example is 10\.0\.0\.1, which is no public address"):
        Hosts().resolved("two.example", 80)


@pytest.mark.parametrize(
    ("host", "fits"), [("docs.example.com", True), ("example.com", False), ("example.com.evil.net", False)]
)
def test_names_are_allowed_by_pattern(host: str, fits: bool) -> None:
    hosts = Hosts(allowed=("*.Example.com",))
    if fits:
        hosts.check(host)
    else:
        with pytest.raises(ToolError, match="not among the hosts"):
            hosts.check(host)


def test_what_is_denied_is_denied_though_it_is_allowed() -> None:
    with pytest.raises(ToolError, match="not among the hosts"):
        Hosts(allowed=("*",), denied=("*.internal",)).check("db.internal")
