"""Looking at a page as a browser parses it: whatever in it does more than our templates do is a complaint."""

from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from tests.contract.walls_given import Reply

EVIL: Final = '"\'><x-evil evil="1" '
"""Put before a hostile text, it breaks out of attributes and elements that are not escaped, and is then seen."""

VOID: Final = frozenset(["area", "option", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])

NEVER: Final = frozenset(
    [
        "animate",
        "animatemotion",
        "animatetransform",
        "applet",
        "base",
        "embed",
        "foreignobject",
        "frame",
        "frameset",
        "marquee",
        "math",
        "noscript",
        "object",
        "plaintext",
        "set",
        "style",
        "xmp",
    ]
)
"""Elements that no template of ours has, and by which pages are attacked."""

ONCE: Final = ("html", "head", "body", "main", "h1")

ADDRESSES: Final = ("href", "src", "action", "formaction", "poster", "xlink:href", "cite", "background", "data")

SCHEMES: Final = ("", "http", "https", "mailto")

UNMARKED: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067")
"""Characters that turn writing around; a page shows a mark in their place, and isolates by U+2068 and U+2069 alone."""

METAS: Final = (None, "viewport", "color-scheme")

HEADERS: Final = frozenset(
    [
        "accept-ranges",
        "allow",
        "cache-control",
        "connection",
        "content-disposition",
        "content-length",
        "content-security-policy",
        "content-type",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "date",
        "etag",
        "last-modified",
        "location",
        "permissions-policy",
        "referrer-policy",
        "retry-after",
        "set-cookie",
        "transfer-encoding",
        "vary",
        "www-authenticate",
        "x-accel-buffering",
        "x-content-type-options",
        "x-frame-options",
        "x-robots-tag",
        "server",
        "idempotent-replayed",
        "expires",
        "pragma",
        "content-language",
    ]
)
"""Headers that answers of ours may have."""


def complaints(page: Reply) -> list[str]:
    """Return what is wrong with an answer that shows hostile texts; nothing where it is harmless."""
    found = [f"header {name}" for name, _ in page.headers if name not in HEADERS]
    found += [
        f"a cookie {value}" for name, value in page.headers if name == "set-cookie" and "workflow_engine" not in value
    ]
    if page.status >= 500:
        found.append(f"status {page.status}: {page.text[:300]}")
    if page.header("x-content-type-options") != "nosniff":
        found.append("no nosniff")
    if page.header("content-type").startswith("text/html") and page.body:
        found += _Look(page.text).found(ONCE if page.status // 100 != 3 else ())
    return found


class _Look(HTMLParser):
    """Reads a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self._complaints: list[str] = []
        self._open: list[str] = []
        self._seen: list[str] = []
        self.feed(text)
        self.close()

    def found(self, once: tuple[str, ...]) -> list[str]:
        """Return the complaints; elements of *once* have to be there once."""
        twice = [f"<{tag}> {self._seen.count(tag)} times" for tag in once if self._seen.count(tag) != 1]
        left = [f"not closed: {self._open}"] if self._open and once else []
        return self._complaints + twice + left

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element."""
        self._element(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element that is closed at once, as those of SVG may be."""
        self._element(tag, attrs)
        if "svg" not in self._open and tag not in VOID and tag != "svg":
            self._complaints.append(f"<{tag}/>")

    def _element(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._seen.append(tag)
        if tag in NEVER or "evil" in tag or len(given) != len(attrs):
            self._complaints.append(f"<{tag}> {attrs}")
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc", "ping", "evil") or not name.isprintable():
                self._complaints.append(f"<{tag} {name}={value!r}>")
            if name in ADDRESSES and not _harmless(tag, name, value or ""):
                self._complaints.append(f"<{tag} {name}={value!r}>")
            if name in ("title", "aria-label", "alt", "placeholder") and UNMARKED & set(value or ""):
                self._complaints.append(f"turned around without a mark: <{tag} {name}={value!r}>")
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self._complaints.append(f"<script> {attrs}")
        if tag == "iframe" and given.get("sandbox") != "":
            self._complaints.append(f"<iframe> {attrs}")
        if tag == "meta" and (given.get("name") not in METAS or "http-equiv" in given):
            self._complaints.append(f"<meta> {attrs}")
        if tag == "link" and not (given.get("href") or "").startswith(("/static/", "/drawing.css")):
            self._complaints.append(f"<link> {attrs}")

    def handle_endtag(self, tag: str) -> None:
        """See whether the element that ends is the one that began last."""
        if tag not in VOID and (not self._open or self._open.pop() != tag):
            self._complaints.append(f"</{tag}> ends what did not begin")

    def handle_data(self, data: str) -> None:
        """Look at text."""
        within = self._open[-1] if self._open else ""
        if within == "script" and data.strip():
            self._complaints.append(f"a script within the page: {data[:100]!r}")
        if within not in ("textarea", "script") and UNMARKED & set(data):
            self._complaints.append(f"turned around without a mark: <{within}> {data[:200]!r}")

    def handle_comment(self, data: str) -> None:
        """Complain: our templates leave none."""
        self._complaints.append(f"<!--{data[:100]}-->")

    def handle_decl(self, decl: str) -> None:
        """Complain of what is not the first line."""
        if decl != "doctype html" or self._seen:
            self._complaints.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        """Complain."""
        self._complaints.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        """Complain."""
        self._complaints.append(f"<![{data}]>")


def _harmless(tag: str, name: str, url: str) -> bool:
    if tag == "data" or url == "":
        return True
    if not url.isprintable() or url != url.strip():
        return False
    if url.startswith(("/", "#", "?")) and not url.startswith("//"):
        return "\\" not in url.partition("?")[0]
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        return False
    return tag == "a" and name == "href" and scheme in SCHEMES
