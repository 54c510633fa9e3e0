"""A phase is carried out by another workflow, as a task of its own that can be looked at."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def translate(task: Task) -> str:
    """Translate what this task, the inner one, is about."""
    return f"{task.data['text']} in {task.data['language']}"


async def proofread(task: Task) -> str:
    """Return the output of the inner workflow."""
    return f"{task.outputs['translate']}, proofread"


async def publish(task: Task) -> list[str]:
    """Use the output of the inner workflow as that of any phase."""
    return sorted(task.outputs["languages"])


async def main() -> None:
    """Have the inner workflow done for one text, in each of two languages."""
    engine = ECSWorkflowEngine()
    for handler in (translate, proofread, publish):
        engine.register_handler(handler.__name__, handler)
    engine.register_workflow("translation", [Phase(id="translate"), Phase(id="proofread")])
    engine.register_workflow(
        "book",
        [
            Phase(
                id="languages",
                workflow="translation",
                for_each="inputs.languages",
                input={"text": "{{ inputs.title }}", "language": "{{ item }}"},
            ),
            Phase(id="publish"),
        ],
    )
    async with engine:
        task = await engine.submit_task({"title": "Tides", "languages": ["French", "Danish"]}, "book", task_id="book-1")
        task = await engine.wait(task)
        print(task.output)
        inner = await engine.get_task("book-1~languages.1.0.1")  # phase, visit, item, number
        print(f"{inner.id}, {inner.workflow}: {inner.output}")
        await engine.purge(task)


if __name__ == "__main__":
    asyncio.run(main())
