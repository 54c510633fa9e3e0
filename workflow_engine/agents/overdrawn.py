"""Overdrawn: what happens where a turn would break the budget; a person decides, if the workflow wants that."""

from typing import Any

from workflow_engine.core.components import Cost
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import Budget
from workflow_engine.task import Task


async def go_on_with(task: Task, phase: Phase, exceeded: dict[str, Any], models: tuple[str, ...]) -> tuple[str, ...]:
    """Return the models to go on with, once the budget is extended or a cheaper one was chosen.

    Args:
        task: whose turn it is.
        phase: in which.
        exceeded: which budget: ``{"scope", "unit", "fact", "message"}``.
        models: what was to be asked.

    Raises:
        PermanentFailure: the workflow does not ask, or the person says stop.
    """
    budget = task.budget
    assert budget is not None
    if budget.then == "fail":
        raise PermanentFailure(exceeded["message"])
    answer = await task.ask_human(
        f"{str(exceeded['fact']).capitalize()}. Extend it, or stop?",
        form=_form(budget, models),
        show=exceeded,
        assignee=phase.assignee,
        candidates=phase.candidates,
        name="budget",
    )
    match answer["decision"]:
        case "extend":
            await task.extend_budget(exceeded["scope"], _by(budget, exceeded, answer.get("by")))
            return models
        case "cheaper":
            assert budget.cheaper is not None
            return (budget.cheaper,)
        case _:
            raise PermanentFailure(f"{exceeded['fact']}; a person stopped it: {answer.get('comment') or 'no comment'}")


def _form(budget: Budget, models: tuple[str, ...]) -> dict[str, Any]:
    cheaper = ["cheaper"] if budget.cheaper is not None and models != (budget.cheaper,) else []
    return {
        "type": "object",
        "required": ["decision"],
        "properties": {
            "decision": {"enum": ["extend", *cheaper, "stop"]},
            "by": {
                "type": "number",
                "exclusiveMinimum": 0,
                "description": "by how much, in the unit of the budget; by as much again unless given",
            },
            "comment": {"type": "string"},
        },
    }


def _by(budget: Budget, exceeded: dict[str, Any], given: float | None) -> Cost:
    """Return by how much a budget is extended."""
    of_task = exceeded["scope"] == "task"
    if exceeded["unit"] == "dollars":
        bound = budget.task if of_task else budget.workflow
        return Cost(dollars=given if given is not None else bound or 0.0)
    tokens = budget.task_tokens if of_task else budget.workflow_tokens
    return Cost(tokens=int(given) if given is not None else tokens or 0)
