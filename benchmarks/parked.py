"""Memory: tasks that wait for a person."""

import argparse
import asyncio
import gc
from pathlib import Path

from benchmarks.engines import Parking, engine
from benchmarks.measuring import Stopwatch, peak_rss, place, report, rss

WARM_UP = 1_000


async def main(data_dir: Path, tasks: int) -> None:
    """Measure once, in this process."""
    made = engine(data_dir)
    parking = Parking(made)
    async with made:
        await parking.park(WARM_UP)
        gc.collect()
        before = rss()
        watch = Stopwatch()
        await parking.park(tasks)
        taken = watch.stop()
        gc.collect()
        after = rss()
    report(
        kb_each=(after - before) / tasks / 1e3,
        peak_mb=peak_rss() / 1e6,
        parked_a_second=tasks / taken["wall"],
        loop_ns=taken["loop_ns"],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=200_000)
    arguments = parser.parse_args()
    with place() as directory:
        asyncio.run(main(Path(directory), arguments.tasks))
