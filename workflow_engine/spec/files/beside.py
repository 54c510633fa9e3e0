"""Files beside a workflow file: programs and mounts that it and its tools name by paths of their own."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from workflow_engine.spec.problems import Place, Problem

_SCRIPT: Final = re.compile(r"(\./)?[\w.-]+(/[\w.-]+)+\.(py|sh|bash|js|mjs|cjs|ts|rb|pl|php|r|jl|lua)", re.IGNORECASE)
"""What looks like a program of the author's, and no argument that happens to hold a slash."""


def find_beside(data: dict[str, Any], folder: Path) -> Iterator[Problem]:
    """Make paths in the native form *data* absolute that name what is below *folder*; yield those that name nothing."""
    base = os.path.abspath(folder)
    for index, phase in enumerate(_listed(data.get("phases"))):
        for place, holder in _holders(phase, ("phases", index)):
            yield from _command(holder.get("command"), base, (*place, "command"))
            yield from _mounts(holder.get("mounts"), base, (*place, "mounts"))
    for index, tool in enumerate(_listed(data.get("tools"))):
        yield from _tool(_mapping(tool), base, ("tools", index))


def _holders(phase: Any, place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Yield what may hold a command: the phase and its compensation."""
    if isinstance(phase, dict):
        yield place, phase
        compensation: Any = phase.get("compensate")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if isinstance(compensation, dict):
            yield (*place, "compensate"), compensation


def _tool(tool: dict[str, Any], base: str, place: Place) -> Iterator[Problem]:
    """Find what a declaration of a tool names: an MCP server, folders to look at, programs to run and where."""
    yield from _command(tool.get("command"), base, (*place, "command"))
    config = _mapping(tool.get("config"))
    for name, mount in _mapping(config.get("mounts")).items():
        yield from _folder(_mapping(mount), "path", base, (*place, "config", "mounts", name))
    for name, command in _mapping(config.get("commands")).items():
        at = (*place, "config", "commands", name)
        yield from _command(_mapping(command).get("argv"), base, (*at, "argv"))
        yield from _folder(_mapping(command), "cwd", base, at)
    yield from _folder(config, "cwd", base, (*place, "config"))


def _folder(holder: dict[str, Any], key: str, base: str, place: Place) -> Iterator[Problem]:
    path = holder.get(key)
    if not isinstance(path, str) or os.path.isabs(path):
        return
    found = base if os.path.normpath(path) == "." else _below(base, path)
    if found is not None and os.path.isdir(found):
        holder[key] = found
    else:
        yield Problem((*place, key), f"{path} is no folder beside this one")


def _command(parts: Any, base: str, place: Place) -> Iterator[Problem]:
    parts = _listed(parts)
    for index, part in enumerate(parts):
        if not isinstance(part, str) or (index == 0 and "/" not in part):  # a program that is looked up in PATH
            continue
        found = _below(base, part)
        if found is not None and os.path.isfile(found):
            parts[index] = found
        elif _SCRIPT.fullmatch(part):
            yield Problem((*place, index), f"{part} is no file beside this one")


def _mounts(mounts: Any, base: str, place: Place) -> Iterator[Problem]:
    if not isinstance(mounts, dict):
        return
    named: dict[str, Any] = mounts  # pyright: ignore[reportUnknownVariableType] - JSON
    for name, target in named.items():
        if not isinstance(target, str) or os.path.isabs(target) or "{{" in target:
            continue
        found = _below(base, target)
        if found is not None and os.path.exists(found):
            named[name] = found
        else:
            yield Problem((*place, name), f"{target} is no file or folder beside this one")


def _below(base: str, part: str) -> str | None:
    """Return the full path of *part* where it is a relative one that stays below *base*."""
    if not part or part.startswith("-") or os.path.isabs(part):
        return None
    path = os.path.normpath(os.path.join(base, part))
    return path if path.startswith(base.rstrip(os.sep) + os.sep) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] - JSON
