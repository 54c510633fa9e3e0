"""Shown values: one thing to be shown each, ready for the macro ``shown`` of ``showing/shown.html``.

A ``str`` here is as its writer wrote it, and is escaped and marked by the macro; ``Markup`` is HTML of ours.
"""

from typing import ClassVar

import msgspec
from markupsafe import Markup

from workflow_engine.ui.showing.diff import Diff


class File(msgspec.Struct, frozen=True):
    """The artifact that a shown value comes from.

    Attributes:
        name: of the artifact, a path.
        url: where it is served; inline, under the headers of `workflow_engine.ui.showing.headers`.
        download: where it is served to be saved.
        saved_as: safe name for that.
        media_type: what it is said to be.
        size: in bytes.
        opens: whether a browser shows it, so that a link that opens it makes sense.
    """

    name: str
    url: str
    download: str
    saved_as: str
    media_type: str
    size: int
    opens: bool


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all; by itself a file of which nothing can be shown but that it is there.

    Attributes:
        title: what it is called; empty for none.
        note: what a reader has to know, such as what was left out; empty for nothing.
        file: where it comes from, for an artifact.
    """

    kind: ClassVar[str] = "file"
    title: str = ""
    note: str = ""
    file: File | None = None


class ShownText(Shown, frozen=True, kw_only=True):
    """Text as it was written.

    Attributes:
        text: what was written.
        fixed: whether its columns mean something, as in code.
        left_out: characters behind it that are not shown.
    """

    kind: ClassVar[str] = "text"
    text: str
    fixed: bool = False
    left_out: int = 0


class ShownMarkdown(Shown, frozen=True, kw_only=True):
    """Markdown as HTML, and as it was written: some of what is written is not to be seen in the HTML."""

    kind: ClassVar[str] = "markdown"
    html: Markup
    source: str


class ShownPage(Shown, frozen=True, kw_only=True):
    """An HTML file: its source, and a frame without any permission; *file* is there."""

    kind: ClassVar[str] = "page"
    source: str
    left_out: int = 0


class Node(msgspec.Struct, frozen=True):
    """A place in a JSON value.

    Attributes:
        kind: "object", "array", "string", "number", "boolean" or "null".
        key: its name or position in what it is in; None for the outermost.
        text: the value of one that holds no others.
        count: how many values it holds.
        children: those of them that are shown.
        left_out: values it holds that are not shown, or characters behind *text*.
        open: whether it is unfolded at first.
    """

    kind: str
    key: str | int | None = None
    text: str = ""
    count: int = 0
    children: tuple["Node", ...] = ()
    left_out: int = 0
    open: bool = False


class ShownJson(Shown, frozen=True, kw_only=True):
    """A JSON value that can be unfolded."""

    kind: ClassVar[str] = "json"
    root: Node


class ShownFacts(Shown, frozen=True, kw_only=True):
    """A small JSON object: its values, each of which holds no others, by name."""

    kind: ClassVar[str] = "facts"
    facts: tuple[Node, ...]


class ShownTable(Shown, frozen=True, kw_only=True):
    """Rows of text, the first of which names the columns.

    Attributes:
        header: names of the columns.
        rows: as long as *header*.
        numeric: which columns hold numbers only.
        left_out: rows that are not shown.
    """

    kind: ClassVar[str] = "table"
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    left_out: int = 0


class ShownImage(Shown, frozen=True, kw_only=True):
    """A picture that the browser loads from *file*; it has no words of its own, so its name stands for it."""

    kind: ClassVar[str] = "image"


class ShownPdf(Shown, frozen=True, kw_only=True):
    """A PDF, which is opened in a tab of its own: see `workflow_engine.ui.showing.headers`."""

    kind: ClassVar[str] = "pdf"


class ShownMedia(Shown, frozen=True, kw_only=True):
    """A sound or a film that is loaded when it is played.

    Attributes:
        film: whether there is something to see.
    """

    kind: ClassVar[str] = "media"
    film: bool = False


class ShownDiff(Shown, frozen=True, kw_only=True):
    """What has changed from one version to the next."""

    kind: ClassVar[str] = "diff"
    diff: Diff
