"""`OpenAIAgentAdapter` under the name that programs import it by."""

from workflow_engine.adapters.openai import OpenAIAgentAdapter

__all__ = ["OpenAIAgentAdapter"]
