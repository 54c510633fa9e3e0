"""Scalars: what a word of a workflow file stands for, by the core schema of YAML 1.2 (section 10.3)."""

import math
import re
from typing import Final

from workflow_engine.spec.files.nodes import Plain

CORE: Final = "tag:yaml.org,2002:"
"""What the names of the tags begin with that YAML itself defines."""

_WORDS: Final[dict[str, Plain]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC: Final = frozenset("+-.0123456789")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST: Final = 300  # characters of a number; Python refuses to read a whole number of some thousands


def resolve(text: str) -> Plain:
    """Return what the plain scalar *text* stands for; ``yes``, ``on``, ``1:30`` and dates are texts.

    Raises:
        ValueError: it is a number that JSON cannot hold; the message is the fact.
    """
    if text in _WORDS:
        return _WORDS[text]
    return _number(text) if text[0] in _NUMERIC else text


def resolve_tagged(tag: str, text: str) -> Plain:
    """Return what *text* stands for under an explicit *tag*.

    Raises:
        ValueError: the tag is none for scalars, or the text does not fit it; the message is the fact.
    """
    kind = tag.removeprefix(CORE)
    if tag == "!" or (kind == "str" and kind != tag):
        return text
    wanted = _TAGGED.get(kind) if kind != tag else None
    if wanted is None:
        raise ValueError(f"the tag {tag!r} is not allowed; a workflow file holds plain values only, so remove it")
    value = resolve(text)
    if kind == "float" and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise ValueError(f"{text!r} does not fit its tag !!{kind}")
    return value


_TAGGED: Final = {"int": int, "float": float, "bool": bool, "null": type(None)}


def _number(text: str) -> Plain:
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is no number that JSON can hold; write it in quotes if a text is meant")
    reader = next((read for pattern, read in _READERS if pattern.fullmatch(text)), None)
    if reader is None:
        return text
    if len(text) > _LONGEST:
        raise ValueError(f"a number of {len(text)} characters is too long; write it in quotes if a text is meant")
    value = reader(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large a number; write it in quotes if a text is meant")
    return value


def _based(text: str) -> int:
    return int(text, 0)


_READERS: Final = ((_INTEGER, int), (_FLOAT, float), (_OCTAL, _based), (_HEXADECIMAL, _based))
