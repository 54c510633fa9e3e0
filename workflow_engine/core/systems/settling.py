"""Settling: what came back from outside is put to the runs it is about."""

import esper
import msgspec

from workflow_engine.core.closed_questions import closed
from workflow_engine.core.components import (
    AnswerRecord,
    Answers,
    Artifacts,
    Attempt,
    Context,
    Escalated,
    Feedback,
    Identity,
    Question,
    Run,
    Running,
    StepRecord,
    Steps,
    Suspended,
    Undoing,
)
from workflow_engine.core.events import ArtifactAdded, OutputRefused, QuestionAnswered, RunParked
from workflow_engine.core.feedback import Ruling, stopped, together, with_comment
from workflow_engine.core.inputs import (
    Answer,
    Attach,
    AttemptFailed,
    Cancel,
    Declined,
    Entered,
    HandedBack,
    Settled,
    Skipped,
    StepRecorded,
    Unfit,
)
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.runs import QUESTION_TIMER, abort, enqueue, live_runs, take_back
from workflow_engine.core.shown import shown_digest
from workflow_engine.core.spending import settle
from workflow_engine.core.stages import move_stage
from workflow_engine.core.tick import Done, Ending, Failed, Tick, Visit
from workflow_engine.errors import AnswerRefused, IllegalTransition, ShownChanged, UnknownTask

_NULL = msgspec.Raw(b"null")


class SettlingSystem(esper.Processor):
    """Reads what attempts gave (Settled, Skipped, AttemptFailed and so on), Answer, Attach, Cancel.

    Writes Steps, Context, Artifacts, Answers, Feedback, Attempt, and Spent and Ledger where an answer has a cost; drops
    Question.
    Fills `Tick.done`, `failed`, `ready`, `ending`.  Emits ArtifactAdded, QuestionAnswered, OutputRefused, RunParked.
    What an attempt that is no longer under way still gives is ignored.
    """

    def process(self, tick: Tick) -> None:
        """Put each input to its run."""
        for recorded in tick.of(StepRecorded):
            _record_step(tick, recorded)
        for settled in tick.of(Settled):
            _settle(tick, settled)
        for entered in tick.of(Entered):
            _enter(tick, entered)
        for skipped in tick.of(Skipped):
            _skip(tick, skipped)
        for unfit in tick.of(Unfit):
            _refit(tick, unfit)
        for failed in tick.of(AttemptFailed):
            if take_back(tick, failed.run, failed.attempt) is not None:
                tick.failed.append(
                    Failed(
                        failed.run, failed.error, failed.message, failed.permanent, failed.retry_after, failed.detail
                    )
                )
        for declined in tick.of(Declined):
            _decline(tick, declined)
        for back in tick.of(HandedBack):
            if take_back(tick, back.run, back.attempt) is not None:
                enqueue(tick, back.run, Running)
        for answer in tick.of(Answer):
            _answer(tick, answer)
        for attach in tick.of(Attach):
            _attach(tick, attach)
        for cancel in tick.of(Cancel):
            _cancel(tick, cancel)
        for orphan in tick.state.orphans:
            if orphan in tick.world:
                _cancel(tick, Cancel(orphan, "the task that forked it does not wait for it any more"))
        tick.state.orphans.clear()


def _record_step(tick: Tick, recorded: StepRecorded) -> None:
    if tick.state.under_way(recorded.run, recorded.attempt) is None:
        refusal = IllegalTransition(f"run {recorded.run}", "no longer under way", "a step's result")
        tick.reply(recorded.ticket, refusal)
        return
    tick.world.put_entry(recorded.run, Steps, recorded.step, StepRecord(recorded.index, recorded.value))
    tick.reply(recorded.ticket, recorded.run)


def _settle(tick: Tick, settled: Settled) -> None:
    under_way = take_back(tick, settled.run, settled.attempt)
    if under_way is None:
        return
    visit = under_way.visit
    task = visit.run.task
    if settled.rebind is not None:
        follow = settled.start  # None for where the other workflow begins, which in a graph may be several phases
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
    tick.done.append(
        Done(
            visit, under_way.since, settled.output, follow, settled.rebind,
            issues=settled.issues, stage=settled.stage, sets=tuple(settled.context or ()),
        )
    )  # fmt: skip


def _enter(tick: Tick, entered: Entered) -> None:
    under_way = tick.state.under_way(entered.run, entered.attempt)
    if under_way is None:
        return
    visit = under_way.visit
    stages = visit.phase.spec.stages
    if stages is not None:
        move_stage(tick, visit.identity, visit.run.phase, stages.start)


def _skip(tick: Tick, skipped: Skipped) -> None:
    under_way = take_back(tick, skipped.run, skipped.attempt)
    if under_way is None:
        return
    visit = under_way.visit
    tick.done.append(Done(visit, under_way.since, _NULL, visit.phase.pick(None), skipped=True))


def _refit(tick: Tick, unfit: Unfit) -> None:
    """Hand an output back that does not fit its schema, once; after that the attempt fails for good."""
    under_way = take_back(tick, unfit.run, unfit.attempt)
    if under_way is None:
        return
    world, run = tick.world, under_way.visit.run
    before = world.find(unfit.run, Feedback)
    if before is not None and before.unfit:
        tick.failed.append(Failed(unfit.run, "OutputRefused", unfit.message, permanent=True))
        return
    issues = together(before.issues, unfit.issues) if before is not None else unfit.issues
    world.put(unfit.run, Feedback(issues, before.by if before is not None else run.phase, unfit=True))
    world.put(unfit.run, Attempt(unfit.attempt + 1))
    world.drop_table(unfit.run, Steps)  # they would lead to the same output again
    tick.emit(OutputRefused(run.task, unfit.run, unfit.message))
    enqueue(tick, unfit.run, Running)


def _decline(tick: Tick, declined: Declined) -> None:
    under_way = take_back(tick, declined.run, declined.attempt)
    if under_way is None:
        return
    if declined.news < tick.state.news:  # it may be there by now: what was registered came after the host had looked
        enqueue(tick, declined.run, Running)
        return
    tick.state.lanes.block(under_way.lane, declined.needs)
    tick.needs[declined.run] = declined.needs
    enqueue(tick, declined.run, Running)
    tick.emit(RunParked(under_way.visit.run.task, declined.run, declined.needs))


def _answer(tick: Tick, answer: Answer) -> None:
    run_id = answer.question.rpartition("/")[0]
    question = tick.world.find(run_id, Question)
    if question is None or question.id != answer.question:
        tick.reply(answer.ticket, closed(tick.state, answer.question))
        return
    run = tick.world.get(run_id, Run)
    if answer.shown is not None and answer.shown != _shown(tick, run.task, question):
        tick.reply(answer.ticket, ShownChanged(answer.question))
        return
    suspended = tick.world.get(run_id, Suspended)
    follow: str | None = None
    escalated = tick.world.find(run_id, Escalated)
    ruling: Ruling | None = None
    try:
        if escalated is not None:
            ruling = msgspec.json.decode(answer.value, type=Ruling)
        elif suspended.step is None:
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
    if escalated is not None and ruling is not None:
        _rule(tick, tick.state.visit(run_id), escalated, ruling)
    elif suspended.step is None:
        tick.done.append(Done(tick.state.visit(run_id), run.since, answer.value, follow, issues=answer.issues))
    else:
        if answer.cost is not None:
            settle(tick, run_id, suspended.step, answer.cost)
        tick.world.put_entry(run_id, Steps, suspended.step, StepRecord(suspended.index, answer.value))
        enqueue(tick, run_id, Suspended)


def _rule(tick: Tick, visit: Visit, escalated: Escalated, ruling: Ruling) -> None:
    """Do what a person has decided about rejected work."""
    if ruling.decision == "stop":
        tick.touched[visit.run.task] = False
        stopped(tick, visit, ruling.comment)
        return
    again = ruling.decision == "revise"
    issues = with_comment(escalated.issues, ruling.comment) if again else msgspec.UNSET
    follow = visit.phase.pick(None)
    tick.done.append(
        Done(visit, visit.run.since, escalated.output, follow, issues=issues, again=again, sets=escalated.sets)
    )


def _shown(tick: Tick, task: str, question: Question) -> str:
    """Return the digest of what is shown at this moment to whoever answers."""
    artifacts = tick.world.find(task, Artifacts)
    return shown_digest(question, artifacts.entries if artifacts is not None else {})


def _keep_context(tick: Tick, task: str, values: dict[str, msgspec.Raw]) -> None:
    for name, value in values.items():
        tick.world.put_entry(task, Context, name, value)


def _keep_artifacts(tick: Tick, task: str, references: dict[str, msgspec.Raw]) -> None:
    for name, reference in references.items():
        tick.world.put_entry(task, Artifacts, name, reference)


def _attach(tick: Tick, attach: Attach) -> None:
    if tick.world.find(attach.task, Identity) is not None:
        _keep_artifacts(tick, attach.task, attach.artifacts)
        for name in attach.artifacts if attach.outside else ():
            tick.emit(ArtifactAdded(attach.task, name, attach.by))
        tick.reply(attach.ticket, attach.task)
    else:
        tick.reply(attach.ticket, absent(tick, attach.task, "an artifact"))


def _cancel(tick: Tick, cancel: Cancel) -> None:
    if tick.world.find(cancel.task, Identity) is None:
        tick.reply(cancel.ticket, absent(tick, cancel.task, Move.CANCEL))
    elif cancel.task in tick.ending:
        tick.reply(cancel.ticket, cancel.task)
    elif tick.world.find(cancel.task, Undoing) is not None:
        tick.reply(cancel.ticket, IllegalTransition(f"task {cancel.task}", "compensating already", Move.CANCEL))
    else:
        for run in list(live_runs(tick.state, cancel.task)):
            abort(tick, run)  # here, before dispatch: the places are given to others in this tick
        tick.ending[cancel.task] = Ending(Move.CANCEL, cancel.reason, ticket=cancel.ticket, by=cancel.by)


def absent(tick: Tick, task: str, event: str) -> UnknownTask | IllegalTransition:
    """Return the refusal of something asked of a task that is not live."""
    record = tick.state.ended.get(task)
    if record is None:
        return UnknownTask("task", task)
    status = record["status"]
    return IllegalTransition(f"task {task}", getattr(status, "state", "ended"), event)
