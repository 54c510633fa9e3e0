"""Determinism is a lint: ruff keeps clocks, chance, threads and the machine out of the core, and only there."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def refusals(file: str, source: str) -> str:
    """Return what ruff, as the project configures it, says about banned names in *source* if it stood in *file*."""
    command = [sys.executable, "-m", "ruff", "check", "--select=TID251", "--output-format=concise", "--no-cache"]
    command += [f"--stdin-filename={file}", "-"]
    return subprocess.run(command, cwd=ROOT, input=source, text=True, capture_output=True, timeout=60).stdout


BANNED = [
    "import time",
    "from time import monotonic",
    "import datetime\ndatetime.datetime.now()",
    "from datetime import datetime\ndatetime.utcnow()",
    "import random",
    "import secrets",
    "from uuid import uuid4",
    "from os import urandom",
    "import asyncio",
    "from threading import Thread",
]


@pytest.mark.parametrize("source", BANNED)
@pytest.mark.parametrize("file", ["workflow_engine/core/x.py", "workflow_engine/core/systems/x.py"])
def test_the_core_may_not_use_it(file: str, source: str) -> None:
    assert "TID251" in refusals(file, source)


@pytest.mark.parametrize("file", ["workflow_engine/runtime/x.py", "adapters/x.py", "tests/unit/test_x.py"])
def test_everything_else_may(file: str) -> None:
    assert "TID251" not in refusals(file, "\n".join(BANNED))


def test_the_core_may_use_times_it_is_given() -> None:
    assert "TID251" not in refusals("workflow_engine/core/x.py", "import datetime\ndatetime.datetime.fromtimestamp(0)")
