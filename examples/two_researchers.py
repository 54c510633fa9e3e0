"""Two agents look into a question side by side, and a third joins what they found into one report.

The offline model replies with `REPLIES`, without key and network.  To have real models reply, leave `agents=` out, set
OPENAI_API_KEY and ANTHROPIC_API_KEY, and give each researcher a `model`: a claude here, a gpt there.
"""

import asyncio
from typing import Any, Final

from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase

REPLIES: Final[dict[str, Any]] = {
    "cost": "A heat pump in the river costs 4 million.",
    "law": "The river may be warmed by 1.5 degrees.",
    "report": [{"match": "4 million[^$]*1.5 degrees", "reply": "It can be done, for 4 million, if it warms by 1.5."}],
}
"""What the offline model says in each phase; to the third, only where both findings are in its prompt."""

PHASES: Final = [
    Phase(id="cost", assigned_to="agentic", depends_on=[], prompt="What does this cost? {{ inputs.question }}"),
    Phase(id="law", assigned_to="agentic", depends_on=[], prompt="What does the law say? {{ inputs.question }}"),
    Phase(
        id="report",
        assigned_to="agentic",
        depends_on=["cost", "law"],
        prompt="Answer '{{ inputs.question }}' from this: {{ phases.cost.output }} {{ phases.law.output }}",
    ),
]


async def main() -> None:
    """Answer one question."""
    engine = ECSWorkflowEngine(agents=AgentSettings(offline="always"))
    engine.register_provider(OfflineModel(REPLIES))
    engine.register_workflow("research", PHASES)
    async with engine:
        task = await engine.submit_task({"question": "Shall we heat with river water?"}, "research")
        task = await engine.wait(task)
    for phase in PHASES:
        print(f"{phase.id}: {task.outputs[phase.id]}")


if __name__ == "__main__":
    asyncio.run(main())
