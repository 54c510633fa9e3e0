"""Verdicts: what people, models and programs write when they reject."""

from typing import Any

import pytest

from workflow_engine.verdicts import Issue, verdict


def error(message: str, path: str | None = None) -> Issue:
    return {"severity": "error", "message": message, "path": path}


NO_REASON = [error("rejected without a reason")]


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        1.5,
        "",
        "   ",
        [],
        {},
        [{"severity": "error", "message": "a list alone is no verdict"}],
        "A story about two cats.",
        "APPROVED",
        "Pass: looks good",
        "No problems found",
        "No issues, well done",
        "Fail-safe design, well explained",
        "Failure modes are covered",
        "Invalid inputs are refused, good",
        "1. FAIL is a word",
        "Decision: approve",
        {"decision": "approve"},
        {"decision": "approve", "comment": "reject nothing"},
        {"decision": "approve", "issues": ["a nit"]},
        {"verdict": "Accepted"},
        {"status": "ok", "errors": [{"severity": "error", "message": "an explicit word wins"}]},
        {"result": "pass", "approved": False},
        {"outcome": "LGTM!"},
        {"status": "done", "passed": True, "issues": ["x"]},
        {"passed": True},
        {"approved": "yes"},
        {"rejected": False},
        {"failed": "no"},
        {"status": "done"},
        {"result": {"decision": "reject"}},
        {"decision": None},
        {"passed": 0},
        {"issues": []},
        {"issues": ["", None]},
        {"issues": "a text alone is no list"},
        {"issues": [{"severity": "warning", "message": "mind this"}, {"level": "info", "text": "and that"}]},
        {"comment": "rejected, I would say"},
    ],
    ids=str,
)
def test_what_does_not_reject_passes(value: Any) -> None:
    assert verdict(value) is None


@pytest.mark.parametrize(
    "word",
    [
        "reject",
        "REJECTED",
        "revise",
        "revision",
        "changes_requested",
        "Changes requested",
        "changes-requested",
        "needs-work",
        "fail",
        "failed",
        "no",
        "not approved",
        "declined",
        " rejected. ",
        "**Rejected**",
        "❌ FAIL",
        "[REJECT]",
        "Verdict: FAIL",
        "**Decision:** reject",
    ],
)
def test_a_rejecting_word_rejects_alone_and_under_every_key_of_verdicts(word: str) -> None:
    keys = ("decision", "verdict", "status", "result", "outcome", "approved", "passed")
    assert [verdict(word), *(verdict({key: word}) for key in keys)] == [NO_REASON] * 8


@pytest.mark.parametrize("key", ["approved", "passed", "pass", "ok", "valid", "accepted", "decision", "result"])
def test_false_under_a_key_of_verdicts_rejects(key: str) -> None:
    assert verdict({key: False}) == NO_REASON


@pytest.mark.parametrize("key", ["rejected", "failed"])
def test_true_under_a_key_that_denies_rejects(key: str) -> None:
    assert verdict({key: True, "reason": "too long"}) == [error("too long")]


@pytest.mark.parametrize(
    ("value", "issues"),
    [
        (False, NO_REASON),
        ("FAIL: too long", [error("too long")]),
        ("Rejected - no title", [error("no title")]),
        ("Rejected — no title", [error("no title")]),
        ("REVISE\n\n- no title\n- too long", [error("no title\n- too long")]),
        ("Reject, since it is too long.", [error("since it is too long")]),
        ("Rejected because it is too long", [error("because it is too long")]),
        ("No, it is too long", [error("it is too long")]),
        ('Verdict: **FAIL** "x" is wrong', [error('x" is wrong')]),
        ({"decision": "reject", "comment": "too long"}, [error("too long")]),
        ({"decision": "Rejected: too long"}, [error("too long")]),
        ({"decision": "reject", "issues": [], "feedback": " too long "}, [error("too long")]),
        ({"decision": "reject", "comments": ["too long", "no title"]}, [error("too long"), error("no title")]),
        ({"decision": "reject", "issues": "too long", "comment": "not this"}, [error("too long")]),
        ({"decision": "reject", "comment": "  ", "reason": "too long"}, [error("too long")]),
        ({"passed": False, "errors": ["too long", "", {"text": "no title"}]}, [error("too long"), error("no title")]),
        ({"issues": ["too long"]}, [error("too long")]),
        ({"issues": [{"description": "no title", "field": "title"}]}, [error("no title", "title")]),
        ({"problems": [{"detail": "no title", "location": "a.md", "line": 3}]}, [error("no title", "a.md:3")]),
        ({"errors": [{"message": "no title", "line": 3}]}, [error("no title", "line 3")]),
        ({"errors": [{"message": "no title", "path": ["a", 0, "b"]}]}, [error("no title", "a.0.b")]),
        ({"errors": [{"code": 7}]}, [error('{"code": 7}')]),
        ({"errors": [7]}, [error("7")]),
        (
            {"issues": [{"severity": "warn", "message": "a"}, {"severity": "CRITICAL", "message": "b"}]},
            [{"severity": "warning", "message": "a", "path": None}, error("b")],
        ),
        (
            {"decision": "reject", "issues": [{"level": "note", "message": "a"}]},
            [{"severity": "info", "message": "a", "path": None}],
        ),
        ({"issues": ["a"], "errors": ["b"]}, [error("a"), error("b")]),
    ],
    ids=str,
)
def test_a_rejection_carries_its_issues(value: Any, issues: list[Issue]) -> None:
    assert verdict(value) == issues
