"""Importing the engine is cheap: what is heavy loads where it is used."""

import subprocess
import sys

import pytest

HEAVY = ("aiokafka", "anthropic", "flask", "jsonschema", "openai", "rich")


def loaded_by(statement: str) -> set[str]:
    """Return the names of the top-level modules that a fresh interpreter holds after *statement*."""
    program = f"{statement}; import sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", ["workflow_engine", "workflow_engine.errors"])
def test_importing_the_engine_loads_nothing_heavy(module: str) -> None:
    assert loaded_by(f"import {module}").isdisjoint(HEAVY)


def test_a_heavy_import_would_be_seen() -> None:
    assert "jsonschema" in loaded_by("import jsonschema.validators")
