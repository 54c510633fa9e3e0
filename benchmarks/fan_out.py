"""Fan-out: what an item of a short and of a long list costs, in time and in memory."""

import argparse
import asyncio
from pathlib import Path

from benchmarks.measuring import Stopwatch, peak_rss, place, report, rss
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task

WARM_UP = 1_000


async def main(data_dir: Path, items: int) -> None:
    """Carry out one task that fans out over so many items."""
    engine = ECSWorkflowEngine(data_dir)
    engine.register_handler("item", same)
    engine.register_workflow("fan", [Phase(id="item", for_each="inputs", max_visits=2)])
    async with engine:
        await engine.wait(await engine.submit_task(list(range(WARM_UP)), "fan"))
        before = rss()
        watch = Stopwatch()
        ended = await engine.wait(await engine.submit_task(list(range(items)), "fan"))
        taken = watch.stop()
        assert ended.output == list(range(items)), ended.status
        report(
            wall_us=taken["wall"] / items * 1e6,
            cpu_us=taken["cpu"] / items * 1e6,
            bytes_each=(peak_rss() - before) / items,
            peak_mb=peak_rss() / 1e6,
            loop_ns=taken["loop_ns"],
        )


async def same(task: Task) -> int:
    """Return the item."""
    item: int = task.item
    return item


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=1_000)
    arguments = parser.parse_args()
    with place() as directory:
        asyncio.run(main(Path(directory), arguments.items))
