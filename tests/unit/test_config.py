"""Settings: what wins, where it came from, and what is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from workflow_engine.agents.settings import AgentSettings, ModelLimits
from workflow_engine.config import EngineSettings, Limits, load, unknown_variables
from workflow_engine.ecs_workflow import DATA_DIR, POOLS
from workflow_engine.errors import ConfigError


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.chdir(tmp_path)
    for name in ("DATA_DIR", "CONFIG", "DURABILITY"):
        monkeypatch.delenv(f"WORKFLOW_ENGINE_{name}", raising=False)


def written(text: str, path: str = "workflow-engine.toml") -> Path:
    """Return a settings file with *text*."""
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def refusal(**flags: object) -> str:
    """Return what `load` says against the settings."""
    with pytest.raises(ConfigError) as caught:
        load(flags)
    return str(caught.value)


def test_without_a_word_the_defaults_are_those_of_the_engine() -> None:
    settings, sources = load()
    assert sources == {}
    assert str(settings.data_dir) == DATA_DIR
    assert settings.limits.model_dump() == {name: POOLS[name] for name in Limits.model_fields}


def test_tables_of_agents_are_set_by_a_file_or_in_one_variable_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    written('[agents.default_models]\nopenai = "gpt-4.1"\n[agents.limits."openai/gpt-4o"]\nconcurrency = 3\n')
    monkeypatch.setenv("WORKFLOW_ENGINE_AGENTS_BASE_URLS", '{"openai": "http://localhost:1"}')
    monkeypatch.setenv("WORKFLOW_ENGINE_AGENTS_DEFAULT_PROVIDER", "openai")
    settings, sources = load()
    assert settings.agents == AgentSettings(
        default_provider="openai",
        default_models={"openai": "gpt-4.1"},
        base_urls={"openai": "http://localhost:1"},
        limits={"openai/gpt-4o": ModelLimits(concurrency=3)},
    )
    assert settings.engine_options()["agents"] == settings.agents
    assert sources == {
        "agents.default_models.openai": "workflow-engine.toml",
        "agents.limits.openai/gpt-4o.concurrency": "workflow-engine.toml",
        "agents.base_urls.openai": "WORKFLOW_ENGINE_AGENTS_BASE_URLS",
        "agents.default_provider": "WORKFLOW_ENGINE_AGENTS_DEFAULT_PROVIDER",
    }
    assert unknown_variables() == []


def test_flags_win_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    written('durability = "relaxed"\nsegment_mib = 1\nlog_level = "info"\n[limits]\nagentic = 1\nprocess = 1\n')
    monkeypatch.setenv("WORKFLOW_ENGINE_SEGMENT_MIB", "2")
    monkeypatch.setenv("WORKFLOW_ENGINE_LOG_LEVEL", "debug")
    monkeypatch.setenv("WORKFLOW_ENGINE_LIMITS_AGENTIC", "2")
    settings, sources = load({"log_level": "error", "data_dir": None})
    assert settings == EngineSettings(
        durability="relaxed", segment_mib=2, log_level="error", limits=Limits(agentic=2, process=1)
    )
    assert sources == {
        "durability": "workflow-engine.toml",
        "segment_mib": "WORKFLOW_ENGINE_SEGMENT_MIB",
        "log_level": "--log-level",
        "limits.agentic": "WORKFLOW_ENGINE_LIMITS_AGENTIC",
        "limits.process": "workflow-engine.toml",
    }


def test_every_setting_is_listed_with_its_source() -> None:
    rows = dict((name, (value, source)) for name, value, source in load({"data_dir": "here"}).rows())
    assert rows["data_dir"] == (Path("here"), "--data-dir")
    assert rows["limits.functional"] == (1_000, "default")


def test_a_data_directory_in_a_file_is_relative_to_the_file() -> None:
    path = written('data_dir = "tasks"', "etc/engine.toml")
    assert load(config=path).settings.data_dir == Path("etc/tasks")


def test_a_data_directory_in_the_environment_is_relative_to_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFLOW_ENGINE_DATA_DIR", "tasks")
    assert load(config=written("", "etc/engine.toml")).settings.data_dir == Path("tasks")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().settings.segment_mib = 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("durabilty = 'full'", "workflow-engine.toml: durabilty is not a setting; did you mean durability?"),
        ("[limits]\nagentc = 1", "workflow-engine.toml: limits.agentc is not a setting; did you mean limits.agentic?"),
        ("[kafka]\nservers = 'x'", "workflow-engine.toml: kafka is not a setting; the settings are agents.base_urls"),
        ("[ui]\nports = 1", "workflow-engine.toml: ui.ports is not a setting; did you mean ui.port?"),
        ("limits = 3", "workflow-engine.toml: limits: Input should be a valid dictionary"),
        ("durability = 'none'", "workflow-engine.toml: durability: Input should be 'full' or 'relaxed', not 'none'"),
        ("segment_mib = 0", "workflow-engine.toml: segment_mib: Input should be greater than or equal to 1, not 0"),
        ("stop_grace_seconds = inf", "workflow-engine.toml: stop_grace_seconds: Input should be a finite number"),
        ("data_dir = 3", "workflow-engine.toml: data_dir: Input is not a valid path"),
        ("durability = ", "workflow-engine.toml is not TOML: "),
    ],
)
def test_what_is_wrong_in_a_file_is_named(text: str, said: str) -> None:
    written(text)
    assert said in refusal()


def test_all_that_is_wrong_is_said_at_once() -> None:
    written("segment_mib = 0\nlimit = 1")
    assert refusal(durability="none").count("; ") >= 2


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SEGMENT_MIB", "many", "WORKFLOW_ENGINE_SEGMENT_MIB: Input should be a valid integer"),
        ("LIMITS_AGENTC", "1", "WORKFLOW_ENGINE_LIMITS_AGENTC is not a setting; did you mean limits.agentic?"),
        ("LIMITS", "lots", "the environment cannot be read: "),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"WORKFLOW_ENGINE_{name}", value)
    assert said in refusal()


def test_what_is_wrong_in_a_flag_is_named() -> None:
    assert refusal(durability="none") == "--durability: Input should be 'full' or 'relaxed', not 'none'"


def test_a_file_that_was_asked_for_must_exist() -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml cannot be read: No such file"):
        load(config=Path("gone.toml"))


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFLOW_ENGINE_DURABILITY", "")
    assert load().sources == {}


def test_a_variable_that_is_nearly_a_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFLOW_ENGINE_DURABILTY", "full")
    assert unknown_variables() == [
        "WORKFLOW_ENGINE_DURABILTY is not a setting; did you mean WORKFLOW_ENGINE_DURABILITY?"
    ]


def test_the_engine_does_not_load_the_settings() -> None:
    program = "import workflow_engine.ecs_workflow, sys; print('pydantic_settings' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
