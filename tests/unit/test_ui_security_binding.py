"""Where the dashboard may listen, under which names it answers, and what its settings may be."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.unit.ui_security_given import PASSWORD, people
from workflow_engine.errors import ConfigError
from workflow_engine.ui.security import check_binding
from workflow_engine.ui.security.binding import why_login
from workflow_engine.ui.security.hosts import Hosts
from workflow_engine.ui.security.proxies import Proxies
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui_settings import UiSettings

# ---------------------------------------------------------------- binding


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_this_machine_alone_needs_no_login(tmp_path: Path, host: str) -> None:
    check_binding(UiSettings(host=host), people(tmp_path))
    assert why_login(UiSettings(host=host)) is None


@pytest.mark.parametrize(
    "settings",
    [
        *(UiSettings(host=host) for host in ("0.0.0.0", "::", "192.0.2.7", "2001:db8::1", "::ffff:192.0.2.7", "0")),
        UiSettings(login="always"),
        UiSettings(public_url="https://tasks.example.org"),
        UiSettings(public_url="http://localhost.example.org"),
        UiSettings(allowed_hosts=("tasks.example.org",)),
        UiSettings(allowed_hosts=("localhost", "192.0.2.7:80")),
        UiSettings(host="0.0.0.0", trusted_proxies=("10.0.0.1",)),
    ],
    ids=str,
)
def test_what_others_reach_does_not_start_without_anybody_who_can_log_in(tmp_path: Path, settings: UiSettings) -> None:
    found = people(tmp_path)
    with pytest.raises(
        ConfigError, match=r"`workflow-engine user add NAME --role admin`.*proxy_header and trusted_prox"
    ):
        check_binding(settings, found)
    found.add("ann", Role.ADMIN)
    with pytest.raises(ConfigError):
        check_binding(settings, found)
    found.set_password("ann", PASSWORD)
    check_binding(settings, found)
    found.set_disabled("ann", True)
    with pytest.raises(ConfigError):
        check_binding(settings, found)


def test_a_token_is_a_way_to_log_in(tmp_path: Path) -> None:
    found = people(tmp_path)
    found.add("ci", Role.OPERATOR)
    found.add_token("ci", "")
    check_binding(UiSettings(host="0.0.0.0"), found)


def test_a_trusted_proxy_is_a_way_to_log_in(tmp_path: Path) -> None:
    settings = UiSettings(host="0.0.0.0", proxy_header="X-Forwarded-User", trusted_proxies=("10.0.0.0/8",))
    check_binding(settings, people(tmp_path))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_header_that_anybody_can_send_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="trusted_proxies"):
        check_binding(UiSettings(host=host, proxy_header="X-Forwarded-User"), people(tmp_path))


@pytest.mark.parametrize("host", ["no such host", "x" * 300, "tasks..example"])
def test_a_host_that_does_not_exist_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match="is no address of this machine"):
        check_binding(UiSettings(host=host), people(tmp_path))


def test_a_damaged_users_file_is_refused_on_loopback_too(tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text("{")
    with pytest.raises(ConfigError, match=r"users\.json is damaged"):
        check_binding(UiSettings(), people(tmp_path))


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("settings", "host", "answered"),
    [
        (UiSettings(host="tasks.lan", port=80), "tasks.lan", True),
        (UiSettings(host="tasks.lan", port=80), "tasks.lan:80", True),
        (UiSettings(host="tasks.lan", port=80), "tasks.lan:81", False),
        (UiSettings(host="Tasks.LAN", port=0), "tasks.lan:34567", True),
        (UiSettings(host="2001:db8::1"), "[2001:db8::1]:5000", True),
        (UiSettings(host="2001:db8::1"), "[2001:db8::2]:5000", False),
        (UiSettings(host="192.0.2.7"), "192.0.2.7:5000", True),
        (UiSettings(host="192.0.2.7"), "192.0.2.8:5000", False),
        (UiSettings(host="0.0.0.0"), "192.0.2.7:5000", True),  # a number cannot be made to point elsewhere
        (UiSettings(host="::"), "[2001:db8::1]:8080", True),
        (UiSettings(host="0.0.0.0"), "evil.example:5000", False),
        (UiSettings(host="0.0.0.0"), "192.0.2.7.evil.example", False),
        (UiSettings(public_url="https://tasks.example.org/"), "tasks.example.org", True),
        (UiSettings(public_url="https://tasks.example.org/"), "TASKS.example.org:443", True),
        (UiSettings(public_url="https://tasks.example.org/"), "tasks.example.org:8443", False),
        (UiSettings(public_url="https://tasks.example.org:8443"), "tasks.example.org:8443", True),
        (UiSettings(public_url="https://tasks.example.org:8443"), "tasks.example.org", False),
        (UiSettings(public_url="https://tasks.example.org"), "example.org", False),
        (UiSettings(public_url="https://[2001:db8::1]"), "[2001:DB8::1]", True),
        (UiSettings(allowed_hosts=("tasks.lan",)), "tasks.lan:9999", True),
        (UiSettings(allowed_hosts=("tasks.lan:81",)), "tasks.lan:81", True),
        (UiSettings(allowed_hosts=("tasks.lan:81",)), "tasks.lan", False),
        (UiSettings(allowed_hosts=("tasks.lan",)), "x.tasks.lan", False),
    ],
)
def test_a_name_is_answered_where_the_settings_have_it(settings: UiSettings, host: str, answered: bool) -> None:
    assert Hosts(settings).answer(host) == answered


# ---------------------------------------------------------------- proxies


@pytest.mark.parametrize(
    ("forwarded", "origin"),
    [
        ("", "10.0.0.1"),
        ("192.0.2.7", "192.0.2.7"),
        ("6.6.6.6, 192.0.2.7", "192.0.2.7"),  # whoever came may have written the first
        ("6.6.6.6, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("192.0.2.7, garbage", "10.0.0.1"),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
        (",".join(["10.0.0.2"] * 100), "10.0.0.2"),
    ],
)
def test_a_request_comes_from_the_last_address_that_no_proxy_has(forwarded: str, origin: str) -> None:
    proxies = Proxies(UiSettings(trusted_proxies=("10.0.0.0/8",)))
    assert proxies.origin("10.0.0.1", {"X-Forwarded-For": forwarded}) == origin
    assert proxies.origin("172.16.0.1", {"X-Forwarded-For": forwarded}) == "172.16.0.1"


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize(
    "wrong",
    [
        {"host": ""},
        {"port": 65_536},
        {"public_url": "tasks.example.org"},
        {"public_url": "ftp://tasks.example.org"},
        {"public_url": "https://"},
        {"public_url": "https://user:secret@tasks.example.org"},
        {"public_url": "https://tasks.example.org?a"},
        {"public_url": "https://tasks.example.org:99999"},
        {"public_url": "https://[::1"},
        {"allowed_hosts": ("https://tasks.example.org",)},
        {"allowed_hosts": ("*",)},
        {"allowed_hosts": (".example.org",)},
        {"allowed_hosts": ("",)},
        {"proxy_header": "X User"},
        {"proxy_header": ""},
        {"proxy_role": "king"},
        {"trusted_proxies": ("everybody",)},
        {"trusted_proxies": ("0.0.0.0/0",)},
        {"trusted_proxies": ("::/0",)},
        {"login": "never"},
        {"body_max_mib": 0},
        {"session_idle_hours": 0},
        {"session_hours": float("inf")},
        {"more": 1},
    ],
    ids=str,
)
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        UiSettings.model_validate(wrong)


def test_users_are_kept_with_the_data_unless_told_otherwise(tmp_path: Path) -> None:
    places = [
        UiSettings(users_file=path).users_path(tmp_path) for path in (None, Path("a/b.json"), Path("/etc/u.json"))
    ]
    assert places == [tmp_path / "users.json", tmp_path / "a/b.json", Path("/etc/u.json")]


def test_the_defaults_are_for_one_machine() -> None:
    assert (UiSettings().host, UiSettings().port, UiSettings().login) == ("127.0.0.1", 5000, "auto")
