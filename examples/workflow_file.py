"""A workflow is a file beside the program, which only brings the handlers that the file names."""

import asyncio
from pathlib import Path

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task
from workflow_engine.errors import InputRefused, SpecError
from workflow_engine.spec.loading import load_text, load_workflow


async def greet(task: Task) -> str:
    """Do what the phase is given."""
    return str(task.input)


async def main() -> None:
    """Run the file twice, submit what it does not take, and see what a mistake in a file looks like."""
    engine = ECSWorkflowEngine()
    engine.register_handler("greet", greet)
    engine.register_workflow(load_workflow(Path(__file__).with_suffix(".yaml")).spec)
    async with engine:
        for names in (["Ann"], ["Ben", "Cem"]):
            print((await engine.wait(await engine.submit_task({"names": names}, "greeting"))).output)
        try:
            await engine.submit_task({"names": "Ann"}, "greeting")
        except InputRefused as refusal:
            print(refusal)
    try:
        load_text("name: greeting\nphases:\n  - id: greet\n    for_eech: inputs.names\n", "greeting.yaml")
    except SpecError as error:
        print(error)


if __name__ == "__main__":
    asyncio.run(main())
