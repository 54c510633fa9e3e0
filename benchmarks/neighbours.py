"""Neighbours: what a transition costs beside tasks that wait.  Does a batch of `echo3` for every line of its input."""

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.engines import PHASES, Parking, echo3, engine
from benchmarks.measuring import Stopwatch, place, report

WARM_UP = 1_000


async def main(data_dir: Path, parked: int, batch: int) -> None:
    """Park, then measure a batch whenever asked."""
    loop = asyncio.get_running_loop()
    transitions = batch * len(PHASES)
    made = engine(data_dir)
    parking = Parking(made)
    async with made:
        await parking.park(parked)
        await echo3(made, WARM_UP)
        report(parked=parked)
        while await loop.run_in_executor(None, sys.stdin.readline):
            watch = Stopwatch()
            await echo3(made, batch)
            taken = watch.stop()
            report(
                wall_us=taken["wall"] / transitions * 1e6,
                cpu_us=taken["cpu"] / transitions * 1e6,
                loop_ns=taken["loop_ns"],
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parked", type=int, default=1_000)
    parser.add_argument("--batch", type=int, default=2_000, help="tasks of three phases")
    arguments = parser.parse_args()
    with place() as directory:
        asyncio.run(main(Path(directory), arguments.parked, arguments.batch))
