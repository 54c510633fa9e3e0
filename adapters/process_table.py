"""What the kernel says about processes: Linux's ``/proc``, format as in proc_pid_stat(5)."""

from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")


class ProcessStatus(NamedTuple):
    """A process that exists.

    Attributes:
        pid: its id.
        group: id of its process group.
        started: clock ticks from boot to its start: with the pid, an identity that survives the reuse of pids.
        is_zombie: whether it has exited and only waits to be reaped.
    """

    pid: int
    group: int
    started: int
    is_zombie: bool


def status_of(pid: int, proc: Path = PROC) -> ProcessStatus | None:
    """Return the status of process *pid*; None if there is no such process, or no ``/proc``."""
    try:
        content = (proc / str(pid) / "stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # the latter if it ends between open and read
        return None
    # The second field is the program's name in parentheses, which may itself hold blanks and parentheses.
    fields = content.rpartition(")")[2].split()
    return ProcessStatus(pid, group=int(fields[2]), started=int(fields[19]), is_zombie=fields[0] in "ZX")


def living_groups(proc: Path = PROC) -> set[int]:
    """Return the ids of all process groups that have a member which is not a zombie; empty without ``/proc``."""
    pids = [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()] if proc.is_dir() else []
    statuses = (status_of(pid, proc) for pid in pids)
    return {status.group for status in statuses if status is not None and not status.is_zombie}


def boot_id(proc: Path = PROC) -> str:
    """Return what tells this boot of the machine from any other; empty without ``/proc``."""
    path = proc / "sys" / "kernel" / "random" / "boot_id"
    return path.read_text().strip() if path.exists() else ""
