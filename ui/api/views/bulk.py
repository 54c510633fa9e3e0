"""Bulk: the same command about many tasks, with what became of each."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import EngineError, EngineStopped, IllegalTransition
from workflow_engine.readmodel.rows import LIMIT_MAX
from workflow_engine.ui.api.models.common import NoQuery
from workflow_engine.ui.api.models.tasks import BulkOutcome, BulkResult, BulkTasks
from workflow_engine.ui.api.operation import Answer, Asked, JsonBody, Operation, Reply, operation
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.answering import why_not
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import Role

TAG: Final = "Commands"

AT_ONCE: Final = 100
"""Commands that are under way at once: they share commits, and others have their turn."""

Command = Callable[[str], Awaitable[object]]


@operation(
    "POST",
    "/tasks/bulk",
    TAG,
    Reply(BulkResult, "What became of each."),
    body=JsonBody(BulkTasks, {"action": "retry", "filter": {"status": ["failed"]}, "dry_run": True}),
    role=Role.OPERATOR,
    refusals=(403, 422),
)
def bulk_tasks(asked: Asked[NoQuery, BulkTasks]) -> Answer:
    """Cancel, retry, purge or answer many tasks, 1,000 at most.

    Each command stands for itself: one that is refused keeps none of the others back.  With `dry_run`, nothing is
    changed, and each task is told as it would be.  To purge takes an admin.
    """
    given, person = asked.body, asked.person
    if given.action == "purge" and not person.role.allows(Role.ADMIN):
        raise Refused(403, f"to purge takes the role admin, and {person.name} is {person.role}; ask an admin")
    names, more = _named(given)
    engine = desk().engine
    command = _tried(engine, given, person) if given.dry_run else _command(engine, given, person)
    outcomes = _together(engine, names, command, "would be done" if given.dry_run else "done")
    if not given.dry_run:
        desk().settle()
    refused = sum(outcome.outcome == "refused" for outcome in outcomes)
    result = BulkResult(
        action=given.action,
        dry_run=given.dry_run,
        done=len(outcomes) - refused,
        refused=refused,
        more=more,
        tasks=tuple(outcomes),
    )
    return Answer(result)


def _named(given: BulkTasks) -> tuple[list[str], bool]:
    """Return the ids that are meant, and whether there are more."""
    if given.filter is None:
        return list(dict.fromkeys(given.tasks or ())), False
    page = desk().model.tasks(given.filter.query("submitted", LIMIT_MAX))
    return [row.id for row in page.rows], page.next is not None


def _command(engine: ECSWorkflowEngine, given: BulkTasks, person: Person) -> Command:
    """Return what is done with each task."""

    async def answered(task: str) -> object:
        question = await _answerable(engine, task, person)
        return await engine.answer(question, given.value, person.name)

    commands: dict[str, Command] = {
        "cancel": lambda task: engine.cancel(task, given.reason, by=person.name),
        "retry": lambda task: engine.retry(task, given.phase, by=person.name),
        "purge": lambda task: engine.purge(task, by=person.name),
        "answer": answered,
    }
    return commands[given.action]


def _tried(engine: ECSWorkflowEngine, given: BulkTasks, person: Person) -> Command:
    """Return what finds out whether a command would be accepted; it changes nothing."""

    async def ended(task: str) -> object:
        found = await engine.get_task(task)
        if found.status.terminal != (given.action == "purge"):
            raise IllegalTransition(f"task {task}", found.status.value, given.action)
        return None

    tries: dict[str, Command] = {
        "cancel": ended,
        "purge": ended,
        "retry": lambda task: engine.preview_retry(task, given.phase),
        "answer": lambda task: _answerable(engine, task, person),
    }
    return tries[given.action]


async def _answerable(engine: ECSWorkflowEngine, task: str, person: Person) -> str:
    """Return the id of the one open question of a task, which *person* may answer.

    Raises:
        Refused: they may not.
        AnswerRefused: there is none, or there are several.
    """
    question = await engine.get_question(task)
    why = why_not(person, question)
    if why is not None:
        raise Refused(403, why)
    return question.id


def _together(engine: ECSWorkflowEngine, names: Sequence[str], command: Command, good: Any) -> list[BulkOutcome]:
    """Return what became of each of *names*, in their order."""
    loop = engine.loop
    if loop is None or not loop.is_running():
        raise EngineStopped("the engine is not running; try again when it does")

    async def all_of(some: Sequence[str]) -> list[BulkOutcome]:
        return list(await asyncio.gather(*(_outcome(name, command, good) for name in some)))

    found: list[BulkOutcome] = []
    for start in range(0, len(names), AT_ONCE):
        found += asyncio.run_coroutine_threadsafe(all_of(names[start : start + AT_ONCE]), loop).result()
    return found


async def _outcome(task: str, command: Command, good: Any) -> BulkOutcome:
    try:
        await command(task)
    except EngineError as error:
        return BulkOutcome(task=task, outcome="refused", error=type(error).__name__, detail=str(error))
    return BulkOutcome(task=task, outcome=good)


OPERATIONS: Final[tuple[Operation, ...]] = (bulk_tasks,)
"""In the order in which they are shown."""
