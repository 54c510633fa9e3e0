"""In a graph a handler picks among the phases that depend on it; the others are left out, with all that needs them."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def triage(task: Task) -> dict[str, str]:
    """Pick by the text; an output with `next_classification` in it, or `task.next_classification`, says which."""
    return {"next_classification": "refund" if "back" in task.data["text"] else "advice"}


async def work(task: Task) -> str:
    """Say which phase it was."""
    return f"{task.phase}: {task.data['text']}"


async def main() -> None:
    """Send two messages through."""
    engine = ECSWorkflowEngine()
    engine.register_handler("triage", triage)
    engine.register_handler("work", work)
    engine.register_workflow(
        "support",
        [
            Phase(id="triage", next_classifications=["refund", "advice"]),
            Phase(id="refund", target_classification="work", depends_on=["triage"]),
            Phase(id="pay", target_classification="work", depends_on=["refund"]),
            Phase(id="advice", target_classification="work", depends_on=["triage"]),
            Phase(id="close", target_classification="work", depends_on=["pay", "advice"]),  # after whichever was done
        ],
    )
    async with engine:
        for text in ("money back!", "which way up?"):
            task = await engine.wait(await engine.submit_task({"text": text}, "support"))
            print(", ".join(task.outputs), "->", task.output)


if __name__ == "__main__":
    asyncio.run(main())
