"""What has changed, at bounded cost."""

import random
import time

import pytest

from workflow_engine.ui.showing.diff import CHARACTERS_MAX, LINES_MAX, Diff, Fold, Piece, Row, diff, is_prose
from workflow_engine.ui.showing.editing import Budget, Same, anchors, in_common


def same(text: str, old: int, new: int) -> Row:
    return Row("same", (Piece("same", text),), old, new)


def test_words_of_prose_are_compared() -> None:
    assert diff("Search is blazingly fast now.\nIt works.", "Search is three times faster now.\nIt works.") == Diff(
        (
            Row(
                "changed",
                (
                    Piece("same", "Search is "),
                    Piece("removed", "blazingly fast"),
                    Piece("added", "three times faster"),
                    Piece("same", " now."),
                ),
                1,
                1,
            ),
            same("It works.", 2, 2),
        ),
        added=1,
        removed=1,
        prose=True,
    )


def test_lines_of_programs_are_compared() -> None:
    assert diff("a = 1\nb = 2\n", "a = 1\nb = 3\nc = 4\n") == Diff(
        (
            same("a = 1", 1, 1),
            Row("removed", (Piece("removed", "b = 2"),), old=2),
            Row("added", (Piece("added", "b = 3"),), new=2),
            Row("added", (Piece("added", "c = 4"),), new=3),
        ),
        added=2,
        removed=1,
    )


def test_prose_with_little_in_common_is_shown_by_lines() -> None:
    found = diff("Nothing of this remains here.", "Quite another sentence stands instead.")
    assert [row.sign for row in found.rows if isinstance(row, Row)] == ["removed", "added"]


def test_a_zero_width_space_is_a_change() -> None:
    found = diff("pay the invoice of ada today", "pay the invoice of a\u200bda today")
    assert found.rows != ()


def test_unchanged_lines_are_folded_but_those_around_a_change() -> None:
    before = [f"x{place} = {place}" for place in range(30)]
    after = [*before[:15], "new = 1", *before[15:]]
    found = diff("\n".join(before), "\n".join(after)).rows
    assert [row.count if isinstance(row, Fold) else row.new for row in found] == [12, 13, 14, 15, 16, 17, 18, 19, 12]
    assert isinstance(found[0], Fold)
    assert found[0].rows == tuple(same(line, place, place) for place, line in enumerate(before[:12], 1))


def test_a_fold_of_thousands_of_lines_is_only_counted() -> None:
    before = "x = 1\n" * 3_000
    assert diff(before, before + "y = 2\n").rows[0] == Fold(2_997, ())


@pytest.mark.parametrize(("before", "after"), [("a\nb", "a\r\nb\r\n"), ("", ""), ("a\n", "a")])
def test_ends_of_lines_do_not_count(before: str, after: str) -> None:
    assert diff(before, after) == Diff((), prose=True, note="Nothing has changed.")


def test_what_is_too_large_is_not_compared() -> None:
    assert diff("x\n", "x\n" * (LINES_MAX + 1)).note == (
        "It has changed, and is too large to be compared: 1 lines before, 5,001 now."
    )
    assert diff("x", "x" * (CHARACTERS_MAX + 1)).rows == ()


HOSTILE = {
    "two lines over and over": ("ab", 5_000),
    "all lines differ": ([str(place) for place in range(9_000)], 5_000),
    "one long word": (["x" * 200], 5_000),
    "two words": (["a ", "b "], 5_000),
    "sentences": (["word " * 20 + str(place) for place in range(30)], 4_999),
}


@pytest.mark.slow
@pytest.mark.parametrize("prose", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_no_pair_of_texts_takes_long(name: str, prose: bool) -> None:
    lines, count = HOSTILE[name]
    rng = random.Random(7)
    texts = ["\n".join(rng.choice(lines) for _ in range(count)) for _ in range(2)]
    texts += [text.replace("\n", " ") for text in texts]
    for before, after in (texts[:2], texts[2:]):
        begin = time.process_time()
        diff(before, after, prose=prose)
        assert time.process_time() - begin < 5  # measured: half a second


def rebuilt(found: Diff, sign: str) -> str:
    rows = [line for row in found.rows for line in (row.rows if isinstance(row, Fold) else (row,))]
    kept = ["".join(piece.text for piece in row.pieces if piece.sign in ("same", sign)) for row in rows]
    told = [row.sign in ("same", sign, "changed") for row in rows]
    return "\n".join(text for text, shown in zip(kept, told, strict=True) if shown)


@pytest.mark.parametrize("seed", range(150))
def test_both_versions_can_be_read_from_a_comparison(seed: int) -> None:
    rng = random.Random(seed)
    words = ["alpha", "beta", "gamma", "delta", "x = 1;", "\u65e5\u672c", "\u202e", "  "]

    def text() -> str:
        lines = (" ".join(rng.choice(words) for _ in range(rng.randrange(6))) for _ in range(rng.randrange(12)))
        return "\n".join([*lines, "end"])

    before, after = text(), text()
    for prose in (True, False):
        found = diff(before, after, prose=prose)
        if found.rows:
            assert (rebuilt(found, "removed"), rebuilt(found, "added")) == (before, after)


def longest(old: str, new: str) -> int:
    """Return the length of the longest common subsequence, the slow way."""
    row = [0] * (len(new) + 1)
    for one in old:
        above, row = row, [0]
        for place, other in enumerate(new):
            row.append(above[place] + 1 if one == other else max(above[place + 1], row[place]))
    return row[-1]


@pytest.mark.parametrize("seed", range(150))
def test_the_shortest_script_keeps_the_most(seed: int) -> None:
    rng = random.Random(seed)
    old, new = ("".join(rng.choice("abc") for _ in range(rng.randrange(14))) for _ in range(2))
    found = in_common(old, new, Budget(10_000))
    assert found is not None
    assert sum(stretch.length for stretch in found) == longest(old, new)
    for stretch in found:
        assert old[stretch.old : stretch.old + stretch.length] == new[stretch.new : stretch.new + stretch.length]
    assert found == sorted(found)


def test_a_script_beyond_its_budget_is_none() -> None:
    assert in_common("abcdefgh" * 10, "hgfedcba" * 10, Budget(50)) is None


def test_lines_that_are_there_once_are_anchors() -> None:
    assert anchors(["a", "x", "b", "c", "x"], ["c", "a", "x", "b"]) == [Same(0, 1, 1), Same(2, 3, 1)]
    assert anchors([], ["a"]) == []


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("Dear reader,\nthis is a letter.\nYours", False),
        ("This is a letter.\nIt has sentences.", True),
        ('{\n  "a": 1\n}', False),
        ("def f():\n    return 1\n", False),
        ("# Notes\n\nSome words.\n\n- one\n- two", True),
        ("", True),
    ],
)
def test_prose_is_told_from_programs(text: str, prose: bool) -> None:
    assert is_prose(text) is prose
