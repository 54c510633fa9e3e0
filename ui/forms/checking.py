"""Checking a value against a schema in bounded time.

Schemas and values may be hostile, and Python's regular expressions cannot be interrupted.  So a pattern is tried only
where it ends soon: one with repetitions inside of repetitions never, others on texts that are short enough for their
number of repetitions.  What is not tried here is found when the answer is given: the engine has the last word.
"""

import re
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from workflow_engine.ui.forms.json_values import Json, Schema, canonical
from workflow_engine.ui.forms.texts import FAULTS, fault

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

WORK_MAX: Final = 20_000
"""Keywords that are looked at for one form: about a second."""
ERRORS_MAX: Final = 100
PATTERN_STEPS_MAX: Final = 20_000_000
"""Steps that one pattern may take on one text at the worst, roughly."""

_Keyword = Callable[["Validator", Any, Any, Any], "Iterator[ValidationError] | None"]


class Misfit(msgspec.Struct, frozen=True):
    """One thing that is wrong with a value.

    Attributes:
        place: names and positions that lead to it.
        keyword: of the schema that it does not satisfy.
        wanted: what that keyword has.
        value: what is there instead.
        schema: the keyword's.
        message: in the validator's words.
    """

    place: tuple[str | int, ...]
    keyword: str
    wanted: Json
    value: Json
    schema: Schema
    message: str


class _TooMuch(Exception):
    """The schema asks for more work than a form is worth."""


class _Work(threading.local):
    left = 0


_WORK: Final = _Work()


class Checker:
    """Finds what is wrong with values; the schema's references lead inside of it or nowhere.

    Args:
        root: the schema.
    """

    def __init__(self, root: Json) -> None:
        import referencing

        self._left = WORK_MAX
        registry: referencing.Registry[Any] = referencing.Registry()
        self._validator = _validator_class()(
            root if isinstance(root, dict | bool) else True,
            registry=registry,
            format_checker=_format_checker(),
        )

    def misfits(self, value: Json, part: Json = None) -> list[Misfit]:
        """Return what is wrong with *value* by the schema, or by *part* of it; nothing where that cannot be told."""
        return self._found(value, part) or []

    def accepts(self, value: Json, part: Json) -> bool:
        """Return whether *part* of the schema is known to accept *value*."""
        return self._found(value, part) == []

    def _found(self, value: Json, part: Json) -> list[Misfit] | None:
        """Return what is wrong; None where it cannot be told: it takes too long, or the schema is none."""
        from referencing.exceptions import Unresolvable

        _WORK.left = self._left
        try:
            validator = self._validator if part is None else self._validator.evolve(schema=part)
            return [_misfit(error) for error in islice(validator.iter_errors(value), ERRORS_MAX)]
        except (_TooMuch, RecursionError, Unresolvable):
            return None
        except (TypeError, ValueError, AttributeError, KeyError, re.error):
            return None  # a keyword has a value that it cannot have
        finally:
            self._left = max(0, _WORK.left)


def _misfit(error: "ValidationError") -> Misfit:
    schema: Any = error.schema
    return Misfit(
        place=tuple(error.absolute_path),
        keyword=str(error.validator),
        wanted=cast(Json, error.validator_value),
        value=cast(Json, error.instance),
        schema=cast(Schema, schema) if isinstance(schema, dict) else {},
        message=str(error.message),
    )


def pattern_ends_soon(pattern: str, length: int) -> bool:
    """Return whether matching *pattern* on a text of *length* characters takes a bounded time."""
    repeats = _repeats(pattern)
    anywhere = not pattern.startswith("^") or "|" in pattern
    return repeats is not None and (length + 1) ** (repeats + anywhere) <= PATTERN_STEPS_MAX


def _repeats(pattern: str) -> int | None:
    """Return how many choices *pattern* leaves; None where a group that leaves some is repeated."""
    plain = re.sub(r"\\.", "x", pattern, flags=re.DOTALL)
    plain = re.sub(r"\[\^?\]?[^\]]*\]", "x", plain).replace("(?", "(")
    count = 0
    busy = [0]  # how many choices were there when each open group began
    inside = 0  # how many the group has that has just ended
    for at, letter in enumerate(plain):
        if letter == "(":
            busy.append(count)
        elif letter == ")" and len(busy) > 1:
            inside = count - busy.pop()
            continue
        elif letter in "*+{" and inside and not re.match(r"\{0?,?1\}", plain[at:]):
            return None
        elif letter in "*+?|" or (letter == "{" and re.match(r"\{\d*,\d*\}", plain[at:])):
            count += 1
        inside = 0
    return count


def _validator_class() -> "type[Any]":
    """Return the validator of draft 2020-12 with its work counted; made once."""
    if "class" not in _MADE:
        from jsonschema import Draft202012Validator, validators

        keywords: dict[str, _Keyword] = dict(Draft202012Validator.VALIDATORS)
        keywords["uniqueItems"] = _unique
        for name in ("pattern", "patternProperties", "additionalProperties", "unevaluatedProperties"):
            keywords[name] = _short(keywords[name])
        counted = {name: _counted(keyword) for name, keyword in keywords.items()}
        extend: Callable[[object, object], type[Any]] = getattr(validators, "extend")  # noqa: B009 - it has no types
        _MADE["class"] = extend(Draft202012Validator, counted)
    made: type[Any] = _MADE["class"]
    return made


_MADE: Final[dict[str, Any]] = {}


def _counted(keyword: _Keyword) -> _Keyword:
    def look(validator: "Validator", wanted: Any, value: Any, schema: Any) -> "Iterator[ValidationError]":
        _WORK.left -= 1
        if _WORK.left < 0:
            raise _TooMuch
        yield from keyword(validator, wanted, value, schema) or ()

    return look


def _short(keyword: _Keyword) -> _Keyword:
    """Return *keyword*, which tries patterns, without those texts for which that could take long."""

    def look(validator: "Validator", wanted: Any, value: Any, schema: Any) -> "Iterator[ValidationError]":
        patterns = [wanted] if isinstance(wanted, str) else _names(schema.get("patternProperties"))
        longest = len(value) if isinstance(value, str) else max(map(len, _names(value)), default=0)
        if all(pattern_ends_soon(pattern, longest) for pattern in patterns):
            yield from keyword(validator, wanted, value, schema) or ()

    return look


def _names(value: Json) -> list[str]:
    return list(value) if isinstance(value, dict) else []


def _unique(validator: "Validator", wanted: Any, value: Any, schema: Any) -> "Iterator[ValidationError]":
    """Find equal items in one pass: the keyword's own way compares each with each."""
    from jsonschema import ValidationError

    if wanted and validator.is_type(value, "array") and len({canonical(item) for item in value}) < len(value):
        yield ValidationError("items are the same")


def _format_checker() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name in FAULTS:
        checker.checks(name)(_right(name))
    return checker


def _right(name: str) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or fault(name, value) is None
