"""Tending: open questions are claimed, given to others, commented on, and given other due times."""

from typing import Final

import esper
import msgspec

from workflow_engine.core.closed_questions import closed, withdrawn
from workflow_engine.core.components import Comment, Comments, Question, Run
from workflow_engine.core.events import (
    QuestionAssigned,
    QuestionClaimed,
    QuestionCommented,
    QuestionDelegated,
    QuestionDueSet,
    QuestionUnclaimed,
)
from workflow_engine.core.inputs import (
    AssignQuestion,
    ClaimQuestion,
    CommentQuestion,
    DelegateQuestion,
    SetQuestionDue,
    UnclaimQuestion,
)
from workflow_engine.core.runs import QUESTION_TIMER
from workflow_engine.core.tick import Tick
from workflow_engine.errors import AlreadyClaimed, AnswerRefused

COMMENTS_MAX: Final = 1_000
"""Most comments on the questions of one run."""

Asked = ClaimQuestion | UnclaimQuestion | AssignQuestion | DelegateQuestion | CommentQuestion | SetQuestionDue


class TendingSystem(esper.Processor):
    """Reads ClaimQuestion, UnclaimQuestion, AssignQuestion, DelegateQuestion, CommentQuestion, SetQuestionDue.

    Writes Question, Comments, and the timers of due times.
    Emits QuestionClaimed, QuestionUnclaimed, QuestionAssigned, QuestionDelegated, QuestionCommented, QuestionDueSet.
    It comes behind settling, since an answer of the same tick closes a question, and before timing, since a due time
    that is put off does not pass.
    """

    def process(self, tick: Tick) -> None:
        """Do to each question what was asked, or say why not."""
        for assign in tick.of(AssignQuestion):
            _assign(tick, assign)
        for unclaim in tick.of(UnclaimQuestion):
            _unclaim(tick, unclaim)
        for delegate in tick.of(DelegateQuestion):
            _delegate(tick, delegate)
        for claim in tick.of(ClaimQuestion):
            _claim(tick, claim)
        for comment in tick.of(CommentQuestion):
            _comment(tick, comment)
        for due in tick.of(SetQuestionDue):
            _set_due(tick, due)


def _open(tick: Tick, asked: Asked) -> tuple[str, str, Question] | None:
    """Return task, run and question that are meant; None where it is not open, which the caller is told."""
    run_id = asked.question.rpartition("/")[0]
    question = tick.world.find(run_id, Question)
    if question is None or question.id != asked.question:
        tick.reply(asked.ticket, closed(tick.state, asked.question))
        return None
    task = tick.world.get(run_id, Run).task
    if task in tick.ending:
        tick.reply(asked.ticket, withdrawn(asked.question))
        return None
    return task, run_id, question


def _is_anothers(tick: Tick, asked: Asked, question: Question, by: str) -> bool:
    """Return whether somebody else has claimed a question, which the caller is told."""
    if question.claimed_by is None or question.claimed_by == by:
        return False
    tick.reply(asked.ticket, AlreadyClaimed(question.id, question.claimed_by))
    return True


def _claim(tick: Tick, claim: ClaimQuestion) -> None:
    found = _open(tick, claim)
    if found is None:
        return
    task, run_id, question = found
    taken_back = question.owner == claim.by
    if not taken_back and _is_anothers(tick, claim, question, claim.by):
        return
    if question.claimed_by != claim.by or taken_back:
        claimed = msgspec.structs.replace(question, claimed_by=claim.by)
        if taken_back:
            claimed = msgspec.structs.replace(claimed, assignee=claim.by, owner=None)
        tick.world.put(run_id, claimed)
        tick.emit(QuestionClaimed(task, run_id, question.id, claim.by))
    tick.reply(claim.ticket, task)


def _unclaim(tick: Tick, unclaim: UnclaimQuestion) -> None:
    found = _open(tick, unclaim)
    if found is None:
        return
    task, run_id, question = found
    if _is_anothers(tick, unclaim, question, unclaim.by):
        return
    returned = question.owner is not None and unclaim.by == question.assignee
    if question.claimed_by is not None or returned:
        left = msgspec.structs.replace(question, claimed_by=None)
        if returned:
            left = msgspec.structs.replace(left, assignee=question.owner, owner=None)
        tick.world.put(run_id, left)
        tick.emit(QuestionUnclaimed(task, run_id, question.id, unclaim.by))
        if returned:
            tick.emit(QuestionAssigned(task, run_id, question.id, left.assignee, left.candidates, unclaim.by))
    tick.reply(unclaim.ticket, task)


def _assign(tick: Tick, assign: AssignQuestion) -> None:
    found = _open(tick, assign)
    if found is None:
        return
    task, run_id, question = found
    tick.world.put(
        run_id,
        msgspec.structs.replace(
            question, assignee=assign.assignee, candidates=assign.candidates, claimed_by=None, owner=None
        ),
    )
    tick.emit(QuestionAssigned(task, run_id, question.id, assign.assignee, assign.candidates, assign.by, assign.note))
    tick.reply(assign.ticket, task)


def _delegate(tick: Tick, delegate: DelegateQuestion) -> None:
    found = _open(tick, delegate)
    if found is None:
        return
    task, run_id, question = found
    if _is_anothers(tick, delegate, question, delegate.by):
        return
    delegated = msgspec.structs.replace(question, assignee=delegate.to, claimed_by=None, owner=delegate.by)
    tick.world.put(run_id, delegated)
    tick.emit(QuestionDelegated(task, run_id, question.id, delegate.to, delegate.by))
    tick.reply(delegate.ticket, task)


def _comment(tick: Tick, comment: CommentQuestion) -> None:
    found = _open(tick, comment)
    if found is None:
        return
    task, run_id, question = found
    table = tick.world.find(run_id, Comments)
    number = len(table.entries) + 1 if table is not None else 1
    if number > COMMENTS_MAX:
        full = f"its run has {COMMENTS_MAX:,} comments, which is the most; keep more of them in an artifact of the task"
        tick.reply(comment.ticket, AnswerRefused(question.id, full))
        return
    while table is not None and str(number) in table.entries:  # a repaired journal may have lost one before
        number += 1
    said = Comment(comment.by, tick.now, comment.text, question.id)
    tick.world.put_entry(run_id, Comments, str(number), said)
    tick.emit(QuestionCommented(task, run_id, question.id, comment.by, comment.text))
    tick.reply(comment.ticket, task)


def _set_due(tick: Tick, asked: SetQuestionDue) -> None:
    found = _open(tick, asked)
    if found is None:
        return
    task, run_id, question = found
    due = tick.now + asked.due_in if asked.due_in is not None else None
    tick.world.put(run_id, msgspec.structs.replace(question, due=due, overdue=False))
    if due is None:
        tick.state.timers.drop(QUESTION_TIMER + run_id)
    else:
        tick.state.timers.set(QUESTION_TIMER + run_id, due)
    tick.emit(QuestionDueSet(task, run_id, question.id, due, asked.by))
    tick.reply(asked.ticket, task)
