"""Verdicts: whether the output of a reviewing phase rejects what it reviewed, and with which issues.

People, models and programs say it in many ways.  These are understood, and the first that applies decides:

- ``false`` rejects, and a text that is a JSON object is read as that;
- a text that begins with a word of `REJECTING`: ``FAIL: too long``, ``Rejected - no title``, ``Verdict: revise``;
- an object with a word of `REJECTING` or `PASSING`, or a boolean, under a key of `SAYING`, `AFFIRMING` or `DENYING`:
  ``{"decision": "reject"}``, ``{"passed": false}``; its issues then change nothing;
- an object without any of these, but with a list of issues of which one is an error or does not say how severe it is:
  ``{"issues": ["too long"]}``.  Warnings and remarks alone do not reject.

Everything else passes.
"""

import itertools
import json
import re
from typing import Any, Final, Literal, TypedDict

Severity = Literal["error", "warning", "info"]


class Issue(TypedDict):
    """What is wrong with what was reviewed.

    Attributes:
        severity: how bad it is.
        message: what is wrong, in words.
        path: where, in the reviewer's words, or None.
    """

    severity: Severity
    message: str
    path: str | None


ALONE: Final = frozenset(
    {"no", "false", "block", "blocked", "failure", "invalid", "redo", "rejection", "retry", "revision", "rework"}
)
"""Rejecting words that ordinary sentences begin with ("No problems found"): they count as a whole clause only."""

REJECTING: Final = ALONE | {
    *("reject", "rejects", "rejected", "revise", "fail", "fails", "failed", "decline", "declined", "deny", "denied"),
    *("disapprove", "disapproved", "unacceptable", "request changes", "changes requested", "changes required"),
    *("changes needed", "needs changes", "needs revision", "needs rework", "needs work", "send back", "sent back"),
    *("not approved", "not accepted", "not acceptable", "not ok", "not passed", "not valid"),
}
PASSING: Final = frozenset(
    {
        *("approve", "approves", "approved", "accept", "accepts", "accepted", "pass", "passes", "passed", "ok", "okay"),
        *("yes", "true", "valid", "success", "succeeded", "lgtm", "publish"),
    }
)
"""Words of verdicts, in lower case, their parts separated by spaces."""

SAYING: Final = ("decision", "verdict", "status", "result", "outcome")
AFFIRMING: Final = ("approved", "passed", "pass", "ok", "valid", "accepted")
DENYING: Final = ("rejected", "failed")
"""Keys of verdicts, looked for in this order; of `DENYING`, only booleans count, and ``true`` rejects."""

NO_REASON: Final = "rejected without a reason"

_ISSUES: Final = ("issues", "errors", "problems")
_REMARKS: Final = ("comment", "feedback", "reason", "comments", "message")
_MESSAGES: Final = ("message", "description", "text", "detail")
_MILD: Final[dict[str, Severity]] = {
    **dict.fromkeys(("warning", "warn", "medium", "moderate", "minor", "low"), "warning"),
    **dict.fromkeys(("info", "information", "note", "notice", "hint", "suggestion", "nit"), "info"),
}


def verdict(value: Any) -> list[Issue] | None:
    """Return the issues with which the output *value* rejects, at least one, or None where it passes."""
    value = _read(value)
    if isinstance(value, dict):
        return _of_object(value)  # pyright: ignore[reportUnknownArgumentType] - of anything
    passes, remark = _said(value)
    return [_issue(remark)] if passes is False else None


def passes(value: Any) -> bool | None:
    """Return whether the output *value* says in so many words that it passes, None where it does not say."""
    value = _read(value)
    return _explicit(value)[0] if isinstance(value, dict) else _said(value)[0]  # pyright: ignore[reportUnknownArgumentType]


def _read(value: Any) -> Any:
    """Return what a text holds that is a JSON object, and anything else as it is."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _of_object(given: dict[Any, Any]) -> list[Issue] | None:
    passes, remark = _explicit(given)
    if passes is None:
        listed = [_issue(one) for key in _ISSUES if isinstance(given.get(key), list) for one in _several(given[key])]
        return listed if any(issue["severity"] == "error" for issue in listed) else None
    if passes:
        return None
    issues = [_issue(one) for key in _ISSUES for one in _several(given.get(key))]
    remarks = ([_issue(one) for one in _several(given.get(key))] for key in _REMARKS)
    return issues or next((found for found in remarks if found), [_issue(remark)])


def _explicit(given: dict[Any, Any]) -> tuple[bool | None, str]:
    """Return whether an object says that it passes, None where it does not say, and the words after that one."""
    for key in (*SAYING, *AFFIRMING):
        passes, remark = _said(given.get(key))
        if passes is not None:
            return passes, remark
    return next((not given[key] for key in DENYING if isinstance(given.get(key), bool)), None), ""


_START: Final = re.compile(rf"[\W_]*(?:(?:{'|'.join(SAYING)})[\W_]*?[:=][\W_]*)?", re.IGNORECASE)
_CLAUSE_END: Final = re.compile(r"[:.,;!?\n()\[\]{}\u2013\u2014]|\s-\s|$")
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def _said(value: Any) -> tuple[bool | None, str]:
    """Return whether a boolean or the beginning of a text says that it passes, and what the text says after that."""
    if isinstance(value, bool):
        return value, ""
    if not isinstance(value, str):
        return None, ""
    start = _START.match(value)
    begin = start.end() if start else 0
    end = _CLAUSE_END.search(value, begin)
    words = list(itertools.islice(_WORD.finditer(value, begin, end.start() if end else len(value)), 3))
    for count in (2, 1):
        phrase = " ".join(word[0] for word in words[:count]).lower().replace("-", " ")
        if phrase in PASSING | REJECTING and (phrase not in ALONE or len(words) <= count):
            return phrase in PASSING, value[words[:count][-1].end() :].strip(_AROUND)
    return None, ""


_AROUND: Final = " \t\r\n:;,.!*_#)]\"'`-\u2013\u2014"
"""What stands between a word of a verdict and its reason."""


def _several(value: Any) -> list[Any]:
    """Return what a list holds, or a text or object alone, without what is empty."""
    if not isinstance(value, list):
        value = [value] if isinstance(value, str | dict) else []
    found: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - of anything
    return [one for one in found if (one.strip() if isinstance(one, str) else one)]


def _issue(given: Any) -> Issue:
    if not isinstance(given, dict):
        text = given.strip() if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
        return {"severity": "error", "message": text or NO_REASON, "path": None}
    said: dict[Any, Any] = given  # pyright: ignore[reportUnknownVariableType] - of anything
    texts: list[str] = [said[key].strip() for key in _MESSAGES if isinstance(said.get(key), str)]
    return {
        "severity": _severity(said),
        "message": next(filter(None, texts), json.dumps(said, ensure_ascii=False)),
        "path": _path(said),
    }


def _severity(said: dict[Any, Any]) -> Severity:
    word = said.get("severity", said.get("level"))
    return _MILD.get(word.strip().lower(), "error") if isinstance(word, str) else "error"


def _path(said: dict[Any, Any]) -> str | None:
    """Return where an issue is: ``text.md:12``, ``phases.0.id``, ``line 12``."""
    place: Any = next((said[key] for key in ("path", "location", "field") if said.get(key)), None)
    if isinstance(place, list):
        parts: list[Any] = place  # pyright: ignore[reportUnknownVariableType] - of anything
        place = ".".join(str(part) for part in parts)
    line: Any = said.get("line")
    if line is None:
        return str(place) if place is not None else None
    return f"{place}:{line}" if place is not None else f"line {line}"
