"""What the programs of the ready-made workflows share: their task from stdin, and their ends."""

import json
import sys
from typing import Any, Final, NoReturn

REJECTS: Final = 1
"""Exit code of a program that reviews something and rejects it."""

BAD_DATA: Final = 65
"""Exit code of a program that would never succeed on this task, so that it is not tried again."""


def task() -> dict[str, Any]:
    """Return the task that the program is run for: its ``data``, the ``input`` of the phase, an ``item`` and so on."""
    found: dict[str, Any] = json.load(sys.stdin)
    return found


def give(output: Any) -> None:
    """Print the output of the phase."""
    json.dump(output, sys.stdout, ensure_ascii=False)


def reject(issues: list[str]) -> NoReturn:
    """End as a review that found *issues*."""
    give({"issues": issues})
    sys.exit(REJECTS)


def refuse(reason: str) -> NoReturn:
    """End as one who cannot do anything with this task, now or later."""
    print(reason, file=sys.stderr)
    sys.exit(BAD_DATA)
