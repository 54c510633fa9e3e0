"""Adapters that installed packages bring along, by entry point.

    [project.entry-points."workflow_engine.adapters"]
    fax = "fax_machine.adapter:FaxAdapter"

makes ``assigned_to="fax"`` work wherever that package is installed.
"""

from importlib.metadata import entry_points
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
        try:
            offered: Any = point.load()
            adapter: Any = offered() if isinstance(offered, type) or not hasattr(offered, "execute") else offered
        except Exception as error:  # other people's code
            raise SpecError(
                f"the adapter for {task_type!r} ({point.value}) cannot be loaded: {error!r}; mend or remove its package"
            ) from error
        if not callable(getattr(adapter, "execute", None)):
            raise SpecError(
                f"the adapter for {task_type!r} ({point.value}) is a {type(adapter).__name__} without `execute`"
            )
        return cast(Adapter, adapter)
    return None
