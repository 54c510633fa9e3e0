"""The subprocess tool with real programs: only those of the list, and what a model gives is an argument, no more."""

import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.unit.tool_given import call, offers
from workflow_engine.agents.messages import ToolSpec
from workflow_engine.agents.toolbox.subprocess import subprocess_tool
from workflow_engine.agents.tools import ToolError
from workflow_engine.errors import PermanentFailure

SHOW = "import sys; print(sys.argv[1:])"


def runs(*argv: str, **more: Any) -> dict[str, Any]:
    """Return a config with one command, ``it``, which runs a program in Python."""
    return {"commands": {"it": {"argv": [sys.executable, "-c", *argv], **more}}}


async def do(config: dict[str, Any], **arguments: Any) -> Any:
    """Return what the command gives."""
    with tempfile.TemporaryDirectory() as data_dir:
        return await subprocess_tool(config, Path(data_dir)).call("subprocess_it", arguments, call())


async def refused(config: dict[str, Any], **arguments: Any) -> str:
    """Return why a call is refused."""
    with pytest.raises(ToolError) as caught:
        await do(config, **arguments)
    return str(caught.value)


def test_each_command_is_a_tool_that_asks() -> None:
    config = {
        "commands": {
            "count": {"argv": ["wc", "-l", "--", "{file}"], "description": "Count lines."},
            "date": {"argv": ["date"], "policy": "allow"},
        }
    }
    tool = subprocess_tool(config, Path("data"))
    assert offers(tool) == {"subprocess_count": "ask", "subprocess_date": "allow"}
    schema = {
        "type": "object",
        "properties": {"file": {"type": "string"}},
        "required": ["file"],
        "additionalProperties": False,
    }
    assert tool.specs[0] == ToolSpec("subprocess_count", "Count lines.", schema)


async def test_a_program_gets_the_arguments_and_gives_what_it_writes() -> None:
    config = runs(SHOW, "--", "--n={number}", "{name}", "{files}", parameters={"files": {"type": "array"}})
    assert await do(config, number=3, name="a b", files=["x", "y"]) == {
        "stdout": "['--', '--n=3', 'a b', 'x', 'y']\n",
        "stderr": "",
    }


@pytest.mark.parametrize(
    "text", ["; rm -rf /", "$(id)", "`id`", "| cat", "a\nb", "{name}", "'\"", "*", "$HOME", "&& id", "> /tmp/x"]
)
async def test_no_shell_reads_what_a_model_gives(text: str) -> None:
    assert await do(runs(SHOW, "{name}"), name=text) == {"stdout": f"[{text!r}]\n", "stderr": ""}


@pytest.mark.parametrize(
    ("argv", "name", "fact"),
    [
        (["{name}"], "--evil", "begins with a dash, and would be taken for an option"),
        (["{name}.txt"], "-o", "begins with a dash"),
        (["{name}"], ["fine", "-x"], "begins with a dash"),
        (["{name}"], "a\0b", "holds a NUL character"),
        (["{name}"], "x" * 40_000, "more than 32,768 characters"),
        (["{name}"], {"a": 1}, "is no text or number"),
        (["x{name}"], ["a"], "is no text or number"),
        (["{name}"], [["a"]], "is no text or number"),
    ],
)
async def test_what_could_be_more_than_an_argument_is_refused(argv: list[str], name: Any, fact: str) -> None:
    assert fact in await refused(runs(SHOW, *argv), name=name)


async def test_a_dash_is_fine_where_it_can_only_be_an_argument() -> None:
    assert (await do(runs(SHOW, "--", "{name}"), name="-x"))["stdout"] == "['--', '-x']\n"
    assert (await do(runs(SHOW, "--by={name}"), name="-1"))["stdout"] == "['--by=-1']\n"


async def test_an_argument_that_is_missing_is_named() -> None:
    assert await refused(runs(SHOW, "{name}")) == "the argument 'name' is missing"


async def test_a_program_may_read_what_the_model_gives() -> None:
    assert await do(runs("print(input())", stdin=True), stdin="hello\n") == {"stdout": "hello\n", "stderr": ""}


async def test_the_model_is_told_how_a_program_failed() -> None:
    told = await refused(runs("import sys; print('half'); sys.exit('no such tide')"))
    assert told == f"{sys.executable} exited with 1\nhalf\n\nno such tide\n".strip()


async def test_a_program_that_takes_too_long_is_stopped() -> None:
    told = await refused(runs("import time; time.sleep(60)", timeout="100ms"))
    assert told.startswith(f"{sys.executable} was stopped after 0.1 seconds, its timeout")


async def test_a_program_that_writes_too_much_is_told_in_part() -> None:
    told = await do(runs("print('x' * 100_000)", output_bytes=1_000))
    assert len(told["stdout"]) < 1_500
    assert "was stopped because it wrote more than" in await refused(runs("while True: print('x' * 100_000)"))


async def test_a_program_sees_its_folder_and_only_the_variables_it_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "s")
    monkeypatch.setenv("SHARED", "fine")
    look = "import os; print(os.getcwd(), os.getenv('SECRET_KEY'), os.getenv('SHARED'), os.getenv('WORKFLOW_KEY'))"
    told = await do(runs(look, cwd=str(tmp_path), environment=["SHARED"]))
    assert told["stdout"] == f"{tmp_path} None fine t1/draft/1/0.0/c1\n"


async def test_a_program_that_is_missing_fails_the_phase() -> None:
    with pytest.raises(PermanentFailure, match="there is no such program in PATH"):
        await do({"commands": {"it": {"argv": ["no-such-program"]}}})


@pytest.mark.parametrize(
    ("config", "fact"),
    [
        ({}, "has no program to run; list them in its config"),
        ({"commands": {"it": {"argv": []}}}, "commands.it.argv: Tuple should have at least 1 item"),
        ({"commands": {"it": {"argv": ["{program}"]}}}, "the program itself is not the model's to choose"),
        ({"commands": {"it": {"argv": ["ls"], "parameters": {"path": {}}}}}, "'path' does not stand in its argv"),
        ({"commands": {"it": {"argv": ["ls", "{stdin}"], "stdin": True}}}, "'stdin' does not stand in its argv"),
        ({"commands": {"a b": {"argv": ["ls"]}}}, "should match pattern"),
        ({"commands": {"it": {"argv": "ls -l"}}}, "argv: Input should be a valid tuple"),
    ],
)
def test_a_config_that_means_nothing_is_refused(config: dict[str, Any], fact: str) -> None:
    with pytest.raises(PermanentFailure) as caught:
        subprocess_tool(config, Path("data"))
    assert fact in str(caught.value)
