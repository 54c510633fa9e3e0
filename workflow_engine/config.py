"""Settings of an engine that is run from the command line: from defaults, a file, the environment and flags.

    configuration = load({"data_dir": "/srv/tasks"})
    configuration.settings.durability          # "full"
    configuration.sources["data_dir"]          # "--data-dir"

What comes later wins: defaults, ``workflow-engine.toml``, ``WORKFLOW_ENGINE_*`` variables, flags.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, TypedDict

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from workflow_engine.agents.settings import AgentSettings
from workflow_engine.errors import ConfigError
from workflow_engine.sinks.settings import RedactSettings, SinkName, SinkSettings
from workflow_engine.ui_settings import UiSettings

FILE: Final = "workflow-engine.toml"
"""The settings file that is read where it stands in the working directory."""

PREFIX: Final = "WORKFLOW_ENGINE_"
"""How the names of environment variables begin: ``WORKFLOW_ENGINE_DATA_DIR``, ``WORKFLOW_ENGINE_LIMITS_AGENTIC``."""

CONFIG_VARIABLE: Final = f"{PREFIX}CONFIG"
"""Names another settings file, as the flag --config does."""

DEFAULT: Final = "default"
"""Source of a value that nobody has set."""

Count = Annotated[int, Field(ge=1)]


class Limits(BaseModel):
    """How many runs may be under way at once, by who carries them out.

    Attributes:
        functional: handlers.
        agentic: agents.
        process: programs of functional phases.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    functional: Count = 1_000
    agentic: Count = 100
    process: Count = 2 * (os.cpu_count() or 1)


class EngineOptions(TypedDict):
    """Arguments of `ECSWorkflowEngine`, beside the data directory."""

    durability: Literal["full", "relaxed"]
    stop_grace: float
    limits: dict[str, int]
    segment_bytes: int
    agents: AgentSettings


class EngineSettings(BaseSettings):
    """What can be set; `load` says where each value came from.

    Attributes:
        data_dir: where everything is kept; in a file, relative to the file.
        durability: whether what is acknowledged survives a power failure ("full"), or the death of the process alone.
        stop_grace_seconds: what a stopping engine gives to what is under way.
        segment_mib: size from which on a file of the journal is followed by a new one, in MiB.
        limits: see there.
        agents: see there.
        ui: of the dashboard; see there.
        sinks: where events go, by a name of one's own; see there.
        redact: what is taken out of events before they go anywhere; see there.
        log_level: the least that is logged.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,  # WORKFLOW_ENGINE_<section>_<key>, and the key may have underscores of its own
        env_ignore_empty=True,
    )

    data_dir: Path = Path("workflow_data")
    durability: Literal["full", "relaxed"] = "full"
    stop_grace_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5.0
    segment_mib: Count = 64
    limits: Limits = Limits()
    agents: AgentSettings = AgentSettings()
    ui: UiSettings = UiSettings()
    sinks: dict[SinkName, SinkSettings] = {}
    redact: RedactSettings = RedactSettings()
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    def engine_options(self, stop_grace: float | None = None) -> EngineOptions:
        """Return the settings as `ECSWorkflowEngine` takes them; *stop_grace*, in seconds, goes before the setting."""
        return {
            "durability": self.durability,
            "stop_grace": self.stop_grace_seconds if stop_grace is None else stop_grace,
            "limits": self.limits.model_dump(),
            "segment_bytes": self.segment_mib * 1024 * 1024,
            "agents": self.agents,
        }

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is passed in alone: `load` reads the other sources itself, to know which value came from where."""
        return (init_settings,)


class Configuration(NamedTuple):
    """Settings, and where they came from.

    Attributes:
        settings: the values.
        sources: by name of a value (``limits.agentic``): `DEFAULT`, a file, a variable or a flag.
    """

    settings: EngineSettings
    sources: dict[str, str]

    def rows(self) -> Iterator[tuple[str, Any, str]]:
        """Give (name, value, source) of every setting."""
        for name, value in _leaves(self.settings.model_dump()):
            yield name, value, self.sources.get(name, DEFAULT)


def load(flags: Mapping[str, Any] | None = None, config: Path | None = None) -> Configuration:
    """Read all settings.

    Args:
        flags: values from the command line, by name of the setting; None where a flag was not given.
        config: the settings file, which must exist; None for `FILE`, which may be missing.

    Raises:
        ConfigError: a value is not acceptable, a name is not known, or a file cannot be read.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for given, source in (
        _file(config),
        _environment(),
        ({name: value for name, value in (flags or {}).items() if value is not None}, "--"),
    ):
        _merge(values, given)
        sources |= {name: _source(source, name) for name, _ in _leaves(given)}
    try:
        return Configuration(EngineSettings(**values), sources)
    except ValidationError as error:
        raise ConfigError("; ".join(_sentence(problem, sources) for problem in error.errors())) from error


def unknown_variables() -> list[str]:
    """Return variables of the environment that look like settings and are none, each as a sentence."""
    known = {CONFIG_VARIABLE, *(_variable(name) for name in _names())}
    found = [name for name in sorted(os.environ) if name.startswith(PREFIX) and name not in known]
    return [f"{name} is not a setting{_meant(name, known)}" for name in found]


def _file(config: Path | None) -> tuple[dict[str, Any], str]:
    path = config or Path(FILE)
    if config is None and not path.exists():
        return {}, str(path)
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
    data_dir = given.get("data_dir")
    if isinstance(data_dir, str):
        given["data_dir"] = str(path.parent / Path(data_dir).expanduser())
    return given, str(path)


def _environment() -> tuple[dict[str, Any], str]:
    try:
        return EnvSettingsSource(EngineSettings)(), PREFIX
    except SettingsError as error:
        raise ConfigError(f"the environment cannot be read: {error}; use one variable a value") from error


def _merge(values: dict[str, Any], given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        before = values.get(name)
        values[name] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, dict) and value:
            section: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType] - keys of TOML and of models
            yield from _leaves(section, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _names() -> list[str]:
    return [name for name, _ in _leaves(EngineSettings().model_dump())]


def _variable(name: str) -> str:
    return PREFIX + name.replace(".", "_").upper()


def _variable_with(name: str) -> str:
    """Return the variable that has set a value: a whole table may stand in one, as JSON."""
    parts = name.split(".")
    variables = [_variable(".".join(parts[:end])) for end in range(len(parts), 0, -1)]
    return next((variable for variable in variables if variable in os.environ), variables[0])


def _source(source: str, name: str) -> str:
    if source == PREFIX:
        return _variable_with(name)
    return f"--{name.replace('_', '-')}" if source == "--" else source


def _sentence(problem: Any, sources: Mapping[str, str]) -> str:
    """Return one problem of pydantic's as a sentence that names source, setting, fact and remedy."""
    name = ".".join(str(part) for part in problem["loc"])
    # What is wrong may be a whole section: a table of no known name, or a number where a table belongs.
    source = next((where for leaf, where in sources.items() if f"{leaf}.".startswith(f"{name}.")), DEFAULT)
    place = source if source.startswith(("--", PREFIX)) else f"{source}: {name}"
    if problem["type"] == "extra_forbidden":
        return f"{place} is not a setting{_meant(name, _names())}"
    return f"{place}: {problem['msg']}, not {problem['input']!r}"


def _meant(name: str, known: Any) -> str:
    words = sorted(known)
    close = difflib.get_close_matches(name, words, n=1)
    return f"; did you mean {close[0]}?" if close else f"; the settings are {', '.join(words)}"
