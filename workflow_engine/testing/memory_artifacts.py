"""The artifact store in memory."""

import hashlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import BinaryIO

from workflow_engine.artifacts.content import CHUNK_BYTES, decoded, pieces
from workflow_engine.artifacts.media_types import guessed_media_type
from workflow_engine.artifacts.mounting import mount_file, mounted_names
from workflow_engine.artifacts.names import checked_name
from workflow_engine.artifacts.port import ArtifactRef, Content, Keep, Swept, keeps
from workflow_engine.errors import ArtifactError


class MemoryArtifactStore:
    """Keeps the contract of `ArtifactStore`, but for durability and for streams larger than memory.

    Args:
        size_max_bytes: longest content that is accepted; None for no limit.
        clock: seconds since the epoch, for the age of contents.

    Attributes:
        blobs: content by SHA-256; a test may damage it.
    """

    def __init__(self, *, size_max_bytes: int | None = None, clock: Callable[[], float] = time.time) -> None:
        self.blobs: dict[str, bytes] = {}
        self._put_at: dict[str, float] = {}
        self._size_max_bytes = size_max_bytes
        self._clock = clock

    async def put(
        self, name: str, content: Content, *, media_type: str | None = None, phase: str | None = None
    ) -> ArtifactRef:
        """See `ArtifactStore.put`."""
        name = checked_name(name)
        media_type = media_type or guessed_media_type(name, text=isinstance(content, str))
        whole = bytearray()
        async with aclosing(pieces(name, content)) as source:
            async for piece in source:
                whole += piece
                if self._size_max_bytes is not None and len(whole) > self._size_max_bytes:
                    raise ArtifactError(f"artifact {name} is longer than {self._size_max_bytes} bytes; store less")
        sha256 = hashlib.sha256(whole).hexdigest()
        self.blobs[sha256] = bytes(whole)
        self._put_at[sha256] = self._clock()
        return ArtifactRef(name, sha256, len(whole), media_type, phase)

    async def stream(self, ref: ArtifactRef) -> AsyncGenerator[bytes, None]:
        """See `ArtifactStore.stream`."""
        blob = self._blob(ref)
        for start in range(0, len(blob), CHUNK_BYTES):
            yield blob[start : start + CHUNK_BYTES]

    async def read_bytes(self, ref: ArtifactRef) -> bytes:
        """See `ArtifactStore.read_bytes`."""
        await self.verify(ref)
        return self._blob(ref)

    async def read_text(self, ref: ArtifactRef) -> str:
        """See `ArtifactStore.read_text`."""
        return decoded(ref.name, await self.read_bytes(ref))

    async def verify(self, ref: ArtifactRef) -> None:
        """See `ArtifactStore.verify`."""
        if hashlib.sha256(self._blob(ref)).hexdigest() != ref.sha256:
            raise ArtifactError(f"artifact {ref.name} (sha256 {ref.sha256}): it has another hash; put it again")

    async def mount(self, refs: Iterable[ArtifactRef], directory: Path) -> None:
        """See `ArtifactStore.mount`."""
        for name, ref in mounted_names(refs).items():
            mount_file(directory, name, _writing(self._blob(ref)))

    async def sweep(self, keep: Keep, *, older_than: float) -> Swept:
        """See `ArtifactStore.sweep`."""
        known = keeps(keep)
        before = self._clock() - older_than
        doomed = [sha256 for sha256, put_at in self._put_at.items() if put_at < before and not known(sha256)]
        for sha256 in doomed:
            del self._put_at[sha256]
        return Swept(len(doomed), sum(len(self.blobs.pop(sha256, b"")) for sha256 in doomed))

    def _blob(self, ref: ArtifactRef) -> bytes:
        blob = self.blobs.get(ref.sha256)
        if blob is None:
            raise ArtifactError(f"artifact {ref.name} (sha256 {ref.sha256}) is missing; put it again")
        if len(blob) != ref.size:
            raise ArtifactError(
                f"artifact {ref.name} (sha256 {ref.sha256}) has {len(blob)} bytes instead of {ref.size}; put it again"
            )
        return blob


def _writing(blob: bytes) -> Callable[[BinaryIO], None]:
    def fill(file: BinaryIO) -> None:
        file.write(blob)

    return fill
