"""Gates: decided as soon as it is certain, and never the other way round afterwards."""

from itertools import product
from typing import Any

import msgspec
import pytest

from tests.unit.core_helpers import raw
from workflow_engine.core.components import PhaseProgress
from workflow_engine.core.gates import Verdict, judge
from workflow_engine.spec.model import Phase

PASS = PhaseProgress(output=raw("fine"))
REJECT = PhaseProgress(output=raw("bad"), issues=raw([{"message": "too long"}]))
SKIPPED = PhaseProgress(outcome="skipped")
UNCHOSEN = PhaseProgress(outcome="unchosen")
SUPERSEDED = PhaseProgress(outcome="superseded", output=raw("old"))


def decided(require: Any, *entries: PhaseProgress | None, final: bool = False) -> Verdict | None:
    """Return what a gate over a, b, c ... decides; None for a reviewer that has not ended."""
    names = "abcdef"[: len(entries)]
    gate = Phase(id="gate", gate={"of": list(names), "require": require})
    known = {name: entry for name, entry in zip(names, entries, strict=True) if entry is not None}
    return judge(gate, known, final=final)


def passes(require: Any, *entries: PhaseProgress | None, final: bool = False) -> bool | None:
    verdict = decided(require, *entries, final=final)
    return verdict.passed if verdict is not None else None


@pytest.mark.parametrize(
    ("require", "entries", "passed"),
    [
        ("all", (PASS, PASS), True),
        ("all", (PASS, None), None),
        ("all", (REJECT, None), False),
        ("any", (PASS, None), True),
        ("any", (REJECT, None), None),
        ("any", (REJECT, REJECT), False),
        (2, (PASS, None, PASS), True),
        (2, (PASS, REJECT, None), None),
        (2, (REJECT, REJECT, None), False),
    ],
)
def test_a_gate_decides_as_soon_as_it_is_certain(
    require: Any, entries: tuple[PhaseProgress | None, ...], passed: bool | None
) -> None:
    assert passes(require, *entries) is passed


@pytest.mark.parametrize("require", ["all", "any", 1, 2])
def test_who_was_skipped_or_not_chosen_does_not_count(require: Any) -> None:
    assert passes(require, SKIPPED, UNCHOSEN) is True
    assert passes(require, SKIPPED, PASS) is True
    assert passes(require, REJECT, UNCHOSEN) is False


def test_no_more_have_to_pass_than_count() -> None:
    assert passes(3, PASS, PASS, SKIPPED) is True
    assert passes(3, PASS, REJECT, SKIPPED) is False


def test_a_verdict_on_work_that_is_done_again_is_no_verdict() -> None:
    assert passes("all", PASS, SUPERSEDED) is None


def test_in_a_sequence_what_has_not_ended_never_will() -> None:
    assert passes("all", PASS, None, final=True) is True


def test_a_decision_says_who_said_what_and_why() -> None:
    verdict = decided("all", PASS, REJECT, None, SKIPPED)
    assert verdict is not None
    assert msgspec.json.decode(verdict.output) == {
        "passed": False,
        "verdicts": {"a": "pass", "b": "reject", "c": "undecided", "d": "skipped"},
        "issues": [{"message": "too long"}],
    }
    assert (msgspec.json.decode(verdict.issues), verdict.undecided) == ([{"message": "too long"}], frozenset("c"))


@pytest.mark.parametrize("require", ["all", "any", 1, 2, 3])
def test_what_comes_later_never_changes_a_decision(require: Any) -> None:
    endings = (PASS, REJECT, SKIPPED)
    for ended in product((None, *endings), repeat=3):
        early = passes(require, *ended)
        for late in product(endings, repeat=3):
            whole = [late[position] if entry is None else entry for position, entry in enumerate(ended)]
            assert early in (None, passes(require, *whole)), (ended, whole)
