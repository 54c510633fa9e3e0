"""Reading of templates: as Jinja reads them, and ids of phases may hold dashes."""

from collections.abc import Iterator
from typing import Final

from jinja2.lexer import Lexer

RawToken = tuple[int, str, str]
"""Line, kind and text."""

ROOTS: Final = frozenset(("phases", "steps"))
"""Names below which a key may hold dashes: ``phases.my-draft.output``."""


class DashLexer(Lexer):
    """Reads ``phases.my-draft`` as ``phases['my-draft']``.

    It sees tokens, white space included, so texts in quotes and ``phases.a - b`` stay what they are.  Nothing is lost:
    to subtract from what a phase left behind, an object, has no meaning.
    """

    def tokeniter(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> Iterator[RawToken]:
        """Yield every token of *source*, white space included."""
        tokens = super().tokeniter(source, name, filename, state)
        token, before = next(tokens, None), ""
        while token is not None:
            yield token
            _, kind, text = token
            root = kind == "name" and text in ROOTS and before != "."
            before = before if kind == "whitespace" else text
            token = next(tokens, None)
            if root and token is not None and token[1:] == ("operator", "."):
                parts, after = key(tokens)
                yield from subscript(token, parts)
                token, before = after, ""


def key(tokens: Iterator[RawToken]) -> tuple[list[RawToken], RawToken | None]:
    """Return the tokens that follow one another as parts of an id, and the one after them."""
    parts: list[RawToken] = []
    for token in tokens:
        _, kind, text = token
        if not (kind in ("name", "integer") or (kind == "float" and "." not in text) or token[1:] == ("operator", "-")):
            return parts, token
        parts.append(token)
    return parts, None


def subscript(dot: RawToken, parts: list[RawToken]) -> list[RawToken]:
    """Return what stands for the dot and the parts of an id after it."""
    name = "".join(text for _, _, text in parts)
    plain = len(parts) == 1 and parts[0][1] == "name"
    if not parts or plain or name.startswith("-") or name.endswith("-"):
        return [dot, *parts]
    line = dot[0]
    return [(line, "operator", "["), (line, "string", f"'{name}'"), (line, "operator", "]")]
