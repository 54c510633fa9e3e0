"""A phase asks a person, waits as long as it takes, and takes one answer that fits its form."""

import asyncio
from typing import Any, Final

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.errors import AnswerRefused

FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"enum": ["approve", "reject"]}, "comment": {"type": "string"}},
}


async def write(task: Task) -> str:
    """Write what is to be approved."""
    return f"A page about {task.data['topic']}"


async def publish(task: Task) -> str:
    """Do as the person said."""
    answer = task.outputs["approve"]
    return "published" if answer["decision"] == "approve" else f"dropped: {answer['comment']}"


async def ann(engine: ECSWorkflowEngine, task: Task) -> None:
    """Play the person: wait until there is something to decide, misspell it once, then decide."""
    while (await engine.get_task(task)).status != "waiting_human":
        await asyncio.sleep(0.01)
    print(await engine.explain(task))
    try:
        await engine.answer(task.id, {"decision": "aprove"}, by="ann")
    except AnswerRefused as refusal:
        print(f"refused: {refusal}")
    await engine.answer(task.id, {"decision": "approve"}, by="ann")  # a task with one open question will do for its id


async def main() -> None:
    """Run one task past Ann."""
    engine = ECSWorkflowEngine()
    engine.register_handler("write", write)
    engine.register_handler("publish", publish)
    approve = Phase(id="approve", assigned_to="human", prompt="Publish this?", form=FORM, assignee="ann", due=172_800)
    engine.register_workflow("page", [Phase(id="write"), approve, Phase(id="publish")])
    async with engine:
        task = await engine.submit_task({"topic": "tides"}, "page")
        done, _ = await asyncio.gather(engine.wait(task), ann(engine, task))
    print(done.output)


if __name__ == "__main__":
    asyncio.run(main())
