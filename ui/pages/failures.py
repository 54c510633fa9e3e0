"""Failures: failed tasks by what went wrong, and trying them again.

The page is made of sections, each with a template of its own in ``templates/failures``.
"""

from typing import Final, get_args

import msgspec
from flask import Blueprint, render_template, request

from workflow_engine.core.components import TaskState
from workflow_engine.errors import InputRefused
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import LIMIT_MAX, Counted, FailureGroup, FailureOrder, FailurePage, TaskQuery
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.bulk_chosen import carried
from workflow_engine.ui.pages.failures_group import opened
from workflow_engine.ui.pages.linking import link_of
from workflow_engine.ui.pages.tasks_rows import added
from workflow_engine.ui.pages.tasks_wanted import Wanted
from workflow_engine.ui.security.roles import Role, needs

failures: Final = Blueprint("failures", __name__)

GROUPS: Final = 50
"""Groups of a page."""

TEXT_MAX: Final = 500
"""Characters of what an address says."""

ORDERS: Final[dict[str, FailureOrder]] = {order: order for order in get_args(FailureOrder)}
"""Orders of the groups, by name."""


class Groups(msgspec.Struct, frozen=True):
    """The groups that are listed.

    Attributes:
        rows: some of them.
        next: place of the next page, None at the end.
        total: how many tasks have failed, in all groups.
        workflow: whose are listed; empty for all.
        workflows: names of workflows with failed tasks.
        order: which come first.
        first: whether it is the first page.
    """

    rows: tuple[FailureGroup, ...]
    next: str | None
    total: Counted
    workflow: str
    workflows: tuple[str, ...]
    order: FailureOrder
    first: bool


@failures.get("/failures")
@needs(Role.VIEWER)
def show() -> str:
    """Show what has failed; with ``?group=`` one group."""
    key = _given("group")
    if key:
        found = opened(desk(), key, _given("after"), _given("task"))
        filtered = carried(Wanted(statuses=(TaskState.FAILED,), group=key))
        return render_template(
            "failures/group.html", key=key, found=found, filtered=filtered, link=link_of, at_once=LIMIT_MAX
        )
    groups = _groups(desk().model)
    filtered = carried(Wanted(statuses=(TaskState.FAILED,), workflow=groups.workflow))
    return render_template(
        "failures/failures.html", groups=groups, filtered=filtered, filter_of=_filter_of, at_once=LIMIT_MAX
    )


def _groups(model: ReadModel) -> Groups:
    workflow, after = _given("workflow"), _given("after")
    order = ORDERS.get(_given("order"), "-last")
    page, first = _page(model, workflow, after, order)
    query = TaskQuery(statuses=(TaskState.FAILED,), workflows=(workflow,) if workflow else ())
    failed = tuple(one.name for one in model.workflows() if one.statuses.get(TaskState.FAILED))
    total = added(tuple(model.counted(query).values()))
    return Groups(page.rows, page.next, total, workflow, failed, order, first)


def _page(model: ReadModel, workflow: str, after: str, order: FailureOrder) -> tuple[FailurePage, bool]:
    """Return a page of groups, and whether it is the first; a place that is none stands for the first."""
    if after:
        try:
            return model.failures(workflow or None, GROUPS, after, order), False
        except InputRefused:
            pass  # an old address, or one that somebody made up
    return model.failures(workflow or None, GROUPS, None, order), True


def _filter_of(key: str) -> str:
    """Return the filter of a group, as a form carries it."""
    return carried(Wanted(statuses=(TaskState.FAILED,), group=key))


def _given(name: str) -> str:
    return request.args.get(name, "").strip()[:TEXT_MAX]
