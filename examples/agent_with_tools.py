"""An agent calls Python functions, and a person approves the call that changes something.

The offline model replies with `TURNS`, without key and network.  To have a real model reply, leave `agents=` out and
set OPENAI_API_KEY or ANTHROPIC_API_KEY.
"""

import asyncio
from typing import Any, Final

from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.agents.toolbox.functions import tool
from workflow_engine.agents.tools import ToolContext
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task

TURNS: Final[list[Any]] = [
    {"calls": [{"name": "find_order", "arguments": {"number": 17}}]},
    {"calls": [{"name": "refund", "arguments": {"number": 17, "euros": 200}}]},
    "20 EUR for order 17 are on their way back to you.",
]


@tool
def find_order(number: int) -> dict[str, Any]:
    """Look an order up by its number."""
    return {"number": number, "item": "a lamp", "euros": 20}


@tool(policy="ask")
async def refund(number: int, euros: float, context: ToolContext) -> str:
    """Pay money for an order back."""
    print(f"paying back {euros:g} EUR under the key {context.key}")  # the same key if a crash has it come again
    return "done"


async def ann(engine: ECSWorkflowEngine, task: Task) -> None:
    """Play the person who approves, with less money than the model wants."""
    while (await engine.get_task(task)).status != "waiting_human":
        await asyncio.sleep(0.01)
    print(await engine.explain(task))
    await engine.answer(task.id, {"decision": "approve", "arguments": {"number": 17, "euros": 20}}, by="ann")


async def main() -> None:
    """Help one customer."""
    engine = ECSWorkflowEngine(agents=AgentSettings(offline="always"))
    engine.register_provider(OfflineModel({"help": [TURNS]}))
    engine.register_tool(find_order)
    engine.register_tool(refund)
    helping = Phase(id="help", assigned_to="agentic", prompt="{{ inputs.text }}", tools=["find_order", "refund"])
    engine.register_workflow("help", [helping])
    async with engine:
        task = await engine.submit_task({"text": "My lamp, order 17, is broken."}, "help")
        done, _ = await asyncio.gather(engine.wait(task), ann(engine, task))
    print(done.output)


if __name__ == "__main__":
    asyncio.run(main())
