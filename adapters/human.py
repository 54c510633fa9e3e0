"""The human adapter: a phase for a person is a question."""

from typing import Any, Final

from workflow_engine.adapter import Output, Suspend
from workflow_engine.core.components import WaitKind
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task

DECISION: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["decision"],
    "properties": {"decision": {"enum": ["approve", "reject"]}, "comment": {"type": "string"}},
}
"""The form of a person who reviews, where the phase has none of its own."""


class HumanAdapter:
    """Asks a person what the phase says; the answer is the phase's output."""

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        prompt = phase.prompt or f"{phase.target_classification}: {task.workflow} needs your decision"
        return Suspend(
            WaitKind.HUMAN,
            prompt,
            form=form_of(phase),
            show=phase.show if phase.show is not None else task.outputs or task.data,
            assignee=phase.assignee,
            candidates=phase.candidates,
            due=phase.due,
            on_due=phase.on_due,
            escalate_to=phase.escalate_to if phase.on_due == "escalate" else (),
        )


def form_of(phase: Phase) -> dict[str, Any] | None:
    """Return the form of the phase's answer: its own, or the schema of its output.

    Where there is a choice of what follows, the form has it.
    """
    choices = phase.next_classifications or ()
    given = phase.form if phase.form is not None else phase.output
    if given is None and phase.on_reject is not None:
        given = DECISION
    if len(choices) < 2:
        return given
    form: dict[str, Any] = dict(given or {"type": "object", "properties": {}})
    properties: dict[str, Any] = dict(form.get("properties") or {})
    if "next_classification" not in properties:
        properties["next_classification"] = {"enum": list(choices), "description": "what follows"}
    form["properties"] = properties
    return form
