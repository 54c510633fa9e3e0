"""Plugin tools: what can be named, and what is said where it is no tool."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.tool_given import call, offers
from workflow_engine.agents.messages import ToolSpec
from workflow_engine.agents.toolbox.functions import tool
from workflow_engine.agents.toolbox.plugins import plugin_tool
from workflow_engine.agents.tools import Policy, ToolContext
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.parts import ToolDeclaration


class Tides:
    """A tool that is made with its config."""

    def __init__(self, place: str = "here") -> None:
        self.place = place

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `Tool`."""
        return (ToolSpec("tides", "", {"type": "object"}),)

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `Tool`."""
        return self.place

    def policy(self, name: str) -> Policy:
        """See `Tool`."""
        return "ask"


class Called:
    """A class whose objects are called."""

    def __init__(self, by: int) -> None:
        self.by = by

    def __call__(self, number: int) -> int:
        """Multiply."""
        return self.by * number


def double(number: int) -> int:
    """Double a number."""
    return 2 * number


@tool(policy="deny")
def never() -> None:
    """Do nothing."""


@pytest.fixture(autouse=True)
def module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a module ``tide_tools`` that can be imported."""
    made = ModuleType("tide_tools")
    vars(made).update(Tides=Tides, made=Tides("there"), double=double, never=never, Called=Called, number=5)
    monkeypatch.setitem(sys.modules, "tide_tools", made)


def plugin(name: str, **config: Any) -> ToolDeclaration:
    return ToolDeclaration(id="sea", type="plugin", plugin=name, config=config)


@pytest.mark.parametrize(
    ("declaration", "offered", "arguments", "given"),
    [
        (plugin("tide_tools:Tides"), {"tides": "ask"}, {}, "here"),
        (plugin("tide_tools:Tides", place="Brest"), {"tides": "ask"}, {}, "Brest"),
        (plugin("tide_tools:made"), {"tides": "ask"}, {}, "there"),
        (plugin("tide_tools:double"), {"double": "allow"}, {"number": 4}, 8),
        (plugin("tide_tools:never"), {"never": "deny"}, {}, None),
        (plugin("tide_tools:Called", by=3), {"sea": "allow"}, {"number": 4}, 12),
    ],
)
async def test_a_plugin_is_a_tool_a_function_or_a_class(
    declaration: ToolDeclaration, offered: dict[str, Policy], arguments: dict[str, Any], given: Any
) -> None:
    made = plugin_tool(declaration)
    assert offers(made) == offered
    assert await made.call(next(iter(offered)), arguments, call()) == given


@pytest.mark.parametrize(
    ("declaration", "fact"),
    [
        (plugin("no_such_module:Name"), "tool 'sea' (no_such_module:Name) cannot be loaded: ModuleNotFoundError"),
        (plugin("tide_tools:Missing"), "tool 'sea' (tide_tools:Missing) cannot be loaded: AttributeError"),
        (plugin("tide_tools"), "'tide_tools' names no plugin; write module:Name"),
        (plugin("tide_tools:number"), "tool 'sea' is a int, and neither a tool nor a function"),
        (plugin("tide_tools:double", by=2), "tool 'sea' has a config, and only a class takes one"),
        (plugin("tide_tools:Tides", port=1), "cannot be loaded: TypeError"),
        (ToolDeclaration(id="sea", type="plugin"), "is a plugin that no installed package has"),
    ],
)
def test_a_plugin_that_is_no_tool_is_refused(declaration: ToolDeclaration, fact: str) -> None:
    with pytest.raises(PermanentFailure) as caught:
        plugin_tool(declaration)
    assert fact in str(caught.value)


async def test_an_installed_package_brings_a_tool_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    information = tmp_path / "sea-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: sea\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text("[workflow_engine.tools]\nsea = tide_tools:Tides\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    made = plugin_tool(ToolDeclaration(id="sea", type="plugin", config={"place": "Brest"}))
    assert await made.call("tides", {}, call()) == "Brest"
