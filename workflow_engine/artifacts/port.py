"""The artifact port: files kept by the SHA-256 of their content, so that the same content is stored once."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Container, Iterable
from pathlib import Path
from typing import Protocol

import msgspec

Content = bytes | str | AsyncIterable[bytes] | Path
"""What can be stored: bytes, text (as UTF-8), a stream, or the file at a path."""

Keep = Container[str] | Callable[[str], bool]
"""The hashes that are still referenced, or a question about one."""


class ArtifactRef(msgspec.Struct, frozen=True):
    """A stored file, as a task remembers it.

    Attributes:
        name: relative POSIX path, in the form `workflow_engine.artifacts.names.checked_name` returns.
        sha256: hash of the content, 64 lower-case hexadecimal digits.
        size: length of the content in bytes.
        media_type: such as ``text/plain``; ``application/octet-stream`` where nothing is known.
        phase: id of the phase that made it; None if it came with the task.
    """

    name: str
    sha256: str
    size: int
    media_type: str = "application/octet-stream"
    phase: str | None = None


class Swept(msgspec.Struct, frozen=True):
    """What a sweep removed.

    Attributes:
        count: how many contents.
        size: their length in bytes, together.
    """

    count: int
    size: int


class ArtifactStore(Protocol):
    """Stores files durably.  All methods may be called at the same time, from one event loop, which they do not block.

    Every method that takes a reference raises `ArtifactError` if its content is missing or damaged.
    """

    async def put(
        self, name: str, content: Content, *, media_type: str | None = None, phase: str | None = None
    ) -> ArtifactRef:
        """Store *content* and return its reference; it is durable by then, so the reference may be journaled.

        A stream or file is never held in memory whole.  What a stream raises passes through, and nothing is stored.

        Args:
            name: see `ArtifactRef`; another artifact may have the same.
            content: a stream is read once, to its end or to the first error.
            media_type: None has it guessed from *name*.
            phase: see `ArtifactRef`.

        Raises:
            ArtifactError: the name or content is not acceptable or cannot be written; nothing is stored.
        """
        ...

    def stream(self, ref: ArtifactRef) -> AsyncGenerator[bytes, None]:
        """Yield the content in pieces of bounded size.  Its length is checked, its hash is not."""
        ...

    async def read_bytes(self, ref: ArtifactRef) -> bytes:
        """Return the content, whose hash was checked."""
        ...

    async def read_text(self, ref: ArtifactRef) -> str:
        """Return the content as text, whose hash was checked.

        Raises:
            ArtifactError: as above, or the content is not UTF-8.
        """
        ...

    async def verify(self, ref: ArtifactRef) -> None:
        """Return if the content is there and has the length and hash of *ref*."""
        ...

    async def mount(self, refs: Iterable[ArtifactRef], directory: Path) -> None:
        """Put copies of *refs* into *directory*, read-only, under their names; missing folders are made.

        They are copies: whoever changes one, even by chmod, does not change the store.

        Raises:
            ArtifactError: as above, or two names collide, or a name is taken in *directory*.  What was put there
                before stays.
        """
        ...

    async def sweep(self, keep: Keep, *, older_than: float) -> Swept:
        """Remove every content that *keep* does not know and that was last put more than *older_than* seconds ago.

        The age protects what has been put and is not referenced yet, so let it be far longer than any put and the
        journaling of its reference take.  Putting the same content again renews its age.  *keep* is asked on the
        event loop.
        """
        ...


def keeps(keep: Keep) -> Callable[[str], bool]:
    """Return *keep* as a question about one hash."""
    return keep if callable(keep) else keep.__contains__
