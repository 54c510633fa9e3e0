"""Groups of failures: failed tasks whose errors differ only in numbers, ids and quoted words fall together."""

import hashlib
import re
from typing import Final

MESSAGE_MAX: Final = 300
"""How much of a message tells groups apart, in characters."""


def failure_group(workflow: str, phase: str, error: str, message: str) -> str:
    """Return the key of the group of a failure.

    Args:
        workflow: name of the task's workflow.
        phase: id of the phase that failed.
        error: class of the error.
        message: its sentence.
    """
    told = "\0".join((workflow, phase, error, normalised(message)))
    return hashlib.blake2b(told.encode(errors="replace"), digest_size=8).hexdigest()


def normalised(message: str) -> str:
    """Return *message* with ``#`` for numbers, ids and hexadecimal, and with what stands in quotes left out."""
    text = _TOKEN.sub(_named, _QUOTED.sub('""', message[:_READ_MAX]))
    return " ".join(_LISTED.sub("#", text).split())[:MESSAGE_MAX]


_READ_MAX: Final = 4 * MESSAGE_MAX
_QUOTED: Final = re.compile(r"""(?<!\w)'[^']*'(?!\w)|"[^"]*"|`[^`]*`|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019""")
_TOKEN: Final = re.compile(r"\w+(?:[-+.:/~@]\w+)*")
_VARIES: Final = re.compile(r"\d|^[a-fA-F]{8,}$")
_LISTED: Final = re.compile(r"#(?:[,;\s]+#)+")


def _named(token: re.Match[str]) -> str:
    """Return a word as it is, and ``#`` for what differs from task to task."""
    return "#" if _VARIES.search(token[0]) else token[0]
