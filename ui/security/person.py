"""The person behind a request."""

import getpass
from dataclasses import dataclass
from typing import Literal

from workflow_engine.ui.security.roles import Role

Via = Literal["loopback", "session", "token", "proxy", "command line"]
"""By what somebody is known: by sitting at this machine, by a password, a token, a proxy, or at its command line."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is known.

    Attributes:
        name: the name by which questions and answers know them.
        role: what they may do.
        via: how they are known.
        groups: whose questions they answer as well.
    """

    name: str
    role: Role
    via: Via
    groups: tuple[str, ...] = ()


def local_person(via: Literal["loopback", "command line"]) -> Person:
    """Return the person at this machine, under the name that the operating system has for them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, in a container
        name = "local"
    return Person(name, Role.ADMIN, via)
