"""Folding: with and without the history."""

import random
from typing import Any

import msgspec

from workflow_engine.journal.history import History
from workflow_engine.journal.lines import Record
from workflow_engine.journal.port import Entities, fold


def plain(entities: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(entities))


def record(n: int, changes: dict[str, Any], ended: tuple[str, ...] = (), events: tuple[Any, ...] = ()) -> Record:
    encoded = msgspec.json.encode({"n": n, "at": float(n), "changes": changes, "ended": ended, "events": events})
    return msgspec.json.decode(encoded, type=Record)


def history(*records: Record) -> History:
    made = History(0, 0.0, {}, {})
    for each in records:
        made.apply(each)
    return made


def test_values_replace_and_tables_merge() -> None:
    assert plain(fold([{"t": {"a": 1, "b+": {"x": 1}}}, {"t": {"a": 2, "b+": {"y": 2}}}], {})) == {
        "t": {"a": 2, "b": {"x": 1, "y": 2}}
    }


def test_a_table_merges_into_an_object_that_was_stored_whole() -> None:
    assert plain(fold([{"t": {"a": {"x": 1}}}, {"t": {"a+": {"y": 2}}}], {})) == {"t": {"a": {"x": 1, "y": 2}}}


def test_a_table_replaces_what_it_cannot_merge_into() -> None:
    assert plain(fold([{"t": {"a": 1}}, {"t": {"a+": {"y": 2}}}], {})) == {"t": {"a": {"y": 2}}}


def test_fold_is_total() -> None:
    source = random.Random(5)
    values: list[Any] = [None, 1, "x", [1], {}, {"k": None}, {"k": {"l": 1}}, msgspec.Raw(b"null"), msgspec.Raw(b"{}")]
    entities: Entities = {}
    for _ in range(5000):
        name = source.choice(["a", "a+", "b", "b+", "+", ""])
        fold([{source.choice("xyz"): source.choice([None, {name: source.choice(values)}])}], entities)
    assert set(entities) <= set("xyz")


def test_an_archived_task_has_its_last_components_and_all_its_events() -> None:
    made = history(
        record(1, {"t1": {"identity": 1, "out+": {"a": 1}}}, events=({"task": "t1", "k": 1}, {"k": 0}, 7)),
        record(2, {"t1": {"out+": {"b": 2}}}, ("t1",), events=({"task": "t1", "k": 2},)),
    )
    (row,) = made.archived()
    assert plain(row) == {
        "task": "t1",
        "n": 2,
        "components": {"identity": 1, "out": {"a": 1, "b": 2}},
        "events": [[1, 1.0, 0, {"task": "t1", "k": 1}], [2, 2.0, 0, {"task": "t1", "k": 2}]],
    }
    assert (made.entities, made.living_events()) == ({}, {})


def test_the_events_of_a_retried_task_stay_with_it() -> None:
    made = history(
        record(1, {"t1": {"identity": 1}}, ("t1",), events=({"task": "t1", "k": 1},)),
        record(2, {"t1": {"identity": 2}}, events=({"task": "t1", "k": 2},)),
    )
    assert made.archived() == []
    assert plain(made.living_events()) == {
        "t1": [[1, 1.0, 0, {"task": "t1", "k": 1}], [2, 2.0, 0, {"task": "t1", "k": 2}]]
    }


def test_a_purged_task_leaves_only_word_of_that() -> None:
    made = history(
        record(1, {"t1": {"identity": 1}}, ("t1",), events=({"task": "t1"},)),
        record(2, {"t1": None, "archived before": None}),
    )
    assert [(row.task, row.n, row.purged, row.events) for row in made.archived()] == [
        ("t1", 2, True, ()),
        ("archived before", 2, True, ()),
    ]


def test_what_the_commits_say_that_purged_a_task_is_kept() -> None:
    made = history(
        record(1, {"t1": {"identity": 1}}, events=({"task": "t1", "k": 1},)),
        record(2, {"t1": None}, events=({"task": "t2"}, {"task": "t1", "k": 2})),
        record(3, {"t1": {"identity": 1}}, events=({"task": "t1", "k": 3},)),
        record(4, {"t1": None}, events=({"task": "t1", "k": 4},)),
    )
    (row,) = [row for row in made.archived() if row.task == "t1"]
    assert (row.n, row.purged) == (4, True)
    assert plain(row.events) == [[2, 2.0, 1, {"task": "t1", "k": 2}], [4, 4.0, 0, {"task": "t1", "k": 4}]]


def test_a_run_that_is_removed_leaves_no_word() -> None:
    assert history(record(1, {"t1/draft/1": {"run": 1}}), record(2, {"t1/draft/1": None})).archived() == []


def test_events_of_a_task_that_ended_long_ago_are_archived() -> None:
    (row,) = history(record(1, {}, events=({"task": "t1"},))).archived()
    assert (row.task, row.components, plain(row.events)) == ("t1", None, [[1, 1.0, 0, {"task": "t1"}]])
