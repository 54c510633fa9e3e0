"""Gates: whether the verdicts of reviewing phases are enough to go on."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from workflow_engine.core.components import PhaseProgress
from workflow_engine.spec.model import Phase

_decode: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode


class Verdict(msgspec.Struct, frozen=True):
    """What a gate decides.

    Attributes:
        passed: whether it lets the task go on.
        output: the output of its phase: ``{"passed": ..., "verdicts": {"phase": "pass"}, "issues": [...]}``.
        issues: the issues of all that rejected, a list.
        undecided: the reviewing phases that it did not wait for.
    """

    passed: bool
    output: msgspec.Raw
    issues: msgspec.Raw
    undecided: frozenset[str]


def judge(phase: Phase, entries: Mapping[str, PhaseProgress], *, final: bool = False) -> Verdict | None:
    """Return what the gate *phase* decides, as soon as that is certain; None before.

    Args:
        phase: a gate.
        entries: how phases of the task ended, by id.
        final: whether phases that are not done never will be, and so do not count.
    """
    assert phase.gate is not None
    absent = "skipped" if final else "undecided"
    verdicts = {name: _verdict(entries.get(name), absent) for name in phase.gate.of}
    counting = [word for word in verdicts.values() if word != "skipped"]
    passes, undecided = counting.count("pass"), counting.count("undecided")
    required = _required(phase.gate.require, len(counting))
    if passes < required <= passes + undecided:
        return None
    rejected = [name for name, word in verdicts.items() if word == "reject"]
    issues = [issue for name in rejected for issue in _issues(entries[name])]
    output: dict[str, Any] = {"passed": passes >= required, "verdicts": verdicts, "issues": issues}
    return Verdict(
        passes >= required,
        msgspec.Raw(msgspec.json.encode(output)),
        msgspec.Raw(msgspec.json.encode(issues)),
        frozenset(name for name, word in verdicts.items() if word == "undecided"),
    )


def _required(require: Literal["all", "any"] | int, counting: int) -> int:
    """Return how many have to pass: no more than count, so where all were skipped there is nothing to object to."""
    if require == "all":
        return counting
    return min(1 if require == "any" else require, counting)


def _verdict(entry: PhaseProgress | None, absent: str) -> str:
    if entry is None or not entry.done:
        return absent
    if entry.outcome != "completed":
        return "skipped"
    return "pass" if entry.issues is msgspec.UNSET else "reject"


def _issues(entry: PhaseProgress) -> list[msgspec.Raw]:
    return _decode(entry.issues) if isinstance(entry.issues, msgspec.Raw) else []
