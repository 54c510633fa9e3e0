"""The faults that a journal in memory can play."""

import asyncio

from workflow_engine.journal.port import Commit
from workflow_engine.testing.memory_journal import MemoryJournal


async def held(count: int) -> tuple[MemoryJournal, list[asyncio.Future[None]]]:
    journal = MemoryJournal(held=True)
    await journal.open()
    return journal, [journal.append(Commit(n, 0.0, {f"t{n}": {}})) for n in range(1, count + 1)]


async def test_what_is_held_is_acknowledged_on_release_in_order() -> None:
    journal, waits = await held(3)
    assert [wait.done() for wait in waits] == [False, False, False]
    journal.release(2)
    assert [wait.done() for wait in waits] == [True, True, False]
    assert (journal.waiting, len(journal.lines)) == (1, 2)


async def test_a_crash_keeps_a_prefix_and_acknowledges_nothing() -> None:
    journal, waits = await held(3)
    journal.crash(keep=2)
    recovered = await journal.reopen().open()
    assert (recovered.n, list(recovered.entities)) == (2, ["t1", "t2"])
    assert not any(wait.done() for wait in waits)


async def test_closing_waits_for_a_release() -> None:
    journal, _ = await held(1)
    closing = asyncio.ensure_future(journal.close())
    await asyncio.sleep(0)
    assert not closing.done()
    journal.release()
    await closing
