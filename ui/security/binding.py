"""Where the dashboard may listen: anywhere but on loopback, only with people who can log in."""

import socket
from typing import Final

from workflow_engine.errors import ConfigError
from workflow_engine.ui.security.hosts import LOOPBACK, is_wildcard, parse_host
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.proxies import parse_address
from workflow_engine.ui_settings import UiSettings


def check_binding(settings: UiSettings, people: People) -> None:
    """Check that nobody can come in whom nobody knows.

    Raises:
        ConfigError: people have to log in, and nobody can; or a header is believed whoever sends it; or the users
            file is damaged.
    """
    if settings.proxy_header is not None and not settings.trusted_proxies:
        raise ConfigError(
            f"[ui] proxy_header is {settings.proxy_header}, and anybody can send that; "
            "name the addresses of the proxy in trusted_proxies"
        )
    people.everyone()
    why = why_login(settings)
    if why is not None and not people.can_log_in() and settings.proxy_header is None:
        raise ConfigError(f"{why}, and there is nobody who could log in; {_REMEDY}")


def why_login(settings: UiSettings) -> str | None:
    """Return why people have to log in, None where only this machine can reach the dashboard.

    Raises:
        ConfigError: the host it is to listen on is not known.
    """
    if settings.login == "always":
        return "[ui] login is always"
    if settings.proxy_header is not None:
        return f"[ui] proxy_header is {settings.proxy_header}"
    if not is_loopback(settings.host):
        return f"the dashboard is to listen on {settings.host}, which others can reach"
    elsewhere = [settings.public_url.partition("//")[2].partition("/")[0]] if settings.public_url else []
    for name in (*elsewhere, *settings.allowed_hosts):
        host = parse_host(name)
        if host is None or host.name not in LOOPBACK:
            return f"the dashboard is to be reached as {name}"
    return None


def is_loopback(host: str) -> bool:
    """Return whether *host*, a name or an address, is this machine alone.

    Raises:
        ConfigError: there is no such name.
    """
    if is_wildcard(host):
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"[ui] host: {host} is no address of this machine ({error}); try 127.0.0.1") from error
    addresses = [parse_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return all(address is not None and address.is_loopback for address in addresses)


_REMEDY: Final = (
    "add somebody with `workflow-engine user add NAME --role admin`, "
    "or have a proxy say who people are: set proxy_header and trusted_proxies"
)
