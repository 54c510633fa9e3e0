"""Throughput: tasks of three phases that do nothing, by many clients or all submitted at once."""

import argparse
import asyncio
from pathlib import Path

from benchmarks.engines import echo3, engine
from benchmarks.measuring import Stopwatch, peak_rss, place, report
from workflow_engine.journal.json_journal import Durability

WARM_UP = 100


async def main(data_dir: Path, tasks: int, durability: Durability, clients: int | None) -> None:
    """Measure once, in this process."""
    async with engine(data_dir, durability) as made:
        await echo3(made, WARM_UP)
        watch = Stopwatch()
        await echo3(made, tasks, clients)
        taken = watch.stop()
    report(
        tasks_a_second=tasks / taken["wall"],
        cpu_us=taken["cpu"] / tasks * 1e6,
        children_us=taken["children"] / tasks * 1e6,
        peak_mb=peak_rss() / 1e6,
        loop_ns=taken["loop_ns"],
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--durability", choices=["full", "relaxed"], default="full")
    parser.add_argument("--clients", type=int, help="all tasks at once unless given")
    arguments = parser.parse_args()
    with place() as directory:
        asyncio.run(main(Path(directory), arguments.tasks, arguments.durability, arguments.clients))
