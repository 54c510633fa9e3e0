"""Writing: workflows as native files that people read and change, and that load as what was written."""

import json
import re
from typing import Any, Final

from pydantic import BaseModel

from workflow_engine.spec import durations
from workflow_engine.spec.files.scalars import resolve
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.schema import HINT

WIDTH: Final = 100
"""Columns that a list or mapping in one line may take."""

_DURATIONS: Final = frozenset(("initial", "max", "timeout", "due", "wait"))
"""Fields of the models that hold seconds."""

_UNITS: Final = (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0), ("s", 1.0))


def to_yaml(spec: WorkflowSpec) -> str:
    """Return *spec* as the text of a native workflow file.

    Fields stand in the order of the models, without those that are as they are by default.  The text means the same to
    readers of YAML 1.1 and 1.2, and loading it gives *spec* again.
    """
    return "\n".join([HINT, *_mapping(_data(spec), 0, open_lists=True)]) + "\n"


def _data(model: BaseModel) -> dict[str, Any]:
    """Return what *model* holds beside its defaults, as JSON with durations in words."""
    found: dict[str, Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if value == field.get_default(call_default_factory=True):
            continue
        found[name] = _duration(value) if name in _DURATIONS and isinstance(value, float) else _json(value)
    if isinstance(model, Phase) and found.get("target_classification") == found["id"]:
        del found["target_classification"]
    return found


def _json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _data(value)
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]  # pyright: ignore[reportUnknownVariableType] - JSON
    if isinstance(value, dict):
        return {str(key): _json(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return value


def _duration(seconds: float) -> Any:
    """Return seconds as people write them where that means exactly the same, else the number."""
    parts, rest = list[str](), seconds
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count:.0f}{unit}")
    if rest:
        parts.append(f"{rest * 1000:.0f}ms")
    text = "".join(parts)
    return text if text and durations.seconds(text) == seconds else seconds


def _mapping(value: dict[str, Any], depth: int, open_lists: bool = False) -> list[str]:
    """Return the lines of a mapping that is not empty; with *open_lists*, lists of mappings stand one key a line."""
    lines: list[str] = []
    for key, item in value.items():
        lines += _after(f"{'  ' * depth}{_scalar(key)}:", item, depth, open_lists)
    return lines


def _after(start: str, value: Any, depth: int, open_lists: bool = False) -> list[str]:
    """Return the lines of *value* behind *start*, a key, at this depth."""
    flow = None if open_lists and _has_mappings(value) else _flow(value)
    if flow is not None and len(start) + 1 + len(flow) <= WIDTH:
        return [f"{start} {flow}"]
    if isinstance(value, dict) and value:
        return [start, *_mapping(value, depth + 1)]  # pyright: ignore[reportUnknownArgumentType] - JSON
    if isinstance(value, list) and value:
        return [start, *_list(value, depth + 1, open_lists)]  # pyright: ignore[reportUnknownArgumentType] - JSON
    return _text(start, value, depth)


def _has_mappings(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)  # pyright: ignore[reportUnknownVariableType] - JSON


def _list(value: list[Any], depth: int, open_items: bool = False) -> list[str]:
    lines: list[str] = []
    for item in value:
        indent = "  " * depth
        flow = None if open_items and isinstance(item, dict) else _flow(item)
        if flow is not None and len(indent) + 2 + len(flow) <= WIDTH:
            lines.append(f"{indent}- {flow}")
        elif isinstance(item, dict) and item:
            inner = _mapping(item, depth + 1)  # pyright: ignore[reportUnknownArgumentType] - JSON
            lines += [f"{indent}- {inner[0].lstrip(' ')}", *inner[1:]]
        elif isinstance(item, list) and item:
            lines += [f"{indent}-", *_list(item, depth + 1)]  # pyright: ignore[reportUnknownArgumentType] - JSON
        else:
            lines += _text(f"{indent}-", item, depth)
    return lines


def _text(start: str, value: Any, depth: int) -> list[str]:
    """Return the lines of a scalar behind *start*: a block where it is a text of several lines."""
    if not isinstance(value, str) or not _fits_block(value):
        return [f"{start} {_flow(value) or _scalar(value)}"]
    end = "+" if value.endswith("\n\n") else "" if value.endswith("\n") else "-"
    indent = "  " * (depth + 1)
    rows = value.removesuffix("\n").split("\n")
    return [f"{start} |{end}", *(indent + row if row else "" for row in rows)]


def _fits_block(text: str) -> bool:
    """Return whether *text* has several lines, and a block keeps them as they are."""
    return (
        "\n" in text
        and text[0] not in " \n\t"
        and not any(row != row.rstrip(" \t") and not row.strip() for row in text.split("\n"))
        and all(char == "\n" or char.isprintable() for char in text)
    )


def _flow(value: Any) -> str | None:
    """Return *value* in one line, None where it is nested or has several lines, and is not read easily so."""
    if isinstance(value, str):
        return None if _fits_block(value) else _scalar(value)
    if isinstance(value, list):
        rows = [_flow(item) for item in value if not _has_parts(item)]  # pyright: ignore[reportUnknownVariableType] - JSON
        whole = len(rows) == len(value) and None not in rows  # pyright: ignore[reportUnknownArgumentType] - JSON
        return f"[{', '.join(row or '' for row in rows)}]" if whole else None
    if isinstance(value, dict):
        pairs = {_scalar(key): _in_mapping(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return None if None in pairs.values() else f"{{{', '.join(f'{key}: {row}' for key, row in pairs.items())}}}"
    return _scalar(value)


def _in_mapping(value: Any) -> str | None:
    return None if isinstance(value, dict) and value else _flow(value)


def _has_parts(value: Any) -> bool:
    return isinstance(value, list | dict) and bool(value)  # pyright: ignore[reportUnknownArgumentType] - JSON


_PLAIN: Final = re.compile(r"[A-Za-z_](?:[\w./()+!%=$;@'*-]| (?! ))*(?<! )")
_DURATION: Final = re.compile(r"(\d+(ms|[smhdw]))+")
_WORDS: Final = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"))
"""Texts that some reader of YAML takes for something else, in lower case."""


def _scalar(value: Any) -> str:
    """Return a scalar so that every reader of YAML takes it for what it is."""
    if isinstance(value, float):
        return _float(value)
    if not isinstance(value, str):
        return json.dumps(value)
    if _DURATION.fullmatch(value):
        return value
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS and value.isprintable() and resolve(value) == value:
        return value
    if '"' in value and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(_escaped(char) for char in value) + '"'


def _float(value: float) -> str:
    """Return a number with a point, without which YAML 1.1 takes one with an exponent for a text."""
    mantissa, exponent, power = repr(value).partition("e")
    return f"{mantissa}{'' if '.' in mantissa else '.0'}{exponent}{power}"


_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
