"""Moments and lengths of time, in words."""

from datetime import UTC, datetime


def moment(at: float, now: float) -> str:
    """Return a moment for people: the time in UTC, and how far from *now* it is."""
    try:
        stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        stamp = "after the year 9999"
    return f"{stamp} ({span(now - at)} ago)" if at <= now else f"{stamp} (in {span(at - now)})"


def span(seconds: float) -> str:
    """Return a length of time for people: its largest unit, and the one below."""
    left = round(seconds)
    if left < 1:
        return "less than a second" if seconds else "0 s"
    words: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        amount, left = divmod(left, size)
        if amount or words:
            words.append(f"{amount} {unit}")
        if len(words) == 2:
            break
    return " ".join(word for word in words if not word.startswith("0 "))
