"""Plugin tools: those that a declaration names as ``module:Name``, and those that installed packages bring along.

    [project.entry-points."workflow_engine.tools"]
    weather = "weather_tools:WeatherTool"

makes ``tools: [{id: weather, type: plugin}]`` work wherever that package is installed.
"""

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Final, cast

from workflow_engine.agents.toolbox.functions import FunctionTool
from workflow_engine.agents.tools import Tool
from workflow_engine.errors import EngineError, PermanentFailure
from workflow_engine.spec.parts import ToolDeclaration

GROUP: Final = "workflow_engine.tools"
"""The group of entry points; the name of each is the id of a tool."""


def plugin_tool(declaration: ToolDeclaration) -> Tool:
    """Return the tool of a declaration: what it names is a tool, a function, or a class that is made with its config.

    Raises:
        PermanentFailure: it cannot be imported, cannot be made, or is no tool.
    """
    named = f"tool {declaration.id!r} ({declaration.plugin or f'an entry point of {GROUP}'})"
    try:
        found = _named(declaration.plugin) if declaration.plugin is not None else _installed(declaration.id)
        return as_tool(found, declaration.config, name=declaration.id)
    except PermanentFailure:
        raise
    except EngineError as error:
        raise PermanentFailure(f"{named} cannot be set up: {error}") from error
    except Exception as error:  # other people's code
        raise PermanentFailure(f"{named} cannot be loaded: {error!r}; install it, or mend its name") from error


def as_tool(found: Any, config: Mapping[str, Any], name: str) -> Tool:
    """Return what was found as a tool.

    Raises:
        PermanentFailure: it is none.
        SpecError: it is a function that cannot be one.
    """
    if isinstance(found, type):
        found = found(**config)
    elif config:
        raise PermanentFailure(f"tool {name!r} has a config, and only a class takes one; remove it")
    if is_tool(found):
        return cast(Tool, found)
    if callable(found):
        return FunctionTool(found, name=name if not hasattr(found, "__name__") else None)
    raise PermanentFailure(f"tool {name!r} is a {type(found).__name__}, and neither a tool nor a function")


def is_tool(found: object) -> bool:
    """Return whether *found* has what `workflow_engine.agents.tools.Tool` asks for."""
    return hasattr(found, "specs") and all(callable(getattr(found, method, None)) for method in ("call", "policy"))


def _named(plugin: str) -> Any:
    module, _, path = plugin.partition(":")
    if not (module and path):
        raise PermanentFailure(f"{plugin!r} names no plugin; write module:Name")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _installed(name: str) -> Any:
    for point in entry_points(group=GROUP, name=name):
        return point.load()
    raise PermanentFailure(f"tool {name!r} is a plugin that no installed package has; name it: plugin: module:Name")
