"""Pieces of SQL."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Sql(NamedTuple):
    """A piece of SQL and what stands for its question marks."""

    text: str
    parameters: tuple[Any, ...] = ()


def every(conditions: Iterable[Sql]) -> Sql:
    """Return the condition that all *conditions* hold."""
    listed = tuple(conditions)
    text = " AND ".join(condition.text for condition in listed) or "TRUE"
    return Sql(text, tuple(value for condition in listed for value in condition.parameters))


def any_of(column: str, values: tuple[str, ...]) -> tuple[Sql, ...]:
    """Return the condition that *column* has one of *values*; none without values."""
    return (Sql(f"{column} IN ({', '.join('?' * len(values))})", values),) if values else ()
