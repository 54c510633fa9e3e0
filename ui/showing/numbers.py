"""Numbers for people: counts, money, sizes, lengths of time."""

import math
from typing import Final


def number(value: float | None) -> str:
    """Return a number with its thousands set apart: ``18,204``; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 10**30 else f"about {_magnitude(value)}"
    return f"{value:,.10g}" if math.isfinite(value) and abs(value) < 1e15 else str(value)


def money(dollars: float | None) -> str:
    """Return an amount of US dollars; cents, and below a dollar as far as four digits where they say something."""
    if dollars is None:
        return ""
    sign, amount = ("-", -dollars) if dollars < 0 else ("", dollars)
    if 0 < amount < 0.0001:
        return "under $0.0001"
    if amount >= 1 or round(amount, 2) == round(amount, 4):
        return f"{sign}${amount:,.2f}"
    return f"{sign}${amount:.4f}"


def size(count: float | None) -> str:
    """Return a number of bytes: ``512 bytes``, ``1.5 KiB``, ``24 MiB``."""
    if count is None:
        return ""
    if count < 1024:
        return "1 byte" if count == 1 else f"{count:.0f} bytes"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1023.95:
            return f"{count:.1f} {unit}" if count < 9.95 else f"{count:.0f} {unit}"
    return f"{count / 1024:,.1f} TiB"


_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def duration(seconds: float | None) -> str:
    """Return a length of time as exactly as it matters.

    ``80 ms``, ``4.1 s``, ``42 s``, ``1 h 20 min``, ``22 h``, ``3 d``: from ten of the first unit on,
    the second is left out.
    """
    if seconds is None or not math.isfinite(seconds):
        return ""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    left = round(seconds)
    place = next(place for place, (length, _) in enumerate(_UNITS) if left >= length)
    length, unit = _UNITS[place]
    amount, left = divmod(left, length)
    if amount < 10 and place + 1 < len(_UNITS):
        below, name = _UNITS[place + 1]
        if left >= below:
            return f"{amount} {unit} {left // below} {name}"
    return f"{amount:,} {unit}"


def _magnitude(value: int) -> str:
    # Python refuses to write out integers of thousands of digits
    return f"{'-' if value < 0 else ''}10^{int(abs(value).bit_length() * math.log10(2))}"
