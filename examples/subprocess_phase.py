"""A phase is a program: it reads the task as JSON on stdin, and what it prints is the phase's output."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase

COUNT = """
import json, pathlib, sys

task = json.load(sys.stdin)
words = task["data"]["text"].split()
pathlib.Path("outputs/words.txt").write_text("\\n".join(words))  # files in outputs/ become artifacts
print(json.dumps({"words": len(words)}))
"""


async def main() -> None:
    """Run a Python program, then a shell command on the file it left."""
    engine = ECSWorkflowEngine()
    engine.register_workflow(
        "count",
        [
            # No shell splits a command, and {python} is the interpreter that runs the engine.
            Phase(id="count", command=("{python}", "-c", COUNT), timeout=30.0),
            Phase(id="sort", command=("sort", "inputs/words.txt")),  # artifacts of the task are files in inputs/
        ],
    )
    async with engine:
        task = await engine.wait(await engine.submit_task({"text": "the quick brown fox"}, "count"))
    print(task.outputs["count"])
    print(task.outputs["sort"].split())


if __name__ == "__main__":
    asyncio.run(main())
