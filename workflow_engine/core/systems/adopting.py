"""Adopting: tasks go on with another definition, and tasks of another engine go on here."""

import esper
import msgspec

from workflow_engine.core.components import Identity, PhaseProgress, Progress, Run, Undoing
from workflow_engine.core.events import TaskAdopted, TaskMigrated
from workflow_engine.core.inputs import Adopt, Migrate
from workflow_engine.core.migrating import Assessment, Readiness, assess
from workflow_engine.core.plan import Plan
from workflow_engine.core.restoring import decode, is_task, restore
from workflow_engine.core.runs import live_runs
from workflow_engine.core.systems.settling import absent
from workflow_engine.core.tick import State, Tick
from workflow_engine.errors import IllegalTransition, InputRefused


class AdoptingSystem(esper.Processor):
    """Reads Migrate, Adopt.  Writes Identity and Progress, or all components of a task.

    Fills `Tick.resume`.  Emits TaskMigrated, TaskAdopted.
    """

    def process(self, tick: Tick) -> None:
        """Rebind tasks that may be, and take in what was exported elsewhere."""
        for migrate in tick.of(Migrate):
            _migrate(tick, migrate)
        for adopt in tick.of(Adopt):
            _adopt(tick, adopt)


def assess_task(state: State, task: str, new: Plan) -> Assessment:
    """Return whether a live task may go on with *new*."""
    world = state.world
    old = state.plan(world.get(task, Identity).definition)
    live = [world.get(run, Run).phase for run in state.runs.get(task, ())]
    return assess(task, old, new, _entries(state, task), live, undoing=world.find(task, Undoing) is not None)


def _entries(state: State, task: str) -> dict[str, PhaseProgress]:
    table = state.world.find(task, Progress)
    return table.entries if table is not None else {}


def _migrate(tick: Tick, given: Migrate) -> None:
    task, world, state = given.task, tick.world, tick.state
    identity = world.find(task, Identity)
    if identity is None:
        tick.reply(given.ticket, absent(tick, task, "migrate"))
        return
    plan = state.plan(given.definition)
    found = assess_task(state, task, plan)
    if found.readiness is Readiness.BLOCKED or (found.readiness is Readiness.MAPPABLE and given.phases is None):
        why = "; ".join(found.reasons)
        tick.reply(given.ticket, IllegalTransition(f"task {task}", f"{found.readiness} ({why})", "migrate"))
        return
    entries = _entries(state, task)
    for old, new in (given.phases or {}).items():
        if old in entries and new in plan.graph.edges:
            world.put_entry(task, Progress, new, entries[old])
    world.put(task, msgspec.structs.replace(identity, workflow=plan.name, definition=given.definition))
    for run in live_runs(state, task):
        under_way = state.running.get(run)
        if under_way is not None:  # what comes of it is to be followed up as the new definition says
            state.running[run] = msgspec.structs.replace(under_way, visit=state.visit(run))
    tick.emit(TaskMigrated(task, given.definition))
    if plan.is_graph:
        tick.resume.append((task, None))
    tick.reply(given.ticket, task)


def _adopt(tick: Tick, given: Adopt) -> None:
    task, world, state = given.task, tick.world, tick.state
    taken = [entity for entity in given.entities if entity in world or entity in state.ended]
    if taken:
        state_of = "here already" if taken[0] == task else f"made of {taken[0]}, which is here already"
        tick.reply(given.ticket, IllegalTransition(f"task {task}", state_of, "import"))
        return
    problem = _problem(state, given)
    if problem is not None:
        tick.reply(given.ticket, InputRefused(f"task {task} cannot be imported: {problem}"))
        return
    restore(state, given.entities, world.spawn)
    for entity in given.entities:
        if "/" not in entity and entity in world:
            tick.emit(TaskAdopted(entity, world.get(entity, Identity).workflow))
            tick.touched[entity] = False
    tick.reply(given.ticket, task)


def _problem(state: State, given: Adopt) -> str | None:
    """Return why the entities of an import are not whole, or None."""
    if not is_task(given.entities.get(given.task, {})):
        return "the document has no such task; export it again"
    try:
        decoded = {entity: decode(stored) for entity, stored in given.entities.items()}
    except msgspec.DecodeError as error:
        return f"the document is not what this version can read ({error}); use the version that wrote it"
    for entity, components in decoded.items():
        identity, run = components.get("identity"), components.get("run")
        if "/" in entity:
            if not isinstance(run, Run) or not entity.startswith(f"{run.task}/{run.phase}/"):
                return f"run {entity} is not whole; export it again"
        elif not isinstance(identity, Identity) or identity.id != entity:
            return f"task {entity} is not whole; export it again"
        elif identity.definition not in state.plans:
            return f"the definition of {identity.workflow!r} is missing; export it again"
    return None
