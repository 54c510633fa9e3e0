"""Tools that a program has registered, by the names that phases call them."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.errors import SpecError

if TYPE_CHECKING:
    from workflow_engine.agents.toolbox.functions import FunctionTool


class RegisteredTool(NamedTuple):
    """A tool that was registered.

    Attributes:
        tool: the tool.
        policy: what holds for it where the phase says nothing; None where it says so itself.
    """

    tool: Tool
    policy: Policy | None


class RegisteredTools:
    """The tools that a program has registered."""

    def __init__(self) -> None:
        self._tools: dict[str, RegisteredTool] = {}

    def register(self, tool: Tool | Callable[..., Any], name: str | None, policy: Policy | None) -> None:
        """Keep *tool*; see `ECSWorkflowEngine.register_tool`.

        Raises:
            SpecError: it is no tool, has no name, or the policy is none.
        """
        from workflow_engine.agents.toolbox.functions import POLICIES, FunctionTool  # loaded where it is used
        from workflow_engine.agents.toolbox.plugins import is_tool

        if policy is not None and policy not in POLICIES:
            raise SpecError(f"the policy of a tool is one of {', '.join(POLICIES)}, not {policy!r}")
        made = cast(Tool, tool)
        if isinstance(tool, FunctionTool) or not is_tool(tool):
            made = function = _function(tool, name)
            name = function.name
        if name is None:
            raise SpecError(f"a {type(made).__name__} needs a name: register_tool(tool, name=...)")
        self._tools[name] = RegisteredTool(made, policy)

    def __contains__(self, name: str) -> bool:
        return name in self._tools

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __getitem__(self, name: str) -> RegisteredTool:
        return self._tools[name]


def _function(tool: Any, name: str | None) -> "FunctionTool[..., Any]":
    """Return a function, or a tool of one, as a tool of this name."""
    from workflow_engine.agents.toolbox.functions import FunctionTool

    if not isinstance(tool, FunctionTool):
        return FunctionTool(tool, name=name)
    function = cast("FunctionTool[..., Any]", tool)
    return function if name in (None, function.name) else function.named(name)
