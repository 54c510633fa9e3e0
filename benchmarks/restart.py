"""Restart: from the start of a process to the first answer that is accepted, durably, beside tasks that wait."""

import argparse
import asyncio
import time
from pathlib import Path

STARTED = time.perf_counter()

from benchmarks.engines import Parking, engine  # noqa: E402 - the imports are part of what is measured
from benchmarks.measuring import peak_rss, plain_loop, report, rss  # noqa: E402
from workflow_engine.journal.json_journal import JsonJournal  # noqa: E402


async def build(data_dir: Path, tasks: int) -> None:
    """Leave a journal of segments that were never compacted."""
    made = engine(data_dir, segment_bytes=1 << 40)
    parking = Parking(made)
    async with made:
        await parking.park(tasks)


async def compact(data_dir: Path) -> None:
    """Leave a journal that is a snapshot."""
    journal = JsonJournal(data_dir)
    await journal.open()
    await journal.compact()
    await journal.close()


async def answer(data_dir: Path, task: str) -> None:
    """Start, answer one question, and say how long the parts took."""
    imported = time.perf_counter()
    made = engine(data_dir)
    await made.get_task(task)
    opened = time.perf_counter()
    async with made:
        await made.answer(task, {"decision": "publish"})
        answered = time.perf_counter()
        report(answered=1.0)
        report(
            import_s=imported - STARTED,
            open_s=opened - imported,
            answer_s=answered - opened,
            rss_mb=rss() / 1e6,
            peak_mb=peak_rss() / 1e6,
            loop_ns=plain_loop(),
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["build", "compact", "answer"])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--tasks", type=int, default=200_000)
    parser.add_argument("--task", default="t0", help="whose question is answered")
    arguments = parser.parse_args()
    if arguments.what == "build":
        asyncio.run(build(arguments.directory, arguments.tasks))
    elif arguments.what == "compact":
        asyncio.run(compact(arguments.directory))
    else:
        asyncio.run(answer(arguments.directory, arguments.task))
