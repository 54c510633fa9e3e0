"""The toolbox: which tools a phase gets, under which names, and what holds for each."""

from pathlib import Path
from typing import Any

import pytest

from workflow_engine.agents.messages import ToolSpec
from workflow_engine.agents.toolbox.functions import tool
from workflow_engine.agents.toolbox.registered import RegisteredTools
from workflow_engine.agents.toolbox.toolbox import Toolbox
from workflow_engine.agents.tools import Policy, Tool, ToolContext
from workflow_engine.errors import PermanentFailure, SpecError, TransientFailure
from workflow_engine.spec.model import Phase
from workflow_engine.spec.parts import ToolDeclaration


class Server:
    """A tool that offers things, and remembers what became of it.

    Args:
        policies: what it offers, with what it says of each.
        fails: how often it fails to start.
    """

    def __init__(self, policies: dict[str, Any], fails: int = 0) -> None:
        self.policies = policies
        self.fails = fails
        self.started = self.closed = 0

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `Tool`."""
        return tuple(ToolSpec(name, "", {"type": "object"}) for name in self.policies) if self.started else ()

    async def start(self) -> None:
        """See `Tool`."""
        if self.fails:
            self.fails -= 1
            raise TransientFailure("not just now")
        self.started += 1

    async def close(self) -> None:
        """See `Tool`."""
        self.closed += 1

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `Tool`."""
        return name

    def policy(self, name: str) -> Policy:
        """See `Tool`."""
        given: Policy = self.policies[name]
        return given


class Declared:
    """As much of a task as a toolbox looks at."""

    def __init__(self, *tools: ToolDeclaration) -> None:
        self.tools = tools


def box(tmp_path: Path, **registered: Tool) -> Toolbox:
    """Return a toolbox in which tools are registered."""
    found = RegisteredTools()
    for name, one in registered.items():
        found.register(one, name, None)
    return Toolbox(found, tmp_path)


async def policies(toolbox: Toolbox, *declared: ToolDeclaration, **phase: Any) -> dict[str, Policy]:
    """Return what a phase gets."""
    task: Any = Declared(*declared)
    found = await toolbox.tools(Phase(id="p", **phase), task)
    for name, (one, _) in found.items():
        assert name in {spec.name for spec in one.specs}
    return {name: policy for name, (_, policy) in found.items()}


async def refused(toolbox: Toolbox, *declared: ToolDeclaration, **phase: Any) -> str:
    """Return why a phase does not get its tools."""
    with pytest.raises(PermanentFailure) as caught:
        await policies(toolbox, *declared, **phase)
    return str(caught.value)


# ---------------------------------------------------------------- which tools


async def test_a_phase_without_tools_gets_none(tmp_path: Path) -> None:
    assert await policies(box(tmp_path, sea=Server({"tide": "allow"}))) == {}


async def test_an_id_stands_for_all_that_its_tool_offers(tmp_path: Path) -> None:
    toolbox = box(tmp_path, sea=Server({"tide": "allow", "wave": "ask"}), air=Server({"wind": "allow"}))
    assert await policies(toolbox, tools=["sea"]) == {"tide": "allow", "wave": "ask"}


async def test_single_things_can_be_named(tmp_path: Path) -> None:
    toolbox = box(tmp_path, sea=Server({"tide": "allow", "wave": "ask"}))
    assert await policies(toolbox, tools=["sea_wave"]) == {"wave": "ask"}
    assert await policies(toolbox, tools=["filesystem_read", "filesystem_list"]) == {
        "filesystem_list": "allow",
        "filesystem_read": "allow",
    }


async def test_a_star_stands_for_all_that_is_declared_or_registered_and_no_more(tmp_path: Path) -> None:
    toolbox = box(tmp_path, sea=Server({"tide": "allow"}))
    http = ToolDeclaration(id="http", config={"allow_hosts": ["example.com"]})
    assert await policies(toolbox, http, tools=["*"]) == {"http_fetch": "allow", "tide": "allow"}
    assert await policies(toolbox, tools=["*", "sea_tide"]) == {"tide": "allow"}


async def test_a_builtin_tool_needs_no_declaration(tmp_path: Path) -> None:
    assert await policies(box(tmp_path), tools=["http"]) == {"http_fetch": "ask"}


async def test_a_declaration_goes_before_what_is_registered_under_its_name(tmp_path: Path) -> None:
    toolbox = box(tmp_path, http=Server({"tide": "allow"}))
    assert await policies(toolbox, tools=["http"]) == {"tide": "allow"}
    assert await policies(toolbox, ToolDeclaration(id="http"), tools=["http"]) == {"http_fetch": "ask"}


@pytest.mark.parametrize(
    ("word", "fact"),
    [
        ("see", "phase 'p' names the tool 'see', which is neither declared nor registered; there are sea, filesystem, "
                "http, subprocess; did you mean 'sea'?"),
        ("sea_tid", "there is no tool 'sea_tid'; 'sea' offers tide"),
        ("subprocess", "tool 'subprocess' has no program to run"),
    ],
)  # fmt: skip
async def test_a_tool_that_there_is_not_is_refused(tmp_path: Path, word: str, fact: str) -> None:
    assert fact in await refused(box(tmp_path, sea=Server({"tide": "allow"})), tools=[word])


async def test_a_declaration_of_an_unknown_builtin_is_refused(tmp_path: Path) -> None:
    told = await refused(box(tmp_path), ToolDeclaration(id="filesytem"), tools=["filesytem"])
    assert told == (
        "there is no built-in tool 'filesytem'; there are filesystem, http, subprocess; did you mean 'filesystem'?"
    )


# ---------------------------------------------------------------- names


async def test_where_names_clash_the_id_stands_before_them(tmp_path: Path) -> None:
    toolbox = box(tmp_path, a=Server({"find": "allow", "one": "ask"}), b=Server({"find": "ask"}))
    assert await policies(toolbox, tools=["a", "b"]) == {"a_find": "allow", "one": "ask", "b_find": "ask"}
    assert await policies(toolbox, tools=["b"]) == {"find": "ask"}


async def test_a_name_that_models_do_not_accept_is_changed_and_the_call_is_passed_on(tmp_path: Path) -> None:
    toolbox = box(tmp_path, sea=Server({"tide.level/now": "allow", "x" * 80: "allow"}))
    task: Any = Declared()
    found = await toolbox.tools(Phase(id="p", tools=["sea"]), task)
    assert list(found) == ["tide_level_now", "x" * 64]
    context: Any = None
    assert await found["tide_level_now"][0].call("tide_level_now", {}, context) == "tide.level/now"


async def test_names_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    toolbox = box(tmp_path, sea=Server({"a.b": "allow", "a/b": "allow"}))
    assert "phase 'p' has two tools of the name 'sea_a_b'" in await refused(toolbox, tools=["sea"])


# ---------------------------------------------------------------- policies


@pytest.mark.parametrize(
    ("said", "declared", "own", "holds"),
    [
        ({}, None, "allow", "allow"),
        ({}, None, "ask", "ask"),
        ({}, "deny", "allow", "deny"),
        ({}, "allow", "ask", "allow"),
        ({"*": "ask"}, "allow", "allow", "ask"),
        ({"*": "deny", "sea": "ask"}, "allow", "allow", "ask"),
        ({"*": "deny", "sea": "deny", "tide": "allow"}, "deny", "deny", "allow"),
        ({"tide": "deny", "sea": "allow", "*": "allow"}, "allow", "allow", "deny"),
        ({"sea_tide": "ask", "tide": "allow"}, None, "allow", "ask"),
        ({}, None, "perhaps", "deny"),
        ({}, None, None, "deny"),
        ({}, None, ["allow"], "deny"),
    ],
)
async def test_what_is_said_last_and_closest_holds_and_what_is_no_policy_denies(
    tmp_path: Path, said: dict[str, Policy], declared: Policy | None, own: Any, holds: Policy
) -> None:
    registered = RegisteredTools()
    registered.register(Server({"tide": own}), "sea", declared)
    assert await policies(Toolbox(registered, tmp_path), tools=["sea"], tool_policy=said) == {"tide": holds}


async def test_a_policy_about_no_tool_is_refused_since_a_misspelt_deny_would_be_lost(tmp_path: Path) -> None:
    registered = RegisteredTools()
    registered.register(Server({"tide": "allow"}), "sea", None)
    with pytest.raises(PermanentFailure, match=r"about 'tyde', which is no tool of it.*did you mean 'tide'"):
        await policies(Toolbox(registered, tmp_path), tools=["sea"], tool_policy={"tyde": "deny"})


async def test_the_policy_of_a_declaration_holds_for_all_its_tools(tmp_path: Path) -> None:
    declared = ToolDeclaration(id="http", policy="deny", config={"allow_hosts": ["a"], "post": True})
    assert await policies(box(tmp_path), declared, tools=["http"]) == {"http_fetch": "deny", "http_post": "deny"}


async def test_what_is_said_of_a_name_that_another_tool_has_can_only_make_it_stricter(tmp_path: Path) -> None:
    toolbox = box(tmp_path, a=Server({"find": "ask"}), b=Server({"find": "allow"}))
    assert await policies(toolbox, tools=["*"], tool_policy={"find": "allow"}) == {"a_find": "ask", "b_find": "allow"}
    assert await policies(toolbox, tools=["*"], tool_policy={"find": "deny"}) == {"a_find": "deny", "b_find": "deny"}
    assert await policies(toolbox, tools=["*"], tool_policy={"a_find": "allow"}) == {
        "a_find": "allow",
        "b_find": "allow",
    }


# ---------------------------------------------------------------- life


async def test_a_tool_is_started_once_when_it_is_needed_and_closed_with_the_toolbox(tmp_path: Path) -> None:
    server, idle = Server({"tide": "allow"}), Server({})
    toolbox = box(tmp_path, sea=server, idle=idle)
    await policies(toolbox, tools=["sea"])
    await policies(toolbox, tools=["sea"])
    assert (server.started, server.closed, idle.started) == (1, 0, 0)
    await toolbox.close()
    await toolbox.close()
    assert (server.closed, idle.closed) == (1, 0)
    await policies(toolbox, tools=["sea"])
    assert server.started == 2


async def test_a_tool_that_does_not_start_is_tried_again(tmp_path: Path) -> None:
    toolbox = box(tmp_path, sea=Server({"tide": "allow"}, fails=1))
    with pytest.raises(TransientFailure):
        await policies(toolbox, tools=["sea"])
    assert await policies(toolbox, tools=["sea"]) == {"tide": "allow"}


# ---------------------------------------------------------------- what is registered


def look(at: str) -> str:
    """Look."""
    return at


REGISTERED: list[Any] = [
    (look, None, ("look", ["look"], "allow")),
    (look, "peek", ("peek", ["peek"], "allow")),
    (tool(policy="ask")(look), None, ("look", ["look"], "ask")),
    (tool(policy="ask")(look), "peek", ("peek", ["peek"], "ask")),
    (Server({"sea": "deny"}), "sea", ("sea", [], "deny")),
]


@pytest.mark.parametrize(("given", "name", "kept"), REGISTERED)
def test_functions_and_tools_are_registered_under_a_name(given: Any, name: str | None, kept: Any) -> None:
    registered = RegisteredTools()
    registered.register(given, name, None)
    (found,) = registered
    kind = registered[found].tool
    assert (found, [spec.name for spec in kind.specs], kind.policy(found)) == kept


@pytest.mark.parametrize(
    ("given", "policy", "fact"),
    [
        (Server({}), None, "a Server needs a name: register_tool(tool, name=...)"),
        (look, "maybe", "the policy of a tool is one of allow, ask, deny, not 'maybe'"),
        (5, None, "a tool is a function, not a int"),
    ],
)
def test_what_cannot_be_registered_is_refused(given: Any, policy: Any, fact: str) -> None:
    with pytest.raises(SpecError) as caught:
        RegisteredTools().register(given, None, policy)
    assert str(caught.value) == fact
