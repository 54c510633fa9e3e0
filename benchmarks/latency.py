"""Latency: tasks of three phases that do nothing, one after the other."""

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.engines import echo3, engine
from benchmarks.measuring import Stopwatch, place, report

WARM_UP = 100


async def main(data_dir: Path, tasks: int) -> None:
    """Measure once, in this process."""
    seconds: list[float] = []
    async with engine(data_dir) as made:
        await echo3(made, WARM_UP)
        watch = Stopwatch()
        for number in range(tasks):
            start = time.perf_counter()
            await made.wait(await made.submit_task({"number": number}, "echo3"))
            seconds.append(time.perf_counter() - start)
        taken = watch.stop()
    cuts = statistics.quantiles(seconds, n=100)
    report(p50_ms=cuts[49] * 1e3, p99_ms=cuts[98] * 1e3, loop_ns=taken["loop_ns"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000)
    arguments = parser.parse_args()
    with place() as directory:
        asyncio.run(main(Path(directory), arguments.tasks))
