"""Pages as text: what a model reads of what a server sent."""

import re
from html.parser import HTMLParser
from typing import Final

from workflow_engine.agents.tools import ToolError

_TEXTUAL: Final = re.compile(r"text/.*|application/(.*\+)?(json|xml|yaml|javascript|x-ndjson|x-yaml|toml)")
_CHARSET: Final = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)
_HIDDEN: Final = frozenset({"script", "style", "noscript", "template", "svg"})
_BLOCK: Final = re.compile(
    "address|article|aside|blockquote|br|dd|div|dl|dt|fieldset|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|"
    "section|table|title|tr|ul"
)


def page_text(content: bytes, content_type: str) -> str:
    """Return what was sent as text; of HTML its words, with the targets of links behind them.

    Raises:
        ToolError: it is no text.
    """
    kind = content_type.partition(";")[0].strip().lower() or "text/plain"
    if _TEXTUAL.fullmatch(kind) is None:
        raise ToolError(f"that is {kind}, {len(content):,} bytes, and no text")
    text = _decoded(content, content_type)
    return _words(text) if kind in ("text/html", "application/xhtml+xml") else text


def _decoded(content: bytes, content_type: str) -> str:
    named = _CHARSET.search(content_type) or _CHARSET.search(content[:1024].decode("ascii", errors="replace"))
    try:
        return content.decode(named[1] if named is not None else "utf-8", errors="replace")
    except LookupError:  # no encoding of this name
        return content.decode(errors="replace")


def _words(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = re.sub(r"[ \t\r\f\v\xa0]+", " ", "".join(reader.pieces))
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", re.sub(r" ?\n ?", "\n", text)).strip()


class _Reader(HTMLParser):
    """Collects the words of a page in ``pieces``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin an element."""
        if tag in _HIDDEN:
            self._hidden += 1
        elif _BLOCK.fullmatch(tag):
            self.pieces.append("\n")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        """End an element."""
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif _BLOCK.fullmatch(tag):
            self.pieces.append("\n")
        elif tag == "a" and self._links:
            link = self._links.pop()
            if link and not link.startswith(("#", "javascript:", "data:")) and not self._hidden:
                self.pieces.append(f" ({link})")

    def handle_data(self, data: str) -> None:
        """Take words."""
        if not self._hidden:
            self.pieces.append(data)
