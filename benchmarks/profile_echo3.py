"""Where the time of `echo3` goes: ``python -m benchmarks.profile_echo3 [--tasks N]``.

Prints a split by what the code belongs to, from samples of the stack (which hardly slow it down), then the functions
that take most by themselves, from cProfile (which makes it several times slower, and small functions look worse than
they are).
"""

import argparse
import asyncio
import cProfile
import gc
import pstats
import signal
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from benchmarks.engines import echo3, engine
from benchmarks.measuring import place

WARM_UP = 1_000

EVERY = 0.001
"""Seconds of processor time between two samples."""

PARTS = (
    ("tick (core)", "/workflow_engine/core/core.py", "tick"),
    ("journal: encoding and handing over", "/workflow_engine/journal/", ""),
    ("telling callers and starting attempts", "/workflow_engine/runtime/local.py", "_deliver"),
    ("attempts: adapter, handler, result", "/workflow_engine/runtime/performing.py", ""),
    ("submitting and waiting", "/workflow_engine/ecs_workflow.py", ""),
    ("the rest of the host", "/workflow_engine/runtime/", ""),
    ("asyncio", "/asyncio/", ""),
)
"""Parts of the engine by file and function; a sample belongs to the innermost frame that is named here."""


class Sampler:
    """Counts where the main thread stands."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.collecting = 0.0
        self._since = 0.0

    def start(self) -> None:
        """Begin."""
        gc.callbacks.append(self._collection)
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)

    def stop(self) -> None:
        """End."""
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        gc.callbacks.remove(self._collection)

    def _sample(self, _: int, frame: FrameType | None) -> None:
        self.counts[part_of(frame)] += 1

    def _collection(self, phase: str, _: dict[str, int]) -> None:
        now = time.thread_time()
        if phase == "start":
            self._since = now
        else:
            self.collecting += now - self._since


def part_of(frame: FrameType | None) -> str:
    """Return the part that a stack belongs to."""
    while frame is not None:
        code = frame.f_code
        for part, path, function in PARTS:
            if path in code.co_filename and function in ("", code.co_name):
                return part
        frame = frame.f_back
    return "other"


async def split(data_dir: Path, tasks: int) -> None:
    """Print the split by parts."""
    sampler = Sampler()
    async with engine(data_dir) as made:
        await echo3(made, WARM_UP)
        process, thread = time.process_time(), time.thread_time()
        sampler.start()
        await echo3(made, tasks)
        sampler.stop()
        process, thread = time.process_time() - process, time.thread_time() - thread
    others = process - thread
    print(f"CPU a task: {process / tasks * 1e6:.0f} us, of which {others / tasks * 1e6:.0f} us in other threads")
    collecting = sampler.collecting / tasks * 1e6
    print(f"of the main thread, the collector of garbage has {collecting:.0f} us; by part, with it:")
    total = sum(sampler.counts.values())
    for part, count in sampler.counts.most_common():
        print(f"  {count / total:6.1%}  {count / total * thread / tasks * 1e6:6.1f} us  {part}")


async def profile(data_dir: Path, tasks: int) -> None:
    """Print what takes most by itself."""
    profiler = cProfile.Profile()
    async with engine(data_dir) as made:
        await echo3(made, WARM_UP)
        profiler.enable()
        await echo3(made, tasks)
        profiler.disable()
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Say where the time of echo3 goes.")
    parser.add_argument("--tasks", type=int, default=20_000)
    arguments = parser.parse_args()
    for measure in (split, profile):
        with place() as directory:
            asyncio.run(measure(Path(directory), arguments.tasks))
