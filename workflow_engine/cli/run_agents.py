"""Who replies in agentic phases of a workflow file, and how `workflow-engine run` says so."""

from collections.abc import Callable
from pathlib import Path

from workflow_engine.adapters.offline import OfflineModel, load_replies
from workflow_engine.agents.providers import OFFLINE, Choice
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.ecs_workflow import ECSWorkflowEngine


def settings_with(settings: AgentSettings, replies: Path | None) -> AgentSettings:
    """Return the settings of agents; where *replies* are asked for, the offline model gives all of them."""
    return settings if replies is None else settings.model_copy(update={"offline": "always"})


def use_models(engine: ECSWorkflowEngine, replies: Path | None, say: Callable[[str], None]) -> None:
    """Have an engine say who replies, and the offline model say what a file holds.

    Args:
        engine: it does not run yet.
        replies: file with what the offline model says, or None.
        say: is told who replies, once for each of them: what is made up must not be taken for the work of a model.

    Raises:
        ConfigError: the file of replies cannot be used.
    """
    if replies is not None:
        engine.register_provider(OfflineModel(load_replies(replies)))

    def announce(choice: Choice) -> None:
        scripted = choice.provider == OFFLINE and replies is not None
        say(f"the offline model replies, as {replies} says" if scripted else str(choice))

    engine.models.announce = announce
