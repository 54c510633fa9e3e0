"""Options that all commands share, and what they lead to: the settings."""

import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from workflow_engine.config import Configuration, EngineSettings

F = TypeVar("F", bound=Callable[..., Any])


class Invocation:
    """What the shared options say; settings are read when they are first asked for.

    Attributes:
        flags: settings given as options, by name.
        config: the settings file that was named, or None.
    """

    def __init__(self) -> None:
        self.flags: dict[str, Any] = {}
        self.config: Path | None = None

    @cached_property
    def configuration(self) -> "Configuration":
        """The settings and their sources.

        Raises:
            ConfigError: they cannot be used.
        """
        from workflow_engine.config import load  # 0.2 s, which --help need not wait for

        configuration = load(self.flags, self.config)
        level = configuration.settings.log_level.upper()
        logging.basicConfig(level=level, format="%(levelname)s: %(message)s")  # on stderr
        return configuration

    @property
    def settings(self) -> "EngineSettings":
        """The settings alone."""
        return self.configuration.settings

    @property
    def data_dir(self) -> Path:
        """Where the data is."""
        return self.settings.data_dir


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None:
        ctx.find_root().ensure_object(Invocation).flags[param.name] = value


def _note_config(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.find_root().ensure_object(Invocation).config = value


_OPTIONS: Final = (
    click.option(
        "--data-dir",
        "--data",
        metavar="DIR",
        expose_value=False,
        callback=_note,
        help="Where the engine keeps its data.  [default: workflow_data]",
    ),
    click.option(
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        envvar="WORKFLOW_ENGINE_CONFIG",
        expose_value=False,
        callback=_note_config,
        help="Settings to read in place of workflow-engine.toml.",
    ),
    click.option(
        "--log-level",
        metavar="LEVEL",
        expose_value=False,
        callback=_note,
        help="The least to log: debug, info, warning or error.",
    ),
)


def engine_options(command: F) -> F:
    """Give a command the options that say which engine is meant; they may stand before its name as well."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


json_option: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

pass_invocation: Final = click.make_pass_decorator(Invocation, ensure=True)
"""Hands a command its `Invocation`."""


def examples(*lines: str) -> str:
    """Return the end of a help text: commands as they are typed."""
    return "\b\nExamples:\n" + "\n".join(f"  workflow-engine {line}" for line in lines)
