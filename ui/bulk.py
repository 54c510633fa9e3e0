"""Bulk: the same command about many tasks, with what became of each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import AnswerRefused, EngineError, EngineStopped, IllegalTransition
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.security.answering import why_not
from workflow_engine.ui.security.person import Person

AT_ONCE: Final = 100
"""Commands that are under way at once: they share commits, and others have their turn."""

Action = Literal["cancel", "retry", "purge", "answer"]
Command = Callable[[str], Awaitable[object]]


class Order(NamedTuple):
    """What is to be done with each task.

    Attributes:
        action: which command.
        person: who wants it.
        reason: of a cancellation.
        phase: from which to retry; None for what failed.
        value: the answer to the one open question of each.
        shown: digests of what the person saw of those questions, by task; see `QuestionView.shown`.
    """

    action: Action
    person: Person
    reason: str | None = None
    phase: str | None = None
    value: Any = None
    shown: Mapping[str, str] = MappingProxyType({})


class Outcome(NamedTuple):
    """What became of one task.

    Attributes:
        task: its id.
        refusal: why it was not done; None where it was.
        found: what was found about it: the task, for a retry that is only tried the `Rerun`, and for an answer the
            `QuestionView`; None for nothing.
    """

    task: str
    refusal: EngineError | None = None
    found: object = None


def carry_out(engine: ECSWorkflowEngine, order: Order, tasks: Sequence[str], *, dry: bool = False) -> list[Outcome]:
    """Do what *order* says with each of *tasks*; return what became of them, in their order.

    Each stands for itself: one that is refused keeps none of the others back.

    Args:
        engine: its loop runs in another thread.
        order: see there.
        tasks: ids.
        dry: only find out what would be refused; nothing is changed.

    Raises:
        EngineStopped: the engine does not run.
    """
    loop = engine.loop
    if loop is None or not loop.is_running():
        raise EngineStopped("the engine is not running; try again when it does")
    command = _tried(engine, order) if dry else _done(engine, order)

    async def all_of(some: Sequence[str]) -> list[Outcome]:
        return list(await asyncio.gather(*(_outcome(task, command) for task in some)))

    found: list[Outcome] = []
    for start in range(0, len(tasks), AT_ONCE):
        found += asyncio.run_coroutine_threadsafe(all_of(tasks[start : start + AT_ONCE]), loop).result()
    return found


def _done(engine: ECSWorkflowEngine, order: Order) -> Command:
    """Return what is done with a task."""
    by = order.person.name

    async def answered(task: str) -> object:
        question = await _answerable(engine, task, order.person)
        await engine.answer(question.id, order.value, by, order.shown.get(task))
        return question

    commands: dict[Action, Command] = {
        "cancel": lambda task: engine.cancel(task, order.reason, by=by),
        "retry": lambda task: engine.retry(task, order.phase, by=by),
        "purge": lambda task: engine.purge(task, by=by),
        "answer": answered,
    }
    return commands[order.action]


def _tried(engine: ECSWorkflowEngine, order: Order) -> Command:
    """Return what finds out whether a command would be accepted; it changes nothing."""

    async def ended(task: str) -> object:
        found = await engine.get_task(task)
        if found.status.terminal != (order.action == "purge"):
            raise IllegalTransition(f"task {task}", found.status.value, order.action)
        return found

    tries: dict[Action, Command] = {
        "cancel": ended,
        "purge": ended,
        "retry": lambda task: engine.preview_retry(task, order.phase),
        "answer": lambda task: _answerable(engine, task, order.person),
    }
    return tries[order.action]


async def _answerable(engine: ECSWorkflowEngine, task: str, person: Person) -> QuestionView:
    """Return the one open question of a task, which *person* may answer.

    Raises:
        AnswerRefused: they may not, or there is none, or there are several.
    """
    question = await engine.get_question(task)
    why = why_not(person, question)
    if why is not None:
        raise AnswerRefused(question.id, why)
    return question


async def _outcome(task: str, command: Command) -> Outcome:
    try:
        return Outcome(task, found=await command(task))
    except EngineError as refusal:
        return Outcome(task, refusal)
