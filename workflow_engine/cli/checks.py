"""What `workflow-engine doctor` looks at on the machine: each check gives verdict, fact, and a remedy where due."""

import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final, Literal, NamedTuple

Verdict = Literal["ok", "warn", "problem"]


class Check(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: what it is.
        verdict: "warn" can be lived with, "problem" cannot.
        fact: what was found.
        remedy: what to do about it; empty where it is ok.
    """

    name: str
    verdict: Verdict
    fact: str
    remedy: str = ""


LIBRARIES: Final = (
    "aiofiles", "anthropic", "click", "esper", "genai-prices", "jsonschema", "mcp", "msgspec", "openai", "pydantic",
    "pydantic-settings", "rich",
)  # fmt: skip
FREE_LOW: Final = 1 << 30
"""Free bytes below which there is a warning."""

FREE_NONE: Final = 64 << 20
"""Free bytes below which the next segment of the journal may not fit."""

SYNC_SLOW: Final = 0.02
"""Seconds for a sync from which on it is what limits the engine."""

SYNCS: Final = 16
"""How many syncs are measured."""

REMOTE: Final = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs")
"""File systems where locks and syncs may not mean what they say."""


def python() -> Iterator[Check]:
    """Look at Python and the libraries."""
    yield Check("Python", "ok", f"{platform.python_version()} ({sys.executable})")
    missing: list[str] = []
    versions: list[str] = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Check("libraries", "problem", f"{', '.join(missing)} not found", "pip install workflow-engine")
    else:
        yield Check("libraries", "ok", ", ".join(versions))


def sqlite() -> Iterator[Check]:
    """Look at SQLite, which the index is in."""
    import sqlite3

    with sqlite3.connect(":memory:") as connection:
        found = connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone()
    connection.close()
    if found is not None:
        yield Check("SQLite", "ok", f"{sqlite3.sqlite_version} with FTS5")
    else:
        yield Check(
            "SQLite",
            "warn",
            f"{sqlite3.sqlite_version} without FTS5, so a text search reads every task",
            "use a Python whose SQLite has FTS5",
        )


def directory(data_dir: Path) -> Iterator[Check]:
    """Look at the place of the data: whether it can be written, how much room there is, how long a sync takes."""
    place = data_dir.absolute()
    existing = next(path for path in (place, *place.parents) if path.exists())
    missing = "" if existing == place else ", made with the first task"
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        yield Check("data", "problem", f"{place} cannot be written", f"let this user write to {existing}")
        return
    yield Check("data", "ok", f"{place}{missing}")
    yield _room(existing)
    kind = file_system(existing)
    if kind in REMOTE:
        yield Check(
            "file system",
            "warn",
            f"{kind}, where locks and syncs may not hold",
            "keep the data on a disk of this machine",
        )
    elif kind in ("tmpfs", "ramfs"):
        yield Check("file system", "warn", f"{kind}, which a restart empties", "keep the data on a disk")
    else:
        yield Check("file system", "ok", kind)
    yield _sync(existing)


def file_system(path: Path) -> str:
    """Return the type of the file system that *path* is on, ``unknown`` where the system does not say."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return "unknown"
    resolved = path.resolve()
    found = [(mount[1], mount[2]) for mount in mounts if resolved.is_relative_to(mount[1].replace("\\040", " "))]
    return max(found, key=lambda mount: len(mount[0]), default=("", "unknown"))[1]


def size(number: float) -> str:
    """Return a number of bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


def _room(path: Path) -> Check:
    free = shutil.disk_usage(path).free
    if free < FREE_NONE:
        return Check(
            "free space", "problem", size(free), "make room: the engine takes nothing in while the disk is full"
        )
    if free < FREE_LOW:
        return Check("free space", "warn", size(free), "make room before the disk is full")
    return Check("free space", "ok", size(free))


def _sync(path: Path) -> Check:
    took: list[float] = []
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            for _ in range(SYNCS):
                file.write(bytes(4096))
                file.flush()
                begun = time.perf_counter()
                os.fdatasync(file.fileno())
                took.append(time.perf_counter() - begun)
    except OSError as error:
        return Check(
            "sync", "problem", f"a file cannot be synced: {error}", "keep the data on a disk that can be synced"
        )
    median = statistics.median(took)
    fact = f"{median * 1000:.2f} ms for 4 KiB, the median of {SYNCS}"
    if median > SYNC_SLOW:
        return Check(
            "sync", "warn", fact, 'use a faster disk, or durability = "relaxed" if a power failure may cost a second'
        )
    return Check("sync", "ok", fact)
