"""Three agents in a row: a ticket is classified, answered and reviewed, and sent back where the answer is poor.

The offline model replies with `REPLIES`, without key and network.  To have a real model reply, leave `agents=` out and
set OPENAI_API_KEY or ANTHROPIC_API_KEY; to choose between them, give the phases a `model`.
"""

import asyncio
from typing import Any, Final

from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase

REPLIES: Final[dict[str, Any]] = {
    "classify": {"topic": "billing", "urgent": True},
    "answer": ["Please be patient.", "You were charged twice; the second payment of 20 EUR is on its way back."],
    "review": [
        {"decision": "reject", "issues": [{"message": "say what happens with the money"}]},
        {"decision": "approve"},
    ],
}
"""What the offline model says in each phase; where that is a list, at each visit."""

KIND: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["topic", "urgent"],
    "properties": {"topic": {"enum": ["billing", "technical", "other"]}, "urgent": {"type": "boolean"}},
}

PHASES: Final = [
    Phase(id="classify", assigned_to="agentic", prompt="What is this ticket about? {{ inputs.text }}", output=KIND),
    Phase(
        id="answer",
        assigned_to="agentic",
        system="You answer tickets of the topic {{ phases.classify.output.topic }} in one sentence.",
        prompt="{{ inputs.text }}",  # where the review rejects, its issues are added
    ),
    Phase(
        id="review",
        assigned_to="agentic",
        prompt="Does this answer the ticket '{{ inputs.text }}'? {{ phases.answer.output }}",
        on_reject={"target": "answer", "max_attempts": 2},
    ),
]


async def main() -> None:
    """Answer one ticket."""
    engine = ECSWorkflowEngine(agents=AgentSettings(offline="always"))
    engine.register_provider(OfflineModel(REPLIES))
    engine.register_workflow("support", PHASES)
    async with engine:
        task = await engine.wait(await engine.submit_task({"text": "I was charged twice for March."}, "support"))
    for phase in PHASES:
        print(f"{phase.id}: {task.outputs[phase.id]}")


if __name__ == "__main__":
    asyncio.run(main())
