"""Cursors: the place behind a page, as a word that callers hand back."""

import base64
import binascii
from typing import Final

import msgspec

from workflow_engine.errors import InputRefused
from workflow_engine.readmodel.rows import LIMIT_MAX

Key = tuple[str | float, ...]
"""Values of the columns that rows are ordered by."""


def encode(order: str, key: Key) -> str:
    """Return the cursor of a row with this *key* in this *order*."""
    return base64.urlsafe_b64encode(_encode((order, *key))).decode().rstrip("=")


def decode(cursor: str, order: str, kinds: tuple[type[str] | type[float], ...]) -> Key:
    """Return the key that *cursor* stands for.

    Args:
        cursor: from `encode`.
        order: the order it must be of.
        kinds: the types of the values in the key.

    Raises:
        InputRefused: it is none, or one of another order.
    """
    try:
        found, *key = _decode(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise _refusal(cursor, "it is not one of ours") from error
    if found != order:
        raise _refusal(cursor, f"it belongs to the order {found!r}, not {order!r}")
    if len(key) != len(kinds) or not all(map(_fits, key, kinds)):
        raise _refusal(cursor, "it is not one of ours")
    return tuple(key)


def checked(limit: int) -> int:
    """Return *limit*, a number of rows.

    Raises:
        InputRefused: it is out of range.
    """
    if not 1 <= limit <= LIMIT_MAX:
        raise InputRefused(f"a page has 1 to {LIMIT_MAX} rows, not {limit}; ask for more pages instead")
    return limit


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(tuple[str | float, ...]).decode


def _fits(value: str | float, kind: type[str] | type[float]) -> bool:
    return isinstance(value, str) == (kind is str)


def _refusal(cursor: str, why: str) -> InputRefused:
    return InputRefused(f"{cursor!r} cannot be gone on from: {why}; leave `after` out to begin with the first page")
