"""What a demo is about: the ready-made workflow, the model that stands in for one, and what is submitted."""

from pathlib import Path
from typing import Any, Final

from workflow_engine.adapter import Output, Suspend
from workflow_engine.adapters.offline import OfflineModel, load_replies
from workflow_engine.cli.demo_progress import DemoProgress
from workflow_engine.cli.workflow_file import companions, find_workflow_file
from workflow_engine.spec.loading import load_workflow
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.task import Task

WORKFLOW: Final = "document-review"
"""The ready-made workflow that the demo shows."""

DRAFT: Final = "draft"
"""The phase whose output a person is to approve."""

TOPIC: Final = "tides"
"""What the text is about, where no file is named."""

NOTES_MAX: Final = 20_000
"""Most characters of a file that the writer is given."""


class DemoModel:
    """The offline model, as an adapter that tells the person what the model is told to mend."""

    def __init__(self, progress: DemoProgress) -> None:
        replies = companions(find_workflow_file(WORKFLOW)).replies
        self._model = OfflineModel(load_replies(replies) if replies is not None else None)
        self._progress = progress

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        for issue in task.feedback:
            self._progress.say_of(phase.id, f"is told: {issue['message']}")
        return await self._model.execute(task, phase)


def workflow() -> WorkflowSpec:
    """Return the workflow of the demo."""
    return load_workflow(find_workflow_file(WORKFLOW)).spec


def data_for(file: Path | None) -> dict[str, Any]:
    """Return what is submitted: a text on the `TOPIC`, or on what *file* holds."""
    if file is None:
        return {"topic": TOPIC}
    with file.open(encoding="utf-8", errors="replace") as opened:
        return {"topic": file.name, "notes": opened.read(NOTES_MAX)}
