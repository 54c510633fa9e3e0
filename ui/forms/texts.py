"""Texts that people type: numbers, dates, addresses; what is wrong with one, and how to mend it."""

import calendar
import re
from collections.abc import Callable
from typing import Final
from uuid import UUID

from workflow_engine.ui.forms.json_values import INTEGER_MAX

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_COMMA: Final = re.compile(r"[+-]?\d*,\d+", re.ASCII)
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(?:[ ,.'\u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?", re.ASCII)
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME: Final = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|z|[+-]\d\d:\d\d)?", re.ASCII)
_OFFSET: Final = re.compile(r"[+-](\d\d):(\d\d)", re.ASCII)
_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?", re.ASCII)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_DOMAIN: Final = re.compile(r"[^\s@.]+(?:\.[^\s@.]+)*")

DIGITS_MAX: Final = 40

_WRITE_DATE: Final = "Write a date as 2026-12-01."
_WRITE_TIME: Final = "Write a time as 14:30."
_WRITE_MOMENT: Final = "Write day, time and offset as 2026-12-01T14:30:00+01:00."


def number(text: str) -> int | float | str:
    """Return the number that *text* writes; a sentence where it writes none."""
    given = text.strip()
    if not _NUMBER.fullmatch(given):
        return _no_number(given)
    if len(given) > DIGITS_MAX:
        return f"This number is too long. Write at most {DIGITS_MAX} characters."
    value = float(given)
    if re.fullmatch(r"[+-]?\d+", given, re.ASCII):
        whole = int(given)
        return whole if abs(whole) <= INTEGER_MAX else "This number is too large. Write one with fewer digits."
    return value if abs(value) < float("inf") else "This number is too large. Write a smaller one."


def integer(text: str) -> int | str:
    """Return the whole number that *text* writes; a sentence where it writes none."""
    value = number(text)
    if isinstance(value, float):
        if value.is_integer() and abs(value) <= INTEGER_MAX:
            return int(value)
        return f"This must be a whole number. Write {round(value)}, for example." if abs(value) < 1e15 else _TOO_LARGE
    return value


_TOO_LARGE: Final = "This number is too large. Write one with fewer digits."


def _no_number(given: str) -> str:
    if _THOUSANDS.fullmatch(given):
        digits = re.sub(r"[^\d+-]", "", given)
        return f"Write numbers without marks between the digits, such as {digits}, and with a point before fractions."
    if _COMMA.fullmatch(given):
        return f"Write {given.replace(',', '.')}, with a point instead of the comma."
    return "This is not a number. Write digits, such as 12 or 1.5."


def moment(text: str, zone: str) -> str:
    """Return the day and time of *text* with the offset of *zone*; unchanged where it is no local time."""
    given = text.strip().replace(" ", "T", 1)
    if not _LOCAL.fullmatch(given):
        return text.strip()
    seconds = given if given.count(":") == 2 else f"{given}:00"
    return seconds + offset(zone)


def offset(zone: str) -> str:
    """Return an offset from UTC as a moment writes it: ``Z`` for none and for nothing."""
    given = zone.strip().upper().removeprefix("UTC")
    return "Z" if given in ("", "Z", "+00:00", "0") else given


def local(text: str) -> tuple[str, str] | None:
    """Return what inputs for day and time, and for the offset, show for *text*; None where they would change it."""
    for length in (1, 6):
        there, zone = text[:-length], text[-length:]
        if _LOCAL.fullmatch(there) and there.count(":") == 2 and "." not in there and moment(there, zone) == text:
            return there, zone
    return None


def is_local(text: str) -> bool:
    """Return whether *text* is a day and a time as an input for both shows them."""
    return bool(_LOCAL.fullmatch(text)) and _moment_fault(text + "Z") is None


def is_clock(text: str) -> bool:
    """Return whether *text* is a time as an input for one shows it: without an offset, to the second at most."""
    return len(text) in (5, 8) and "Z" not in text and "." not in text and _time_fault(text) is None


def fault(format_name: str, text: str) -> str | None:
    """Return what is wrong with *text* as *format_name* and how to mend it, or None; formats not known are right."""
    check = FAULTS.get(format_name)
    return check(text) if check is not None else None


def _date_fault(text: str) -> str | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return f"This is not a date. {_WRITE_DATE}"
    year, month, day = (int(part) for part in found.groups())
    if not 1 <= month <= 12:
        return f"There is no month {month}. {_WRITE_DATE}"
    if year < 1:
        return f"There is no year 0. {_WRITE_DATE}"
    days = calendar.monthrange(year, month)[1]
    if not 1 <= day <= days:
        return f"There is no day {day} in {calendar.month_name[month]} {year}. {_WRITE_DATE}"
    return None


def _time_fault(text: str, remedy: str = _WRITE_TIME) -> str | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return f"This is not a time. {remedy}"
    hour, minute, second, zone = found.groups()
    if int(hour) > 23:
        return f"There is no hour {int(hour)}. {remedy}"
    if int(minute) > 59:
        return f"There is no minute {int(minute)}. {remedy}"
    if int(second or 0) > 60 or (int(second or 0) == 60 and minute != "59"):
        return f"There is no second {int(second)}. {remedy}"
    offset_of = _OFFSET.fullmatch(zone or "+00:00")
    if offset_of is not None and (int(offset_of[1]) > 23 or int(offset_of[2]) > 59):
        return f"There is no offset {zone}. Write one as +01:00."
    return None


def _moment_fault(text: str) -> str | None:
    day, separator, time = text[:10], text[10:11], text[11:]
    if separator not in ("T", "t", " ") or not _DATE.fullmatch(day):
        return f"This is not a day and a time. {_WRITE_MOMENT}"
    wrong = _date_fault(day)
    if wrong is not None:
        return wrong
    if _LOCAL.fullmatch(text):
        return f"This has no offset from UTC. {_WRITE_MOMENT}"
    return _time_fault(time, _WRITE_MOMENT) if _TIME.fullmatch(time) else f"The offset is not right. {_WRITE_MOMENT}"


def _email_fault(text: str) -> str | None:
    name, at, domain = text.rpartition("@")
    if at and name and _DOMAIN.fullmatch(domain) and not re.search(r"[\s@]", name):
        return None
    return "This is not an email address. Write one as name@example.com."


def _uri_fault(text: str) -> str | None:
    if _URI.fullmatch(text):
        return None
    if text.startswith("www."):
        return f"This is not a complete address. Write https://{text.strip()}, for example."
    return "This is not an address. Write one as https://example.com/page."


def _uuid_fault(text: str) -> str | None:
    try:
        right = str(UUID(text)) == text.lower()
    except ValueError:
        right = False
    return None if right else "This is not a UUID. Write one as 123e4567-e89b-12d3-a456-426614174000."


FAULTS: Final[dict[str, Callable[[str], str | None]]] = {
    "date": _date_fault,
    "time": _time_fault,
    "date-time": _moment_fault,
    "email": _email_fault,
    "idn-email": _email_fault,
    "uri": _uri_fault,
    "iri": _uri_fault,
    "url": _uri_fault,
    "uuid": _uuid_fault,
}
"""The formats that are checked."""
