"""How replays are shown: what is different, in words, as a diff, and as JSON."""

import difflib
import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from workflow_engine.agents.replaying import Came, Changes, Replayed
from workflow_engine.cli.output import print_line

_STYLES: Final = {"+": "green", "-": "red", "@": "cyan"}


def document(task: str, changes: Changes, replayed: Sequence[Replayed]) -> dict[str, Any]:
    """Return replays as one JSON document."""
    return {
        "task": task,
        "changes": msgspec.to_builtins(changes),
        "phases": [{**msgspec.to_builtins(one), "diff": "\n".join(diff(one))} for one in replayed],
        "cost": {"before": total(one.before for one in replayed), "after": total(one.after for one in replayed)},
    }


def print_replayed(replayed: Replayed) -> None:
    """Print what is different in one conversation."""
    before, after = replayed.before, replayed.after
    print_line(f"{replayed.phase}, visit {replayed.visit}", "bold")
    print_line(f"  model     {_change(before.model or 'none', after.model or 'none')}")
    if before.decision is not None or after.decision is not None:
        print_line(f"  decision  {_change(_decided(before), _decided(after))}")
    print_line(f"  turns     {_change(_talk(before), _talk(after))}")
    print_line(f"  tokens    {_change(f'{before.tokens:,}', f'{after.tokens:,}')}")
    print_line(f"  cost      {_change(_dollars(before.cost), _dollars(after.cost))}")
    for call in replayed.refused:
        print_line(f"  {call} was not recorded, and not called")
    for call in replayed.made:
        print_line(f"  {call} was not recorded, and called now")
    lines = diff(replayed)
    print_line("  output    the same" if not lines else "  output    other:")
    for line in lines:
        print_line(line, _STYLES.get(line[:1], ""))


def print_total(replayed: Sequence[Replayed]) -> None:
    """Print what several conversations did cost together."""
    if len(replayed) > 1:
        before, after = total(one.before for one in replayed), total(one.after for one in replayed)
        print_line(f"all together: {_change(_dollars(before), _dollars(after))}", "bold")


def diff(replayed: Replayed) -> list[str]:
    """Return the unified diff of the outputs, empty where they are the same."""
    before, after = _lines(replayed.before), _lines(replayed.after)
    return list(difflib.unified_diff(before, after, "recorded", "replayed", lineterm=""))


def total(came: Any) -> float | None:
    """Return what conversations did cost together, None where that of one is not known."""
    costs = [one.cost for one in came]
    return None if None in costs else sum(costs)


def _lines(came: Came) -> list[str]:
    if came.failure is not None:
        return [f"failed: {came.failure}"]
    output = came.output
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False, indent=2)
    return text.splitlines()


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} -> {after}"


def _decided(came: Came) -> str:
    if came.decision is None:
        return "none"
    issues = "; ".join(str(issue["message"]) for issue in came.issues)
    return f"{came.decision} ({issues})" if issues else came.decision


def _talk(came: Came) -> str:
    return f"{came.turns} with {came.calls} tool calls" if came.calls else str(came.turns)


def _dollars(cost: float | None) -> str:
    return "not known" if cost is None else f"${cost:.6f}".rstrip("0").rstrip(".")
