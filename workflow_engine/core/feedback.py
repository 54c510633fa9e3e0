"""Feedback: rejected work goes back to the phase that did it, a bounded number of times."""

from typing import Final, Literal

import msgspec

from workflow_engine.core.components import (
    Component,
    Escalated,
    Failure,
    Feedback,
    Identity,
    PhaseProgress,
    Progress,
    Question,
    Run,
    Running,
    Suspended,
    WaitKind,
)
from workflow_engine.core.earlier import keep_earlier
from workflow_engine.core.events import PhaseRejected, QuestionAsked
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import Plan
from workflow_engine.core.runs import (
    all_set,
    begin_run,
    close_visit,
    plan_run,
    progress_of,
    started,
    undo_number,
    withdraw,
)
from workflow_engine.core.stages import move_stage
from workflow_engine.core.tick import Ending, Tick, Visit

FORM: Final = msgspec.Raw(
    msgspec.json.encode(
        {
            "type": "object",
            "required": ["decision"],
            "properties": {
                "decision": {
                    "enum": ["accept", "revise", "stop"],
                    "description": "accept the work as it is, send it back once more, or let the task fail",
                },
                "comment": {"type": "string"},
            },
        }
    )
)
"""What a person answers who decides about a rejection."""


ISSUES_MAX: Final = 5
"""Most issues that a message names."""


class Ruling(msgspec.Struct, frozen=True):
    """The answer of a person who decides about a rejection; see `FORM`."""

    decision: Literal["accept", "revise", "stop"]
    comment: str = ""


class _Issue(msgspec.Struct, frozen=True):
    message: str = ""


_decode: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_read: Final = msgspec.json.Decoder(list[_Issue]).decode


def reject(
    tick: Tick,
    identity: Identity,
    plan: Plan,
    visit: Visit,
    output: msgspec.Raw,
    issues: msgspec.Raw,
    *,
    again: bool = False,
    sets: tuple[str, ...] = (),
) -> None:
    """Do what *visit*, of a phase that rejects, asks for: hand the work back, ask a person, or fail the task.

    Args:
        tick: the tick.
        identity: of the task.
        plan: of the task.
        visit: of the reviewing phase or gate; its run, if it has one, is closed, or waits for a person.
        output: what the phase gave.
        issues: why it rejects, a list.
        again: whether a person wants the work to be sent back, however often it was.
        sets: names of the context values that the visit changed.
    """
    phase = visit.phase
    policy = phase.spec.on_reject
    before = progress_of(tick, identity.id, phase.spec.id)
    rejections = (before.rejections if before is not None else 0) + 1
    stages = phase.spec.stages
    if stages is not None and not move_stage(tick, identity, phase.spec.id, stages.reject):
        return
    if policy is not None and (again or rejections <= policy.max_attempts):
        _close(tick, visit, output, issues, rejections, "superseded", sets)
        _hand_back(tick, identity, plan, policy.target, Feedback(issues, phase.spec.id), visit)
    elif policy is not None and policy.then == "human":
        _escalate(tick, identity, visit, Escalated(output, issues, sets), rejections)
    else:
        _close(tick, visit, output, issues, rejections, "failed", sets)
        if stages is None or move_stage(tick, identity, phase.spec.id, stages.fail):
            _fail(tick, visit, issues, rejections)


def stopped(tick: Tick, visit: Visit, comment: str) -> None:
    """Fail a task because a person does not want rejected work to go on."""
    _fail(tick, visit, with_comment(msgspec.Raw(b"[]"), comment or "a person stopped it"), 0)


def with_comment(issues: msgspec.Raw, comment: str) -> msgspec.Raw:
    """Return *issues* and what a person said about them."""
    if not comment:
        return issues
    said = msgspec.json.encode([{"severity": "error", "message": comment, "path": None}])
    return together(issues, msgspec.Raw(said))


def together(issues: msgspec.Raw, more: msgspec.Raw) -> msgspec.Raw:
    """Return two lists of issues as one."""
    return msgspec.Raw(msgspec.json.encode([*_decode(issues), *_decode(more)]))


def _close(
    tick: Tick,
    visit: Visit,
    output: msgspec.Raw,
    issues: msgspec.Raw,
    rejections: int,
    outcome: str,
    sets: tuple[str, ...],
) -> None:
    """Close the visit of the reviewing phase."""
    run, run_id = visit.run, visit.run_id
    since = started(tick, run_id, run) if run_id in tick.world else run.since
    undo = undo_number(tick, run.task, visit.phase)
    entry = PhaseProgress(
        run.visit, outcome, since, tick.now, visit.attempt, output, issues, rejections, undo=undo,
        sets=all_set(progress_of(tick, run.task, run.phase), sets),
    )  # fmt: skip
    if run_id in tick.world:
        close_visit(tick, run_id, run, entry)
    else:  # a gate
        tick.world.put_entry(run.task, Progress, run.phase, entry)


def _hand_back(tick: Tick, identity: Identity, plan: Plan, target: str, feedback: Feedback, visit: Visit) -> None:
    """Have *target* done again, and everything that builds on it."""
    tick.emit(PhaseRejected(identity.id, visit.run_id, target, _said(feedback.issues)))
    keep_earlier(tick, identity.id, dict.fromkeys((target, *plan.graph.downstream(target))))
    if plan.is_graph:
        supersede(tick, identity.id, plan, target)
        tick.moved[identity.id] = identity
    plan_run(tick, identity, plan.phases[target], feedback)


def supersede(tick: Tick, task: str, plan: Plan, target: str) -> None:
    """Make *target* and all that builds on it undone: what is under way is withdrawn, outputs stay to be looked at."""
    within = dict.fromkeys((target, *plan.graph.downstream(target)))
    for run in tick.state.runs.get(task, ()):
        if tick.world.get(run, Run).phase in within:
            withdraw(tick, run, "superseded")
    tick.ready = [(visit, old) for visit, old in tick.ready if visit.run.task != task or visit.run.phase not in within]
    for waiting in (tick.planned.get(task, {}), tick.state.held.get(task, {})):
        for phase in within.keys() & waiting.keys():
            del waiting[phase]
    entries = tick.state.progress(task)
    for phase in within:
        entry = entries.get(phase)
        if entry is not None and entry.done:
            tick.world.put_entry(task, Progress, phase, msgspec.structs.replace(entry, outcome="superseded"))


def _escalate(tick: Tick, identity: Identity, visit: Visit, found: Escalated, rejections: int) -> None:
    """Have a person decide."""
    phase, run_id = visit.phase.spec, visit.run_id
    question = Question(
        id=f"{run_id}/{visit.attempt}r{rejections}",
        kind=WaitKind.HUMAN,
        prompt=_prompt(phase.id, phase.on_reject.target if phase.on_reject is not None else phase.id, rejections),
        asked_at=tick.now,
        form=FORM,
        show=msgspec.Raw(msgspec.json.encode({"output": found.output, "issues": found.issues})),
        assignee=phase.assignee,
        candidates=phase.candidates,
    )
    waits = Suspended(WaitKind.HUMAN, tick.now, question.id)
    if run_id in tick.world:
        old = _marker(tick, run_id)
        tick.world.turn(run_id, old, waits)
    else:
        begin_run(tick, visit, waits)
    tick.world.put(run_id, question)
    tick.world.put(run_id, found)
    tick.touched[identity.id] = False
    tick.emit(QuestionAsked(identity.id, run_id, question.id, WaitKind.HUMAN, phase.assignee))


def _marker(tick: Tick, run_id: str) -> type[Component]:
    return Suspended if tick.world.find(run_id, Suspended) is not None else Running


def _prompt(phase: str, target: str, rejections: int) -> str:
    times = "once" if rejections == 1 else f"{rejections} times"
    return (
        f"{phase!r} has rejected the work of {target!r} {times}. "
        "Accept it as it is, send it back once more, or stop the task?"
    )


def _said(issues: msgspec.Raw) -> str:
    """Return the first of *issues* as a text."""
    return "; ".join(issue.message for issue in _read(issues)[:ISSUES_MAX])


def _fail(tick: Tick, visit: Visit, issues: msgspec.Raw, rejections: int) -> None:
    task, phase = visit.run.task, visit.run.phase
    said = _said(issues) or "no reason was given"
    times = f" {rejections} times, the last time" if rejections > 1 else ""
    message = f"phase {phase!r} rejected the work{times}: {said}"
    tick.emit(PhaseRejected(task, visit.run_id, None, said))
    if task not in tick.ending:
        tick.ending[task] = Ending(Move.FAIL, message, Failure(phase, "Rejected", message, visit.attempt))
