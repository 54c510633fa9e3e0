"""Closing the local host."""

import asyncio

import msgspec

from workflow_engine.core.inputs import Define
from workflow_engine.runtime.clock import WallClock
from workflow_engine.runtime.local import LocalHost
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.testing.memory_journal import MemoryJournal

SPEC = WorkflowSpec(name="w", phases=(Phase(id="a"),))


async def test_a_host_closes_in_the_very_moment_in_which_a_commit_becomes_durable() -> None:
    """It spun forever: the commit was durable, and not yet taken off the books by the loop, which never got a turn."""
    journal = MemoryJournal(held=True)
    host = LocalHost(journal, WallClock())
    await host.open()
    host.send(Define(SPEC.digest(), SPEC.name, msgspec.Raw(SPEC.stored())))
    while not journal.waiting:
        await asyncio.sleep(0)
    journal.release()
    await host.close()
    assert not host.is_open
