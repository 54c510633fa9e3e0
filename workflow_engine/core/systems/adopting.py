"""Adopting: tasks go on with another definition, or elsewhere, and tasks of another engine go on here."""

from collections.abc import Iterator, Mapping

import esper
import msgspec

from workflow_engine.core.components import (
    Identity,
    Progress,
    Ready,
    Run,
    Stage,
    Steps,
    Suspended,
    Undoing,
)
from workflow_engine.core.events import TaskAdopted, TaskMigrated
from workflow_engine.core.exporting import family
from workflow_engine.core.inputs import Adopt, Migrate, Release
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.migrating import Assessment, Readiness, Standing, assess
from workflow_engine.core.plan import Plan
from workflow_engine.core.restoring import restore
from workflow_engine.core.runs import live_runs
from workflow_engine.core.systems.finishing import end
from workflow_engine.core.systems.settling import absent
from workflow_engine.core.tick import Ending, State, Tick
from workflow_engine.core.wholeness import flaw, opened
from workflow_engine.errors import EngineError, IllegalTransition, InputRefused

ELSEWHERE = "it was exported, and goes on elsewhere"
"""Why a task has ended that was given away."""


class AdoptingSystem(esper.Processor):
    """Reads Migrate, Adopt, Release.  Writes Identity and Progress, or all components of a task; removes tasks.

    Fills `Tick.resume`.  Emits TaskMigrated, TaskAdopted, TaskCancelled.  It comes before what is about runs, so that
    what else is told in the same tick finds tasks where they then are.
    """

    def process(self, tick: Tick) -> None:
        """Rebind tasks that may be, take in what was exported elsewhere, and let go of what goes on elsewhere."""
        for migrate in tick.of(Migrate):
            refusal = _refusal(tick, migrate)
            if refusal is None:
                _migrate(tick, migrate)
            tick.reply(migrate.ticket, refusal or migrate.task)
        for adopt in tick.of(Adopt):
            refusal = _refused(tick.state, adopt)
            if refusal is None:
                _adopt(tick, adopt)
            tick.reply(adopt.ticket, refusal or adopt.task)
        for release in tick.of(Release):
            _release(tick, release)


def assess_task(state: State, task: str, digest: str, new: Plan) -> Assessment:
    """Return whether a live task may go on with *new*, whose definition has this hash."""
    world = state.world
    definition = world.get(task, Identity).definition
    live: dict[str, bool] = {}
    for run in live_runs(state, task):
        phase = world.get(run, Run).phase
        live[phase] = live.get(phase, False) or _has_begun(state, run)
    if definition == digest:
        return Assessment(task, Readiness.SAFE, (), tuple(live), current=True)
    stage = world.find(task, Stage)
    standing = Standing(
        state.progress(task),
        live,
        stage.name if stage is not None else None,
        world.find(task, Undoing) is not None,
    )
    return assess(task, state.plan(definition), new, standing)


def _has_begun(state: State, run: str) -> bool:
    """Return whether the handler of a run is in the middle of its steps."""
    suspended = state.world.find(run, Suspended)
    return state.world.find(run, Steps) is not None or (suspended is not None and suspended.step is not None)


# ---------------------------------------------------------------- to another definition


def _refusal(tick: Tick, given: Migrate) -> EngineError | None:
    task, state = given.task, tick.state
    identity = tick.world.find(task, Identity)
    if identity is None:
        return absent(tick, task, "migrate")
    if not state.runs.get(task):
        return IllegalTransition(f"task {task}", "just beginning (ask again)", "migrate")
    if given.definition not in state.plans:
        return InputRefused(f"task {task} is to go by a definition that is not known: {given.definition}")
    new = state.plan(given.definition)
    if new.name != identity.workflow:
        return InputRefused(
            f"task {task} goes through {identity.workflow!r}, and the definition is of {new.name!r}; "
            "a task stays in its workflow"
        )
    found = assess_task(state, task, given.definition, new)
    if found.readiness is Readiness.BLOCKED or (found.readiness is Readiness.MAPPABLE and given.phases is None):
        return IllegalTransition(f"task {task}", f"{found.readiness} ({'; '.join(found.reasons)})", "migrate")
    unknown = next(_unknown(state.plan(identity.definition), new, given.phases or {}), None)
    return InputRefused(f"task {task} cannot migrate: {unknown}") if unknown is not None else None


def _unknown(old: Plan, new: Plan, phases: Mapping[str, str]) -> Iterator[str]:
    for before, after in phases.items():
        if before not in old.graph.edges:
            yield f"its definition has no phase {before!r}; it has {', '.join(old.graph.edges)}"
        if after not in new.graph.edges:
            yield f"the new definition has no phase {after!r}; it has {', '.join(new.graph.edges)}"


def _migrate(tick: Tick, given: Migrate) -> None:
    task, world, state = given.task, tick.world, tick.state
    identity = world.get(task, Identity)
    if identity.definition == given.definition:
        return
    entries = dict(state.progress(task))
    for before, after in (given.phases or {}).items():
        if before in entries:
            world.put_entry(task, Progress, after, entries[before])
            world.put_entry(task, Progress, before, msgspec.structs.replace(entries[before], undo=0))
    identity = msgspec.structs.replace(identity, definition=given.definition)
    world.put(task, identity)
    for run in live_runs(state, task):
        _rebind(state, run, identity)
    tick.emit(TaskMigrated(task, given.definition, given.by))
    if state.plan(given.definition).is_graph:
        state.held.pop(task, None)  # what can begin is found anew
        tick.resume.append((task, ()))


def _rebind(state: State, run: str, identity: Identity) -> None:
    """Have what comes of a run followed up as the new definition says, and queue it where that says."""
    under_way = state.running.get(run)
    visit = state.visit(run)
    if under_way is not None:
        state.running[run] = msgspec.structs.replace(under_way, visit=visit)
    ready = state.world.find(run, Ready)
    if ready is not None:
        state.world.put(run, Ready(ready.since))
        state.lanes.discard(run)
        lane = state.lanes.lane(visit.phase.place(identity.assigned_to).lane)
        state.lanes.add(lane, (-identity.priority, identity.submitted_at, run))


# ---------------------------------------------------------------- from and to another engine


def _refused(state: State, given: Adopt) -> EngineError | None:
    task = given.task
    taken = [entity for entity in given.entities if entity in state.world or entity in state.ended]
    if taken:
        where = "here already" if task in taken else f"made of {taken[0]}, which is here already,"
        return IllegalTransition(f"task {task}", where, "import")
    problem = flaw(task, given.entities, state.plans)
    return InputRefused(f"task {task} cannot be imported: {problem}") if problem is not None else None


def _adopt(tick: Tick, given: Adopt) -> None:
    world = tick.world
    restore(tick.state, opened(given.entities), world.spawn)
    for entity in given.entities:
        if "/" not in entity:
            tick.emit(TaskAdopted(entity, world.get(entity, Identity).workflow, given.by))
            tick.touched[entity] = False


def _release(tick: Tick, given: Release) -> None:
    task, state = given.task, tick.state
    if tick.world.find(task, Identity) is None:
        tick.reply(given.ticket, absent(tick, task, "export"))
        return
    try:
        entities = family(state, task)
    except IllegalTransition as refusal:
        tick.reply(given.ticket, refusal)
        return
    if not state.runs.get(task):
        tick.reply(given.ticket, IllegalTransition(f"task {task}", "just beginning (ask again)", "export"))
        return
    for name in reversed([entity for entity in entities if "/" not in entity]):  # those that others wait for first
        end(tick, name, Ending(Move.CANCEL, ELSEWHERE, by=given.by))
        tick.touched.pop(name, None)
    tick.reply(given.ticket, entities)
