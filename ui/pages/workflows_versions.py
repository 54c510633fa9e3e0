"""Versions of a workflow: definitions that tasks go by, and files that were saved; what differs between two."""

import re
from typing import Any, Final

import msgspec

from workflow_engine.errors import SpecError
from workflow_engine.spec.loading import load_text
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.writing import to_yaml
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.library import saved_text
from workflow_engine.ui.pages.workflows_known import Known, stored
from workflow_engine.ui.showing.diff import diff
from workflow_engine.ui.showing.shown import ShownDiff

VERSIONS_MAX: Final = 50
"""Versions that are listed."""

SHORT: Final = 8
"""Digits by which a saved file knows its definition."""

_DIGEST: Final = re.compile(r"[0-9a-f]{8,16}")


class Version(msgspec.Struct, frozen=True):
    """A version of a workflow.

    Attributes:
        digest: its hash, or how that begins, where no task goes by it and it is not registered.
        label: what its author calls it; empty where that is not known.
        current: whether new tasks go by it.
        saved_at: when it was last saved here, seconds since the epoch; None where it was not.
        first_at: when the first of its tasks was submitted, None without any.
        last_at: when the last of them was.
        in_flight: how many of its tasks live.
        total: how many it has.
    """

    digest: str
    label: str = ""
    current: bool = False
    saved_at: float | None = None
    first_at: float | None = None
    last_at: float | None = None
    in_flight: int = 0
    total: int = 0


def versions_of(desk: Desk, known: Known) -> tuple[Version, ...]:
    """Return the versions of a workflow: the one that new tasks go by first, then the last saved or used."""
    found: dict[str, Version] = {}
    for one in known.row.definitions[:VERSIONS_MAX] if known.row is not None else ():
        found[one.digest[:SHORT]] = Version(
            one.digest, _label(desk, one.digest), False, None, one.first_at, one.last_at, one.in_flight, one.total
        )
    if known.spec is not None and known.registered:
        digest = known.spec.digest()
        same = found.get(digest[:SHORT], Version(digest))
        found[digest[:SHORT]] = msgspec.structs.replace(same, label=known.spec.version, current=True)
    for file in desk.library.versions(known.name)[:VERSIONS_MAX]:
        same = found.get(file.digest, Version(file.digest))
        if same.saved_at is None:
            found[file.digest] = msgspec.structs.replace(same, saved_at=file.saved_at.timestamp())
    ranked = sorted(found.values(), key=lambda one: (not one.current, -max(one.saved_at or 0.0, one.last_at or 0.0)))
    return tuple(ranked[:VERSIONS_MAX])


def compared(desk: Desk, known: Known, before: str, after: str) -> ShownDiff | None:
    """Return what differs between two versions, named by their digests; None where one of them is not known."""
    texts = [_text(desk, known, digest) if _DIGEST.fullmatch(digest) else None for digest in (before, after)]
    if texts[0] is None or texts[1] is None:
        return None
    return ShownDiff(diff=diff(texts[0], texts[1], prose=False))


def _text(desk: Desk, known: Known, digest: str) -> str | None:
    """Return a version as a file that leaves out how its author has laid it out."""
    if known.spec is not None and known.spec.digest().startswith(digest):
        return to_yaml(known.spec)
    spec = _used(desk, known, digest)
    if spec is not None:
        return to_yaml(spec)
    for file in desk.library.versions(known.name):
        if digest.startswith(file.digest):
            text = saved_text(file)
            try:
                return to_yaml(load_text(text, str(file.path), file.path.parent).spec) if text is not None else None
            except SpecError:  # a program beside it is gone, or this release is stricter
                return text
    return None


def _used(desk: Desk, known: Known, digest: str) -> WorkflowSpec | None:
    for one in known.row.definitions if known.row is not None else ():
        if one.digest.startswith(digest):
            return stored(desk, one.digest)
    return None


def _label(desk: Desk, digest: str) -> str:
    definition = desk.model.definition(digest)
    if definition is None:
        return ""
    written: Any = msgspec.json.decode(definition.spec)
    return str(written.get("version", "1"))
