"""Importing the engine is cheap: what is heavy loads where it is used."""

import subprocess
import sys

import pytest

HEAVY = ("aiokafka", "anthropic", "flask", "genai_prices", "httpx2", "jsonschema", "mcp", "openai", "rich")


def loaded_by(statement: str) -> set[str]:
    """Return the names of the top-level modules that a fresh interpreter holds after *statement*."""
    program = f"{statement}; import sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", ["workflow_engine", "workflow_engine.errors"])
def test_importing_the_engine_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}").isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "module",
    [
        "workflow_engine.ecs_workflow",
        "workflow_engine.adapters.openai",
        "workflow_engine.adapters.anthropic",
        "workflow_engine.openai_agent_adapter",
    ],
)
def test_an_sdk_is_loaded_when_a_model_is_asked_and_not_before(module: str) -> None:
    assert loaded_by(f"import {module}").isdisjoint({"anthropic", "httpx2", "openai"})


def test_a_heavy_import_would_be_seen() -> None:
    assert "jsonschema" in loaded_by("import jsonschema.validators")
