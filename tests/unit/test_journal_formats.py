"""Journals of every released format are read by today's engine."""

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest

from workflow_engine.ecs_workflow import ECSWorkflowEngine

FIXTURES = Path(__file__).parent.parent / "fixtures"
JOURNALS = sorted((FIXTURES / "journals").iterdir())
TASKS = (
    "answered", "refused", "cancelled", "asking", "sleeping", "backing-off", "parked", "unclassified", "done-later",
)  # fmt: skip


@pytest.mark.parametrize("fixture", JOURNALS, ids=[path.name for path in JOURNALS])
async def test_a_journal_of_a_released_format_means_what_it_meant(fixture: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(fixture / "data", data)
    engine = ECSWorkflowEngine(data)
    tasks = [await engine.get_task(name) for name in TASKS]
    reasons = {name: await engine.explain(name) for name in ("asking", "sleeping", "backing-off", "parked")}
    await engine.close()
    assert make_journal().expected(tasks) == (fixture / "expected.json").read_text()
    assert "to answer" in reasons["asking"]
    assert "sleeps in phase 'steps'" in reasons["sleeping"]
    assert "not today" in reasons["backing-off"]
    assert "a handler for 'nobody'" in reasons["parked"]


def make_journal() -> Any:
    """Return the module beside the fixtures."""
    spec = importlib.util.spec_from_file_location("make_journal", FIXTURES / "make_journal.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
