"""What the benchmarks measure with: a plain loop beside them, processor time, memory, a place on a real disk."""

import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent

LOOPS: Final = 2_000_000


def place() -> "tempfile.TemporaryDirectory[str]":
    """Return a temporary directory on the checkout's disk: /tmp is often memory, where syncing costs nothing."""
    build = ROOT / "build"
    build.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="bench-", dir=build)


def plain_loop() -> float:
    """Return what one turn of a plain loop takes just now, in nanoseconds: machines and moments compare by it."""
    total = 0
    start = time.perf_counter_ns()
    for number in range(LOOPS):
        total += number
    return (time.perf_counter_ns() - start) / LOOPS


class Stopwatch:
    """Measures from its making on: time that passes, and processor time of this process and of children that ended."""

    def __init__(self) -> None:
        self._loop = plain_loop()
        self._own = time.process_time()
        self._children = _children()
        self._wall = time.perf_counter()

    def stop(self) -> dict[str, float]:
        """Return ``{"wall": seconds, "cpu": seconds, "children": seconds}``, and what a plain loop took meanwhile."""
        wall, own = time.perf_counter() - self._wall, time.process_time() - self._own
        return {
            "wall": wall,
            "cpu": own,
            "children": _children() - self._children,
            "loop_ns": (self._loop + plain_loop()) / 2,
        }


def rss() -> int:
    """Return the resident memory of this process, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak_rss() -> int:
    """Return the most resident memory that this process ever had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def report(**measures: Any) -> None:
    """Tell whoever started this process what was measured: one line of JSON."""
    print(json.dumps(measures), flush=True)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
