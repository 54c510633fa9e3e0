"""Adapters that installed packages bring along, by entry point.

    [project.entry-points."workflow_engine.adapters"]
    fax = "fax_machine.adapter:FaxAdapter"

makes ``assigned_to="fax"`` work wherever that package is installed.
"""

from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, cast

from workflow_engine.adapter import Adapter
from workflow_engine.errors import SpecError

GROUP: Final = "workflow_engine.adapters"
"""The group of entry points; the name of each is a task type, its object an adapter, or makes one without arguments."""


def plugged_adapter(task_type: str) -> Adapter | None:
    """Return the adapter that an installed package has for *task_type*, None where none has.  Imports that package.

    Raises:
        SpecError: the package cannot be loaded, or what it offers is no adapter.
    """
    for point in entry_points(group=GROUP, name=task_type):
        return cast(Adapter, loaded(point, f"the adapter for {task_type!r}", "execute"))
    return None


def loaded(point: EntryPoint, what: str, method: str) -> Any:
    """Return what an entry point offers, or makes without arguments.

    Args:
        point: of an installed package.
        what: what it is to be, for the message: "the adapter for 'fax'".
        method: that it has to have.

    Raises:
        SpecError: it cannot be loaded, or has no such method.
    """
    try:
        offered: Any = point.load()
        made: Any = offered() if isinstance(offered, type) or not hasattr(offered, method) else offered
    except Exception as error:  # other people's code
        raise SpecError(f"{what} ({point.value}) cannot be loaded: {error!r}; mend or remove its package") from error
    if not callable(getattr(made, method, None)):
        raise SpecError(
            f"{what} ({point.value}) is a {type(made).__name__} without `{method}`; mend or remove its package"
        )
    return made
