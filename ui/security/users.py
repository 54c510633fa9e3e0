"""The users file: what is kept of users, as JSON."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.errors import ConfigError, InputRefused
from workflow_engine.ui.security.passwords import parsed
from workflow_engine.ui.security.roles import Role


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a token.  Times are seconds since the epoch.

    Attributes:
        id: the public part, by which it is found and revoked.
        digest: SHA-256 of the secret part, in hexadecimal digits.
        label: what it is for, in its user's words.
        created_at: when it was made.
        expires_at: when it ends, None for never.
    """

    id: str
    digest: str
    label: str
    created_at: float
    expires_at: float | None = None

    def live(self, now: float) -> bool:
        """Return whether it has not ended."""
        return self.expires_at is None or now < self.expires_at


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may log in.

    Attributes:
        name: unique, whatever the case of its letters.
        role: what they may do.
        epoch: drawn anew with each password; a session of another epoch has ended.
        groups: whose questions they answer as well.
        password: see `workflow_engine.ui.security.passwords`; None for those who come by token or through a proxy.
        tokens: for programs.
        disabled: whether they are kept out.
    """

    name: str
    role: Role
    epoch: str
    groups: tuple[str, ...] = ()
    password: str | None = None
    tokens: tuple[Token, ...] = ()
    disabled: bool = False


class UsersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: int
    users: tuple[User, ...]


VERSION: Final = 1


def decode(data: bytes, path: Path) -> tuple[User, ...]:
    """Return the users in the content of the file *path*.

    Raises:
        ConfigError: it is damaged.
    """
    try:
        found = _decode(data)
        if found.version != VERSION:
            raise ValueError(f"version {found.version} of the file is not known")
        for user in found.users:
            checked_name(user.name)
            if user.password is not None:
                parsed(user.password)
        unique(found.users)
    except (msgspec.DecodeError, ValueError, TypeError, InputRefused) as error:
        remedy = "restore it from a backup, or move it away and add the users anew with `workflow-engine user add`"
        raise ConfigError(f"{path} is damaged: {error}; {remedy}") from error
    return found.users


def encode(users: Iterable[User]) -> bytes:
    """Return the content of the file."""
    content = msgspec.json.encode(UsersFile(VERSION, tuple(sorted(users, key=lambda user: user.name))))
    return msgspec.json.format(content, indent=2) + b"\n"


def unique(users: Iterable[User]) -> None:
    """Check that no name may be taken for another one.

    Raises:
        InputRefused: two users differ in case alone, or one has the name of a group and would answer for all of it.
    """
    listed = tuple(users)
    groups = {group.casefold() for user in listed for group in user.groups}
    seen: set[str] = set()
    for user in listed:
        name = user.name.casefold()
        if name in seen:
            raise InputRefused(f"there is a user {user.name} already, perhaps in other letters; choose another name")
        if name in groups:
            raise InputRefused(f"{user.name} is the name of a user and of a group; choose another name for one of them")
        seen.add(name)


def checked_name(name: str) -> str:
    """Return the name of a user or of a group.

    Raises:
        InputRefused: it is none.
    """
    if not NAME.fullmatch(name) or unicodedata.normalize("NFKC", name) != name:
        raise InputRefused(
            f"{name[:80]!r} is no name; a name has up to 64 letters, digits and . _ @ + - without spaces"
        )
    return name


NAME: Final = re.compile(r"\w[\w.@+-]{0,63}")
"""A name.  No space, comma, slash or colon: it stands in headers, lists and addresses."""

_decode: Final = msgspec.json.Decoder(UsersFile).decode
