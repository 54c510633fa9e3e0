"""Timing: what is due at this moment happens."""

import esper
import msgspec

from workflow_engine.core.components import (
    Attempt,
    Backoff,
    Failure,
    Identity,
    Joining,
    Question,
    Run,
    Running,
    StepRecord,
    Steps,
    Suspended,
)
from workflow_engine.core.events import QuestionEscalated, QuestionOverdue
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.moments import span
from workflow_engine.core.runs import QUESTION_TIMER, abort, enqueue, marker
from workflow_engine.core.tick import Ending, Failed, Tick
from workflow_engine.core.timetables import fire

_NULL = msgspec.Raw(b"null")


class TimingSystem(esper.Processor):
    """Reads the timers, Backoff, Running, Suspended, Question, Timetable.

    Writes Attempt, Steps, Question, Timetable, and new tasks; drops Question.  Fills `Tick.ready`, `failed`, `begin`.
    Emits QuestionOverdue, QuestionEscalated, TaskSubmitted.
    """

    def process(self, tick: Tick) -> None:
        """Wake, time out and announce what is due."""
        for run in tick.state.interrupted:
            if run in tick.world:
                enqueue(tick, run, Running)
        tick.state.interrupted.clear()
        for task in tick.state.stranded:
            _strand(tick, task)
        tick.state.stranded.clear()
        for key in tick.state.timers.pop(tick.now):
            if key.startswith("#"):
                fire(tick, key)
            elif key.startswith(QUESTION_TIMER):
                _overdue(tick, key.removeprefix(QUESTION_TIMER))
            else:
                _due(tick, key)


def _strand(tick: Tick, task: str) -> None:
    """Fail a task whose run the journal has lost, so that it can be retried from where it was."""
    ended = tick.state.progress(task)
    first = tick.state.plan(tick.world.get(task, Identity).definition).first
    phase = max(ended, key=lambda name: ended[name].ended, default=first)
    message = "the journal has lost what the task was doing, and was repaired; retry it from the phase it was in"
    if task not in tick.ending:  # somebody may have cancelled it meanwhile
        tick.ending[task] = Ending(Move.FAIL, message, Failure(phase, "Lost", message, 0))


def _due(tick: Tick, run: str) -> None:
    match marker(tick, run, (Running, Backoff, Suspended, Joining)):
        case Backoff():
            tick.world.put(run, Attempt(tick.world.get(run, Attempt).number + 1))
            enqueue(tick, run, Backoff)
        case Running() | Joining():
            timeout = tick.state.phase(tick.world.get(run, Run)).spec.timeout
            allowed = (
                f"{timeout:g} s" if timeout is not None else "it was allowed to"
            )  # by a definition before this one
            abort(tick, run)
            tick.failed.append(Failed(run, "Timeout", f"the attempt took longer than {allowed}"))
        case Suspended(question=None, step=str(step), index=index):
            tick.world.put_entry(run, Steps, step, StepRecord(index, _NULL))
            enqueue(tick, run, Suspended)
        case Suspended():
            _unanswered(tick, run)
        case _:
            raise AssertionError(f"timer of {run}, which waits for no moment")
    tick.touched[tick.world.get(run, Run).task] = False


def _overdue(tick: Tick, run: str) -> None:
    question = tick.world.get(run, Question)
    tick.emit(QuestionOverdue(tick.world.get(run, Run).task, run, question.id))
    if question.on_due == "fail":
        _unanswered(tick, run)
    elif question.on_due == "escalate" and question.escalate_to:
        _escalate(tick, run, question)
    else:
        tick.world.put(run, msgspec.structs.replace(question, overdue=True))


def _escalate(tick: Tick, run: str, question: Question) -> None:
    """Ask others, since nobody has answered in time; how long these may take, nobody has said."""
    to = question.escalate_to
    one = to[0] if len(to) == 1 else None
    others = msgspec.structs.replace(
        question,
        assignee=one,
        candidates=() if one is not None else to,
        claimed_by=None,
        owner=None,
        due=None,
        overdue=True,
    )
    tick.world.put(run, others)
    tick.emit(QuestionEscalated(tick.world.get(run, Run).task, run, question.id, to))


def _unanswered(tick: Tick, run: str) -> None:
    """Withdraw a question that nobody answered in time, and fail the attempt for good."""
    question = tick.world.get(run, Question)
    tick.world.drop(run, Question)
    abort(tick, run)
    waited = span(tick.now - question.asked_at)
    message = f"nobody answered {question.prompt!r} within {waited}"
    tick.failed.append(Failed(run, "Unanswered", message, permanent=True))
