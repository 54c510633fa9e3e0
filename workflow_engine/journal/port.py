"""The journal port: an append-only list of commits, each what one tick of the core changed.

Everything the engine knows is the fold of these commits, so this module also says how to fold.  It knows nothing of
what components mean: values are JSON that it passes through.
"""

from collections.abc import Awaitable, Iterable, Mapping
from typing import Any, Final, Protocol

import msgspec

Changes = dict[str, dict[str, Any] | None]
"""What one commit changes: ``{entity: {component: value}}``.

- An entity is a task id, a run id or ``#`` and a definition hash.  ``None`` in place of its components removes it.
- A component is its name (``"status"``); its value replaces the stored one, ``None`` removes it.
- A name that ends in ``+`` (``"outputs+"``) is a table that grows: its value is a JSON object whose keys are merged
  into the stored one, and whose own values may be null.  It is stored, and removed, under the name without the ``+``.
"""

Entities = dict[str, dict[str, msgspec.Raw | dict[str, msgspec.Raw]]]
"""A fold of changes: ``{entity: {component: JSON, table: {key: JSON}}}``."""


class Commit(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one tick decided, as it is stored.

    Attributes:
        n: number of the commit, from 1, without gaps.
        at: engine time, in seconds since the epoch.
        changes: see `Changes`.
        ended: ids of tasks that became terminal in this commit.  They leave memory; their components stay on disk.
            A later commit that has the id again starts from nothing: with ``identity`` among its components the task
            lives again (so a retry writes all components), and None purges it, history and all.
        events: what was decided, for people; passed through and kept with the history of the task that their
            ``task`` key names.
    """

    n: int
    at: float
    changes: Changes
    ended: tuple[str, ...] = ()
    events: tuple[Any, ...] = ()


class Recovered(msgspec.Struct, frozen=True):
    """What a journal held when it was opened.

    Attributes:
        n: number of the last commit, 0 for an empty journal.
        at: engine time of the last commit, 0.0 for an empty journal.
        entities: live entities, folded.
        ended: tasks that ended since the last compaction, folded: ``{task id: components}``.
        warnings: what was mended on the way, as sentences.

    Values may be views of the lines they were read from: copy what is kept, else it keeps those in memory.
    """

    n: int
    at: float
    entities: Entities
    ended: Entities
    warnings: tuple[str, ...] = ()


class Journal(Protocol):
    """Stores commits durably and in order.  One engine at a time; every method is called from its event loop."""

    async def open(self) -> Recovered:
        """Take the journal for this process, mend a torn tail and return what it holds.

        Raises:
            JournalLocked: another engine has it.
            JournalDamaged: a file holds something that was never written.
        """
        ...

    def append(self, commit: Commit) -> Awaitable[None]:
        """Store *commit*; the returned awaitable is done when it is durable.

        Commits become durable in the order of these calls, and those that wait while the disk syncs share the next
        sync.  While the disk is full or a sync fails the awaitable stays pending and `trouble` says why; nothing
        is lost and writing goes on when the disk allows.

        Raises:
            JournalError: the journal is closed, *commit* is not the next in number, or it cannot be written as JSON.
                The journal is as it was.
        """
        ...

    @property
    def trouble(self) -> str | None:
        """Why nothing can be stored just now, as a sentence; None while all is well."""
        ...

    async def close(self) -> None:
        """Wait until what was appended is durable, then release the files and the lock."""


def fold(changes: Iterable[Mapping[str, Mapping[str, Any] | None]], into: Entities) -> Entities:
    """Apply *changes* in order to *into*, and return it.

    Total: what does not fit what is stored (a table merged into a plain value, a table that is no object) replaces it,
    so that a journal of which a commit was lost still folds.
    """
    for change in changes:
        for entity, components in change.items():
            if components is None:
                into.pop(entity, None)
            else:
                _merge(components, into.setdefault(entity, {}))
    return into


_NULL: Final = msgspec.Raw(b"null")
_encode = msgspec.json.Encoder().encode
_decode_table = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _merge(components: Mapping[str, Any], stored: dict[str, msgspec.Raw | dict[str, msgspec.Raw]]) -> None:
    for name, value in components.items():
        raw = value if type(value) is msgspec.Raw else msgspec.Raw(_encode(value))
        if raw == _NULL:
            stored.pop(name.removesuffix("+"), None)
        elif name.endswith("+"):
            _grow(stored, name[:-1], raw)
        else:
            stored[name] = raw


def _grow(stored: dict[str, msgspec.Raw | dict[str, msgspec.Raw]], name: str, raw: msgspec.Raw) -> None:
    new = _table(raw)
    old = stored.get(name)
    if type(old) is msgspec.Raw:
        old = _table(old)
    if type(old) is dict and new is not None:
        old.update(new)  # in place: a table of a thousand entries must not be copied for each one
        new = old
    stored[name] = raw if new is None else new


def _table(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    try:
        return _decode_table(raw)
    except msgspec.DecodeError:
        return None
