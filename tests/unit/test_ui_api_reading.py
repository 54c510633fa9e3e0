"""What the API makes of JSON and query strings that strangers send."""

import json
from typing import Any

import pytest

from workflow_engine.ui.api.json_reading import DEPTH_MAX, WRONG_MAX, read_json
from workflow_engine.ui.api.models.tasks import TaskFilter, TaskSelection
from workflow_engine.ui.api.models.whole import OverviewQuery
from workflow_engine.ui.api.query_reading import read_query
from workflow_engine.ui.api.refusing import Refused, pointer


@pytest.mark.parametrize(
    "text", ["null", "1", '"ü\\ud83d\\ude00"', '{"a": [1.5, -0, true, {}]}', "18446744073709551615"]
)
def test_plain_json_is_read(text: str) -> None:
    assert read_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "status", "places"),
    [
        (b"", 400, ()),
        (b"{", 400, ()),
        (b"{} {}", 400, ()),
        (b"\xef\xbb\xbf{}", 400, ()),
        (b"\xc3", 400, ()),
        (b"Infinity", 400, ()),
        (b"-NaN", 400, ()),
        (b'{"a": {"b": 1, "b": 1}}', 422, ("#",)),
        (b'{"a": ["x", "\\u0000", "y\\udfff"]}', 422, ("#/a/1", "#/a/2")),
        (b'{"\\u0000": 1}', 422, ("#/\x00",)),
        (b"[1e309, -1e309]", 422, ("#/0", "#/1")),
        (b"[18446744073709551616]", 422, ("#/0",)),
        (b"9" * 100_000, 422, ("#",)),
        (b"[" * 1_000_000, 422, ("#",)),
    ],
)
def test_what_cannot_be_stored_is_refused_with_its_places(text: bytes, status: int, places: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as refused:
        read_json(text)
    assert (refused.value.status, tuple(said["pointer"] for said in refused.value.errors)) == (status, places)


def test_json_is_read_up_to_a_depth() -> None:
    assert read_json(b"[" * DEPTH_MAX + b"1" + b"]" * DEPTH_MAX)
    with pytest.raises(Refused, match="deep"):
        read_json(b"[" * (DEPTH_MAX + 1) + b"1" + b"]" * (DEPTH_MAX + 1))


def test_a_refusal_names_so_many_places_and_no_more() -> None:
    with pytest.raises(Refused) as refused:
        read_json(b"[" + b", ".join([b"1e999"] * 1_000) + b"]")
    assert len(refused.value.errors) == WRONG_MAX


def test_a_pointer_is_as_rfc_6901_has_it() -> None:
    assert pointer(["a/b", 0, "c~d", ""]) == "#/a~1b/0/c~0d/"


def test_a_query_string_is_read_by_the_types_of_its_model() -> None:
    given = {"status": ["failed", "cancelled"], "limit": ["7"], "label": ["a=b=c", "d="], "order": ["id"]}
    found = read_query(TaskFilter, given)
    query = found.query(found.order, found.limit, found.after)
    assert (query.statuses, query.limit, query.labels) == (("failed", "cancelled"), 7, {"a": "b=c", "d": ""})
    moment = read_query(TaskFilter, {"submitted_after": ["1970-01-01T01:00:00.5+00:30"]}).query()
    assert moment.submitted_after == 1800.5


@pytest.mark.parametrize(("window", "seconds"), [("90", 90.0), ("1.5e3", 1500.0), ("1h30m", 5400.0), ("2d", 172_800.0)])
def test_a_length_of_time_is_seconds_or_a_duration(window: str, seconds: float) -> None:
    assert read_query(OverviewQuery, {"window": [window]}).window == seconds


@pytest.mark.parametrize(
    "given",
    [
        {"limit": ["07"]},
        {"limit": ["1.0"]},
        {"limit": [" 1"]},
        {"limit": ["\u0661"]},
        {"limit": ["9" * 30]},
        {"limit": [""]},
        {"after": [""]},
        {"phase": ["a", "b"]},
        {"label": ["nothing"]},
        {"label": ["=x"]},
        {"nothing": ["1"]},
        {"text": ["a\0"]},
        {"submitted_after": ["2026-01-01"]},
        {"submitted_after": ["2026-01-01T00:00:00"]},
        {"submitted_after": ["1700000000"]},
        {"submitted_after": ["0001-01-01T00:00:00+23:59"]},
        {"submitted_after": ["2026-01-01T00:00:60Z"]},
    ],
)
def test_what_is_not_as_the_model_says_is_refused(given: dict[str, list[str]]) -> None:
    with pytest.raises(Refused) as refused:
        read_query(TaskFilter, given)
    assert (refused.value.status, [said["parameter"] for said in refused.value.errors]) == (422, list(given))


def test_a_label_is_asked_for_once() -> None:
    given: dict[str, Any] = {"label": ["a=1", "a=2"]}
    with pytest.raises(Exception, match="two values"):
        read_query(TaskSelection, given).query()
    assert read_query(TaskSelection, {"label": ["a=1", "a=1"]}).query().labels == {"a": "1"}
