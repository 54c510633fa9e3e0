"""Passwords: what is kept of one, and whether one fits it.

What is kept is ``scrypt$15$8$3$<salt>$<hash>``: the cost (the logarithm of n, then r and p), and base64.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
import unicodedata
from typing import Final, NamedTuple

from workflow_engine.errors import InputRefused


class Cost(NamedTuple):
    """What a guess costs: 2**log_n * r * 128 bytes of memory, p times over."""

    log_n: int
    r: int
    p: int


COST: Final = Cost(15, 8, 3)
"""32 MiB and a third of a second; one of the equal choices of OWASP's Password Storage Cheat Sheet."""

LENGTH_MIN: Final = 10
"""Characters of a password at least."""

LENGTH_MAX: Final = 512
"""Characters of a password at most."""


def kept(password: str, name: str, cost: Cost = COST) -> str:
    """Return what is kept of the new *password* of the user *name*.

    Raises:
        InputRefused: it is too easy to guess, or too long.
    """
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise InputRefused(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters; choose a longer or shorter one")
    if name.casefold() in password.casefold() and len(password) < len(name) + LENGTH_MIN:
        raise InputRefused("the password is little more than the name; choose another one")
    if len(set(password)) < _DIFFERENT_MIN:
        raise InputRefused("the password repeats the same few characters; choose another one")
    salt = secrets.token_bytes(16)
    encoded = (base64.b64encode(part).decode() for part in (salt, _hash(password, salt, cost)))
    return "$".join(("scrypt", *map(str, cost), *encoded))


def fits(password: str, what_is_kept: str | None, cost: Cost = COST) -> bool:
    """Return whether *password* is the one of which *what_is_kept* was kept.

    Where nothing was kept, it takes as long to say no: nobody learns from the time whether a user exists.
    """
    if len(password) > LENGTH_MAX:
        return False
    if what_is_kept is None:
        _hash(password, bytes(16), cost)
        return False
    cost, salt, wanted = parsed(what_is_kept)
    return hmac.compare_digest(_hash(password, salt, cost), wanted)


def parsed(text: str) -> tuple[Cost, bytes, bytes]:
    """Return cost, salt and hash of what was kept.

    Raises:
        ValueError: it is something else.
    """
    kind, *numbers, salt, wanted = text.split("$")
    cost = Cost(*map(int, numbers))
    memory = 2**cost.log_n * cost.r * 128 if 1 <= cost.log_n <= 20 and cost.r >= 1 else _MEMORY_MAX + 1
    if kind != "scrypt" or memory > _MEMORY_MAX or not 1 <= cost.p <= 16:
        raise ValueError("the password was kept in a way that is not known")
    try:
        return cost, base64.b64decode(salt, validate=True), base64.b64decode(wanted, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the password was kept as something that is no base64: {error}") from error


def _hash(password: str, salt: bytes, cost: Cost) -> bytes:
    # The same letters may be typed as different code points on another keyboard.
    data = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    with _TURNS:
        return hashlib.scrypt(data, salt=salt, n=2**cost.log_n, r=cost.r, p=cost.p, maxmem=2 * _MEMORY_MAX, dklen=32)


_DIFFERENT_MIN: Final = 5
_MEMORY_MAX: Final = 256 * 1024 * 1024  # bytes; a file that was tampered with must not ask for more
_TURNS: Final = threading.BoundedSemaphore(2)  # many who log in at once must not take all memory and every core
