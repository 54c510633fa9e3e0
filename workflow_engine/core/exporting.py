"""Exporting: the entities of a task, as another core can go on with them."""

from workflow_engine.core.components import Children, Identity
from workflow_engine.core.record import as_it_is
from workflow_engine.core.runs import live_runs
from workflow_engine.core.tick import Components, State
from workflow_engine.errors import IllegalTransition


def family(state: State, task: str) -> dict[str, Components]:
    """Return the entities of a live task, of its runs, and of the tasks that it has forked and waits for.

    Raises:
        IllegalTransition: an attempt is under way, or another task waits for this one.
    """
    world = state.world
    identity = world.get(task, Identity)
    if identity.parent_run is not None and identity.parent is not None:
        raise IllegalTransition(
            f"task {task}", f"forked by {identity.parent}, which waits for it (name that)", "export"
        )
    found: dict[str, Components] = {}
    waiting = [task]
    for name in waiting:
        found[name] = as_it_is(world.components(name))
        for run in live_runs(state, name):
            if run in state.running:
                raise IllegalTransition(f"task {name}", "being carried out (suspend it, or wait)", "export")
            found[run] = as_it_is(world.components(run))
            children = found[run].get("children")
            if isinstance(children, Children):
                waiting += [child for child in children.entries if child in world]
    return found
