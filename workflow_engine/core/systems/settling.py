"""Settling: what came back from outside is put to the runs it is about."""

import esper
import msgspec

from workflow_engine.core.components import (
    AnswerRecord,
    Answers,
    Artifacts,
    Context,
    Identity,
    Question,
    Run,
    Running,
    StepRecord,
    Steps,
    Suspended,
)
from workflow_engine.core.events import QuestionAnswered, RunParked
from workflow_engine.core.inputs import (
    Answer,
    Attach,
    AttemptFailed,
    Cancel,
    Declined,
    HandedBack,
    Settled,
    StepRecorded,
)
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.runs import QUESTION_TIMER, abort, enqueue, release
from workflow_engine.core.tick import Done, Ending, Failed, Tick
from workflow_engine.errors import AnswerRefused, IllegalTransition, UnknownTask


class SettlingSystem(esper.Processor):
    """Reads Settled, AttemptFailed, StepRecorded, Declined, HandedBack, Answer, Attach, Cancel.

    Writes Steps, Context, Artifacts, Answers; drops Question.  Fills `Tick.done`, `failed`, `ready`, `ending`.
    Emits QuestionAnswered, RunParked.  What an attempt that is no longer under way still gives is ignored.
    """

    def process(self, tick: Tick) -> None:
        """Put each input to its run."""
        for recorded in tick.of(StepRecorded):
            _record_step(tick, recorded)
        for settled in tick.of(Settled):
            _settle(tick, settled)
        for failed in tick.of(AttemptFailed):
            if _under_way(tick, failed.run, failed.attempt):
                release(tick, failed.run)
                tick.failed.append(
                    Failed(
                        failed.run, failed.error, failed.message, failed.permanent, failed.retry_after, failed.detail
                    )
                )
        for declined in tick.of(Declined):
            _decline(tick, declined)
        for back in tick.of(HandedBack):
            if _under_way(tick, back.run, back.attempt):
                release(tick, back.run)
                enqueue(tick, back.run, Running)
        for answer in tick.of(Answer):
            _answer(tick, answer)
        for attach in tick.of(Attach):
            _attach(tick, attach)
        for cancel in tick.of(Cancel):
            _cancel(tick, cancel)


def _under_way(tick: Tick, run: str, attempt: int) -> bool:
    found = tick.state.running.get(run)
    return found is not None and found.attempt == attempt


def _record_step(tick: Tick, recorded: StepRecorded) -> None:
    if not _under_way(tick, recorded.run, recorded.attempt):
        refusal = IllegalTransition(f"run {recorded.run}", "no longer under way", "a step's result")
        tick.reply(recorded.ticket, refusal)
        return
    tick.world.put_entry(recorded.run, Steps, recorded.step, StepRecord(recorded.index, recorded.value))
    tick.reply(recorded.ticket, recorded.run)


def _settle(tick: Tick, settled: Settled) -> None:
    under_way = tick.state.running.get(settled.run)
    if under_way is None or under_way.attempt != settled.attempt:
        return
    release(tick, settled.run)
    visit = under_way.visit
    task = visit.run.task
    if settled.rebind is not None:
        plan = tick.state.plan(settled.rebind)
        follow: str | None = settled.start or plan.first
    else:
        try:
            follow = visit.phase.pick(settled.pick)
        except ValueError as error:
            tick.failed.append(Failed(settled.run, "UnknownPick", str(error), permanent=True))
            return
    if settled.context is not None:
        _keep_context(tick, task, settled.context)
    if settled.artifacts is not None:
        _keep_artifacts(tick, task, settled.artifacts)
    tick.done.append(Done(visit, under_way.since, settled.output, follow, settled.rebind))


def _decline(tick: Tick, declined: Declined) -> None:
    under_way = tick.state.running.get(declined.run)
    if under_way is None or under_way.attempt != declined.attempt:
        return
    release(tick, declined.run)
    tick.state.lanes.block(under_way.lane, declined.needs)
    tick.needs[declined.run] = declined.needs
    enqueue(tick, declined.run, Running)
    tick.emit(RunParked(under_way.visit.run.task, declined.run, declined.needs))


def _answer(tick: Tick, answer: Answer) -> None:
    run_id = answer.question.rpartition("/")[0]
    question = tick.world.find(run_id, Question)
    if question is None or question.id != answer.question:
        tick.reply(answer.ticket, closed(tick, answer.question))
        return
    run = tick.world.get(run_id, Run)
    suspended = tick.world.get(run_id, Suspended)
    follow: str | None = None
    if suspended.step is None:
        try:
            follow = tick.state.phase(run).pick(answer.pick)
        except ValueError as error:
            tick.reply(answer.ticket, AnswerRefused(answer.question, str(error)))
            return
    tick.world.drop(run_id, Question)
    tick.state.timers.drop(run_id)
    tick.state.timers.drop(QUESTION_TIMER + run_id)
    tick.world.put_entry(run.task, Answers, question.id, AnswerRecord(tick.now, answer.value, answer.by))
    tick.emit(QuestionAnswered(run.task, run_id, question.id, answer.by))
    tick.reply(answer.ticket, run.task)
    if suspended.step is None:
        tick.done.append(Done(tick.state.visit(run_id), run.since, answer.value, follow))
    else:
        tick.world.put_entry(run_id, Steps, suspended.step, StepRecord(suspended.index, answer.value))
        enqueue(tick, run_id, Suspended)


def closed(tick: Tick, question: str) -> AnswerRefused | UnknownTask:
    """Return the refusal of an answer to a question that is not open."""
    task = question.partition("/")[0]
    if task in tick.world:
        answers = tick.world.find(task, Answers)
    else:
        record = tick.state.ended.get(task)
        if record is None:
            return UnknownTask("question", question)
        ended = record.get("answers")
        answers = ended if isinstance(ended, Answers) else None
    given: AnswerRecord | None = answers.entries.get(question) if answers is not None else None
    if given is None:
        return AnswerRefused(
            question, "it is not open: it was withdrawn, or never asked; `workflow-engine inbox` lists the open ones"
        )
    what = msgspec.json.encode(given.value).decode()
    return AnswerRefused(question, f"{given.by or 'somebody'} has answered it already, with {what[:200]}")


def _keep_context(tick: Tick, task: str, values: dict[str, msgspec.Raw]) -> None:
    for name, value in values.items():
        tick.world.put_entry(task, Context, name, value)


def _keep_artifacts(tick: Tick, task: str, references: dict[str, msgspec.Raw]) -> None:
    for name, reference in references.items():
        tick.world.put_entry(task, Artifacts, name, reference)


def _attach(tick: Tick, attach: Attach) -> None:
    if tick.world.find(attach.task, Identity) is not None:
        _keep_artifacts(tick, attach.task, attach.artifacts)
        tick.reply(attach.ticket, attach.task)
    else:
        tick.reply(attach.ticket, absent(tick, attach.task, "an artifact"))


def _cancel(tick: Tick, cancel: Cancel) -> None:
    if tick.world.find(cancel.task, Identity) is None:
        tick.reply(cancel.ticket, absent(tick, cancel.task, Move.CANCEL))
    elif cancel.task in tick.ending:
        tick.reply(cancel.ticket, cancel.task)
    else:
        for run in tick.state.runs.get(cancel.task, ()):
            abort(tick, run)  # here, before dispatch: the places are given to others in this tick
        tick.ending[cancel.task] = Ending(Move.CANCEL, cancel.reason, ticket=cancel.ticket)


def absent(tick: Tick, task: str, event: str) -> UnknownTask | IllegalTransition:
    """Return the refusal of something asked of a task that is not live."""
    record = tick.state.ended.get(task)
    if record is None:
        return UnknownTask("task", task)
    status = record["status"]
    return IllegalTransition(f"task {task}", getattr(status, "state", "ended"), event)
