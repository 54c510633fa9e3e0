"""Problems: what is wrong with a workflow, and where."""

import difflib
import heapq
from collections.abc import Callable, Collection, Iterable
from typing import Final, NamedTuple

CANDIDATES_MAX: Final = 50
GUESSES_MAX: Final = 50
LENGTHS_MAX: Final = 4

Place = tuple[str | int, ...]
"""Keys and positions that lead from the whole to a value: ``("phases", 0, "depends_on", 1)``."""


class Problem(NamedTuple):
    """One thing that is wrong.

    Attributes:
        place: where; a loader of files finds line and column for it.
        fact: what is wrong and, where there is one, the remedy, as a sentence that names the thing.
        at_key: whether the key at *place* is meant rather than its value.
        within: where the value is a text and the problem is at a place in it: line and column, both from 0.
    """

    place: Place
    fact: str
    at_key: bool = False
    within: tuple[int, int] | None = None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'draft'?`` where *word* is nearly one of *known*, else the empty string."""
    # Comparing is slow, and a file may have thousands of unknown names among thousands of known ones.
    candidates = heapq.nsmallest(CANDIDATES_MAX, (name for name in known if _alike(word, name)), key=_far(word))
    near = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


class Guesses:
    """Guesses for unknown words among many known ones, for the first `GUESSES_MAX` words: nobody reads more.

    Args:
        known: the known names.
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._made = 0

    def __call__(self, word: str) -> str:
        """Return as `did_you_mean`; the empty string once there were enough."""
        self._made += 1
        return did_you_mean(word, self._known) if self._made <= GUESSES_MAX else ""


def _far(word: str) -> Callable[[str], tuple[int, int, str]]:
    """Return what orders names by how little they have in common with *word*: again what is cheap to see."""
    return lambda name: (-_shared(word, name), abs(len(name) - len(word)), name)


def _shared(one: str, other: str) -> int:
    """Return how many characters two words begin with alike."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def _alike(word: str, name: str) -> bool:
    """Return whether two words begin or end alike and are about as long: what is cheap to see."""
    ends = word[:1].lower() == name[:1].lower() or word[-1:].lower() == name[-1:].lower()
    return ends and abs(len(word) - len(name)) <= LENGTHS_MAX


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return *names* as a text, the first *most* of them."""
    names = list(names)
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
