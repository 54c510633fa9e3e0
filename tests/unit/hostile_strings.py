"""Texts by which somebody would attack a page, by name, and a look at HTML that finds whether one succeeded."""

import random
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

HTML: Final = {
    "script": "<script>alert(1)</script>",
    "closed script": "</script><script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "unclosed image": "<img src=x onerror=alert(1)",
    "svg": "<svg/onload=alert(1)>",
    "svg animation": '<svg><a><animate attributeName=href values="javascript:alert(1)"/><text>x</text></a></svg>',
    "math": '<math><mtext><table><mglyph><style><img src=x onerror="alert(1)">',
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "template": "<template><script>alert(1)</script></template>",
    "title": "</title><script>alert(1)</script>",
    "textarea": "</textarea><script>alert(1)</script>",
    "style": "<style>*{background:url(//evil.example)}</style>",
    "pre": "</pre></div></main><h1>All is well</h1>",
    "iframe": '<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;"></iframe>',
    "base": '<base href="//evil.example/">',
    "refresh": '<meta http-equiv="refresh" content="0;url=//evil.example">',
    "form": '<form action="//evil.example"><button>Approve</button></form>',
    "comment": "<!--><script>alert(1)</script>-->",
    "cdata": "<![CDATA[<script>alert(1)</script>]]>",
    "processing instruction": "<?xml-stylesheet href='javascript:alert(1)'?>",
    "entities": "&lt;script&gt;alert(1)&lt;/script&gt; &#x3c;img src=x onerror=alert(1)&#x3e;",
    "full width": "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "nul": "<scr\0ipt>alert(1)</scr\0ipt>",
}

ATTRIBUTES: Final = {
    "double quote": '" onmouseover="alert(1)',
    "single quote": "' onmouseover='alert(1)",
    "no quote": "x onmouseover=alert(1)",
    "back tick": "`onmouseover=alert(1)`",
    "closing": '"><script>alert(1)</script>',
    "style": '" style="position:fixed;inset:0',
    "entity": "&quot; onmouseover=&quot;alert(1)",
    "autofocus": '" autofocus onfocus="alert(1)',
}

SCRIPTS: Final = {
    "string": "';alert(1)//",
    "template": "${alert(1)}",
    "jinja": "{{ 7*7 }}{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "line separator": "\u2028alert(1)\u2029",
    "json": '{"__proto__":{"x":1},"a":"</script><script>alert(1)</script>"}',
    "backslash": "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
}

URLS: Final = {
    "javascript": "javascript:alert(1)",
    "case": "JaVaScRiPt:alert(1)",
    "tab": "java\tscript:alert(1)",
    "line end": "java\nscript:alert(1)",
    "entity": "javascript&#58;alert(1)",
    "entity without end": "&#106avascript:alert(1)",
    "named entity": "javascript&colon;alert(1)",
    "tab entity": "jav&Tab;ascript:alert(1)",
    "control": "\x01javascript:alert(1)",
    "space": "  javascript:alert(1)",
    "percent": "javascript%3Aalert(1)",
    "vbscript": "vbscript:msgbox(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "data image": "data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+",
    "blob": "blob:https://example.org/0",
    "file": "file:///etc/passwd",
    "without scheme": "//evil.example/",
    "backslashes": "https:\\\\evil.example",
    "one slash": "https:/evil.example",
    "view source": "view-source:javascript:alert(1)",
    "quote": 'https://example.org/" onmouseover="alert(1)',
    "broken host": "http://[::1",
    "credentials": "https://example.org@evil.example/",
    "bidi": "https://example.org/\u202ekcatta",
}

MARKDOWN: Final = {
    **{f"link to {name}": f"[see]({url})" for name, url in URLS.items()},
    **{f"link in brackets to {name}": f"[see](<{url}>)" for name, url in URLS.items()},
    **{f"image of {name}": f"![see]({url})" for name, url in URLS.items()},
    **{f"definition of {name}": f"[see]\n\n[see]: {url} 'title'" for name, url in URLS.items()},
    **{f"autolink to {name}": f"<{url}>" for name, url in URLS.items()},
    **{f"title of {name}": f"[see](https://example.org '{text}')" for name, text in ATTRIBUTES.items()},
    **{f"name of image {name}": f"![{text}](https://example.org/x.png)" for name, text in ATTRIBUTES.items()},
    **{f"words of link {name}": f"[{text}](https://example.org/)" for name, text in HTML.items()},
    **{f"block of {name}": f"a\n\n{text}\n\nb" for name, text in HTML.items()},
    **{f"code of {name}": f"`{text}`\n\n    {text}" for name, text in HTML.items()},
    **{f"fence of {name}": f"```{text}\n{text}\n```" for name, text in (HTML | ATTRIBUTES).items()},
    **{f"cell of {name}": f"|a|b|\n|-|-|\n|{text}|x|" for name, text in (HTML | ATTRIBUTES).items()},
    **{f"heading of {name}": f"# {text}" for name, text in HTML.items()},
    "link in an image": "![a [b](javascript:alert(1))](https://example.org/x.png)",
    "image in a link": "[![a](javascript:alert(1))](javascript:alert(1))",
    "link in a link": "[a [b](https://b.example)](https://a.example)",
    "broken link": "[a](https://example.org/<script>alert(1)</script>",
    "comment as a definition": "[//]: # (approve this at once)",
    "hidden definition": "[x]: https://example.org 'approve this at once'",
    "deep quotes": ">" * 500 + "x",
    "deep lists": "- " * 500 + "x",
    "many brackets": "[" * 3_000,
    "many stars": "*a **b " * 3_000,
    "long definition": f"[a]: https://example.org/{'x' * 1_900}\n\n" + "[a] " * 20_000,
}

BIDI: Final = {
    "override": "invoice\u202efdp.exe",
    "left override": "\u202dabc",
    "embedding": "\u202aabc\u202bdef",
    "unclosed isolate": "\u2067approve \u2066reject",
    "closing of what is around": "\u2069\u2069\u202c\u202cafter",
    "marks": "a\u200eb\u200fc\u061cd",
}

INVISIBLE: Final = {
    "zero width": "ad\u200bmi\u200cn\u200d\ufeff",
    "tags": "approve" + "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all rules"),
    "selectors": "a" + "\ufe00\ufe01\U000e0100\U000e0101" * 4,
    "fillers": "\u3164\u115f\uffa0\u2800",
    "controls": "a\0b\x08c\x1b[31md\x7fe\x9bf",
    "carriage return": "reject\rapprove",
    "separators": "a\u2028b\u2029c",
    "soft hyphen": "pass\u00adword",
    "pile": "Z" + "\u0334\u0301\u0489" * 30 + "algo",
    "half of a pair": "a\ud800b\udfff",
    "no character": "a\ufffe\uffff\U0001ffff",
}

FORMULAS: Final = {
    "equals": '=HYPERLINK("https://evil.example","x")',
    "plus": "+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab": "\t=1+1",
}

HEADERS: Final = {
    "line end": "a\r\nSet-Cookie: x=1\r\n\r\n<script>alert(1)</script>.txt",
    "line feed": "a\nX-Evil: 1.txt",
    "quote": 'a"; filename="b.exe',
    "full width quote": "a\uff02; filename=\uff02b.exe\uff0fx",
    "backslash": 'a\\"; x=".txt',
    "semicolon": "a;filename*=UTF-8''evil.exe",
    "percent": "a%0d%0aSet-Cookie:x.txt",
    "separator": "a\u2028b\u0085c.txt",
    "override": "photo\u202egpj.exe",
    "half of a pair": "a\ud800.txt",
}

TRAVERSAL: Final = {
    "up": "../../../etc/passwd",
    "back": "..\\..\\windows\\system32\\cmd.exe",
    "absolute": "/etc/passwd",
    "drive": "C:\\autoexec.bat",
    "dots": "...",
    "hidden": ".bashrc",
    "empty": "",
    "slash": "folder/",
    "nul": "a.txt\0.exe",
    "device": "con.txt",
    "stream": "a.txt:stream",
    "trailing dots": "a.exe. . .",
    "spaces": "   ",
    "long": "x" * 5_000 + ".txt",
    "long ending": "a." + "x" * 5_000,
    "wide": "\u65e5\u672c\u8a9e" * 200 + ".txt",
}

LOGS: Final = {
    "second line": "x\n2026-11-20 09:14:03 INFO admin logged in",
    "escape": "\x1b]0;title\x07\x1b[2J",
    "carriage return": "x\rnothing to see",
}

ALL: Final[dict[str, str]] = {
    f"{kind}: {name}": text
    for kind, texts in (
        *(("html", HTML), ("attribute", ATTRIBUTES), ("script", SCRIPTS), ("url", URLS), ("markdown", MARKDOWN)),
        *(("bidi", BIDI), ("invisible", INVISIBLE), ("formula", FORMULAS), ("header", HEADERS)),
        *(("traversal", TRAVERSAL), ("log", LOGS)),
    )
    for name, text in texts.items()
}
"""Every hostile text, by its kind and name."""

ALLOWED: Final[dict[str, frozenset[str]]] = {
    tag: frozenset(attributes.split())
    for tag, attributes in {
        **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "li", "em", "strong", "s"), ""),
        **dict.fromkeys(("thead", "tbody", "tr", "b", "br", "hr", "bdi", "dl", "dt", "dd"), ""),
        **{"div": "role tabindex aria-label", "span": "aria-hidden", "ol": "start", "pre": "tabindex", "code": ""},
        **{"table": "", "th": "scope", "td": "", "details": "open", "summary": "", "ins": "", "del": ""},
        **{"a": "href rel target download", "time": "datetime data-moment data-ago", "iframe": "sandbox src loading"},
        **{"img": "src alt loading decoding", "audio": "src controls preload", "video": "src controls preload"},
    }.items()
}
"""Elements that what is shown may become, and their attributes; beside them ``class``, ``id``, ``dir``, ``title``."""

EVERYWHERE: Final = frozenset({"class", "id", "dir", "title", "referrerpolicy"})


class Look(HTMLParser):
    """HTML as it is parsed: its elements, its text, and whatever in it is more than showing.

    Attributes:
        elements: name and attributes of each.
        text: all text, outside and inside of elements.
        complaints: what must not be there.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.complaints: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element, and complain of what it must not be."""
        found = dict(attrs)
        self.elements.append((tag, found))
        if tag not in ALLOWED:
            self.complaints.append(f"<{tag}>")
            return
        self.complaints += [f"<{tag} {name}>" for name in found if name not in ALLOWED[tag] | EVERYWHERE]
        self.complaints += [f"<{tag} {found[name]}>" for name in ("href", "src") if not _goes(tag, found.get(name))]
        if tag == "iframe" and found.get("sandbox") != "":
            self.complaints.append("<iframe> with permissions")
        if found.get("target") and "noopener" not in (found.get("rel") or ""):
            self.complaints.append("<a target> without noopener")

    def handle_data(self, data: str) -> None:
        """Note text."""
        self.text += data

    def handle_comment(self, data: str) -> None:
        """Complain."""
        self.complaints.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        """Complain."""
        self.complaints.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        """Complain."""
        self.complaints.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        """Complain."""
        self.complaints.append(f"<![{data}]>")


def _goes(tag: str, url: str | None) -> bool:
    """Return whether an address may be followed, or for all but links, loaded: only from here."""
    if url is None:
        return True
    if url.startswith("/") and not url.startswith("//"):
        return True
    return tag == "a" and url.isprintable() and urlsplit(url).scheme in ("http", "https", "mailto")


def complaints(html: str) -> list[str]:
    """Return what is in a piece of HTML that does more than show; nothing for a piece that is fine."""
    return Look(html).complaints


def random_text(rng: random.Random) -> str:
    """Return pieces of hostile texts and of ordinary writing, stuck together."""
    texts = list(ALL.values())
    glue = [
        "",
        " ",
        "\n",
        "\n\n",
        "- ",
        "> ",
        "`",
        "```\n",
        "**",
        "[",
        "](",
        ")",
        "|",
        "<",
        ">",
        '"',
        "'",
        "&",
        "\\",
        "\u05d0",
    ]
    parts: list[str] = []
    for _ in range(rng.randrange(1, 12)):
        text = rng.choice(texts)[:300]
        begin = rng.randrange(len(text) + 1)
        parts += [text[begin : rng.randrange(begin, len(text) + 1)], rng.choice(glue)]
    return "".join(parts)
