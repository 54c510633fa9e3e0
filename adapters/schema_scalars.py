"""Numbers and texts that satisfy JSON Schemas: the smallest, or the plainest."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

LENGTH_MAX: Final = 10_000
"""Most characters of a text."""

NAMED_MAX: Final = 8
"""Most lengths in a pattern that are tried."""

FORMATS: Final[Mapping[str, str]] = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "email": "someone@example.org",
    "idn-email": "someone@example.org",
    "hostname": "example.org",
    "idn-hostname": "example.org",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.org/",
    "uri-reference": "https://example.org/",
    "iri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "json-pointer": "/a",
    "regex": ".*",
}


def number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    """Return the smallest number that a schema allows; without a lower bound 0, or what is nearest to it."""
    least, above = _bound(schema, "minimum"), _bound(schema, "exclusiveMinimum")
    most, below = _bound(schema, "maximum"), _bound(schema, "exclusiveMaximum")
    low = max((bound for bound in (least, above) if bound is not None), default=None)
    high = min((bound for bound in (most, below) if bound is not None), default=None)
    if low is None and high is not None and high <= 0:
        return 0 - number(_mirrored(schema), whole=whole)
    low = low or 0
    step = _bound(schema, "multipleOf") or (1 if whole else None)
    if step:
        low = math.ceil(low / step) * step
        return low + step if low == above else low
    if low == above:
        return low + 1 if high is None else (low + high) / 2
    return low


def _mirrored(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema without lower bounds with its numbers counted downward."""
    turned = {"minimum": _bound(schema, "maximum"), "exclusiveMinimum": _bound(schema, "exclusiveMaximum")}
    bounds = {key: 0 - bound for key, bound in turned.items() if bound is not None}
    return {**bounds, "multipleOf": schema.get("multipleOf")}


def _bound(schema: Mapping[str, Any], key: str) -> int | float | None:
    value = schema.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def text(schema: Mapping[str, Any], word: str) -> str:
    """Return a text of the format, pattern and length that are asked for, if one of some simple ones is."""
    least = min(int(_bound(schema, "minLength") or 0), LENGTH_MAX)
    most = int(_bound(schema, "maxLength") or LENGTH_MAX) if schema.get("maxLength") != 0 else 0
    plain = FORMATS.get(str(schema.get("format")), word)
    fitting = (plain + "." * (least - len(plain)))[:most]
    pattern = schema.get("pattern")
    if not isinstance(pattern, str):
        return fitting
    try:
        compiled = re.compile(pattern)
    except re.error:
        return fitting
    candidates = (one for one in (fitting, *_simple(pattern, least)) if least <= len(one) <= most)
    return next((one for one in candidates if compiled.search(one)), fitting)


def _simple(pattern: str, least: int) -> Iterator[str]:
    """Yield texts that patterns often mean: words, numbers, codes, with the lengths that the pattern names."""
    named = [int(length) for length in re.findall(r"\{(\d{1,4})", pattern)][:NAMED_MAX]
    lengths = dict.fromkeys((*named, *range(1, 9), max(least, 1)))
    for length in lengths:
        for letter in "a0A":
            yield letter * length
        yield "A" + "a" * (length - 1)
    yield from FORMATS.values()
    yield from ("+10000000", "0.0", "0.0.0", "v0", "v0.0.0", "#000000", "a-a", "a_a", "a a", "A-0", "AA-00", "AAA-000")
    for letters in named:
        for digits in named:
            yield from (f"{'A' * letters}{middle}{'0' * digits}" for middle in ("", "-", "_"))
