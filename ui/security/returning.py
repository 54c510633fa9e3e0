"""Where to go after logging in: back, and never to another site."""

from typing import Final
from urllib.parse import unquote, urlsplit

HOME: Final = "/"

LENGTH_MAX: Final = 2_000
"""Characters of an address at most."""


def local_path(text: str) -> str:
    r"""Return *text* where it is an address on this site, from its path on, else `HOME`.

    Browsers read ``//evil`` and ``/\evil`` as another host, skip control characters, and whoever decodes an address
    once more may find such a thing in it; all of that is refused.
    """
    if len(text) > LENGTH_MAX or not text.isascii() or not text.isprintable() or not _plain(text):
        return HOME
    return HOME if urlsplit(text).path.rstrip("/") in _LOOPS else text


def _plain(text: str) -> bool:
    for _ in range(_DECODED_MAX):
        if not text.startswith("/") or text.startswith("//") or "\\" in text.partition("?")[0]:
            return False
        if not text.partition("?")[0].isprintable():
            return False
        text = unquote(text)
    return not text.startswith(("//", "/\\"))


_DECODED_MAX: Final = 3
_LOOPS: Final = ("/login", "/logout")
