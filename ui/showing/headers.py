"""Headers under which an artifact is served, so that its content can do nothing to the dashboard.

Five walls, each for when the others fall: the media type comes from a list and is not guessed by the browser; what is
no picture, sound, film, plain text or PDF is saved, not shown; what is shown is in a sandbox, as if it came from
elsewhere, and loads nothing; other sites cannot embed it; its name cannot steer header, path or reader.

A PDF is the exception to the sandbox.  Chromium shows none in a sandboxed frame, with any permission, and Safari none
under a policy with a sandbox: their viewers count as plugins and scripts.  A policy that forbids styles or objects
breaks the page that Chromium makes around its viewer.  But the viewers of all browsers run a PDF's own scripts apart
from the site it came from, and `nosniff` with the pinned type keeps other content from being shown as a page.  So a PDF
is opened in a tab of its own, under a policy that only forbids other sites to frame it.
"""

import re
import unicodedata
from typing import Final

from workflow_engine.artifacts.media_types import UNKNOWN, guessed_media_type
from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.ui.showing.visible import INVISIBLE

IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
SOUNDS: Final = frozenset(
    {"audio/mpeg", "audio/ogg", "audio/wav", "audio/x-wav", "audio/flac", "audio/mp4", "audio/aac"}
)
FILMS: Final = frozenset({"video/mp4", "video/webm", "video/ogg"})
SVG: Final = "image/svg+xml"
PDF: Final = "application/pdf"
HTML: Final = "text/html"
SOURCES: Final = frozenset(
    {
        *(
            "text/plain",
            "text/csv",
            "text/tab-separated-values",
            "text/markdown",
            "text/css",
            "text/xml",
            "text/x-python",
        ),
        *("application/json", "application/xml", "application/yaml", "application/toml", "application/sql"),
        *(
            "text/javascript",
            "application/javascript",
            "application/x-sh",
            "application/x-python",
            "application/x-ndjson",
        ),
    }
)
"""Media types of text; a browser is told that each is plain text, so that it shows and never runs it."""

ARCHIVES: Final = frozenset({"application/zip", "application/gzip", "application/x-tar"})

INLINE: Final = IMAGES | SOUNDS | FILMS | SOURCES | {SVG, PDF, HTML}
"""What may be shown by a browser; all else is saved."""

_PINNED: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
SANDBOX: Final = f"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; {_PINNED}"
_POLICIES: Final = {
    PDF: _PINNED,
    # A sound or film that is opened by itself is a page of the browser's around it, which loads it once more.
    **dict.fromkeys(
        SOUNDS | FILMS, f"sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; {_PINNED}"
    ),
    **dict.fromkeys(IMAGES, f"sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; {_PINNED}"),
}

YEAR: Final = 31_536_000  # seconds


def artifact_headers(reference: ArtifactRef, inline: bool) -> dict[str, str]:
    """Return the headers of a response that holds the whole content of an artifact.

    The address must hold the hash, not only the name: the response is kept for a year, and a name may come to mean
    other content.

    Args:
        reference: the artifact; its name and media type are strangers' words.
        inline: whether the browser may show it; only what is in `INLINE` is shown then.
    """
    media_type = believed(reference)
    shown = inline and media_type in INLINE
    return {
        "Content-Type": _content_type(media_type, shown),
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": content_disposition(reference.name, inline=shown),
        "Content-Security-Policy": _POLICIES.get(media_type, SANDBOX) if shown else SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": f"private, max-age={YEAR}, immutable",
        "ETag": f'"{_hexadecimal(reference.sha256)}"',
    }


def content_disposition(name: str, *, inline: bool) -> str:
    """Return the header by which a browser names what it saves: plain ASCII, and UTF-8 beside it (RFC 6266, 8187)."""
    saved = file_name(name)
    # Not NFKD: it makes quotes and slashes of their full-width forms.
    plain = unicodedata.normalize("NFD", saved).encode("ascii", "ignore").decode()
    fallback = plain.replace("%", "_").rstrip(" .")  # some browsers decode it
    stem, dot, ending = fallback.rpartition(".")
    if not (stem if dot else ending).strip("_ -."):
        fallback = f"artifact{dot}{ending if dot else ''}"
    fallback = fallback.lstrip(" .")
    kind = "inline" if inline else "attachment"
    header = f'{kind}; filename="{fallback}"'
    return header if fallback == saved else f"{header}; filename*=UTF-8''{_percent(saved)}"


def file_name(name: str) -> str:
    """Return what a file called *name* is saved as: the last part of its path, with nothing in it that could steer."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    safe = _UNSAFE.sub("_", _UNSEEN.sub("", last)).strip(" .")
    stem, dot, ending = safe.rpartition(".")
    if not dot:
        stem, ending = safe, ""
    if _DEVICE.fullmatch(safe.split(".")[0]):
        stem = f"_{stem}"
    stem, ending = _cut(stem, NAME_BYTES_MAX - ENDING_BYTES_MAX), _cut(ending, ENDING_BYTES_MAX - 1)
    return f"{stem}{dot}{ending}" if stem else "artifact"


NAME_BYTES_MAX: Final = 150
ENDING_BYTES_MAX: Final = 30
_UNSEEN: Final = re.compile("[" + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in INVISIBLE) + "\t\n]")
_UNSAFE: Final = re.compile(r'["<>:|?*;]')  # what headers quote, and what Windows takes in no name
_DEVICE: Final = re.compile(r"(?i:con|prn|aux|nul|com[0-9]|lpt[0-9])")


def believed(reference: ArtifactRef) -> str:
    """Return the media type that an artifact is shown and served as; where it is unknown, what its name suggests."""
    media_type = essence(reference.media_type)
    return essence(guessed_media_type(reference.name)) if media_type == UNKNOWN else media_type


def essence(media_type: str) -> str:
    """Return a media type without its parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def _content_type(media_type: str, shown: bool) -> str:
    """Return what a browser is told the content is."""
    if media_type in SOURCES:
        return "text/plain; charset=utf-8"
    if media_type == HTML:
        return "text/html; charset=utf-8" if shown else UNKNOWN
    return media_type if media_type in INLINE or media_type in ARCHIVES else UNKNOWN


def _cut(text: str, most: int) -> str:
    """Return the beginning of *text*, at most so many bytes of UTF-8."""
    return text.encode()[:most].decode(errors="ignore").strip(" ")


def _percent(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="!#$&+^`|~")


def _hexadecimal(text: str) -> str:
    return "".join(letter for letter in text if letter in "0123456789abcdef")
