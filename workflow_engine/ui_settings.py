"""Settings of the dashboard and the REST API: the section ``[ui]`` of the settings file."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

Count = Annotated[int, Field(ge=1)]
Hours = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class UiSettings(BaseModel):
    """Where the dashboard listens, who may use it, and how much it takes.

    Attributes:
        host: address or name it listens on; anything but loopback needs people who can log in.
        port: TCP port; 0 for any that is free.
        public_url: address by which people reach it (``https://tasks.example.org``), where that is another one; for
            links in messages.  With it, logging in is needed.
        allowed_hosts: further names, each with or without a port, that the Host header of a request may have.
        login: "auto" to ask nobody who they are where only this machine can reach it; "always" to ask there as well.
        users_file: where users are kept; relative to the data directory.  None for ``users.json`` in it.
        proxy_header: header in which a proxy says who somebody is ("X-Forwarded-User").
        proxy_groups_header: header in which it says their groups, with commas between.
        proxy_role: role of people whom the proxy names and the users file does not.
        trusted_proxies: addresses and networks (``10.0.0.0/8``) whose headers are believed.
        session_idle_hours: after how long without a request a session ends.
        session_hours: after how long a session ends in any case.
        threads: requests that are answered at once, beside open streams of events.
        body_max_mib: size of a request at most, in MiB.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 5000
    public_url: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    login: Literal["auto", "always"] = "auto"
    users_file: Path | None = None
    proxy_header: str | None = None
    proxy_groups_header: str | None = None
    proxy_role: Literal["viewer", "operator", "admin"] = "viewer"
    trusted_proxies: tuple[str, ...] = ()
    session_idle_hours: Hours = 12.0
    session_hours: Hours = 7 * 24.0
    threads: Count = 16
    body_max_mib: Annotated[int, Field(ge=1, le=1024)] = 32

    def users_path(self, data_dir: Path) -> Path:
        """Return the file of the users of the engine whose data is in *data_dir*."""
        return data_dir / (self.users_file or Path("users.json")).expanduser()

    @property
    def body_max_bytes(self) -> int:
        """Size of a request at most."""
        return self.body_max_mib * 1024 * 1024

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            named = parts.port is None or parts.port > 0
        except ValueError as error:
            raise ValueError(f"is not an address ({error})") from error
        if parts.scheme not in ("http", "https") or not parts.hostname or not named or "@" in parts.netloc:
            raise ValueError("write it as https://tasks.example.org")
        if parts.query or parts.fragment:
            raise ValueError("leave out what begins with ? or #")
        return value.rstrip("/")

    @field_validator("allowed_hosts")
    @classmethod
    def _allowed_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not HOST.fullmatch(name):
                raise ValueError(f"{name!r} is no host; write names as tasks.example.org or tasks.example.org:8443")
        return value

    @field_validator("proxy_header", "proxy_groups_header")
    @classmethod
    def _header(cls, value: str | None) -> str | None:
        if value is not None and not _HEADER.fullmatch(value):
            raise ValueError("a header has letters, digits and hyphens, as X-Forwarded-User")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _trusted_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            if ipaddress.ip_network(text, strict=False).prefixlen == 0:
                raise ValueError(f"{text} is every address; name those of the proxy alone")
        return value


HOST: Final = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_]([A-Za-z0-9._-]{0,252}[A-Za-z0-9_])?)(:(?P<port>[0-9]{1,5}))?"
)
"""A host as the Host header has it: a name or an address, and perhaps a port.  A dot at the end is none."""

_HEADER: Final = re.compile(r"[A-Za-z0-9-]+")
