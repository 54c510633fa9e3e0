"""The context of a task as its handlers see it: a mapping that is decoded as it is read, and says what was changed."""

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import msgspec

from workflow_engine.errors import InputRefused
from workflow_engine.values import from_json, to_json, to_text


class Values(MutableMapping[str, Any]):
    """JSON values by name, decoded one by one as they are asked for; remembers which were touched."""

    __slots__ = ("_live", "_stored")

    def __init__(self, stored: Mapping[str, msgspec.Raw]) -> None:
        self._stored = stored
        self._live: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._live:
            self._live[name] = from_json(self._stored[name])
        return self._live[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._live[name] = value

    def __delitem__(self, name: str) -> None:
        raise InputRefused(
            f"context entry {name!r} cannot be removed, since later phases may rely on it; set it to None"
        )

    def __iter__(self) -> Iterator[str]:
        yield from self._stored
        yield from (name for name in self._live if name not in self._stored)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))

    def raw(self) -> dict[str, msgspec.Raw]:
        """Return all entries as JSON, the changed ones too.

        Raises:
            InputRefused: an entry cannot be JSON.
        """
        return {**self._stored, **(self.changed() or {})}

    def changed(self) -> dict[str, msgspec.Raw] | None:
        """Return the entries that differ from what is stored, None where there are none.

        Raises:
            InputRefused: an entry cannot be JSON.
        """
        if not self._live:
            return None
        found: dict[str, msgspec.Raw] = {}
        for name, value in self._live.items():
            to_text(name, "the name of a context entry")
            raw = to_json(value, f"context entry {name!r}")
            stored = self._stored.get(name)
            if stored is None or bytes(stored) != bytes(raw):
                found[name] = raw
        return found or None
