"""Which way an artifact is shown: its media type says what it claims to be, and its first bytes whether that is so."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.ui.showing.headers import FILMS, INLINE, PDF, SOUNDS, SVG, believed, file_name
from workflow_engine.ui.showing.numbers import size as size_in_words
from workflow_engine.ui.showing.shown import (
    File,
    Shown,
    ShownImage,
    ShownJson,
    ShownMarkdown,
    ShownMedia,
    ShownPage,
    ShownPdf,
    ShownText,
)
from workflow_engine.ui.showing.tables import table
from workflow_engine.ui.showing.trees import tree
from workflow_engine.ui.showing.values import show_text

PREVIEW_MAX: Final = 512 * 1024
"""Bytes of a text that are shown."""

READ_MAX: Final = 4 * 1024 * 1024
"""Bytes of the largest content that is asked of a function: it gives all or nothing.  Of a file only a part is read."""

_SIGNATURES: Final = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"(?s)RIFF....WEBP"),
    PDF: re.compile(rb"%PDF-"),
}
"""How the content of these media types begins."""


def show_artifact(
    reference: ArtifactRef, content: Callable[[], bytes] | Path, url: str, download: str | None = None
) -> Shown:
    """Return how an artifact is shown, by its media type; ``application/octet-stream`` by what its name suggests.

    Text, Markdown, JSON and CSV are shown in the page, decoded as UTF-8.  Pictures are loaded by ``<img>``, in which
    SVG runs no script and loads nothing.  HTML is shown as source, and in a frame without any permission.  A PDF is
    opened in a tab.  What begins otherwise than its media type promises, and everything else, is only saved.

    Args:
        reference: the artifact.
        content: its file, or what gives the whole of it; called only if that is at most `READ_MAX` bytes.
        url: where it is served inline, with the headers of `artifact_headers`; it must hold the hash.
        download: where it is served as an attachment; None if *url* is to be saved from.
    """
    media_type = believed(reference)
    file = File(
        name=reference.name,
        url=url,
        download=download or url,
        saved_as=file_name(reference.name),
        media_type=media_type,
        size=reference.size,
        opens=media_type in INLINE,
    )
    if media_type in SOUNDS | FILMS:
        return ShownMedia(title=reference.name, file=file, film=media_type in FILMS)
    if media_type not in INLINE:
        return Shown(title=reference.name, file=file)
    beginning = _beginning(reference, content)
    if beginning is None:
        return Shown(
            title=reference.name, file=file, note=f"Too large to be shown here: {size_in_words(reference.size)}."
        )
    return _of_content(file, beginning)


def _of_content(file: File, content: bytes) -> Shown:
    if file.media_type in _SIGNATURES:
        if not _SIGNATURES[file.media_type].match(content):
            note = f"It says that it is {file.media_type}, and does not begin as one does, so it is not shown."
            return Shown(title=file.name, file=msgspec.structs.replace(file, opens=False), note=note)
        shape = ShownPdf if file.media_type == PDF else ShownImage
        return shape(title=file.name, file=file)
    if file.media_type == SVG:
        return ShownImage(title=file.name, file=file)
    if b"\0" in content:
        note = "It says that it is text, and holds bytes that no text has, so it is not shown."
        return Shown(title=file.name, file=file, note=note)
    # A preview may end within a character; that end is no damage.
    text = content[:PREVIEW_MAX].decode(errors="replace")
    left_out = file.size - min(len(content), PREVIEW_MAX)
    text = text.rstrip("\ufffd") if left_out else text
    return msgspec.structs.replace(_of_text(file, text, max(0, left_out)), title=file.name, file=file)


def _of_text(file: File, text: str, left_out: int) -> Shown:
    """Return how a text is shown, of which *left_out* bytes are left out."""
    match file.media_type:
        case "text/html":
            return ShownPage(source=text, left_out=left_out)
        case "text/markdown" if not left_out:
            found = show_text(text, as_markdown=True)
            return found if isinstance(found, ShownMarkdown) else ShownText(text=text, note=found.note, fixed=True)
        case "application/json" if not left_out:
            return _of_json(text)
        case "text/csv" | "text/tab-separated-values" if not left_out:
            rows = table(text, file.name, tabs=file.media_type.startswith("text/tab"))
            return rows or ShownText(text=text, fixed=True)
        case _:
            return ShownText(text=text, fixed=True, left_out=left_out)


def _of_json(text: str) -> Shown:
    try:
        return ShownJson(root=tree(msgspec.json.decode(text)))
    except (msgspec.MsgspecError, RecursionError) as error:
        note = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return ShownText(text=text, fixed=True, note=f"It says that it is JSON, and cannot be read as such: {note}.")


def _beginning(reference: ArtifactRef, content: Callable[[], bytes] | Path) -> bytes | None:
    """Return the content as far as it is needed, or None if it is too large to be asked for."""
    if isinstance(content, Path):
        with content.open("rb") as file:
            return file.read(PREVIEW_MAX + 4)
    return content() if reference.size <= READ_MAX else None
