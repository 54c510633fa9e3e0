"""The source of a sink: every event behind its place, once, in order, whatever became of the journal."""

import random
from pathlib import Path

import pytest

from tests.unit.readmodel_given import Story, Written
from tests.unit.sink_given import a_task, journal_of
from workflow_engine.core.events import AttemptFailed
from workflow_engine.readmodel import feed
from workflow_engine.sinks import index as sink_index
from workflow_engine.sinks.envelopes import Envelopes
from workflow_engine.sinks.index import Index
from workflow_engine.sinks.place import Place
from workflow_engine.sinks.port import EventRecord
from workflow_engine.sinks.redaction import Redaction
from workflow_engine.sinks.source import BATCH_BYTES, Source


def source(data_dir: Path, size: int = 100, after: Place | None = None, events: tuple[str, ...] = ()) -> Source:
    """Return a source behind a place."""
    made = Source(Index(data_dir), Envelopes(Redaction(), events), data_dir / "gap.sqlite", size)
    made.begin(after or Place())
    return made


def batches(of: Source, upto: int) -> list[list[str]]:
    """Return the ids of the events of each batch."""
    found: list[list[str]] = []
    while (batch := of.next(upto)) is not None:
        if batch.events:
            found.append([one.id for one in batch.events])
    return found


def told(of: Source, upto: int) -> list[EventRecord]:
    """Return all events."""
    found: list[EventRecord] = []
    while (batch := of.next(upto)) is not None:
        found += batch.events
    return found


def everything(of: Source, upto: int) -> list[str]:
    """Return the ids of all events."""
    return [name for batch in batches(of, upto) for name in batch]


async def ended(written: Written) -> int:
    """Close a journal, bring the index up to date, and return the last commit."""
    await written.close()
    return Index(written.directory).model.catch_up()


async def test_batches_have_so_many_events_and_end_in_the_middle_of_commits(tmp_path: Path) -> None:
    upto = await ended(await journal_of(tmp_path, 3))
    assert batches(source(tmp_path, size=4), upto) == [
        ["2.0", "2.1", "3.0", "4.0"],
        ["4.1", "5.0", "6.0", "6.1"],
        ["7.0"],
    ]


async def test_it_goes_on_behind_any_place(tmp_path: Path) -> None:
    upto = await ended(await journal_of(tmp_path, 3))
    whole = everything(source(tmp_path), upto)
    for number, name in enumerate(whole):
        n, i = map(int, name.split("."))
        assert everything(source(tmp_path, after=Place(n, i)), upto) == whole[number + 1 :]


async def test_a_batch_is_not_longer_than_its_bytes_and_a_long_event_goes_alone(tmp_path: Path) -> None:
    written = await journal_of(tmp_path, 1)
    failed = [AttemptFailed("t2", "t2/draft/1", 1, "Oops", "word " * (length // 5)) for length in (1, BATCH_BYTES, 1)]
    await a_task(written, "t2", *failed)
    upto = await ended(written)
    assert batches(source(tmp_path), upto)[1:] == [["5.2"], ["5.3"]]


async def test_nothing_is_told_behind_what_is_durable(tmp_path: Path) -> None:
    await ended(await journal_of(tmp_path, 3))
    assert everything(source(tmp_path), 4) == ["2.0", "2.1", "3.0", "4.0", "4.1"]


async def test_what_is_not_wanted_moves_the_place(tmp_path: Path) -> None:
    upto = await ended(await journal_of(tmp_path, 3))
    found = source(tmp_path, events=("TaskFailed",)).next(upto)
    assert found == ((), Place(7))


async def test_windows_are_read_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upto = await ended(await journal_of(tmp_path, 20))
    whole = everything(source(tmp_path), upto)
    monkeypatch.setattr(sink_index, "WINDOW_EVENTS", 3)
    assert everything(source(tmp_path), upto) == whole
    monkeypatch.setattr(sink_index, "WINDOW_BYTES", 1)
    assert everything(source(tmp_path), upto) == whole
    assert len(whole) == 60


async def test_what_the_feed_has_dropped_is_found_in_the_histories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "FEED_BYTES", 2_000)
    monkeypatch.setattr(sink_index, "HISTORY_ROWS", 7)
    monkeypatch.setattr(sink_index, "WINDOW_EVENTS", 10)
    written = await journal_of(tmp_path, 50)
    upto = await ended(written)
    ids = [f"{commit.n}.{i}" for commit in written.commits for i in range(len(commit.events))]
    first = Index(tmp_path).model.events()[0]
    assert first.n > 10
    assert everything(source(tmp_path), upto) == ids
    for place in random.Random(1).sample(ids, 20):
        n, i = map(int, place.split("."))
        assert everything(source(tmp_path, after=Place(n, i)), upto) == ids[ids.index(place) + 1 :]
    assert not (tmp_path / "gap.sqlite").exists()


async def test_a_gap_keeps_causes_and_workflows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = await journal_of(tmp_path, 30)
    upto = await ended(written)
    whole = told(source(tmp_path), upto)
    assert {one.cause for one in whole if one.event == "PhaseStarted"} == {f"{2 * n}.0" for n in range(1, 31)}
    monkeypatch.setattr(feed, "FEED_BYTES", 500)
    Index(tmp_path).model.reindex()
    assert told(source(tmp_path), upto) == whole


@pytest.mark.parametrize("seed", range(6))
async def test_of_a_random_history_everything_is_told_but_what_was_purged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(feed, "FEED_BYTES", 3_000)
    written = await Written(tmp_path, segment_bytes=40_000).open()
    purged: set[str] = set()
    decided: list[tuple[str, str]] = []
    for commit in Story(seed).commits(2, 300):
        await written.commit(commit.changes, commit.ended, commit.events)
        purged |= {event.task for event in commit.events if type(event).__name__ == "TaskPurged"}
        decided += [(f"{commit.n}.{i}", event.task) for i, event in enumerate(commit.events)]
    written.compact()
    upto = await ended(written)
    found = everything(source(tmp_path), upto)
    assert found == sorted(found, key=lambda name: tuple(map(int, name.split("."))))
    assert len(found) == len(set(found))
    assert {name for name, task in decided if task not in purged} - set(found) == set()
