"""Suspending: runs begin to wait, for an answer or for a moment."""

import esper

from workflow_engine.core.components import (
    Attempt,
    Backoff,
    Component,
    Identity,
    Question,
    Ready,
    Run,
    Running,
    Steps,
    Suspended,
)
from workflow_engine.core.events import QuestionAsked, TimerSet
from workflow_engine.core.inputs import Suspend
from workflow_engine.core.runs import QUESTION_TIMER, abort, marker, take_back
from workflow_engine.core.systems.settling import absent
from workflow_engine.core.tick import Tick
from workflow_engine.errors import IllegalTransition

RESUMED = "resumed"
"""Name of the step that records the answer to a suspension from outside; such steps are no call of the handler."""


class SuspendingSystem(esper.Processor):
    """Reads Suspend.  Writes Suspended, Question.  Emits QuestionAsked, TimerSet."""

    def process(self, tick: Tick) -> None:
        """Suspend the runs that asked for it, and those that somebody outside wants to wait."""
        for suspend in tick.of(Suspend):
            if suspend.task is not None:
                _from_outside(tick, suspend, suspend.task)
            elif take_back(tick, suspend.run, suspend.attempt) is not None:
                index = suspend.index if suspend.step is not None else 0
                _wait(tick, suspend.run, Running, suspend, suspend.step, index)


def _from_outside(tick: Tick, suspend: Suspend, task: str) -> None:
    if tick.world.find(task, Identity) is None:
        tick.reply(suspend.ticket, absent(tick, task, "suspend"))
        return
    run = next((run for run in tick.state.runs.get(task, ()) if tick.world.find(run, Suspended) is None), None)
    old = marker(tick, run, (Running, Ready, Backoff)) if run is not None else None
    if run is None or old is None or task in tick.ending or any(run == done.visit.run_id for done in tick.done):
        tick.reply(suspend.ticket, IllegalTransition(f"task {task}", "waiting already, or between phases", "suspend"))
        return
    tick.ready = [(visit, kind) for visit, kind in tick.ready if visit.run_id != run]
    tick.failed = [failed for failed in tick.failed if failed.run_id != run]
    abort(tick, run)
    steps = tick.world.find(run, Steps)
    earlier = sum(1 for name in steps.entries if name.startswith(RESUMED)) if steps is not None else 0
    _wait(tick, run, type(old), suspend, f"{RESUMED}#{earlier + 1}", -1)


def _wait(tick: Tick, run_id: str, old: type[Component], suspend: Suspend, step: str | None, index: int) -> None:
    """Make a run wait; *step* and *index* say where the answer goes."""
    world, timers, now = tick.world, tick.state.timers, tick.now
    run = world.get(run_id, Run)
    attempt = world.get(run_id, Attempt).number
    tick.touched[run.task] = False
    if suspend.prompt is None:
        until = now + (suspend.wake_in or 0.0)
        world.turn(run_id, old, Suspended(suspend.kind, now, step=step, index=index, until=until))
        timers.set(run_id, until)
        tick.emit(TimerSet(run.task, run_id, until))
    else:
        phase = tick.state.phase(run)
        number = f"{attempt}q{index}" if index >= 0 else f"{attempt}x{(step or '').rpartition('#')[2]}"
        question = Question(
            id=f"{run_id}/{number}",
            kind=suspend.kind,
            prompt=suspend.prompt,
            asked_at=now,
            form=suspend.form,
            show=suspend.show,
            assignee=suspend.assignee,
            candidates=suspend.candidates,
            due=now + suspend.due_in if suspend.due_in is not None else None,
            on_due=suspend.on_due,
            picks=phase.picks if step is None else (),
            escalate_to=suspend.escalate_to,
        )
        # A question that is the whole phase is bound by the phase's timeout; one that a handler asks has its due time.
        timeout = phase.spec.timeout if step is None else None
        given_up = now + timeout if timeout is not None else None
        world.turn(run_id, old, Suspended(suspend.kind, now, question.id, step, index, given_up))
        world.put(run_id, question)
        if given_up is not None:
            timers.set(run_id, given_up)
        if question.due is not None:
            timers.set(QUESTION_TIMER + run_id, question.due)
        tick.emit(QuestionAsked(run.task, run_id, question.id, suspend.kind, suspend.assignee, suspend.by))
    tick.reply(suspend.ticket, world.get(run_id, Suspended).question or run_id)
