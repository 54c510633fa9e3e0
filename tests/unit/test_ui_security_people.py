"""The users file: who is in it, what is kept of a password, damage, and several who edit it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.ui_security_given import CHEAP, PASSWORD, Clock, people
from workflow_engine.errors import ConfigError, InputRefused
from workflow_engine.ui.security.passwords import COST, Cost, fits, kept, parsed
from workflow_engine.ui.security.people import TOKENS_MAX, People
from workflow_engine.ui.security.roles import Role

OTHER = "nine copper kettles"

# ---------------------------------------------------------------- passwords


def test_what_is_kept_says_how_it_was_made() -> None:
    text = kept(PASSWORD, "ann")
    assert text.startswith("scrypt$15$8$3$")
    assert (PASSWORD in text, fits(PASSWORD, text), fits(PASSWORD + " ", text)) == (False, True, False)
    assert parsed(text)[0] == COST


def test_the_same_password_is_kept_in_two_ways() -> None:
    assert kept(PASSWORD, "ann", CHEAP) != kept(PASSWORD, "ann", CHEAP)


def test_a_password_that_was_kept_at_another_cost_fits() -> None:
    assert fits(PASSWORD, kept(PASSWORD, "ann", Cost(5, 2, 2)), CHEAP)


def test_a_password_fits_however_its_letters_are_composed() -> None:
    assert fits("sieben gru\u0308ne Reiher", kept("sieben gr\u00fcne Reiher", "ann", CHEAP))


@pytest.mark.parametrize(
    "password", ["", "short", "ninechars", "aaaaaaaaaaaa", "abababababab", "ann-ann-an", "x" * 513]
)
def test_a_bad_password_is_refused(password: str) -> None:
    with pytest.raises(InputRefused):
        kept(password, "ann", CHEAP)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "md5$1$1$1$x$x",
        "scrypt$40$8$1$eA==$eA==",
        "scrypt$a$8$1$eA==$eA==",
        "scrypt$15$8$1$!$!",
        "scrypt$15$8$99$eA==$eA==",
    ],
)
def test_what_was_kept_in_no_known_way_is_seen(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        parsed(text)


def test_a_name_that_does_not_exist_costs_as_much_as_a_wrong_password(tmp_path: Path) -> None:
    found = People(tmp_path / "users.json", cost=Cost(13, 8, 1))
    found.add("ann", Role.ADMIN, password=PASSWORD)
    found.add("tok", Role.ADMIN)

    def cost(name: str) -> float:
        durations: list[float] = []
        for _ in range(7):
            begun = time.perf_counter()
            assert found.by_password(name, OTHER) is None
            durations.append(time.perf_counter() - begun)
        return min(durations)

    known, *others = cost("ann"), cost("nobody"), cost("tok")
    assert [0.5 < other / known < 2 for other in others] == [True, True]


# ---------------------------------------------------------------- users


def test_a_user_is_found_by_name_and_password(tmp_path: Path) -> None:
    found = people(tmp_path)
    ann = found.add("ann", Role.OPERATOR, ("sea", "land", "sea"), PASSWORD)
    assert (ann.name, ann.role, ann.groups) == ("ann", Role.OPERATOR, ("land", "sea"))
    assert found.by_password("ann", PASSWORD) == found.find("ann") == ann
    assert [found.by_password(*pair) for pair in (("ann", OTHER), ("Ann", PASSWORD), ("", ""))] == [None] * 3


def test_only_the_owner_reads_the_file_and_no_secret_stands_in_it(tmp_path: Path) -> None:
    found = people(tmp_path / "new")
    found.add("ann", Role.ADMIN, password=PASSWORD)
    token = found.add_token("ann", "ci")
    text = found.path.read_text()
    assert (found.path.stat().st_mode & 0o777, found.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert (PASSWORD in text, token.split("_", 2)[2] in text) == (False, False)
    assert {entry.name for entry in found.path.parent.iterdir()} == {"users.json", ".users.json.lock"}


def test_another_server_sees_a_change_at_once(tmp_path: Path) -> None:
    one, two = people(tmp_path), people(tmp_path)
    assert two.everyone() == ()
    one.add("ann", Role.ADMIN, password=PASSWORD)
    assert [user.name for user in two.everyone()] == ["ann"]
    one.set_role("ann", Role.VIEWER)
    assert [user.role for user in two.everyone()] == [Role.VIEWER]
    one.path.unlink()
    assert two.everyone() == ()


@pytest.mark.parametrize(
    "name",
    ["", " ", "a b", "a,b", "a/b", "a:b", "-a", ".a", "a\n", "a\x00", "x" * 65, "a\u202eb", "\ufb01", "<a>", "a\u0301"],
)
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputRefused, match="is no name"):
        people(tmp_path).add(name, Role.ADMIN)
    assert not (tmp_path / "users.json").exists()


@pytest.mark.parametrize("name", ["ann", "Ann", "EDITORS", "editors"])
def test_a_name_that_may_be_taken_for_another_is_refused(tmp_path: Path, name: str) -> None:
    found = people(tmp_path)
    found.add("ann", Role.ADMIN, ("editors",))
    with pytest.raises(InputRefused):
        found.add(name, Role.ADMIN)
    assert len(found.everyone()) == 1


def test_a_group_is_not_named_as_a_user(tmp_path: Path) -> None:
    found = people(tmp_path)
    found.add("ann", Role.ADMIN)
    found.add("ben", Role.VIEWER)
    with pytest.raises(InputRefused, match="of a user and of a group"):
        found.set_groups("ben", ("ann",))


def test_what_concerns_nobody_is_refused(tmp_path: Path) -> None:
    found = people(tmp_path)
    for change in (
        lambda: found.remove("zoe"),
        lambda: found.set_role("zoe", Role.ADMIN),
        lambda: found.set_groups("zoe", ()),
        lambda: found.set_password("zoe", PASSWORD),
        lambda: found.set_disabled("zoe", True),
        lambda: found.add_token("zoe", ""),
        lambda: found.remove_token("zoe", "x"),
    ):
        with pytest.raises(InputRefused, match="there is no user zoe; `workflow-engine user list` shows them"):
            change()


def test_who_is_disabled_is_not_found(tmp_path: Path) -> None:
    found = people(tmp_path)
    found.add("ann", Role.ADMIN, password=PASSWORD)
    token = found.add_token("ann", "")
    found.set_disabled("ann", True)
    assert (found.find("ann"), found.by_password("ann", PASSWORD), found.by_token(token), found.can_log_in()) == (
        None,
        None,
        None,
        False,
    )


def test_tokens_have_a_label_an_end_and_a_bound(tmp_path: Path) -> None:
    clock = Clock()
    found = people(tmp_path, clock)
    found.add("ann", Role.ADMIN)
    for label, days in (("x" * 81, None), ("a\nb", None), ("", 0.0), ("", -1.0), ("", float("nan")), ("", 1e9)):
        with pytest.raises(InputRefused):
            found.add_token("ann", label, days)
    made = [found.add_token("ann", str(n), 1) for n in range(TOKENS_MAX)]
    with pytest.raises(InputRefused, match="revoke one"):
        found.add_token("ann", "one more")
    assert found.by_token(made[7]) == found.find("ann")
    clock.now += 86_400
    assert (found.by_token(made[7]), found.can_log_in()) == (None, False)
    found.add_token("ann", "those that have ended make room")
    assert [token.label for token in found.everyone()[0].tokens] == ["those that have ended make room"]


# ---------------------------------------------------------------- damage


def with_user(**fields: str) -> dict[str, str]:
    """Return a user as the file has it."""
    return {"name": "ann", "role": "admin", "epoch": "1", **fields}


def file_of(*users: dict[str, str], version: int = 1, **more: int) -> bytes:
    """Return the content of a users file."""
    return json.dumps({"version": version, "users": users, **more}).encode()


DAMAGES = {
    "empty": b"",
    "cut off": file_of(with_user())[:-20],
    "another thing": b"[]",
    "no text": b"\xff\xfe\x00",
    "another version": file_of(version=2),
    "an unknown field": file_of(more=1),
    "an unknown role": file_of(with_user(role="king")),
    "a bad name": file_of(with_user(name="a b")),
    "a plain password": file_of(with_user(password=PASSWORD)),
    "an endless password": file_of(with_user(password="scrypt$60$8$1$eA==$eA==")),
    "a name twice": file_of(with_user(), with_user(name="ANN")),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_named_and_never_written_over(tmp_path: Path, damage: bytes) -> None:
    found = people(tmp_path)
    found.path.write_bytes(damage)
    found.path.chmod(0o600)
    remedy = r"users\.json is damaged: .*; restore it from a backup, or move it away"
    for use in (
        found.everyone,
        lambda: found.by_password("ann", PASSWORD),
        lambda: found.add("ben", Role.ADMIN),
        lambda: found.remove("ann"),
    ):
        with pytest.raises(ConfigError, match=remedy):
            use()
    assert found.path.read_bytes() == damage


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    found = people(tmp_path)
    found.add("ann", Role.ADMIN, password=PASSWORD)
    found.path.chmod(0o622)
    with pytest.raises(ConfigError, match="chmod 600"):
        people(tmp_path).everyone()


def test_a_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "users.json").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        people(tmp_path).everyone()


def test_a_failed_edit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    found = people(tmp_path)
    found.add("ann", Role.ADMIN)
    before = found.path.read_bytes()
    with pytest.raises(InputRefused):
        found.add("ann", Role.VIEWER)
    assert found.path.read_bytes() == before
    found.set_role("ann", Role.VIEWER)  # and the lock is free


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "users.json").symlink_to(tmp_path / "real" / "users.json")
    people(tmp_path).add("ann", Role.ADMIN)
    assert (tmp_path / "users.json").is_symlink()
    assert json.loads((tmp_path / "real" / "users.json").read_text())["users"][0]["name"] == "ann"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_writes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 12_345, 12_345)
    found = people(data / "inner")
    found.add("ann", Role.ADMIN)
    found.add("ben", Role.ADMIN)
    assert {path.stat().st_uid for path in (data / "inner", *(data / "inner").iterdir())} == {12_345}


# ---------------------------------------------------------------- several at once

ADDING = """
import sys
from pathlib import Path
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.roles import Role
people = People(Path(sys.argv[1]))
for number in range(25):
    people.add(f"{sys.argv[2]}{number}", Role.VIEWER)
"""


def test_two_processes_that_add_users_lose_none(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    adding = [subprocess.Popen([sys.executable, "-c", ADDING, str(path), name]) for name in ("a", "b")]
    assert [process.wait(60) for process in adding] == [0, 0]
    names = {user.name for user in People(path).everyone()}
    assert names == {f"{name}{number}" for name in ("a", "b") for number in range(25)}
    assert {entry.name for entry in tmp_path.iterdir()} == {"users.json", ".users.json.lock"}
