"""An engine that is killed 100 times keeps its word about 5,000 tasks."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.kill_clients import killed


@pytest.mark.e2e
def test_an_engine_that_is_killed_a_hundred_times_keeps_its_word(tmp_path: Path) -> None:
    seed = secrets.randbits(32)

    async def story() -> None:
        async with asyncio.timeout(900):
            broken, driver = await killed(tmp_path, seed, tasks=5_000, kills=100)
        assert broken == [], f"seed {seed}"
        assert all(driver.kills.values()), f"seed {seed}: {driver.kills}"
        assert len(driver.compactions) >= 10, f"seed {seed}: {driver.compactions}"

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps a loop running in this one
        thread.submit(asyncio.run, story()).result()
