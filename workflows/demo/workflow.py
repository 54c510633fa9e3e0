"""The phases of the demo, and the handler that writes its report."""

from pathlib import Path
from typing import Any, Final

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, WorkflowSpec

REPORT: Final = "report.md"
"""Name of the artifact that a person is to approve."""

REVISIONS_MAX: Final = 3
"""How often the report may be written before the task fails."""

_HERE: Final = Path(__file__).resolve().parent

DEMO: Final = WorkflowSpec(
    name="demo",
    phases=(
        Phase(id="measure", command=("{python}", str(_HERE / "measure.py")), next_classifications=("report",)),
        Phase(id="report", next_classifications=("approve",), max_visits=REVISIONS_MAX),
        Phase(
            id="approve",
            assigned_to="human",
            prompt="Is the report good enough to be packed?",
            form={
                "type": "object",
                "required": ["next_classification"],
                "properties": {
                    "next_classification": {"enum": ["pack", "report"], "description": "pack it, or write it again"},
                    "comment": {"type": "string"},
                },
            },
            next_classifications=("pack", "report"),
        ),
        Phase(id="pack", command=("{python}", str(_HERE / "pack.py"))),
    ),
)
"""A rejected report goes back to be written again with the comment."""


def set_up(engine: ECSWorkflowEngine) -> None:
    """Register the demo with *engine*."""
    engine.register_workflow(DEMO)
    engine.register_handler("report", report)


async def report(task: Task) -> dict[str, Any]:
    """Write the report on the measured file as an artifact."""
    measures = task.outputs["measure"]
    minutes = await task.step("estimate", reading_minutes, measures["words"])
    rejection: dict[str, Any] = task.outputs.get("approve") or {}
    comment: str | None = rejection.get("comment")
    await task.add_artifact(REPORT, page(task.data["file"], measures, minutes, comment))
    return {"artifact": REPORT, "reading_minutes": minutes, "answers_to": comment}


def reading_minutes(words: int) -> float:
    """Return how long a person reads *words*, in minutes, at 230 a minute."""
    return round(words / 230, 1)


def page(file: str, measures: dict[str, Any], minutes: float, comment: str | None) -> str:
    """Return the report as Markdown."""
    lines = [
        f"# Report on {file.rpartition('/')[2]}",
        "",
        f"- {measures['bytes']:,} bytes in {measures['lines']:,} lines",
        f"- {measures['longest_line']:,} characters in the longest line",
        f"- {measures['words']:,} words, about {minutes:g} minutes to read",
        f"- SHA-256 `{measures['sha256']}`",
    ]
    if measures["headings"]:
        lines += ["", "## Its headings", "", *(f"- {heading}" for heading in measures["headings"])]
    if comment:
        lines += ["", "## Written again, since the reviewer said", "", *(f"> {line}" for line in comment.splitlines())]
    return "\n".join(lines) + "\n"
