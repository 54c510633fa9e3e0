"""Links: where what a sentence names has its page."""

from flask import url_for

from workflow_engine.ui.showing.sentences import Part


def link_of(part: Part) -> str | None:
    """Return the address of what a part of a sentence names, None where it has no page."""
    if part.ref is None:
        return None
    if part.kind == "task":
        return url_for("task.show", task=part.ref)
    if part.kind == "question":
        return url_for("inbox.question", question=part.ref)
    if part.kind == "workflow":
        return url_for("workflows.workflow", name=part.ref)
    if part.kind in ("phase", "run") and "/" in part.ref:
        return url_for("task.show", task=part.ref.partition("/")[0])
    return None
