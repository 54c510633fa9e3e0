"""An engine that is killed keeps its word; `make e2e` has ten times as much of it."""

import asyncio
import secrets
from pathlib import Path

import pytest

from tests.e2e.kill_clients import killed


@pytest.mark.slow
async def test_an_engine_that_is_killed_ten_times_keeps_its_word(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    async with asyncio.timeout(120):
        broken, driver = await killed(tmp_path, seed, tasks=500, kills=10)
    assert broken == [], f"seed {seed}"
    assert sum(driver.kills.values()) == 10, f"seed {seed}"
