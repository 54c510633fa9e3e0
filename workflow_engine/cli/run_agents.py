"""Who replies in agentic phases of a workflow file, and how `workflow-engine run` says so."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workflow_engine.adapters.offline import OfflineModel, load_replies
from workflow_engine.agents.providers import OFFLINE, Choice
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.ecs_workflow import ECSWorkflowEngine


def settings_with(settings: AgentSettings, replies: Path | None) -> AgentSettings:
    """Return the settings of agents; where *replies* are asked for, the offline model gives all of them."""
    return settings if replies is None else settings.model_copy(update={"offline": "always"})


def use_models(engine: ECSWorkflowEngine, replies: Sequence[Path], say: Callable[[str], None]) -> None:
    """Have an engine say who replies, and the offline model say what files hold.

    Args:
        engine: it does not run yet.
        replies: files with what the offline model says; where several have the same phase, the first of them counts.
        say: is told who replies, once for each of them: what is made up must not be taken for the work of a model.

    Raises:
        ConfigError: the file of replies cannot be used.
    """
    if replies:
        script: dict[str, Any] = {}
        for path in replies:
            script = {**load_replies(path), **script}
        engine.register_provider(OfflineModel(script))

    def announce(choice: Choice) -> None:
        files = ", ".join(str(path) for path in replies)
        say(f"the offline model replies, as {files} says" if choice.provider == OFFLINE and files else str(choice))

    engine.models.announce = announce
