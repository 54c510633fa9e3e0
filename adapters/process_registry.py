"""The children that an engine has running, on disk, so that the next engine can end what a crash left behind."""

import asyncio
import json
import logging
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from workflow_engine.adapters.process_group import signal_group
from workflow_engine.adapters.process_table import PROC, boot_id, living_groups, status_of

_log = logging.getLogger(__name__)
_POLL = 0.02  # seconds
_KILL_MAX = 10.0  # a process in an uninterruptible system call may outlive SIGKILL for as long as its disk is away


@dataclass(frozen=True)
class RegisteredProcess:
    """A child that leads its own process group.

    Attributes:
        pid: its id, and that of its group.
        started: see `ProcessStatus.started`; None where the system cannot say.
        boot: see `boot_id`.
        engine_pid: the process that started it.
        engine_started: as *started*.
        argv: what it runs.
        owner: whose work it does, such as the idempotency key of an attempt.
    """

    pid: int
    started: int | None
    boot: str
    engine_pid: int
    engine_started: int | None
    argv: tuple[str, ...]
    owner: str


class ProcessRegistry:
    """One small file for each running child, readable by its owner only: command lines may hold secrets.

    The files are not synced: they matter after a crash of the engine, and a crash of the machine ends the children too.

    Args:
        directory: made if it is missing; one registry, one directory.
        proc: where the process table is.

    Raises:
        OSError: the directory cannot be made.
    """

    def __init__(self, directory: Path, *, proc: Path = PROC) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = directory
        self._proc = proc
        self._boot = boot_id(proc)

    def add(self, pid: int, argv: tuple[str, ...], owner: str) -> None:
        """Note that child *pid*, the leader of its group, is about to run *argv* for *owner*.

        Raises:
            OSError: it could not be noted.
        """
        child = RegisteredProcess(
            pid, self._started(pid), self._boot, os.getpid(), self._started(os.getpid()), argv, owner
        )
        with open(self._path(pid), "w", opener=_private) as file:
            json.dump(asdict(child), file)

    def remove(self, pid: int) -> None:
        """Note that child *pid* and its group are gone."""
        self._path(pid).unlink(missing_ok=True)

    async def sweep_orphans(self, *, grace: float = 5.0) -> tuple[RegisteredProcess, ...]:
        """End what children of dead engines left running, and return those children.

        Their groups get SIGTERM and, after *grace* seconds, SIGKILL.  A process that merely has the id of a former
        child is left alone, and so are the children of an engine that lives.  Without ``/proc`` neither can be told,
        so nothing is ended and a warning names what may still run.
        """
        found = [child for path in sorted(self._directory.glob("*.json")) if (child := _read(path)) is not None]
        left = [child for child in found if not self._has_engine(child)]
        groups = living_groups(self._proc)
        orphans = tuple(child for child in left if child.pid in groups and self._is_ours(child))
        for child in orphans:
            signal_group(child.pid, signal.SIGTERM)
        for child in await self._still_running(orphans, grace):
            signal_group(child.pid, signal.SIGKILL)
        await self._still_running(orphans, _KILL_MAX)
        for child in left:
            self._warn_if_unknown(child)
            self.remove(child.pid)
        return orphans

    def _path(self, pid: int) -> Path:
        return self._directory / f"{pid}.json"

    def _started(self, pid: int) -> int | None:
        status = status_of(pid, self._proc)
        return None if status is None else status.started

    async def _still_running(self, children: tuple[RegisteredProcess, ...], seconds: float) -> list[RegisteredProcess]:
        """Wait until the groups of *children* are gone, but no longer than *seconds*; return those that are not."""
        deadline = time.monotonic() + seconds
        running = list(children)
        while running:
            groups = living_groups(self._proc)
            running = [child for child in running if child.pid in groups]
            if not running or time.monotonic() >= deadline:
                break
            await asyncio.sleep(_POLL)
        return running

    def _has_engine(self, child: RegisteredProcess) -> bool:
        started = self._started(child.engine_pid)
        return started is not None and child.boot == self._boot and child.engine_started == started

    def _is_ours(self, child: RegisteredProcess) -> bool:
        """Return whether the group with the child's id is the child's.

        The id of a group is not given to a new process while the group exists.  So if the leader is gone, the group is
        the one that it led; if there is a leader, it must be the same process.
        """
        started = self._started(child.pid)
        is_same = child.boot == self._boot and (started is None or started == child.started)
        return is_same and child.pid not in (0, 1, os.getpgrp())  # whatever a file says, never ourselves

    def _warn_if_unknown(self, child: RegisteredProcess) -> None:
        if child.started is None and signal_group(child.pid, 0):
            _log.warning(
                "process %d (%s) may have been left running by an engine that crashed; this system does not say "
                "whether it is the same process, so end it by hand if it is",
                child.pid,
                child.argv[0],
            )


def _read(path: Path) -> RegisteredProcess | None:
    """Return what *path* holds; None, and the file removed, if an engine died while it wrote it.

    The child of such a file waited for its engine, saw it die and ran nothing.
    """
    try:
        fields = json.loads(path.read_text())
        return RegisteredProcess(
            pid=fields["pid"],
            started=fields["started"],
            boot=fields["boot"],
            engine_pid=fields["engine_pid"],
            engine_started=fields["engine_started"],
            argv=tuple(fields["argv"]),
            owner=fields["owner"],
        )
    except (ValueError, TypeError, KeyError):
        path.unlink(missing_ok=True)
        return None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
