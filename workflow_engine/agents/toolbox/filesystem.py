"""The filesystem tool: files below mounts, each read-only or writable, and nothing beyond them.

Without mounts in its config a task has one folder of its own to work in, `WORKSPACE`, below the data directory.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from workflow_engine.agents.toolbox.functions import FunctionTool
from workflow_engine.agents.toolbox.rooted import Rooted, split
from workflow_engine.agents.toolbox.searching import search
from workflow_engine.agents.toolbox.sets import ToolSet
from workflow_engine.agents.toolbox.settings import read_settings
from workflow_engine.agents.toolbox.workspaces import make_workspace
from workflow_engine.agents.tools import Policy, Tool, ToolContext, ToolError
from workflow_engine.spec.parts import ToolPolicy
from workflow_engine.spec.problems import listed
from workflow_engine.spec.strict import Strict

WORKSPACE: Final = "workspace"
"""The mount of a tool without mounts: a writable folder of the task; see `workspaces`."""

FILE_BYTES_MAX: Final = 8 << 20
"""Largest file that is read or written."""

TEXT_MAX: Final = 200_000
"""Most characters of a file that the model is told at once."""

ENTRIES_MAX: Final = 1_000
"""Most entries of a folder that the model is told."""


class Mount(Strict):
    """A folder that models may look at.

    Attributes:
        path: where it is; in a workflow file, relative to the file.
        writable: whether files in it may be written and deleted.
        policy: what holds for writing and deleting.
    """

    path: Annotated[str, Field(min_length=1)]
    writable: bool = False
    policy: ToolPolicy = "ask"


class FilesystemSettings(Strict):
    """Settings of the filesystem tool.

    Attributes:
        mounts: folders by the names that paths begin with; none for the task's own folder.
    """

    mounts: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")], Mount] = Field(default_factory=dict)


def filesystem_tool(config: Mapping[str, Any], data_dir: Path, name: str = "filesystem") -> Tool:
    """Return the tools of a declaration: ``<name>_list``, ``_read`` and ``_search``, and where a mount is writable
    ``_write``, ``_edit`` and ``_delete``.

    Args:
        config: see `FilesystemSettings`.
        data_dir: where folders of tasks are made.
        name: what the names of the tools begin with.

    Raises:
        PermanentFailure: the config cannot be used.
    """  # noqa: D205 - the list of names does not fit a line
    mounts = read_settings(FilesystemSettings, config, name).mounts
    files = _Files(mounts, data_dir)
    reading = _tools(name, (files.list, files.read, files.search), "allow")
    if files.policy is None:
        return ToolSet(reading)
    return ToolSet((*reading, *_tools(name, (files.write, files.edit, files.delete), files.policy)))


def _tools(name: str, functions: Iterable[Callable[..., Any]], policy: Policy) -> list[Tool]:
    return [FunctionTool(one, name=f"{name}_{one.__name__}", policy=policy) for one in functions]


class _Files:
    """The functions that are the tools.

    Attributes:
        policy: what holds for writing: the strictest of the writable mounts; None where there are none.
    """

    def __init__(self, mounts: Mapping[str, Mount], data_dir: Path) -> None:
        self._mounts = mounts
        self._data_dir = data_dir
        policies = [mount.policy for mount in mounts.values() if mount.writable]
        order: tuple[Literal["deny", "ask", "allow"], ...] = ("deny", "ask", "allow")
        strictest: Policy | None = next((policy for policy in order if policy in policies), None)
        self.policy: Policy | None = strictest if mounts else "allow"

    async def list(self, context: ToolContext, path: str = "") -> dict[str, Any]:
        """List the files and folders in a folder.

        Args:
            context: of the call.
            path: the folder, beginning with the name of a mount, such as "docs/guides"; empty for the mounts.
        """
        if not split(path):
            return {"mounts": [{"name": name, "writable": writable} for name, writable in self._names()]}
        root, parts = self._found(path, context)
        entries = await asyncio.to_thread(root.list, parts)
        told = [{"name": one.name, "kind": one.kind, "size_bytes": one.size} for one in entries[:ENTRIES_MAX]]
        return {"entries": told, "left_out": max(0, len(entries) - ENTRIES_MAX)}

    async def read(self, context: ToolContext, path: str, line: int = 1, lines: int = 2_000) -> str:
        """Read a text file, or some of its lines.

        Args:
            context: of the call.
            path: the file, beginning with the name of a mount, such as "docs/guides/start.md".
            line: the first line to read, from 1.
            lines: how many lines to read at most.
        """
        text = await self._text(path, context)
        return _window(text, max(1, line), max(1, lines))

    async def search(
        self, context: ToolContext, text: str, path: str = "", files: str = "*", ignore_case: bool = False
    ) -> dict[str, Any]:
        """Find the lines of text files that hold a text, word for word (no regular expressions).

        Args:
            context: of the call.
            text: what to look for.
            path: the folder to look in, with all below it, or one file; empty for all mounts.
            files: pattern for the names of files, such as "*.md".
            ignore_case: whether upper and lower case are the same.
        """
        if not text:
            raise ToolError("say what to look for: text is empty")
        if split(path):
            places = [self._found(path, context)]
        else:
            places = [self._found(name, context) for name, _ in self._names()]
        return await asyncio.to_thread(search, places, text, files, ignore_case)

    async def write(self, context: ToolContext, path: str, content: str) -> str:
        """Write a text file, in the place of the one before; folders that are missing are made.

        Args:
            context: of the call.
            path: the file, beginning with the name of a writable mount.
            content: all of it.
        """
        root, parts = self._writable(path, context)
        encoded = _encoded(content)
        await asyncio.to_thread(root.write, parts, encoded)
        return f"{path} is written, {len(encoded):,} bytes"

    async def edit(self, context: ToolContext, path: str, old: str, new: str, all: bool = False) -> str:
        """Replace a text in a file by another.

        Args:
            context: of the call.
            path: the file, beginning with the name of a writable mount.
            old: the text to replace, word for word, with enough around it to occur only once.
            new: what to put in its place.
            all: whether to replace every occurrence.
        """
        root, parts = self._writable(path, context)
        text = await self._text(path, context)
        count = text.count(old) if old else 0
        if count == 0:
            raise ToolError(f"{path} does not hold that text; read it again, and copy the text as it is")
        if count > 1 and not all:
            raise ToolError(f"{path} holds that text {count} times; give more of what is around it, or say all")
        await asyncio.to_thread(root.write, parts, _encoded(text.replace(old, new)))
        return f"{path}: {count} {'occurrence' if count == 1 else 'occurrences'} replaced"

    async def delete(self, context: ToolContext, path: str) -> str:
        """Delete a file, or an empty folder.

        Args:
            context: of the call.
            path: the file or folder, beginning with the name of a writable mount.
        """
        root, parts = self._writable(path, context)
        await asyncio.to_thread(root.delete, parts)
        return f"{path} is deleted"

    def _names(self) -> Iterator[tuple[str, bool]]:
        """Yield the names of the mounts, and whether they can be written."""
        if not self._mounts:
            yield WORKSPACE, True
        yield from ((name, mount.writable) for name, mount in self._mounts.items())

    def _writable(self, path: str, context: ToolContext) -> tuple[Rooted, tuple[str, ...]]:
        root, parts = self._found(path, context)
        mount = self._mounts.get(split(path)[0])
        if mount is not None and not mount.writable:
            raise ToolError(f"{split(path)[0]} can only be read")
        return root, parts

    def _found(self, path: str, context: ToolContext) -> tuple[Rooted, tuple[str, ...]]:
        """Return the mount of a path, and the rest of the path."""
        name, *parts = split(path) or ("",)
        names = [known for known, _ in self._names()]
        if name not in names:
            raise ToolError(f"{path!r} begins with the name of no mount; there are {listed(names)}")
        if not self._mounts:
            return Rooted(make_workspace(self._data_dir, context.task.id), WORKSPACE), tuple(parts)
        return Rooted(Path(self._mounts[name].path), name), tuple(parts)

    async def _text(self, path: str, context: ToolContext) -> str:
        root, parts = self._found(path, context)
        content = await asyncio.to_thread(root.read, parts, FILE_BYTES_MAX)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = "\0"
        if "\0" in text:
            raise ToolError(f"{path} is no text file ({len(content):,} bytes)")
        return text


def _window(text: str, line: int, lines: int) -> str:
    """Return *lines* lines of a text, beginning with *line*, and what there is beside them."""
    whole = text.splitlines(keepends=True)
    if line > max(1, len(whole)):
        raise ToolError(f"there is no line {line}; the file has {len(whole)}")
    chosen = "".join(whole[line - 1 : line - 1 + lines])
    if len(chosen) > TEXT_MAX:
        return f"{chosen[:TEXT_MAX]}\n[cut off after {TEXT_MAX:,} characters of {len(chosen):,}; read fewer lines]"
    left = len(whole) - (line - 1 + lines)
    return chosen if left <= 0 else f"{chosen}[{left} more lines; go on with line {line + lines}]"


def _encoded(content: str) -> bytes:
    try:
        encoded = content.encode()
    except UnicodeEncodeError as error:
        raise ToolError(f"the content is no text that can be written: {error.reason}") from error
    if len(encoded) > FILE_BYTES_MAX:
        raise ToolError(f"the content has {len(encoded):,} bytes, more than the {FILE_BYTES_MAX:,} allowed")
    return encoded
