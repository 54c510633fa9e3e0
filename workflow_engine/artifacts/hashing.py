"""SHA-256 without holding up the event loop."""

import asyncio
import hashlib

INLINE_BYTES_MAX = 1 << 16  # takes 0.04 ms, less than the hop to a thread


class Digest:
    """A SHA-256 in the making."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()

    async def update(self, piece: bytes) -> None:
        """Take in *piece*; large ones are hashed in a thread."""
        if len(piece) <= INLINE_BYTES_MAX:
            self._sha256.update(piece)
        else:
            await asyncio.to_thread(self._sha256.update, piece)

    def hex(self) -> str:
        """Return the hash of all pieces so far, as in `ArtifactRef.sha256`."""
        return self._sha256.hexdigest()
