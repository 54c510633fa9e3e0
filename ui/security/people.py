"""The people who may log in: kept in a file that other processes may change while a server runs."""

import contextlib
import hashlib
import hmac
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from workflow_engine.errors import ConfigError, InputRefused
from workflow_engine.ui.security.passwords import COST, Cost, fits, kept
from workflow_engine.ui.security.private_files import locked, write_private
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui.security.users import Token, User, checked_name, decode, encode, unique

PREFIX: Final = "wfe"
"""How tokens begin, so that a scanner for secrets knows one: ``wfe_<id>_<secret>``."""

TOKENS_MAX: Final = 50
"""Tokens of a user at most."""

LABEL_MAX: Final = 80
"""Characters of a token's label at most."""


class People:
    """The users of one file.  What it says is read again as soon as the file has changed.

    Every method raises ConfigError where the file is damaged, and leaves it as it is.

    Args:
        path: the file; missing while there is no user.
        clock: gives the time, in seconds since the epoch.
        cost: what checking a password costs.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, cost: Cost = COST) -> None:
        self.path = path
        self._clock = clock
        self._cost = cost
        self._known = _Known(None, {})
        self._lock = threading.Lock()

    def everyone(self) -> tuple[User, ...]:
        """Return all users, by name."""
        return tuple(self._users().values())

    def find(self, name: str) -> User | None:
        """Return a user, None where there is none of this name or it is disabled."""
        user = self._users().get(name)
        return None if user is None or user.disabled else user

    def can_log_in(self) -> bool:
        """Return whether anybody has a password or a token that is good."""
        now = self._clock()
        return any(
            user.password is not None or any(token.live(now) for token in user.tokens)
            for user in self.everyone()
            if not user.disabled
        )

    def by_password(self, name: str, password: str) -> User | None:
        """Return the user whose name and password these are.  A wrong one takes as long, whatever is wrong with it."""
        user = self.find(name)
        return user if fits(password, None if user is None else user.password, self._cost) else None

    def by_token(self, text: str) -> User | None:
        """Return the user to whom a token belongs that has not ended."""
        prefix, _, rest = text.partition("_")
        name, _, secret = rest.partition("_")
        digest, now = _digest(secret), self._clock()
        for user in self.everyone():
            for token in user.tokens:
                if hmac.compare_digest(token.id.encode(), name.encode()):
                    good = hmac.compare_digest(token.digest.encode(), digest.encode()) and token.live(now)
                    return user if good and prefix == PREFIX and not user.disabled else None
        return None

    def add(self, name: str, role: Role, groups: tuple[str, ...] = (), password: str | None = None) -> User:
        """Add a user.

        Raises:
            InputRefused: the name is taken or none, or the password is too easy to guess.
        """
        user = User(
            checked_name(name),
            role,
            _epoch(),
            _checked_groups(groups),
            None if password is None else kept(password, name, self._cost),
        )
        with self._editing() as users:
            if name in users:
                raise InputRefused(f"there is a user {name}; change it with `workflow-engine user role` or `password`")
            users[name] = user
        return user

    def remove(self, name: str) -> None:
        """Remove a user, whose sessions and tokens end."""
        with self._editing() as users:
            del users[_existing(users, name).name]

    def set_role(self, name: str, role: Role) -> None:
        """Give a user another role, at once, in sessions under way as well."""
        self._change(name, lambda user: msgspec.structs.replace(user, role=role))

    def set_groups(self, name: str, groups: tuple[str, ...]) -> None:
        """Put a user into *groups*, and out of all others."""
        checked = _checked_groups(groups)
        self._change(name, lambda user: msgspec.structs.replace(user, groups=checked))

    def set_password(self, name: str, password: str | None) -> User:
        """Give a user another password, None for none.  Sessions end; tokens stay."""
        text = None if password is None else kept(password, name, self._cost)
        return self._change(name, lambda user: msgspec.structs.replace(user, password=text, epoch=_epoch()))

    def set_disabled(self, name: str, disabled: bool) -> None:
        """Keep a user out, or let them in again.  Sessions end."""
        self._change(name, lambda user: msgspec.structs.replace(user, disabled=disabled, epoch=_epoch()))

    def add_token(self, name: str, label: str, days: float | None = None) -> str:
        """Make a token for a user, and return it: only its digest is kept.

        Args:
            name: of the user.
            label: what it is for.
            days: after how many it ends, None for never.

        Raises:
            InputRefused: there is no such user, it has too many tokens, or the label is too long.
        """
        if not label.isprintable() or len(label) > LABEL_MAX:
            raise InputRefused(f"the label of a token has up to {LABEL_MAX} characters, all of which can be seen")
        if days is not None and not 0 < days <= DAYS_MAX:
            raise InputRefused(f"a token lasts for up to {DAYS_MAX} days, not {days}")
        public, secret, now = secrets.token_hex(6), secrets.token_urlsafe(32), self._clock()
        token = Token(public, _digest(secret), label, now, None if days is None else now + days * 86_400)

        def with_token(user: User) -> User:
            live = tuple(known for known in user.tokens if known.live(now))
            if len(live) >= TOKENS_MAX:
                raise InputRefused(f"{name} has {TOKENS_MAX} tokens; revoke one of them first")
            return msgspec.structs.replace(user, tokens=(*live, token))

        self._change(name, with_token)
        return f"{PREFIX}_{public}_{secret}"

    def remove_token(self, name: str, token: str) -> None:
        """Revoke the token of a user that has this id.

        Raises:
            InputRefused: there is no such user or token.
        """

        def without(user: User) -> User:
            left = tuple(known for known in user.tokens if known.id != token)
            if len(left) == len(user.tokens):
                raise InputRefused(f"{name} has no token {token[:80]}; `workflow-engine user list` shows them")
            return msgspec.structs.replace(user, tokens=left)

        self._change(name, without)

    def _change(self, name: str, change: Callable[[User], User]) -> User:
        with self._editing() as users:
            users[name] = changed = change(_existing(users, name))
        return changed

    @contextlib.contextmanager
    def _editing(self) -> Generator[dict[str, User]]:
        """Hand out the users by name, and put what has become of them into the file."""
        with locked(self.path):
            users = dict(_read(self.path).users)
            yield users
            unique(users.values())
            write_private(self.path, encode(users.values()))

    def _users(self) -> Mapping[str, User]:
        with self._lock:
            if self._known.mark != _mark_of(self.path):
                self._known = _read(self.path)
            return self._known.users


DAYS_MAX: Final = 3_650
"""For how long a token lasts at most that ends, in days."""


class _Known(NamedTuple):
    """What was read, and the mark of the file at that time."""

    mark: tuple[int, ...] | None
    users: Mapping[str, User]


def _read(path: Path) -> _Known:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            data = file.read()
    except FileNotFoundError:
        return _Known(None, {})
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; give it to the user who runs this") from error
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"{path} may be changed by other users of this machine; run `chmod 600 {path}`")
    return _Known(_mark(found), {user.name: user for user in decode(data, path)})


def _mark_of(path: Path) -> tuple[int, ...] | None:
    try:
        return _mark(path.stat())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; give it to the user who runs this") from error


def _mark(found: os.stat_result) -> tuple[int, ...]:
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _existing(users: Mapping[str, User], name: str) -> User:
    if name not in users:
        raise InputRefused(f"there is no user {name[:80]}; `workflow-engine user list` shows them")
    return users[name]


def _checked_groups(groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({checked_name(group) for group in groups}))


def _digest(secret: str) -> str:
    # The secret is 256 random bits: nothing is won by making a guess expensive.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _epoch() -> str:
    return secrets.token_hex(8)
