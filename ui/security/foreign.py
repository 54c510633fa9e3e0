"""Requests that a browser makes because a page of another site has it make them."""

from typing import Final
from urllib.parse import urlsplit

from workflow_engine.ui.security.proxies import HeadersLike
from workflow_engine.ui_settings import UiSettings

SAFE: Final = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""

FRAMES: Final = ("embed", "fencedframe", "frame", "iframe", "object")


def why_foreign(method: str, headers: HeadersLike, settings: UiSettings, *, encrypted: bool) -> str | None:
    """Return why a request counts as one of another site's, None where it does not.

    Links from elsewhere are followed: a mail may lead here.  Everything else is refused, whatever it carries.

    Args:
        method: of HTTP.
        headers: of the request; the host is one that we answer.
        settings: know the public address.
        encrypted: whether the browser came by https.
    """
    site = headers.get("Sec-Fetch-Site", "none")
    if method in SAFE:
        return _why_not_followed(site, headers)
    if site not in ("same-origin", "none"):
        return f"the browser says that a page of another site sends it ({site[:20]})"
    origin = headers.get("Origin", "")
    if origin and not _ours(origin, headers.get("Host", ""), settings, encrypted):
        return f"it was sent by a page of {origin[:200]}"
    return None


def from_program(headers: HeadersLike) -> bool:
    """Return whether no browser sends this: they name themselves, or where the page came from, in each such request.

    A page of another site cannot have a browser leave all of these out, so what has none of them is no forgery.
    """
    return not any(
        headers.get(name, "") for name in ("Cookie", "Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode")
    )


def _why_not_followed(site: str, headers: HeadersLike) -> str | None:
    """Return why a request that changes nothing is no link that somebody follows."""
    if site in ("same-origin", "none"):
        return None
    mode, target = headers.get("Sec-Fetch-Mode", ""), headers.get("Sec-Fetch-Dest", "")
    if mode == "navigate" and target not in FRAMES:
        return None
    return "a page of another site asks for it"


def _ours(origin: str, host: str, settings: UiSettings, encrypted: bool) -> bool:
    """Return whether *origin* is where our own pages are."""
    try:
        parts = urlsplit(origin)
        public = urlsplit(settings.public_url or "")
        if parts.scheme not in ("http", "https") or parts.path or parts.query or "@" in parts.netloc:
            return False
        if (parts.scheme, parts.hostname, parts.port) == (public.scheme, public.hostname, public.port):
            return True
    except ValueError:
        return False
    # Where no proxy says so, it is not known whether one was reached by https.
    return parts.netloc.lower() == host.lower() and (parts.scheme == "https" or not encrypted)
