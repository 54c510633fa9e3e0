"""What every journal promises, asked of each of them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from workflow_engine.errors import JournalError
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.port import Changes, Commit, Entities, Journal, Recovered
from workflow_engine.testing.memory_journal import MemoryJournal

Maker = Callable[[], Journal]


class Memory:
    """Makes journals in memory, each of which goes on where the one before stopped."""

    def __init__(self, _: Path) -> None:
        self._journal: MemoryJournal | None = None

    def __call__(self) -> Journal:
        """Make one."""
        self._journal = self._journal.reopen() if self._journal else MemoryJournal()
        return self._journal


class Json:
    """Makes journals on disk, in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __call__(self) -> Journal:
        """Make one."""
        return JsonJournal(self._directory)


class Relaxed(Json):
    """Makes journals that acknowledge before syncing."""

    def __call__(self) -> Journal:
        """Make one."""
        return JsonJournal(self._directory, durability="relaxed")


@pytest.fixture(params=[Memory, Json, Relaxed])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    maker: Maker = request.param(tmp_path)
    return maker


class Status(msgspec.Struct, frozen=True):
    """A component as the core has them."""

    state: str
    since: float


async def stored(make: Maker, *changes: Changes | Commit) -> Recovered:
    """Append *changes*, close, and return what a new journal finds."""
    journal = make()
    n = (await journal.open()).n
    waits: list[Awaitable[None]] = []
    for k, item in enumerate(changes, n + 1):
        waits.append(journal.append(item if isinstance(item, Commit) else Commit(k, k / 2, item)))
    await asyncio.gather(*waits)
    await journal.close()
    again = make()
    recovered = await again.open()
    await again.close()
    return recovered


def plain(entities: Entities) -> dict[str, dict[str, Any]]:
    decoded: dict[str, dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(entities))
    return decoded


async def test_an_empty_journal_holds_nothing(make: Maker) -> None:
    assert await stored(make) == Recovered(0, 0.0, {}, {})


async def test_what_was_acknowledged_is_there_after_reopening(make: Maker) -> None:
    recovered = await stored(make, {"t1": {"status": Status("pending", 1.5)}, "t2": {}}, {"t1": {"data": [1, None]}})
    assert (recovered.n, recovered.at) == (2, 1.0)
    assert plain(recovered.entities) == {
        "t1": {"status": {"state": "pending", "since": 1.5}, "data": [1, None]},
        "t2": {},
    }


async def test_a_reopened_journal_goes_on_with_the_next_number(make: Maker) -> None:
    for k in range(1, 6):
        recovered = await stored(make, {f"t{k}": {"x": k}})
        assert recovered.n == k
        assert len(recovered.entities) == k


async def test_commits_are_acknowledged_in_order(make: Maker) -> None:
    journal = make()
    await journal.open()
    done: list[int] = []

    async def wait(n: int, acknowledged: Awaitable[None]) -> None:
        await acknowledged
        done.append(n)

    await asyncio.gather(*[wait(n, journal.append(Commit(n, 0.0, {"t": {"x": n}}))) for n in range(1, 301)])
    assert done == list(range(1, 301))
    await journal.close()


async def test_closing_waits_for_what_was_appended(make: Maker) -> None:
    journal = make()
    await journal.open()
    waits = [asyncio.ensure_future(journal.append(Commit(n, 0.0, {}))) for n in range(1, 101)]
    await journal.close()
    assert all(wait.done() for wait in waits)


async def test_a_caller_that_gave_up_waiting_changes_nothing(make: Maker) -> None:
    journal = make()
    await journal.open()
    asyncio.ensure_future(journal.append(Commit(1, 0.0, {"t1": {"x": 1}}))).cancel()
    async with asyncio.timeout(10):
        await journal.append(Commit(2, 0.0, {"t2": {"x": 2}}))
    await journal.close()
    assert set((await make().open()).entities) == {"t1", "t2"}


@pytest.mark.parametrize("n", [0, 1, 3])
async def test_a_commit_out_of_order_is_refused_and_changes_nothing(make: Maker, n: int) -> None:
    journal = make()
    await journal.open()
    await journal.append(Commit(1, 0.0, {}))
    with pytest.raises(JournalError, match=f"commit {n} does not follow commit 1"):
        journal.append(Commit(n, 0.0, {}))
    await journal.append(Commit(2, 0.0, {}))
    await journal.close()


@pytest.mark.parametrize("value", [object(), {1, object()}, "\ud800"])
async def test_what_is_not_json_is_refused_and_changes_nothing(make: Maker, value: object) -> None:
    journal = make()
    await journal.open()
    with pytest.raises(JournalError, match="commit 1 cannot be written as JSON"):
        journal.append(Commit(1, 0.0, {"t1": {"x": value}}))
    await journal.append(Commit(1, 0.0, {"t1": {"x": 1}}))
    await journal.close()


async def test_a_journal_that_is_not_open_refuses(make: Maker) -> None:
    journal = make()
    with pytest.raises(JournalError, match="not open"):
        journal.append(Commit(1, 0.0, {}))
    await journal.open()
    await journal.close()
    with pytest.raises(JournalError, match="not open"):
        journal.append(Commit(1, 0.0, {}))
    await journal.close()


async def test_a_journal_is_opened_once(make: Maker) -> None:
    journal = make()
    await journal.open()
    with pytest.raises(JournalError, match="opened before"):
        await journal.open()
    await journal.close()


async def test_an_entity_and_a_component_can_be_removed(make: Maker) -> None:
    recovered = await stored(make, {"t1": {"a": 1, "b": 2}, "t2": {"a": 1}}, {"t1": {"a": None}, "t2": None})
    assert plain(recovered.entities) == {"t1": {"b": 2}}


async def test_tables_grow_by_key(make: Maker) -> None:
    recovered = await stored(
        make,
        {"t1": {"outputs+": {"a": 1, "b": 2}}},
        {"t1": {"outputs+": {"b": None}}},
        {"t1": {"outputs+": {"c": [3]}}},
    )
    assert plain(recovered.entities) == {"t1": {"outputs": {"a": 1, "b": None, "c": [3]}}}
    assert isinstance(recovered.entities["t1"]["outputs"], dict)


async def test_a_table_is_removed_under_its_plain_name(make: Maker) -> None:
    recovered = await stored(
        make, {"t1": {"outputs+": {"a": 1}}}, {"t1": {"outputs": None}}, {"t1": {"outputs+": {"b": 2}}}
    )
    assert plain(recovered.entities) == {"t1": {"outputs": {"b": 2}}}


async def test_a_task_that_ended_is_no_longer_live(make: Maker) -> None:
    recovered = await stored(make, {"t1": {"identity": 1}}, Commit(2, 1.0, {"t1": {"status": "done"}}, ended=("t1",)))
    assert recovered.entities == {}
    assert plain(recovered.ended) == {"t1": {"identity": 1, "status": "done"}}


async def test_a_task_that_is_retried_is_live_again_from_nothing(make: Maker) -> None:
    recovered = await stored(
        make, Commit(1, 0.0, {"t1": {"identity": 1, "old": 1}}, ended=("t1",)), {"t1": {"identity": 2}}
    )
    assert plain(recovered.entities) == {"t1": {"identity": 2}}
    assert recovered.ended == {}


async def test_a_task_that_ended_can_be_purged(make: Maker) -> None:
    recovered = await stored(make, Commit(1, 0.0, {"t1": {"identity": 1}}, ended=("t1",)), {"t1": None})
    assert (recovered.entities, recovered.ended) == ({}, {})


async def test_raw_json_may_hold_white_space(make: Maker) -> None:
    recovered = await stored(make, {"t1": {"x": msgspec.Raw(b'{"a":\n[1,\r\n 2]}')}}, {"t2": {}})
    assert plain(recovered.entities) == {"t1": {"x": {"a": [1, 2]}}, "t2": {}}


async def test_a_healthy_journal_has_no_trouble(make: Maker) -> None:
    journal = make()
    await journal.open()
    await journal.append(Commit(1, 0.0, {}))
    assert journal.trouble is None
    await journal.close()
