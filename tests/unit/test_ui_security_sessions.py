"""Sessions: what is kept, for how long, and what becomes of the file."""

import json
from pathlib import Path

import pytest

from tests.unit.ui_security_given import Clock
from workflow_engine.ui.security.sessions import OF_USER_MAX, SEEN_EVERY, Sessions

HOUR = 3_600.0


def sessions(folder: Path, clock: Clock) -> Sessions:
    """Return sessions that last for 12 hours without a request, and for a week."""
    return Sessions(folder / "sessions.json", 12 * HOUR, 168 * HOUR, clock)


def test_a_session_is_found_by_its_cookie_alone(tmp_path: Path) -> None:
    found = sessions(tmp_path, Clock())
    cookie = found.begin("ann", "e")
    session = found.find(cookie)
    assert session is not None
    assert (session.name, session.epoch) == ("ann", "e")
    assert [found.find(other) for other in ("", cookie[:-1], cookie.upper(), session.digest, "\udcff")] == [None] * 5


def test_the_file_holds_no_cookie_and_is_for_its_owner(tmp_path: Path) -> None:
    cookie = sessions(tmp_path, Clock()).begin("ann", "e")
    path = tmp_path / "sessions.json"
    assert (cookie in path.read_text(), path.stat().st_mode & 0o777) == (False, 0o600)


def test_a_restart_keeps_what_lives(tmp_path: Path) -> None:
    clock = Clock()
    before = sessions(tmp_path, clock)
    kept, ended = before.begin("ann", "e"), before.begin("ben", "e")
    before.end(ended)
    after = sessions(tmp_path, clock)
    assert (after.find(kept) is not None, after.find(ended)) == (True, None)
    clock.now += 12 * HOUR
    assert sessions(tmp_path, clock).find(kept) is None


def test_that_somebody_is_there_is_noted_now_and_then(tmp_path: Path) -> None:
    clock = Clock()
    found = sessions(tmp_path, clock)
    cookie = found.begin("ann", "e")
    written = (tmp_path / "sessions.json").stat().st_mtime_ns
    for _ in range(10):
        found.find(cookie)
    assert (tmp_path / "sessions.json").stat().st_mtime_ns == written
    clock.now += SEEN_EVERY
    found.find(cookie)
    assert json.loads((tmp_path / "sessions.json").read_text())[0]["seen"] == clock.now


def test_ended_sessions_do_not_pile_up(tmp_path: Path) -> None:
    clock = Clock()
    found = sessions(tmp_path, clock)
    for _ in range(5):
        found.begin("ann", "e")
        clock.now += 13 * HOUR
    found.begin("ann", "e")
    assert len(json.loads((tmp_path / "sessions.json").read_text())) == 1


def test_a_user_has_so_many_sessions_and_the_longest_unused_makes_room(tmp_path: Path) -> None:
    clock = Clock()
    found = sessions(tmp_path, clock)
    other = found.begin("ben", "e")
    cookies: list[str] = []
    for _ in range(OF_USER_MAX + 2):
        cookies.append(found.begin("ann", "e"))
        clock.now += 1
    assert [found.find(cookie) is None for cookie in cookies] == [True] * 2 + [False] * OF_USER_MAX
    assert found.find(other) is not None


def test_all_sessions_of_a_user_end_together(tmp_path: Path) -> None:
    clock = Clock()
    found = sessions(tmp_path, clock)
    ann, ben = found.begin("ann", "e"), found.begin("ben", "e")
    found.end_all("ann")
    for each in (found, sessions(tmp_path, clock)):
        assert (each.find(ann), each.find(ben) is not None) == (None, True)


@pytest.mark.parametrize("damage", [b"", b"{", b'[{"digest": 1}]', b"\xff"])
def test_a_damaged_file_means_logging_in_again(tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "sessions.json").write_bytes(damage)
    found = sessions(tmp_path, Clock())
    assert "people have to log in again" in caplog.text
    assert found.find(found.begin("ann", "e")) is not None


def test_a_disk_that_takes_no_more_ends_no_session(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = Sessions(tmp_path / "sessions.json", HOUR, HOUR, Clock())
    (tmp_path / "sessions.json").mkdir()  # nothing can be put in its place
    assert found.find(found.begin("ann", "e")) is not None
    assert "cannot be written" in caplog.text
