"""``workflow-engine user``: adding people and saying what they may do."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.contract.test_cli import WITHIN, cli
from tests.contract.test_cli_commands import done, refused, run
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.roles import Role

PASSWORD = "seven grey herons"
OTHER = "nine copper kettles"


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory with a user."""
    done("user", "add", "ann", "--role", "admin", data_dir=tmp_path, stdin=f"{PASSWORD}\n")
    return tmp_path


def people(data_dir: Path) -> People:
    """Return who is in the users file."""
    return People(data_dir / "users.json")


def prompted(data_dir: Path, *words: str, answers: tuple[str, ...]) -> tuple[str, int]:
    """Run a command on a terminal, and type `PASSWORD` at each of these prompts; what was typed before is dropped."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "workflow_engine", "--data-dir", str(data_dir), *words],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    seen, waiting, deadline = "", list(answers), time.monotonic() + WITHIN
    with os.fdopen(leader, "rb", buffering=0) as screen:
        while time.monotonic() < deadline:
            if not select.select([screen], [], [], 1.0)[0]:
                continue
            try:
                seen += os.read(leader, 65536).decode()
            except OSError:  # how Linux says that the other side was closed
                break
            if waiting and f"{waiting[0]} " in seen:
                waiting.pop(0)
                os.write(leader, f"{PASSWORD}\n".encode())
        else:
            process.kill()
    return seen, process.wait(WITHIN)


def audited(data_dir: Path) -> list[tuple[str, str, str]]:
    """Return what was done to whom, and how it came out."""
    lines = (data_dir / "ui" / "audit.jsonl").read_text().splitlines()
    return [(line["what"], line["about"], line["outcome"]) for line in map(json.loads, lines)]


def test_a_user_is_added_with_a_password_from_the_input(data_dir: Path) -> None:
    user = people(data_dir).by_password("ann", PASSWORD)
    assert user is not None
    assert (user.role, user.groups) == (Role.ADMIN, ())
    assert audited(data_dir) == [("add user", "ann", "role admin")]


def test_a_user_is_added_before_there_is_any_data(tmp_path: Path) -> None:
    done("user", "add", "ann", data_dir=tmp_path / "new" / "data", stdin=f"{PASSWORD}\r\n")
    user = people(tmp_path / "new" / "data").by_password("ann", PASSWORD)
    assert user is not None
    assert user.role is Role.VIEWER


def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    data = tmp_path / "data"
    seen, code = prompted(data, "user", "add", "ann", answers=("Password:", "Password, again:"))
    assert (code, PASSWORD in seen, "added ann, viewer" in seen) == (0, False, True)
    assert people(data).by_password("ann", PASSWORD) is not None


@pytest.mark.parametrize(
    ("words", "stdin", "sentence"),
    [
        (("add", "ben"), "", "there is no password in the input; give it there, or say --no-password"),
        (("add", "ben"), "short\n", "a password has 10 to 512 characters"),
        (("add", "b n"), f"{PASSWORD}\n", "is no name"),
        (("add", "ann"), f"{PASSWORD}\n", "there is a user ann"),
        (("add", "ANN"), f"{PASSWORD}\n", "choose another name"),
        (("add", "ben", "--role", "king"), f"{PASSWORD}\n", "'king' is not one of 'viewer', 'operator', 'admin'"),
        (("add", "ben", PASSWORD), "", "unexpected extra argument"),
        (("add", "ben", "--password", PASSWORD), "", "No such option"),
        (("role", "zoe", "admin"), "", "there is no user zoe"),
        (("remove", "zoe"), "", "there is no user zoe"),
        (("token", "ann", "--revoke", "x"), "", "ann has no token x"),
        (("token", "ann", "--days", "0"), "", "0 is not in the range"),
        (("password", "ann"), "\n", "there is no password in the input"),
    ],
)
def test_what_cannot_be_done_is_refused(data_dir: Path, words: tuple[str, ...], stdin: str, sentence: str) -> None:
    before = (data_dir / "users.json").read_bytes()
    result = run("user", *words, data_dir=data_dir, stdin=stdin)
    assert (result.stdout, result.exit_code) == ("", 2)
    assert sentence in " ".join(result.stderr.split())
    assert (data_dir / "users.json").read_bytes() == before


def test_what_a_user_is_can_be_changed(data_dir: Path) -> None:
    done("user", "role", "ann", "operator", data_dir=data_dir)
    done("user", "groups", "ann", "sea", "land", data_dir=data_dir)
    done("user", "password", "ann", data_dir=data_dir, stdin=f"{OTHER}\n")
    user = people(data_dir).by_password("ann", OTHER)
    assert user is not None
    assert (user.role, user.groups) == (Role.OPERATOR, ("land", "sea"))
    done("user", "disable", "ann", data_dir=data_dir)
    assert people(data_dir).find("ann") is None
    done("user", "enable", "ann", data_dir=data_dir)
    done("user", "password", "ann", "--none", data_dir=data_dir)
    done("user", "groups", "ann", data_dir=data_dir)
    user = people(data_dir).find("ann")
    assert user is not None
    assert (user.password, user.groups) == (None, ())
    done("user", "remove", "ann", data_dir=data_dir)
    assert people(data_dir).everyone() == ()
    assert [what for what, _, _ in audited(data_dir)[1:]] == [
        *("change role", "change groups", "change password", "disable user", "enable user", "change password"),
        *("change groups", "remove user"),
    ]


def test_a_token_is_printed_alone_and_once(data_dir: Path) -> None:
    token = done("user", "token", "ann", "--label", "nightly", "--days", "90", data_dir=data_dir).strip()
    user = people(data_dir).by_token(token)
    assert user is not None
    assert user.name == "ann"
    name = token.split("_")[1]
    listed = json.loads(done("user", "list", "--json", data_dir=data_dir))
    assert token not in str(listed)
    assert [(each["id"], each["label"]) for each in listed["users"][0]["tokens"]] == [(name, "nightly")]
    done("user", "token", "ann", "--revoke", name, data_dir=data_dir)
    assert people(data_dir).by_token(token) is None
    assert audited(data_dir)[1:] == [("make token", f"ann {name}", "done"), ("revoke token", f"ann {name}", "done")]


def test_users_are_listed_without_what_is_secret(data_dir: Path) -> None:
    done("user", "add", "ci", "--role", "operator", "-g", "bots", "--no-password", data_dir=data_dir)
    done("user", "disable", "ann", data_dir=data_dir)
    out = done("user", "list", data_dir=data_dir)
    assert out.splitlines() == [
        "USER\tROLE\tGROUPS\tPASSWORD\tTOKENS",
        "ann\tadmin, disabled\t\tyes\t",
        "ci\toperator\tbots\tno\t",
    ]
    assert json.loads(done("user", "list", "--json", data_dir=data_dir))["users"][1] == {
        "name": "ci",
        "role": "operator",
        "groups": ["bots"],
        "password": False,
        "disabled": False,
        "tokens": [],
    }
    assert "scrypt" not in run("user", "list", "--json", data_dir=data_dir).stdout


def test_a_damaged_file_is_named_and_left_as_it_is(data_dir: Path) -> None:
    (data_dir / "users.json").write_text("{")
    assert "users.json is damaged" in refused("user", "list", data_dir=data_dir)
    assert "restore it from a backup" in refused("user", "add", "ben", "--no-password", data_dir=data_dir)
    assert (data_dir / "users.json").read_text() == "{"


def test_the_users_file_of_the_settings_is_used(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "workflow-engine.toml").write_text('[ui]\nusers_file = "../people.json"\n')
    assert cli(data, "user", "add", "ann", "--no-password").code == 0
    assert [user.name for user in People(tmp_path / "people.json").everyone()] == ["ann"]


def test_adding_a_user_loads_no_web_server(tmp_path: Path) -> None:
    said = cli(tmp_path / "data", "user", "list", environment={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.err.splitlines()}
    assert (said.code, "click" in loaded, loaded & {"flask", "werkzeug", "waitress"}) == (0, True, set())
