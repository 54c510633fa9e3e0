"""Texts: templates and conditions of step files, in the words of the native form."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from workflow_engine.spec.dialects.names import Path, Reader, written

_AREA: Final = re.compile(
    r"""\{\#.*?\#\} | (?P<open>\{[{%]) (?P<code>(?:"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | (?![}%]\}).)*) (?=[}%]\})""",
    re.DOTALL | re.VERBOSE,
)
"""A comment, or code between braces; a text in quotes may hold braces."""

_BRACED: Final = re.compile(r"""(?P<quote>["']?)\$?\{\{(?P<code>.*?)\}\}(?P=quote)""", re.DOTALL)
_STRING: Final = r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'"""
_WORDS: Final = frozenset(
    {
        *("and", "or", "not", "in", "is", "if", "else", "elif", "endif", "for", "endfor", "set", "recursive", "raw"),
        *("true", "false", "none", "null", "True", "False", "None"),
    }
)
_OPERATORS: Final = {"&&": "and", "||": "or", "===": "==", "!==": "!=", "undefined": "null"}


class _Token(NamedTuple):
    """A piece of an expression: ``string``, ``path`` or ``other``, as it is written."""

    kind: str
    text: str


def template(text: str, reader: Reader) -> str:
    """Return a text with templates in it, with the paths that they read as the native form has them.

    Raises:
        Unclear: a path may mean several things.
    """
    areas = list(_AREA.finditer(text))
    own = {name for area in areas if area["open"] == "{%" for name in _set_in(area["code"])}
    made, end = list[str](), 0
    for area in areas:
        if area["open"] is not None:
            made += [text[end : area.start("code")], _code(area["code"], reader, own)]
            end = area.end("code")
    return "".join([*made, text[end:]])


def condition(text: str, reader: Reader) -> str:
    """Return a condition as an expression: ``&&``, ``||``, ``!``, ``===`` and braces within it are rewritten.

    Raises:
        Unclear: a path may mean several things.
    """
    return _code(_operators(_unbraced(text.strip()), reader), reader, set())


def predicate(text: str, reader: Reader) -> str:
    """Return a condition over the items of a list: ``score > 3``, ``item.score > 3`` or ``x => x.score > 3``.

    Raises:
        Unclear: it reads something else.
    """
    arrow = re.match(r"\s*\(?\s*(\w+)\s*\)?\s*=>\s*", text)
    parameter, body = (arrow[1], text[arrow.end() :]) if arrow else ("item", text)
    made = list[str]()
    for kind, token, path in _read(_operators(_unbraced(body.strip()), reader), reader):
        if kind != "path":
            made.append(token)
            continue
        if path[0] in ("index", "item", parameter):
            path = ("item" if path[0] == parameter else path[0], *path[1:])
        else:
            path = ("item", *path)
        made.append(written(path, {}))
    return "".join(made)


def path_of(text: str, reader: Reader) -> Path | None:
    """Return the parts of a text that is one path: ``steps.my-step.summary``, ``a.b[0]``; None where it is none."""
    match = _path(reader.names.dashed).fullmatch(text.strip())
    return _parts(match[0], reader) if match else None


def _code(code: str, reader: Reader, own: set[str]) -> str:
    made = list[str]()
    for kind, token, path in _read(code, reader):
        if kind == "path" and path[0] not in own and path[0] != "loop":
            meant = reader.meaning(path)
            has_default = meant[0] == "inputs" and meant[1:2] and meant[1] in reader.names.defaults
            if meant != path or has_default or any("-" in part for part in meant):
                token = written(meant, reader.names.defaults)
        made.append(token)
    return "".join(made)


def _read(code: str, reader: Reader) -> Iterator[tuple[str, str, Path]]:
    """Yield kind, text and, for paths that are read, parts of the pieces of an expression."""
    tokens = _tokens(code, reader.names.dashed)
    before = list[str]()
    for position, token in enumerate(tokens):
        following = "".join(after.text for after in tokens[position + 1 : position + 4]).lstrip()
        if token.kind == "path" and _is_read(token.text, before, following):
            yield "path", token.text, _parts(token.text, reader)
        else:
            yield "other", token.text, ()
        if not token.text.isspace():
            before.append(token.text)


def _is_read(text: str, before: Sequence[str], following: str) -> bool:
    """Return whether a word is a path, and not a word of the language, a filter, a test, an option or a call."""
    if text in _WORDS or following.startswith("("):
        return False
    if following.startswith("=") and not following.startswith("=="):
        return False
    if before[-1:] == ["|"] and before[-2:-1] != ["|"]:
        return False
    return before[-1:] != ["is"] and before[-2:] != ["is", "not"] and before[-1:] != ["."]


def _parts(text: str, reader: Reader) -> Path:
    key = re.compile("|".join([*map(re.escape, reader.names.dashed), r"\w+", _STRING]))
    return tuple(part[1:-1] if part[0] in "\"'" else part for part in key.findall(text))


def _tokens(code: str, dashed: tuple[str, ...]) -> list[_Token]:
    return [_Token(match.lastgroup or "other", match[0]) for match in _pattern(dashed).finditer(code)]


@lru_cache(maxsize=64)
def _path(dashed: tuple[str, ...]) -> re.Pattern[str]:
    names = "".join(f"{re.escape(name)}(?![\\w-])|" for name in dashed)
    word = rf"(?:{names}[A-Za-z_]\w*)"
    return re.compile(rf"{word}(?:\s*\.\s*(?:{word}|\d+)|\[\s*(?:{_STRING}|\d+)\s*\])*")


@lru_cache(maxsize=64)
def _pattern(dashed: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<string>{_STRING})|(?P<path>{_path(dashed).pattern})"
        r"|(?P<other>\d[\w.]*|[!=]==|&&|\|\||[!=<>]=|\*\*|//|\s+|.)",
        re.DOTALL,
    )


def _set_in(code: str) -> Iterator[str]:
    """Yield the names that a statement sets."""
    for found in re.finditer(r"\b(?:set\s+(\w+)|for\s+(\w+)(?:\s*,\s*(\w+))?\s+in)\b", code):
        yield from (name for name in found.groups() if name)


def _unbraced(text: str) -> str:
    """Return a condition without the braces of templates within it, and without quotes around those."""
    return _BRACED.sub(lambda found: f"({found['code'].strip()})", text) if "{{" in text else text


def _operators(text: str, reader: Reader) -> str:
    tokens = _tokens(text, reader.names.dashed)
    made, _ = _operated(tokens, 0, len(tokens))
    return made


def _operated(tokens: Sequence[_Token], start: int, end: int) -> tuple[str, int]:
    """Return the tokens from *start* to *end* with operators of other languages rewritten, and *end*."""
    made, place = list[str](), start
    while place < end:
        token = tokens[place]
        if token.text == "!" and token.kind == "other":
            last = _operand_end(tokens, place + 1, end)
            inner, _ = _operated(tokens, place + 1, last)
            made.append(f"(not {inner.strip()})")
            place = last
            continue
        if token.kind == "path" and token.text.endswith(".length"):
            made.append(f"({token.text.removesuffix('.length')} | length)")
        else:
            made.append(_operator(tokens, place))
        place += 1
    return "".join(made), end


def _operator(tokens: Sequence[_Token], place: int) -> str:
    """Return the token at *place*, an operator of another language as ours, with spaces around words."""
    token = tokens[place]
    if token.kind == "string" or token.text not in _OPERATORS:
        return token.text
    word = _OPERATORS[token.text]
    if token.text not in ("&&", "||"):
        return word
    before = "" if tokens[place - 1 : place] and tokens[place - 1].text.isspace() else " "
    after = "" if tokens[place + 1 : place + 2] and tokens[place + 1].text.isspace() else " "
    return f"{before}{word}{after}"


def _operand_end(tokens: Sequence[_Token], place: int, end: int) -> int:
    """Return where what ``!`` stands before ends: one word, or what stands in brackets."""
    while place < end and (tokens[place].text.isspace() or tokens[place].text == "!"):
        place += 1
    depth = 0
    while place < end:
        depth += tokens[place].text == "("
        depth -= tokens[place].text == ")"
        place += 1
        if depth <= 0:
            break
    return place
