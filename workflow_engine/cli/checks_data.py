"""What `workflow-engine doctor` looks at in the data: journal, lock, engine, index, artifacts."""

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import workflow_engine
from workflow_engine.cli.checks import Check, size
from workflow_engine.cli.checks_agents import asked
from workflow_engine.cli.times import when
from workflow_engine.control.client import find_engine
from workflow_engine.errors import EngineError, JournalDamaged
from workflow_engine.journal.follow import Compacted, Follower, Position
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.recovery import recover
from workflow_engine.journal.snapshots import archive_lines, archives
from workflow_engine.readmodel.read_model import ReadModel

ANSWER_WITHIN: Final = 5.0
"""Seconds that an engine has to say how it is."""


def journal(data_dir: Path) -> Iterator[Check]:
    """Read the whole journal."""
    layout = Layout(data_dir)
    if not layout.journal.is_dir():
        yield Check("journal", "ok", "none yet")
        return
    try:
        recovered = recover(layout).recovered
        for archive in archives(layout):
            for _ in archive_lines(archive.path):
                pass
    except JournalDamaged as damage:
        yield Check("journal", "problem", str(damage), "workflow-engine repair")
        return
    files = [path for path in layout.journal.iterdir() if path.is_file()]
    segments, archived = len(layout.segments()), len(layout.archives())
    counted = f"{_number(segments, 'segment')}, {_number(archived, 'archive')}, {size(_bytes(files))}"
    last = f", the last {when(recovered.at)}" if recovered.n else ""
    yield Check("journal", "ok", f"{_number(recovered.n, 'commit')}{last}; {counted}")


def engine(data_dir: Path) -> Iterator[Check]:
    """Look for an engine on the data."""
    try:
        client = find_engine(data_dir)
        if client is None:
            yield _lock(data_dir)
            return
        with client:
            status = client.call("status", reply_within=ANSWER_WITHIN)
    except EngineError as error:
        yield Check("engine", "problem", str(error), "look what its process is doing, and start it again")
        return
    fact = (
        f"process {status['pid']} since {when(status['serving_since'])}: {_number(status['live'], 'task')} live, "
        f"{_number(status['under_way'], 'attempt')} under way, {_number(status['commits'], 'commit')}"
    )
    if status["trouble"] is not None:
        yield Check(
            "engine", "problem", f"{fact}; {status['trouble']}", "make room, or mend the disk: it goes on by itself"
        )
    elif status["version"] != workflow_engine.__version__:
        yield Check("engine", "warn", f"{fact}; it is version {status['version']}", "start it again with this version")
    else:
        yield Check("engine", "ok", fact)
    yield from asked(status.get("models", ()))


def index(data_dir: Path) -> Iterator[Check]:
    """Compare the index with the journal."""
    if not Layout(data_dir).journal.is_dir():
        return
    n = ReadModel(data_dir).position()
    follower = Follower(data_dir, Position(n))
    try:
        behind = 0
        while records := follower.read():
            behind += len(records)
    except Compacted:
        yield Check("index", "ok", f"at commit {n}, behind a compaction; the next command that looks takes it along")
        return
    except JournalDamaged:
        yield Check("index", "warn", f"at commit {n}, from where the journal is damaged", "see journal")
        return
    finally:
        follower.close()
    yield Check(
        "index",
        "ok",
        f"at commit {n}, " + (f"{behind} behind, which the next look takes in" if behind else "up to date"),
    )


def artifacts(data_dir: Path) -> Iterator[Check]:
    """Count the artifacts."""
    files = [Path(folder, name) for folder, _, names in os.walk(data_dir / "artifacts" / "sha256") for name in names]
    yield Check("artifacts", "ok", f"{_number(len(files), 'file')}, {size(_bytes(files))}" if files else "none")


def _lock(data_dir: Path) -> Check:
    """Judge the lock of data that no engine answers for."""
    try:
        fd = os.open(Layout(data_dir).lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return Check("engine", "ok", "none runs here")
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 32, 0).decode(errors="replace").strip() or "unknown"
        return Check(
            "engine",
            "warn",
            f"process {holder} has the data and takes no commands",
            "wait if it starts or stops; else stop it, and look at its log",
        )
    finally:
        os.close(fd)
    return Check("engine", "ok", "none runs here")


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _bytes(files: list[Path]) -> int:
    total = 0
    for path in files:
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # an engine that runs has removed it
            continue
    return total
