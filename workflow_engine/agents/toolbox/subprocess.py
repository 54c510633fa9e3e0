"""The subprocess tool: programs from a list, each with a command of its own; the model fills in arguments.

config:
  commands:
    count:
      description: Count the lines of a file.
      argv: [wc, -l, --, "{file}"]
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, field_validator

from workflow_engine.adapters.process import (
    ProcessRegistry,
    ProcessResult,
    ProcessSpec,
    allowed_environment,
    run_process,
)
from workflow_engine.agents.messages import ToolSpec
from workflow_engine.agents.toolbox.sets import ToolSet
from workflow_engine.agents.toolbox.settings import read_settings
from workflow_engine.agents.tools import Policy, Tool, ToolContext, ToolError
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.durations import Seconds
from workflow_engine.spec.parts import ToolPolicy
from workflow_engine.spec.strict import Strict

_PLACE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""What stands in a command for an argument."""

ARGUMENT_MAX: Final = 32_768
"""Most characters of an argument; what is longer goes over stdin."""


class Command(Strict):
    """A program that models may run.

    Attributes:
        argv: program and arguments, no shell; ``{name}`` in an argument stands for what the model gives, and an
            argument that is just ``{name}`` for several where that is a list.
        description: what the model is told of it.
        parameters: JSON Schemas of what the model gives, by name; a text where there is none.
        stdin: whether the model also gives a text that the program reads.
        cwd: where it runs; in a workflow file, relative to the file.
        environment: names of environment variables it may see, beside a harmless few.
        timeout: seconds.
        output_bytes: most bytes of its output that the model is told, of stdout and of stderr each.
        policy: what holds where workflow and phase say nothing.
    """

    argv: Annotated[tuple[str, ...], Field(min_length=1)]
    description: str = ""
    parameters: dict[str, dict[str, Any]] = Field(default_factory=dict)
    stdin: bool = False
    cwd: str | None = None
    environment: tuple[str, ...] = ()
    timeout: Seconds = 60.0
    output_bytes: Annotated[int, Field(ge=1, le=1 << 20)] = 64 << 10
    policy: ToolPolicy = "ask"

    @field_validator("argv")
    @classmethod
    def _program(cls, argv: tuple[str, ...]) -> tuple[str, ...]:
        if _PLACE.search(argv[0]):
            raise ValueError("the program itself is not the model's to choose; name it")
        return argv


class SubprocessSettings(Strict):
    """Settings of the subprocess tool.

    Attributes:
        commands: what may be run, by name.
    """

    commands: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")], Command] = Field(default_factory=dict)


def subprocess_tool(config: Mapping[str, Any], data_dir: Path, name: str = "subprocess") -> Tool:
    """Return the tools of a declaration: ``<name>_<command>`` for each command.

    Args:
        config: see `SubprocessSettings`.
        data_dir: the engine's data directory, where it is noted which programs run, so that after a crash the engine
            ends those that are left.
        name: what the names of the tools begin with.

    Raises:
        PermanentFailure: the config cannot be used, or lists no command.
    """
    commands = read_settings(SubprocessSettings, config, name).commands
    if not commands:
        raise PermanentFailure(
            f"tool {name!r} has no program to run; list them in its config, such as "
            "commands: {count: {argv: [wc, -l, '{file}']}}"
        )
    return ToolSet(CommandTool(f"{name}_{word}", command, data_dir) for word, command in commands.items())


class CommandTool:
    """One program as a tool."""

    def __init__(self, name: str, command: Command, data_dir: Path) -> None:
        self._processes = data_dir.absolute() / "processes"
        self._name = name
        self._command = command
        self._spec = ToolSpec(name, command.description or f"Run {' '.join(command.argv)}", _parameters(name, command))

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `workflow_engine.agents.tools.Tool`."""
        return (self._spec,)

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """Run the program; what it writes is the result, unless it fails."""
        command = self._command
        spec = ProcessSpec(
            argv=tuple(filled(command.argv, arguments)),
            stdin=str(arguments.get("stdin", "")).encode(errors="replace") if command.stdin else b"",
            cwd=Path(command.cwd) if command.cwd is not None else None,
            env=allowed_environment(command.environment, {"WORKFLOW_KEY": context.key}),
            timeout=command.timeout,
            output_bytes=max(command.output_bytes, 1 << 20),
            log_bytes=command.output_bytes,
        )
        result = await run_process(spec, registry=ProcessRegistry(self._processes), owner=context.key)
        if not result.ok:
            raise ToolError(f"{result.message}\n{_written(result)}".strip())
        return {"stdout": result.stdout_log, "stderr": result.stderr_log}

    def policy(self, name: str) -> Policy:
        """See `workflow_engine.agents.tools.Tool`."""
        return self._command.policy


def filled(argv: tuple[str, ...], arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield program and arguments, with what the model gave in its places.

    Raises:
        ToolError: something is missing, or would be taken for an option of the program.
    """
    ended = False
    for part in argv:
        whole = _PLACE.fullmatch(part)
        value = arguments.get(whole[1]) if whole is not None else None
        given = [_text(one, whole[1]) for one in value] if whole is not None and isinstance(value, list) else None  # pyright: ignore[reportUnknownVariableType] - JSON
        for text in given if given is not None else [_PLACE.sub(lambda match: _argument(arguments, match[1]), part)]:
            if text.startswith("-") and _PLACE.match(part) and not ended:
                raise ToolError(f"{text[:80]!r} begins with a dash, and would be taken for an option")
            yield text
        ended = ended or part == "--"


def _argument(arguments: Mapping[str, Any], name: str) -> str:
    if name not in arguments:
        raise ToolError(f"the argument {name!r} is missing")
    return _text(arguments[name], name)


def _text(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise ToolError(f"the argument {name!r} is no text or number")
    text = str(value)
    if "\0" in text or len(text) > ARGUMENT_MAX:
        raise ToolError(f"the argument {name!r} holds a NUL character, or more than {ARGUMENT_MAX:,} characters")
    return text


def _parameters(name: str, command: Command) -> dict[str, Any]:
    """Return the JSON Schema of what the model gives."""
    places = list(dict.fromkeys(place for part in command.argv for place in _PLACE.findall(part)))
    unused = [given for given in command.parameters if given not in places]
    if unused or (command.stdin and "stdin" in places):
        raise PermanentFailure(
            f"tool {name!r} cannot be set up: the parameter {(unused or ['stdin'])[0]!r} does not stand in its argv, "
            "or stands for two things; name each once"
        )
    given: dict[str, Any] = {place: command.parameters.get(place, {"type": "string"}) for place in places}
    if command.stdin:
        given["stdin"] = {"type": "string", "description": "what the program reads"}
    return {"type": "object", "properties": given, "required": places, "additionalProperties": False}


def _written(result: ProcessResult) -> str:
    return "\n".join(text for text in (result.stdout_log, result.stderr_log) if text)
