"""Markdown of strangers as HTML: CommonMark with tables and strikethrough, no HTML of its own, links that say where to.

Two walls.  The parser makes only the elements below and escapes everything else; the sanitizer behind it knows nothing
of Markdown, parses the result as a browser would and keeps only what is on its list.
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.common.utils import unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from workflow_engine.ui.showing.visible import marked, plain, shortened

BYTES_MAX: Final = 256 * 1024
"""Longest text that is read as Markdown, in bytes of UTF-8."""

NESTING_MAX: Final = 30
"""Deepest nesting of quotes and lists; the parser leaves out what is deeper, which nobody who decides may miss."""

URL_MAX: Final = 2_000
URLS_MAX: Final = 256 * 1024
"""Longest address of a link, and of all links together: a name defined once may be used thousands of times."""

BRACKETS_MAX: Final = 5_000
SIGNS_MAX: Final = 20_000
LINES_MAX: Final = 10_000
STARS_MAX: Final = 30_000
"""Brackets that open, signs of lists, quotes and table cells, lines, and signs of emphasis in one text.

The parser looks for the end of each bracket and emphasis again and again, and goes over a line for each list and quote
around it: measured, 256 KiB of nothing else would take it seconds.
"""


def markdown(text: str, below: int = 2) -> Markup | None:
    """Return *text* as HTML, or None if it is too long or too deep to be read as Markdown; show it as text then.

    Args:
        text: what somebody wrote.
        below: level of the page's heading above it: with 2, the first level of *text* is ``<h3>``.
    """
    if len(text.encode(errors="replace")) > BYTES_MAX or _costs_seconds(text):
        return None
    # The parser drops NUL and takes a lone CR for a line end, and neither is seen then.
    env: EnvType = {"below": below, "urls": 0, "seen": set[str](), "inside": None}
    source = text.replace("\r\n", "\n").replace("\r", "\u240d").replace("\0", "\u2400")
    tokens = _PARSER.parse(source, env)
    if max((token.level for token in tokens), default=0) >= NESTING_MAX - 1:
        return None
    return Markup(_CLEANER.clean(_PARSER.renderer.render(tokens, _PARSER.options, env) + _unused(env)))


def _costs_seconds(text: str) -> bool:
    return (
        text.count("[") > BRACKETS_MAX
        or text.count("\n") > LINES_MAX
        or sum(map(text.count, "*_~")) > STARS_MAX
        or len(_SIGNS.findall(text)) > SIGNS_MAX
    )


def _unused(env: EnvType) -> str:
    """Return a remark on definitions that no link uses: a text that is hidden so reaches agents, but no person."""
    count = sum(found["href"] not in env["seen"] for found in env.get("references", {}).values())
    if not count:
        return ""
    what = "a definition of a link" if count == 1 else f"{count} definitions of links"
    return f'<p><span class="info">Not shown: {what} that nothing uses. See the text as written.</span></p>'


class _Renderer(RendererHTML):
    """Elements with the reader's needs in mind: direction of each block, headings below the page's, honest links."""

    def renderToken(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        if token.block and token.nesting == 1:
            token.attrSet("dir", "auto")
        return super().renderToken(tokens, idx, options, env)

    def text(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(marked(tokens[idx].content))

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(Markup("<code>{}</code>").format(marked(tokens[idx].content)))

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return str(Markup('<pre dir="auto"><code>{}</code></pre>\n').format(marked(tokens[idx].content)))

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        info = marked(shortened(unescapeAll(tokens[idx].info.strip()), 1_000))
        label = Markup('<span class="info">{}</span>').format(info) if info else ""
        return f'<pre dir="auto">{label}<code>{marked(tokens[idx].content)}</code></pre>\n'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f'<h{_level(tokens[idx], env)} dir="auto">'

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"</h{_level(tokens[idx], env)}>\n"

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        url = str(tokens[idx].attrs.get("href", ""))
        env["inside"] = "a" if _affordable(url, env) else "span"
        return _anchor(url) if env["inside"] == "a" else "<span>"

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        inside, env["inside"] = env["inside"], None
        if inside != "a":
            return f"</{inside}>"
        opened = next(place for place in range(idx, -1, -1) if tokens[place].type == "link_open")
        host = _host(str(tokens[opened].attrs.get("href", ""))) or ""
        said = "".join(token.content for token in tokens[opened:idx])
        return f"</a>{_warning(said, host)}"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # Nothing is loaded from elsewhere: it would tell the writer who reads, and when.
        token = tokens[idx]
        url = str(token.attrs.get("src", ""))
        label = escape("image: ") + marked(self.renderInlineAsText(token.children, options, env) or "without a name")
        if env["inside"] or not _affordable(url, env):
            return f"<span>{label}</span>"
        return f"{_anchor(url)}{label}</a>"


def _level(token: Token, env: EnvType) -> int:
    return min(6, int(token.tag[1:]) + int(env["below"]))


def _affordable(url: str, env: EnvType) -> bool:
    env["seen"].add(url)
    env["urls"] += len(url)
    return bool(env["urls"] <= URLS_MAX)


def _anchor(url: str) -> str:
    host = plain(_host(url) or "an address")
    tag = Markup('<a href="{}" rel="{}" target="_blank" title="opens {}">').format(url, _REL, host)
    return str(tag)  # what a Markup is added to would be escaped


def _warning(said: str, host: str) -> str:
    """Return a remark if the words of a link name another host than it goes to."""
    named = _NAMES_HOST.search(said)
    if named is None or host == named[1].lower().removeprefix("www.") or host == named[1].lower():
        return ""
    return str(Markup(' <span class="host">(goes to {})</span>').format(host))


def _host(url: str) -> str | None:
    """Return the host of an address, of a mail address what is after the @; None if it has none or is not allowed."""
    try:
        parts = urlsplit(url)
        host = parts.path.rpartition("@")[2] if parts.scheme == "mailto" else parts.hostname
    except ValueError:
        return None
    return host if parts.scheme in _SCHEMES and host else None


def _allowed(url: str) -> bool:
    # What begins with anything but letters may be read differently by a browser, which ignores tabs and line ends.
    return len(url) <= URL_MAX and url.isprintable() and bool(_ABSOLUTE.match(url)) and _host(url) is not None


def _normal(url: str) -> str:
    return normalizeLink(url) if len(url) <= 2 * URL_MAX else url


_SIGNS: Final = re.compile(r"[|>]|(?m:(?:^|(?<=[ \t]))(?:[*+-]|\d{1,9}[.)])(?=[ \t\n]))")
_SCHEMES: Final = frozenset({"http", "https", "mailto"})
_ABSOLUTE: Final = re.compile(r"(?i:https?://[^\\/]|mailto:[^/])")
_NAMES_HOST: Final = re.compile(r"(?i)(?:^|[\s/@(])((?:[a-z0-9-]+\.)+[a-z]{2,})\b")
_REL: Final = "noopener noreferrer nofollow"

_PARSER: Final = MarkdownIt("commonmark", {"html": False, "maxNesting": NESTING_MAX}, renderer_cls=_Renderer).enable(
    ["table", "strikethrough"]
)
_PARSER.validateLink = _allowed  # type: ignore[method-assign]  # the library's way to say which links are allowed
_PARSER.normalizeLink = _normal  # type: ignore[method-assign]  # likewise; its own takes seconds for a long one

ALLOWED: Final[dict[str, set[str]]] = {
    **{tag: {"dir"} for tag in ("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "li", "pre")},
    **{tag: {"dir"} for tag in ("table", "thead", "tbody", "tr", "th", "td")},
    **{tag: set[str]() for tag in ("em", "strong", "s", "code", "br", "hr")},
    "ol": {"dir", "start"},
    "span": {"title"},
    "a": {"href", "title", "target"},
}
"""Elements that Markdown may become, and their attributes; beside them ``rel`` of links, and three classes of spans."""

_CLEANER: Final = nh3.Cleaner(
    tags=set(ALLOWED),
    attributes=ALLOWED,
    allowed_classes={"span": {"mark", "host", "info"}},
    url_schemes=set(_SCHEMES),
    url_relative="deny",
    link_rel=_REL,
    set_tag_attribute_values={"a": {"target": "_blank"}},
)
