"""Graphs: what it takes to load a workflow file of many phases, and to carry one task through them."""

import argparse
import asyncio
import time
from pathlib import Path

from benchmarks.measuring import Stopwatch, place, report
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task
from workflow_engine.spec.loading import load_text


def written(phases: int) -> str:
    """Return a workflow file in which each phase depends on the two before it and hands their outputs on."""
    lines = ["name: graph", "inputs: {type: object, properties: {topic: {type: string}}}", "phases:"]
    for number in range(phases):
        before = [f"p{earlier}" for earlier in range(max(0, number - 2), number)]
        given = "".join(f", {name}: '{{{{ phases.{name}.output }}}}'" for name in before)
        lines += [
            f"  - id: p{number}",
            f"    depends_on: [{', '.join(before)}]",
            "    target_classification: work",
            f"    input: {{topic: '{{{{ inputs.topic }}}}'{given}}}",
            "    when: inputs.topic != 'none'",
        ]
    return "\n".join(lines)


async def main(data_dir: Path, phases: int) -> None:
    """Load the file, and carry one task through it."""
    text = written(phases)
    load_text(text.replace("graph", "other"), "graph.yaml", None)  # imports
    begun = time.process_time()
    spec = load_text(text.replace("topic", "theme"), "graph.yaml", None).spec  # no text is known from the first time
    loading = time.process_time() - begun
    engine = ECSWorkflowEngine(data_dir)
    engine.register_handler("work", work)
    engine.register_workflow(spec)
    async with engine:
        watch = Stopwatch()
        ended = await engine.wait(await engine.submit_task({"theme": "tides"}, "graph"))
        taken = watch.stop()
        assert ended.output == phases, (ended.status, ended.failure)
        report(load_s=loading, run_s=taken["wall"], cpu_us=taken["cpu"] / phases * 1e6, loop_ns=taken["loop_ns"])


async def work(task: Task) -> int:
    """Return how long the longest way to here is."""
    return 1 + max((value for name, value in task.input.items() if name != "theme"), default=0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phases", type=int, default=1_000)
    arguments = parser.parse_args()
    with place() as directory:
        asyncio.run(main(Path(directory), arguments.phases))
