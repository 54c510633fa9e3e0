"""What an artifact may be called.

A name becomes a path below a folder that a program reads, so nothing in it may lead out of that folder, and it is shown
in terminals and pages, so nothing in it may steer them.
"""

import unicodedata

from workflow_engine.errors import ArtifactError

NAME_BYTES_MAX = 1024
SEGMENT_BYTES_MAX = 255  # what ext4, XFS and APFS take


def checked_name(name: str) -> str:
    """Return *name*, a relative POSIX path such as ``charts/a.png``, in Unicode's NFC form.

    Names that look alike and differ only in how an accent is composed are therefore one name.

    Raises:
        ArtifactError: the name is not acceptable.
    """
    normal = unicodedata.normalize("NFC", name)
    why = _objection(normal)
    if why is not None:
        shown = normal if len(normal) <= 80 else normal[:80] + "…"
        raise ArtifactError(f"artifact name {shown!a} {why}")
    return normal


def _objection(name: str) -> str | None:
    """Return what is wrong with *name* and what to do about it, or None."""
    if not name:
        return "is empty; give it one such as report.txt"
    # Cc holds NUL and the other control characters, Cs halves of surrogate pairs, which UTF-8 cannot hold.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return "holds a control character or half of a surrogate pair; remove it"
    if "\\" in name:
        return "holds a backslash; separate folders with /"
    if name.startswith("/"):
        return "is absolute; leave out the leading /"
    if len(name.encode()) > NAME_BYTES_MAX:
        return f"takes more than {NAME_BYTES_MAX} bytes in UTF-8; shorten it"
    segments = name.split("/")
    if "" in segments:
        return "has an empty part; write single slashes and none at the end"
    if "." in segments or ".." in segments:
        return "has a part . or ..; name the file by its plain path"
    if any(len(segment.encode()) > SEGMENT_BYTES_MAX for segment in segments):
        return f"has a part of more than {SEGMENT_BYTES_MAX} bytes in UTF-8; shorten it"
    return None
