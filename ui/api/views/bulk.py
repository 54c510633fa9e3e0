"""Bulk: the same command about many tasks, with what became of each."""

from typing import Final, Literal

from workflow_engine.readmodel.rows import LIMIT_MAX
from workflow_engine.ui.api.models.commands import BulkOutcome, BulkResult, BulkTasks
from workflow_engine.ui.api.models.common import NoQuery
from workflow_engine.ui.api.operation import Answer, Asked, JsonBody, Operation, Reply, operation
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.bulk import Order, Outcome, carry_out
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.roles import Role

TAG: Final = "Commands"


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
    order = Order(given.action, person, given.reason, given.phase, given.value)
    found = carry_out(desk().engine, order, names, dry=given.dry_run)
    outcomes = [_told(outcome, "would be done" if given.dry_run else "done") for outcome in found]
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


def _told(outcome: Outcome, good: Literal["done", "would be done"]) -> BulkOutcome:
    if outcome.refusal is None:
        return BulkOutcome(task=outcome.task, outcome=good)
    error = type(outcome.refusal).__name__
    return BulkOutcome(task=outcome.task, outcome="refused", error=error, detail=str(outcome.refusal))


OPERATIONS: Final[tuple[Operation, ...]] = (bulk_tasks,)
"""In the order in which they are shown."""
