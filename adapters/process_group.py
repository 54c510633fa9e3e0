"""A child process and all that it started, as one process group that can be ended whole."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress

from workflow_engine.adapters.process_table import PROC, living_groups

_POLL_MIN = 0.005  # seconds
_POLL_MAX = 0.1
_REAP_MAX = 10.0  # a process in an uninterruptible system call may outlive SIGKILL for as long as its disk is away

_REAP_BLOCKING_MAX = 0.05


class ProcessGroup:
    """The group that *leader* leads: it was started in a session of its own.

    A process that leaves the group (``setsid``) is out of reach.

    Attributes:
        leader: not reaped before `end`, where the system allows that, so that its id cannot become another process's.
        exit: done once the leader has exited.
    """

    def __init__(self, leader: subprocess.Popen[bytes]) -> None:
        self.leader = leader
        self.exit = asyncio.create_task(_exit_of(leader))

    async def end(self, grace: float) -> None:
        """Leave nothing of the group running, and reap the leader.

        If the leader still runs, the group gets SIGTERM and up to *grace* seconds before SIGKILL.  If this is
        cancelled, SIGKILL comes at once.
        """
        try:
            try:
                if not self.exit.done():
                    signal_group(self.leader.pid, signal.SIGTERM)
                    await self._wait_until_gone(grace)
            finally:
                signal_group(self.leader.pid, signal.SIGKILL)
            await self._wait_until_gone(_REAP_MAX)  # SIGKILL takes a moment
        finally:
            self.exit.cancel()
            # It has exited, so this returns at once, but for a second cancellation or a disk that is away.
            with suppress(subprocess.TimeoutExpired):
                self.leader.wait(timeout=_REAP_BLOCKING_MAX)

    async def _wait_until_gone(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.shield(self.exit)
                self.leader.poll()  # reaped, or the group would seem to exist for as long as we look
                pause = _POLL_MIN
                while group_exists(self.leader.pid):
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _POLL_MAX)


def signal_group(group: int, number: int) -> bool:
    """Send signal *number* to process group *group*; return whether it exists and is ours."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def group_exists(group: int) -> bool:
    """Return whether *group* has a member that runs.  Zombies do not count: in a container nobody may ever reap them.

    Without ``/proc`` they count until they are reaped.
    """
    return signal_group(group, 0) and (not PROC.is_dir() or group in living_groups())


async def _exit_of(child: subprocess.Popen[bytes]) -> None:
    """Return when *child* has exited; without reaping it, where the system has descriptors of processes."""
    descriptor = _pidfd(child.pid)
    if descriptor is None:
        while child.poll() is None:
            await asyncio.sleep(_POLL_MIN)
        return
    loop = asyncio.get_running_loop()
    exited = asyncio.Event()
    loop.add_reader(descriptor, exited.set)
    try:
        await exited.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _pidfd(pid: int) -> int | None:
    if sys.platform == "linux":
        with suppress(OSError):  # kernels before 5.3, sandboxes, no descriptors left
            return os.pidfd_open(pid)
    return None
