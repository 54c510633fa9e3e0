"""JSON from what people type: JSON, @file, - for stdin, or key=value pairs."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workflow_engine.errors import InputRefused


def given_data(words: Sequence[str]) -> Any:
    """Return what *words* on a command line mean as a task's data; nothing at all means an empty object.

    Raises:
        InputRefused: they are neither JSON nor key=value pairs.
    """
    if len(words) != 1 or is_pair(words[0]):
        return pairs(words, {})
    word = words[0]
    if word == "-":
        return _json(sys.stdin.read(), "stdin")
    if word.startswith("@"):
        return _json(_read(word[1:]), word[1:])
    return _json(word, "the data")


def given_answer(words: Sequence[str], form: Mapping[str, Any]) -> Any:
    """Return what *words* mean as an answer to a question with this form; a word that is no JSON means itself.

    Raises:
        InputRefused: they are neither one value nor key=value pairs.
    """
    if len(words) != 1:
        return pairs(words, form)
    word = words[0]
    if word == "-" or word.startswith("@"):
        return given_data(words)
    if form.get("type") == "string":
        return word
    return pairs(words, form) if is_pair(word) else parsed(word)


def pairs(words: Sequence[str], form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object that key=value *words* make; a value is JSON where it can be, unless the form wants a string.

    Raises:
        InputRefused: a word is no key=value, or a key comes twice.
    """
    made: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise InputRefused(f"{word!r} is no key=value; give one JSON document, @file, -, or key=value pairs")
        if key in made:
            raise InputRefused(f"{key!r} is given twice; for a list write {key}='[1, 2]'")
        wanted = form.get("properties", {}).get(key, {})
        made[key] = value if wanted.get("type") == "string" else parsed(value)
    return made


def parsed(text: str) -> Any:
    """Return the JSON that *text* is, or the text itself where it is none."""
    try:
        return _decoded(text)
    except (ValueError, RecursionError):
        return text


def labels(words: Sequence[str]) -> dict[str, str]:
    """Return labels from key=value *words*.

    Raises:
        InputRefused: a word is no key=value.
    """
    made: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise InputRefused(f"the label {word!r} is no key=value")
        made[key] = value
    return made


def is_pair(word: str) -> bool:
    """Return whether *word* is meant as key=value."""
    return "=" in word and word.lstrip()[:1] not in ("{", "[", '"', "@")


def _read(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise InputRefused(f"{name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputRefused(f"{name} is not text in UTF-8, so it is no JSON") from error


def _json(text: str, where: str) -> Any:
    try:
        return _decoded(text)
    except (ValueError, RecursionError) as error:
        hint = "" if where != "the data" else '; write {"key": "value"}, key=value, @file, or - for stdin'
        raise InputRefused(f"{where} is not JSON: {error}{hint}") from error


def _decoded(text: str) -> Any:
    return json.loads(text, parse_constant=_no_number)


def _no_number(word: str) -> Any:
    raise ValueError(f"JSON has no {word}")
