"""Tools of real MCP servers: over stdin and stdout, and over HTTP; alive, dead, and never there."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

import pytest

from tests.unit.tool_given import call, offers
from workflow_engine.agents.toolbox import mcp_connection
from workflow_engine.agents.toolbox.mcp import McpTool
from workflow_engine.agents.tools import ToolError
from workflow_engine.errors import AdapterFailure, PermanentFailure, TransientFailure
from workflow_engine.spec.parts import ToolDeclaration

SERVER = Path(__file__).parents[1] / "fixtures/mcp_server.py"


def declared(*command: str, **more: Any) -> ToolDeclaration:
    """Return the declaration of a server that is a program."""
    return ToolDeclaration(id="tides", type="mcp", command=command or (sys.executable, str(SERVER)), **more)


@pytest.fixture
async def tool() -> AsyncIterator[McpTool]:
    made = McpTool(declared(environment=("SHARED",)))
    yield made
    await made.close()


async def do(tool: McpTool, name: str, /, **arguments: Any) -> Any:
    """Make a call."""
    return await tool.call(name, arguments, call())


async def test_a_server_says_what_it_offers_and_what_only_reads_is_allowed(tool: McpTool) -> None:
    await tool.start()
    assert offers(tool) == {
        "tide": "allow", "pump": "ask", "water.level": "ask", "sees": "ask", "flood": "ask", "wait": "ask",
        "sink": "ask",
    }  # fmt: skip
    spec = tool.specs[0]
    assert (spec.name, spec.description) == ("tide", "Say how high the water is.")
    assert (spec.parameters["type"], spec.parameters["required"]) == ("object", ["place"])


async def test_what_a_tool_gives_is_told(tool: McpTool) -> None:
    assert await do(tool, "tide", place="Brest") == "high at Brest"
    assert '"moved": 5' in await do(tool, "pump", litres=5)


async def test_what_goes_wrong_in_a_tool_is_told(tool: McpTool) -> None:
    with pytest.raises(ToolError, match="there is no water"):
        await do(tool, "tide", place="desert")
    with pytest.raises(ToolError):
        await do(tool, "tide")
    with pytest.raises(ToolError):
        await do(tool, "no such tool")


async def test_a_long_result_is_cut_off(tool: McpTool) -> None:
    assert (await do(tool, "flood")).endswith("x\n[cut off after 200,000 characters of 300,000]")


async def test_a_server_sees_only_the_variables_it_may(tool: McpTool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "s")
    monkeypatch.setenv("SHARED", "fine")
    assert await do(tool, "sees", name="SHARED") == "fine"
    assert await do(tool, "sees", name="SECRET_KEY") == "nothing"


async def test_there_is_one_server_for_all_calls(tool: McpTool) -> None:
    assert len(set(await asyncio.gather(*(do(tool, "water.level") for _ in range(10))))) == 1


async def test_a_server_that_died_fails_the_call_under_way_and_is_started_anew(tool: McpTool) -> None:
    first = await do(tool, "water.level")
    with pytest.raises(TransientFailure) as caught:
        await do(tool, "sink")
    assert str(caught.value) == "the MCP server of tool 'tides' ended during sink; its last words: going under"
    second = await do(tool, "water.level")
    os.kill(int(second), signal.SIGKILL)
    with pytest.raises(TransientFailure, match="ended during"):
        await do(tool, "tide", place="Brest")
    assert len({first, second, await do(tool, "water.level")}) == 3


@pytest.mark.slow
async def test_a_call_that_takes_too_long_is_told() -> None:
    impatient = McpTool(declared(config={"timeout": "3s"}))
    await impatient.start()
    with pytest.raises(ToolError, match="wait took too long, and may or may not have done its work"):
        await do(impatient, "wait")
    await impatient.close()


async def test_a_closed_tool_leaves_no_server_behind() -> None:
    made = McpTool(declared())
    pid = int(await do(made, "water.level"))
    await made.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert int(await do(made, "water.level")) != pid
    await made.close()


# ---------------------------------------------------------------- servers that do not start


async def refused(declaration: ToolDeclaration) -> AdapterFailure:
    """Return why a server does not start."""
    made = McpTool(declaration)
    with pytest.raises(AdapterFailure) as caught:
        await made.start()
    await made.close()
    return caught.value


async def test_a_program_that_is_missing_is_named() -> None:
    failure = await refused(declared("no-such-server"))
    assert isinstance(failure, PermanentFailure)
    assert str(failure) == (
        "the MCP server of tool 'tides' cannot be started: there is no program 'no-such-server' that can be run; "
        "install it"
    )


async def test_a_server_that_ends_at_its_start_is_told_with_its_last_words() -> None:
    failure = await refused(declared(sys.executable, "-c", "import sys; sys.exit('no licence')"))
    assert isinstance(failure, TransientFailure)
    assert "ended at its start" in str(failure)
    assert str(failure).endswith("its last words: no licence")


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_connection, "START_SECONDS", 0.5)
    failure = await refused(declared(sys.executable, "-c", "import time; time.sleep(60)"))
    assert "does not answer within 0.5 seconds" in str(failure)


async def test_a_declaration_that_does_not_say_how_is_refused() -> None:
    failure = await refused(ToolDeclaration(id="tides", type="mcp"))
    assert isinstance(failure, PermanentFailure)
    assert "has neither command nor url" in str(failure)


async def test_a_config_that_means_nothing_is_refused() -> None:
    failure = await refused(declared(config={"timeout": "soon", "port": 80}))
    assert isinstance(failure, PermanentFailure)
    assert "timeout: 'soon' is not a duration" in str(failure)
    assert "port: is not known here" in str(failure)


# ---------------------------------------------------------------- over HTTP


@pytest.fixture
def url() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Popen([sys.executable, str(SERVER), str(port)], stdout=DEVNULL, stderr=DEVNULL) as process:
        yield f"http://127.0.0.1:{port}/mcp"
        process.kill()


async def reached(url: str, **more: Any) -> McpTool:
    """Return the tool of a server, once that can be reached."""
    async with asyncio.timeout(20):
        while True:
            made = McpTool(ToolDeclaration(id="tides", type="mcp", url=url, **more))
            try:
                await made.start()
            except TransientFailure:
                await asyncio.sleep(0.05)
            else:
                return made


async def test_a_server_is_reached_over_http_and_its_death_is_noticed(url: str) -> None:
    made = await reached(url)
    try:
        assert await do(made, "tide", place="Brest") == "high at Brest"
        with pytest.raises(TransientFailure):
            await do(made, "sink")
        with pytest.raises(TransientFailure, match="cannot be reached at http://127"):
            await do(made, "tide", place="Brest")
    finally:
        await made.close()


async def test_headers_are_filled_in_from_named_variables_only(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDES_KEY", "s")
    config = {"headers": {"Authorization": "Bearer ${TIDES_KEY}"}}
    made = await reached(url, config=config, environment=("TIDES_KEY",))
    await made.close()
    failure = await refused(ToolDeclaration(id="tides", type="mcp", url=url, config=config))
    assert "needs ${TIDES_KEY}, which is not set, or not named in its environment" in str(failure)
