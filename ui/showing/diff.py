"""What has changed from one version of a text to the next: words of prose, lines of all else, at bounded cost."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from workflow_engine.ui.showing.editing import Budget, Same, anchors, in_common

Sign = Literal["same", "added", "removed", "changed"]

LINES_MAX: Final = 5_000
CHARACTERS_MAX: Final = 1024 * 1024
"""Lines and characters of the longer version; above, no comparison is made."""

STEPS_MAX: Final = 2_000_000
"""Steps of one comparison, lines and words together: about half a second."""

WORDS_MAX: Final = 4_000
"""Words, spaces and signs in a stretch of changed lines that is compared word by word."""

CONTEXT: Final = 3
"""Lines that are shown before and after a change."""

FOLDED_MIN: Final = 4
FOLDED_MAX: Final = 1_000
"""Lines that are worth folding; and how many the reader can unfold, while of more only the number is told."""

ALIKE_MIN: Final = 0.3
"""Share of the longer stretch that must be the same for a comparison by words to be readable."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a line; its sign is never "changed"."""

    sign: Sign
    text: str


class Row(msgspec.Struct, frozen=True):
    """A line, or a stretch of changed lines whose words were compared.

    Attributes:
        sign: "changed" if its pieces have different signs.
        pieces: what stands in it; line ends are within.
        old: number of the line before, from 1; None if it is not there.
        new: number of the line after.
    """

    sign: Sign
    pieces: tuple[Piece, ...]
    old: int | None = None
    new: int | None = None


class Fold(msgspec.Struct, frozen=True):
    """Unchanged lines: their number, and the lines if they are not too many."""

    count: int
    rows: tuple[Row, ...]


class Diff(msgspec.Struct, frozen=True):
    """A comparison.

    Attributes:
        rows: what to show, in order.
        added: lines that are new or changed.
        removed: lines that are gone or changed.
        prose: whether the text is read, not looked up: no numbers of lines, no columns.
        note: what a reader has to know, such as that nothing was compared.
    """

    rows: tuple[Row | Fold, ...]
    added: int = 0
    removed: int = 0
    prose: bool = False
    note: str = ""


def diff(before: str, after: str, *, prose: bool | None = None) -> Diff:
    """Return what has changed from *before* to *after*.

    Ends of lines do not count.  In a stretch of changed lines of prose, words are compared; where they have too little
    in common or are too many, lines are shown as removed and added.  Where even the lines are too different to find the
    shortest way within the steps allowed, lines that are there once in both versions are taken to be the same.

    Args:
        before: the earlier version.
        after: the later one.
        prose: None has it guessed.
    """
    if prose is None:
        prose = is_prose(after) and is_prose(before)
    old, new = _lines(before), _lines(after)
    if old == new:
        return Diff((), prose=prose, note="Nothing has changed.")
    if max(len(old), len(new)) > LINES_MAX or max(len(before), len(after)) > CHARACTERS_MAX:
        lines = f"{len(old):,} lines before, {len(new):,} now" if len(old) != len(new) else f"{len(new):,} lines"
        return Diff((), prose=prose, note=f"It has changed, and is too large to be compared: {lines}.")
    budget = Budget(STEPS_MAX)
    found = in_common(old, new, budget)
    kept = anchors(old, new) if found is None else found
    rows = tuple(_folded(list(_rows(old, new, kept, budget if prose else None))))
    same = sum(stretch.length for stretch in kept)
    note = "" if found is not None else "Much has changed, so some lines may be shown as changed that only moved."
    return Diff(rows, len(new) - same, len(old) - same, prose, note)


def is_prose(text: str) -> bool:
    """Return whether *text* reads like sentences: few of its lines are indented or end as those of programs do."""
    lines = [line for line in text[:20_000].split("\n") if line.strip()]
    odd = sum(bool(_ODD.search(line)) for line in lines)
    return odd <= len(lines) * 0.2


_ODD: Final = re.compile(r"^(?: {2,}|\t)|[{}()\[\];,:=>]\s*$|^[\[{]|^\s*[\w.-]+\s*[:=]\s*\S")


def _lines(text: str) -> list[str]:
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _rows(old: list[str], new: list[str], kept: Sequence[Same], words: Budget | None) -> Iterator[Row]:
    """Yield all lines with their signs; *words* is what may be spent on comparing words, None for nothing."""
    at_old = at_new = 0
    for stretch in [*kept, Same(len(old), len(new), 0)]:
        yield from _changed(old, new, range(at_old, stretch.old), range(at_new, stretch.new), words)
        for place in range(stretch.length):
            line = old[stretch.old + place]
            yield Row("same", (Piece("same", line),), stretch.old + place + 1, stretch.new + place + 1)
        at_old, at_new = stretch.old + stretch.length, stretch.new + stretch.length


def _changed(old: list[str], new: list[str], gone: range, come: range, words: Budget | None) -> Iterator[Row]:
    if gone and come and words is not None:
        texts = ["\n".join(lines[place] for place in places) for lines, places in ((old, gone), (new, come))]
        pieces = _compared(texts[0], texts[1], words)
        if pieces is not None:
            yield Row("changed", tuple(pieces), gone.start + 1, come.start + 1)
            return
    yield from (Row("removed", (Piece("removed", old[place]),), old=place + 1) for place in gone)
    yield from (Row("added", (Piece("added", new[place]),), new=place + 1) for place in come)


# A word, a sign of a script that has no spaces between words, a stretch of spaces, or any other sign.
_WORDS: Final = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\S\n]+|\n|.", re.S
)


def _compared(before: str, after: str, budget: Budget) -> list[Piece] | None:
    """Return two texts as one, with the words that went and came; None if that is too much or says too little."""
    if len(before) + len(after) > WORDS_MAX * 20:
        return None
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    kept = in_common(old, new, budget) if len(old) + len(new) <= WORDS_MAX else None
    if kept is None:
        return None
    kept = [same for place, same in enumerate(kept) if _tells(old, same, place in (0, len(kept) - 1))]
    alike = sum(len("".join(old[same.old : same.old + same.length]).strip()) for same in kept)
    if alike < ALIKE_MIN * max(len(before), len(after)):
        return None
    return list(_pieces(old, new, kept))


def _tells(words: list[str], same: Same, outermost: bool) -> bool:
    """Return whether a stretch in common is worth showing between two changes: a lone space or "of" is not."""
    stretch = words[same.old : same.old + same.length]
    return outermost or sum(word.isalnum() for word in stretch) >= 2 or len("".join(stretch).strip()) > 4


def _pieces(old: list[str], new: list[str], kept: list[Same]) -> Iterator[Piece]:
    at_old = at_new = 0
    for same in [*kept, Same(len(old), len(new), 0)]:
        parts: tuple[tuple[Sign, list[str]], ...] = (
            ("removed", old[at_old : same.old]),
            ("added", new[at_new : same.new]),
            ("same", old[same.old : same.old + same.length]),
        )
        yield from (Piece(sign, "".join(words)) for sign, words in parts if words)
        at_old, at_new = same.old + same.length, same.new + same.length


def _folded(rows: list[Row]) -> Iterator[Row | Fold]:
    """Yield *rows* with stretches of unchanged lines folded, but for those around changes."""
    at = 0
    while at < len(rows):
        end = at
        while end < len(rows) and rows[end].sign == "same":
            end += 1
        begin, stop = at + (CONTEXT if at else 0), end - (CONTEXT if end < len(rows) else 0)
        if stop - begin >= FOLDED_MIN:
            hidden = rows[begin:stop]
            yield from rows[at:begin]
            yield Fold(len(hidden), tuple(hidden) if len(hidden) <= FOLDED_MAX else ())
            yield from rows[stop:end]
        else:
            yield from rows[at:end]
        if end < len(rows):
            yield rows[end]
        at = end + 1
