"""What the models of the API share: their bases, and the types of their fields."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    WithJsonSchema,
)

from workflow_engine.readmodel.rows import LIMIT, LIMIT_MAX
from workflow_engine.spec.durations import seconds
from workflow_engine.ui.api.moments import iso
from workflow_engine.values import SECONDS_MAX

__all__ = [
    "Amount",
    "Count",
    "Counted",
    "Cursor",
    "Duration",
    "JsonValue",
    "Limit",
    "Moment",
    "Name",
    "NoQuery",
    "Reply",
    "Request",
    "Spent",
    "TaskId",
    "Text",
    "When",
]


class Request(BaseModel):
    """Base of what is sent to the API: what is not known is refused, and a number is no string."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class NoQuery(Request):
    """A query string without parameters."""


class Reply(BaseModel):
    """Base of what the API answers; fields may be added to it."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def of(cls, found: object) -> Self:
        """Return the model of something that has attributes of these names."""
        return cls.model_validate(found, from_attributes=True)


def _moment(value: Any) -> Any:
    return iso(value) if isinstance(value, int | float) else value


Moment = Annotated[
    str,
    BeforeValidator(_moment),
    Field(description="A moment, RFC 3339 in UTC.", json_schema_extra={"format": "date-time"}),
]
"""A moment as it is answered; made of engine time, in seconds."""

_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _when(value: Any) -> datetime:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        raise ValueError("write a moment as RFC 3339 has it: 2026-03-01T13:05:09Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("that is no moment of the calendar") from error


When = Annotated[
    datetime,
    PlainValidator(_when),
    WithJsonSchema({"type": "string", "format": "date-time", "description": "A moment, RFC 3339."}),
]
"""A moment as it is sent."""


def _seconds(value: Any) -> Any:
    number = seconds(value)
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= SECONDS_MAX:
        raise ValueError(f"pass seconds from 0 to {SECONDS_MAX:g}, or a duration such as 2d")
    return float(number)


Duration = Annotated[
    float,
    BeforeValidator(_seconds),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": SECONDS_MAX},
                {"type": "string", "pattern": r"^[0-9]{1,6}(s|m|h|d)$"},
            ],
            "description": "Seconds, or a duration such as `90s`, `15m`, `12h` or `2d`.",
        }
    ),
]
"""A length of time as it is sent, in seconds."""

Text = Annotated[str, Field(max_length=10_000)]
"""Words for people."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
"""A name: of a workflow, a phase, a person."""

TaskId = Annotated[str, Field(min_length=1, max_length=8_000)]
"""The id of a task that there is."""

Cursor = Annotated[str, Field(min_length=1, max_length=20_000, description="`next` of the page before.")]
"""The place behind a page."""

Limit = Annotated[int, Field(ge=1, le=LIMIT_MAX, description=f"Rows at most, {LIMIT} unless told otherwise.")]
"""Rows of a page."""

Count = Annotated[int, Field(ge=0)]
"""How many."""

Amount = Annotated[float, Field(description="US dollars, as far as prices are known.")]
"""Money."""


class Counted(Reply):
    """How many; with `capped`, there may be more."""

    n: Count
    capped: bool


class Spent(Reply):
    """A cost of models: tokens read and written, dollars, and turns whose price is not known."""

    tokens: int
    dollars: Amount
    unpriced: Count
