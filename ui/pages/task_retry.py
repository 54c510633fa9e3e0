"""Retry: what is done again, told before it is done."""

from typing import Final, NamedTuple

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from workflow_engine.core.reruns import Rerun
from workflow_engine.errors import EngineError, IllegalTransition, InputRefused
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.task_context import in_order
from workflow_engine.ui.pages.task_seen import Seen, seen
from workflow_engine.ui.security.current import record
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.showing import plain

NAMED_MAX: Final = 100
"""Phases of a list that are named."""


class Group(NamedTuple):
    """Phases of which the same is said; *more* are not named."""

    title: str
    hint: str
    kind: str
    phases: tuple[str, ...]
    more: int


@needs(Role.OPERATOR)
def retry(task: str) -> AnyResponse | str | tuple[str, int]:
    """Show what a retry would do, or do it."""
    found = seen(task)
    phase = request.values.get("phase") or None
    if request.method == "POST":
        try:
            desk().ask.retry(task, phase, by=g.person.name)
        except (IllegalTransition, InputRefused) as refusal:
            return _page(found, phase, None, str(refusal)), 409
        record("retry", task)
        desk().settle()
        flash(f"The task goes on{f' from {plain(phase)}' if phase else ''}.", "done")
        return redirect(url_for("task.show", task=task), 303)
    try:
        told: Rerun = desk().ask.preview_retry(task, phase)
    except (IllegalTransition, InputRefused) as refusal:
        return _page(found, phase, None, str(refusal))
    return _page(found, phase, told, "")


def _page(found: Seen, phase: str | None, told: Rerun | None, why_not: str) -> str:
    return render_template(
        "task/retry.html",
        seen=found,
        phases=in_order(found),
        phase=phase,
        told=told,
        groups=groups(told) if told is not None else (),
        why_not=why_not,
    )


def groups(told: Rerun, *, forks: bool = False) -> tuple[Group, ...]:
    """Return the phases of a preview by what becomes of them, those without any left out."""
    certain = tuple(name for name in told.runs if name not in told.perhaps)
    how = "Done in the new task" if forks else "Done again, or for the first time"
    all_groups = (
        _group(how, "", "in_progress", certain),
        _group("May be done", "behind a choice, a condition or a gate", "pending", told.perhaps),
        _group("Left out", "on the way, and not done", "cancelled", told.left_out),
        _group("Kept", "their outputs stand", "completed", told.keeps),
    )
    return tuple(group for group in all_groups if group.phases)


def _group(title: str, hint: str, kind: str, phases: tuple[str, ...]) -> Group:
    return Group(title, hint, kind, phases[:NAMED_MAX], max(0, len(phases) - NAMED_MAX))


def told_or_why(task: str, phase: str | None) -> tuple[Rerun | None, str]:
    """Return what a fork would do, or why there can be none."""
    try:
        told: Rerun = desk().ask.preview_fork(task, phase)
    except EngineError as refusal:
        return None, str(refusal)
    return told, ""
