"""The human adapter: a phase for a person is a question."""

from typing import Any

from workflow_engine.adapter import Output, Suspend
from workflow_engine.core.components import WaitKind
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class HumanAdapter:
    """Asks a person what the phase says; the answer is the phase's output."""

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        prompt = phase.prompt or f"{phase.target_classification}: {task.workflow} needs your decision"
        return Suspend(
            WaitKind.HUMAN,
            prompt,
            form=form_of(phase),
            show=task.outputs or task.data,
            assignee=phase.assignee,
            candidates=phase.candidates,
            due=phase.due,
            on_due=phase.on_due,
        )


def form_of(phase: Phase) -> dict[str, Any] | None:
    """Return the form of the phase's answer: its own, with a choice of what follows where there is one."""
    choices = phase.next_classifications or ()
    if len(choices) < 2:
        return phase.form
    form: dict[str, Any] = dict(phase.form or {"type": "object", "properties": {}})
    properties: dict[str, Any] = dict(form.get("properties") or {})
    if "next_classification" not in properties:
        properties["next_classification"] = {"enum": list(choices), "description": "what follows"}
    form["properties"] = properties
    return form
