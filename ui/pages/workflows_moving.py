"""Moving: tasks that are under way go on with the definition that new tasks go by."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from workflow_engine.core.migrating import Assessment, Readiness
from workflow_engine.ecs_workflow import ECSWorkflowEngine, WorkflowSpec
from workflow_engine.errors import EngineError, EngineStopped, InputRefused
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.pages.workflows_known import Known

ASSESSED_MAX: Final = 10_000
"""Tasks under way of which somebody is told in a page whether they can move; of more, the command line tells."""

MOVED_MAX: Final = 1_000
"""Tasks that one request moves."""

AT_ONCE: Final = 100
"""Commands that are under way at once: they share commits, and others have their turn."""

NAMED_MAX: Final = 20
"""Tasks that are named of each kind, and reasons that are told."""


class Group(msgspec.Struct, frozen=True):
    """Tasks of which the same is to be said.

    Attributes:
        count: how many.
        tasks: ids of the first of them, each with the phases it is in.
        reasons: why they are not simply safe, each with the number of tasks, the most frequent first.
    """

    count: int = 0
    tasks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reasons: tuple[tuple[str, int], ...] = ()


class Preview(msgspec.Struct, frozen=True):
    """What would become of the tasks of a workflow.

    Attributes:
        digest: of the definition that they are to go on with.
        label: what its author calls it.
        safe: those that can move.
        mappable: those that can where somebody says so.
        blocked: those that stay.
        there: how many go by it already.
    """

    digest: str
    label: str
    safe: Group
    mappable: Group
    blocked: Group
    there: int


class Moved(msgspec.Struct, frozen=True):
    """What has become of them.

    Attributes:
        moved: how many moved.
        refused: why others did not, each with the number of tasks.
        left: how many more could; one request moves no more than `MOVED_MAX`.
    """

    moved: int
    refused: tuple[tuple[str, int], ...]
    left: int


def preview(desk: Desk, known: Known) -> Preview:
    """Return what would become of the tasks under way.

    Raises:
        InputRefused: the workflow is not registered, or has too many tasks under way.
    """
    spec = _target(known)
    found = _assessed(desk, spec)
    groups = {word: _group([one for one in found if one.readiness is word and not one.current]) for word in Readiness}
    return Preview(
        digest=spec.digest(),
        label=spec.version,
        safe=groups[Readiness.SAFE],
        mappable=groups[Readiness.MAPPABLE],
        blocked=groups[Readiness.BLOCKED],
        there=sum(one.current for one in found),
    )


def move(desk: Desk, known: Known, *, mappable: bool, by: str) -> Moved:
    """Move the tasks that may move.

    Args:
        desk: asks the engine.
        known: the workflow.
        mappable: whether those move, too, whose past does not quite fit.
        by: who wants it.

    Raises:
        InputRefused: as `preview`.
        EngineStopped: the engine does not run.
    """
    spec = _target(known)
    wanted = {Readiness.SAFE: None, **({Readiness.MAPPABLE: dict[str, str]()} if mappable else {})}
    chosen = [one for one in _assessed(desk, spec) if not one.current and one.readiness in wanted]
    refusals: Counter[str] = Counter()
    now = chosen[:MOVED_MAX]
    for start in range(0, len(now), AT_ONCE):
        some = [(one.task, wanted[one.readiness]) for one in now[start : start + AT_ONCE]]
        refusals.update(why for why in _carried_out(desk.engine, some, spec, by) if why is not None)
    refused = tuple(refusals.most_common(NAMED_MAX))
    return Moved(len(now) - refusals.total(), refused, len(chosen) - len(now))


def _target(known: Known) -> WorkflowSpec:
    if known.spec is None or not known.registered:
        raise InputRefused(f"workflow {known.name!r} is not registered here, so there is no definition to move to")
    if known.in_flight > ASSESSED_MAX:
        raise InputRefused(
            f"workflow {known.name!r} has {known.in_flight:,} tasks under way, more than the {ASSESSED_MAX:,} that can "
            "be moved from here; use `workflow-engine migrate FILE`"
        )
    return known.spec


def _assessed(desk: Desk, spec: WorkflowSpec) -> list[Assessment]:
    found: list[Assessment] = desk.ask.assess(spec)
    return found


def _group(tasks: Sequence[Assessment]) -> Group:
    reasons = Counter(reason for one in tasks for reason in one.reasons)
    named = tuple((one.task, one.phases) for one in tasks[:NAMED_MAX])
    return Group(len(tasks), named, tuple(reasons.most_common(NAMED_MAX)))


def _carried_out(
    engine: ECSWorkflowEngine, tasks: Sequence[tuple[str, dict[str, str] | None]], spec: WorkflowSpec, by: str
) -> list[str | None]:
    """Return of each task why it did not move, None where it did."""
    loop = engine.loop
    if loop is None or not loop.is_running():
        raise EngineStopped("the engine is not running; try again when it does")

    async def moved(task: str, phases: dict[str, str] | None) -> str | None:
        try:
            await engine.migrate(task, spec, phases, by=by)
        except EngineError as error:
            return str(error).replace(task, "it")
        return None

    async def all_of() -> list[str | None]:
        return await asyncio.gather(*(moved(task, phases) for task, phases in tasks))

    return asyncio.run_coroutine_threadsafe(all_of(), loop).result()
