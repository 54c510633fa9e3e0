"""The artifact store on a local disk."""

import asyncio
import hashlib
import os
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import aiofiles
from aiofiles.threadpool.binary import AsyncBufferedReader

from workflow_engine.artifacts.content import CHUNK_BYTES, decoded, in_memory, pieces
from workflow_engine.artifacts.disk_errors import translated
from workflow_engine.artifacts.hashing import INLINE_BYTES_MAX, Digest
from workflow_engine.artifacts.media_types import guessed_media_type
from workflow_engine.artifacts.mounting import copy_into, mount_file, mounted_names
from workflow_engine.artifacts.names import checked_name
from workflow_engine.artifacts.partial import PartialFile, locked, remove_leftovers, written_partial
from workflow_engine.artifacts.port import ArtifactRef, Content, Keep, Swept, keeps
from workflow_engine.errors import ArtifactError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FOLDER = re.compile(r"[0-9a-f]{2}")
_RESTORE = "restore it from a backup, or put the same content again"


class LocalArtifactStore:
    """Keeps the content with hash ``ab12…`` in ``<directory>/sha256/ab/ab12…``, read-only.

    ``<directory>/partial`` holds what is being written; what a crash left there is removed here and by `sweep`.  The
    age of a content is the time of its file's last modification.  Several processes may use one directory.

    Args:
        directory: made if it is missing.
        size_max_bytes: longest content that is accepted; None for no limit.
        clock: seconds since the epoch, for the age of contents.

    Raises:
        ArtifactError: the directory cannot be used.
    """

    def __init__(
        self, directory: Path, *, size_max_bytes: int | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._blobs = directory / "sha256"
        self._partials = directory / "partial"
        self._lock = directory / "lock"
        self._size_max_bytes = size_max_bytes
        self._clock = clock
        with translated(f"artifact directory {directory} cannot be used"):
            _make_directories(directory, self._blobs, self._partials)
            remove_leftovers(self._partials, self._lock)

    async def put(
        self, name: str, content: Content, *, media_type: str | None = None, phase: str | None = None
    ) -> ArtifactRef:
        """See `ArtifactStore.put`.

        A content that is there already is replaced by the new file: that renews its age and mends it if it is damaged.
        """
        name = checked_name(name)
        media_type = media_type or guessed_media_type(name, text=isinstance(content, str))
        fact = f"artifact {name} cannot be stored in {self._directory}"
        whole = in_memory(name, content)
        if whole is not None and len(whole) <= INLINE_BYTES_MAX:  # a hop to a thread for each step would cost more
            self._check_size(name, len(whole))
            with translated(fact):
                sha256 = await asyncio.to_thread(self._put_whole, whole)
            return ArtifactRef(name, sha256, len(whole), media_type, phase)
        async with PartialFile(self._partials, self._lock, fact) as partial, aclosing(pieces(name, content)) as source:
            async for piece in source:
                self._check_size(name, partial.size + len(piece))
                await partial.write(piece)
            sha256 = await partial.finish()
            with translated(fact):
                await asyncio.to_thread(self._publish, partial.path, self._path(sha256))
        return ArtifactRef(name, sha256, partial.size, media_type, phase)

    async def stream(self, ref: ArtifactRef) -> AsyncGenerator[bytes, None]:
        """See `ArtifactStore.stream`."""
        async with self._opened(ref) as file:
            while piece := await self._read(file, ref):
                yield piece

    async def read_bytes(self, ref: ArtifactRef) -> bytes:
        """See `ArtifactStore.read_bytes`."""
        return b"".join([piece async for piece in self._hashed(ref)])

    async def read_text(self, ref: ArtifactRef) -> str:
        """See `ArtifactStore.read_text`."""
        return decoded(ref.name, await self.read_bytes(ref))

    async def verify(self, ref: ArtifactRef) -> None:
        """See `ArtifactStore.verify`."""
        async for _ in self._hashed(ref):
            continue

    async def mount(self, refs: Iterable[ArtifactRef], directory: Path) -> None:
        """See `ArtifactStore.mount`."""
        for name, ref in mounted_names(refs).items():
            async with self._opened(ref):  # says what is wrong with the stored file, before the copy blames the target
                await asyncio.to_thread(mount_file, directory, name, copy_into(self._path(ref.sha256)))

    async def sweep(self, keep: Keep, *, older_than: float) -> Swept:
        """See `ArtifactStore.sweep`.  One folder of at most 256 at a time, so memory stays bounded."""
        known = keeps(keep)
        count = size = 0
        with translated(f"artifact directory {self._directory} cannot be swept"):
            await asyncio.to_thread(remove_leftovers, self._partials, self._lock)
            for folder in await asyncio.to_thread(_folders, self._blobs):
                names = await asyncio.to_thread(os.listdir, folder)
                doomed = [folder / name for name in names if _SHA256.fullmatch(name) and not known(name)]
                if not doomed:
                    continue
                removed = await asyncio.to_thread(self._remove_old, doomed, self._clock() - older_than)
                count += len(removed)
                size += sum(removed)
        return Swept(count, size)

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):  # a reference may come from a journal that others can write
            raise ArtifactError(f"{sha256[:80]!a} is not a SHA-256 in lower-case hexadecimal; use what put() returned")
        return self._blobs / sha256[:2] / sha256

    def _check_size(self, name: str, size: int) -> None:
        if self._size_max_bytes is not None and size > self._size_max_bytes:
            raise ArtifactError(
                f"artifact {name} is longer than {self._size_max_bytes} bytes; raise size_max_bytes, or store less"
            )

    def _put_whole(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        with written_partial(self._partials, self._lock, content) as partial:
            self._publish(partial, self._path(sha256))
        return sha256

    def _publish(self, partial: Path, path: Path) -> None:
        now = self._clock()
        with locked(self._lock):  # a sweep that found the old file of this content too old must not remove the new one
            os.utime(partial, (now, now))
            if not path.parent.exists():
                path.parent.mkdir(exist_ok=True)
                _sync_directory(self._blobs)
            partial.replace(path)
        _sync_directory(path.parent)

    def _remove_old(self, paths: list[Path], before: float) -> list[int]:
        """Remove those of *paths* that were last put before then, in seconds since the epoch; return their sizes."""
        removed: list[int] = []
        for path in paths:
            with locked(self._lock):
                # Only now: it may have been put again since it was listed.
                status = path.stat() if path.exists() else None
                if status is not None and status.st_mtime < before:
                    path.unlink()
                    removed.append(status.st_size)
        return removed

    @asynccontextmanager
    async def _opened(self, ref: ArtifactRef) -> AsyncGenerator[AsyncBufferedReader, None]:
        path = self._path(ref.sha256)
        with translated(self._about(ref)):
            file = await aiofiles.open(path, "rb")
        try:
            size = os.fstat(file.fileno()).st_size
            if size != ref.size:
                raise ArtifactError(f"{self._about(ref)}: it has {size} bytes instead of {ref.size}; {_RESTORE}")
            yield file
        finally:
            await file.close()

    async def _read(self, file: AsyncBufferedReader, ref: ArtifactRef) -> bytes:
        with translated(self._about(ref)):
            return await file.read(CHUNK_BYTES)

    async def _hashed(self, ref: ArtifactRef) -> AsyncGenerator[bytes, None]:
        """Yield the content, and raise at its end if it has another hash."""
        digest = Digest()
        async with aclosing(self.stream(ref)) as source:
            async for piece in source:
                await digest.update(piece)
                yield piece
        if digest.hex() != ref.sha256:
            raise ArtifactError(f"{self._about(ref)}: its content has another hash, {digest.hex()}; {_RESTORE}")

    def _about(self, ref: ArtifactRef) -> str:
        return f"artifact {ref.name} (sha256 {ref.sha256}) cannot be read from {self._path(ref.sha256)}"


def _folders(blobs: Path) -> list[Path]:
    return sorted(path for path in blobs.iterdir() if _FOLDER.fullmatch(path.name))


def _make_directories(directory: Path, blobs: Path, partials: Path) -> None:
    """Make the folders durably."""
    for path in (directory, partials, blobs):
        path.mkdir(parents=True, exist_ok=True)
    for path in (blobs, directory, directory.parent):
        _sync_directory(path)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
