"""Answers that are kept by their Idempotency-Key."""

from pathlib import Path

import pytest

from workflow_engine.errors import EngineStopped
from workflow_engine.ui.api.refusing import Refused
from workflow_engine.ui.api.replays import BODY_MAX, KEPT_SECONDS, SWEEP_SECONDS, Kept, Replays

ANSWER = Kept(201, {"Location": "/api/v1/tasks/t1"}, b'{"id": "t1"}')


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_an_answer_is_kept_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "ui" / "replays.sqlite"
    assert Replays(path).find("key", "request") is None
    Replays(path).keep("key", "request", ANSWER)
    assert Replays(path).find("key", "request") == ANSWER
    assert Replays(path).find("other", "request") is None


def test_another_request_under_a_key_is_refused(tmp_path: Path) -> None:
    replays = Replays(tmp_path / "replays.sqlite")
    replays.keep("key", "request", ANSWER)
    with pytest.raises(Refused, match="another request") as refused:
        replays.find("key", "another")
    assert refused.value.status == 422


def test_a_request_that_is_being_answered_is_refused_meanwhile(tmp_path: Path) -> None:
    replays = Replays(tmp_path / "replays.sqlite")
    with replays.under_way("key"):
        with pytest.raises(Refused) as refused, replays.under_way("key"):
            raise AssertionError("it was let in twice")
        assert refused.value.status == 409
        with replays.under_way("other"):
            pass
    with replays.under_way("key"):
        pass


def test_an_answer_is_kept_for_a_day(tmp_path: Path) -> None:
    clock = Hands()
    replays = Replays(tmp_path / "replays.sqlite", clock)
    replays.keep("key", "request", ANSWER)
    clock.now += KEPT_SECONDS
    assert replays.find("key", "request") == ANSWER
    clock.now += 0.1
    assert replays.find("key", "another") is None


def test_old_answers_are_removed(tmp_path: Path) -> None:
    clock, path = Hands(), tmp_path / "replays.sqlite"
    replays = Replays(path, clock)
    replays.keep("old", "request", ANSWER)
    clock.now += KEPT_SECONDS + SWEEP_SECONDS
    replays.keep("new", "request", ANSWER)
    clock.now -= KEPT_SECONDS + SWEEP_SECONDS
    assert Replays(path, clock).find("old", "request") is None


def test_a_long_answer_is_not_kept(tmp_path: Path) -> None:
    replays = Replays(tmp_path / "replays.sqlite")
    replays.keep("key", "request", ANSWER._replace(body=b"x" * (BODY_MAX + 1)))
    assert replays.find("key", "request") is None


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "replays.sqlite"
    path.write_bytes(b"no database, by any means" * 100)
    with pytest.raises(EngineStopped, match=str(path)):
        Replays(path).find("key", "request")
