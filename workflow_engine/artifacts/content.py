"""Reading whatever a caller hands in as content, in pieces of bounded size."""

from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from pathlib import Path

import aiofiles

from workflow_engine.artifacts.port import Content
from workflow_engine.errors import ArtifactError

CHUNK_BYTES = 1 << 20  # large enough that the hop to a thread does not show, small enough for many puts at once


def pieces(name: str, content: Content) -> AsyncGenerator[bytes, None]:
    """Return *content* in pieces of less than twice `CHUNK_BYTES`, however small or large those of a stream are.

    Raises:
        ArtifactError: text that UTF-8 cannot hold, or a path that cannot be read; the message names artifact *name*.
    """
    if isinstance(content, Path):
        return _file(name, content)
    if isinstance(content, AsyncIterable):
        return _regrouped(content)
    return _whole(_encoded(name, content) if isinstance(content, str) else content)


def in_memory(name: str, content: Content) -> bytes | None:
    """Return *content* if it is in memory as a whole, None where it is a file or a stream.

    Raises:
        ArtifactError: as `pieces`.
    """
    if isinstance(content, Path | AsyncIterable):
        return None
    return _encoded(name, content) if isinstance(content, str) else content


def decoded(name: str, content: bytes) -> str:
    """Return *content* as text.

    Raises:
        ArtifactError: it is not UTF-8; the message names artifact *name*.
    """
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ArtifactError(f"artifact {name} is not UTF-8 at byte {error.start}; read it as bytes") from error


async def _file(name: str, path: Path) -> AsyncGenerator[bytes, None]:
    if not path.is_file():  # asked first: opening a named pipe would wait for its writer
        raise ArtifactError(f"artifact {name}: there is no file {path}; give the path of an existing regular file")
    try:
        async with aiofiles.open(path, "rb") as file:
            while piece := await file.read(CHUNK_BYTES):
                yield piece
    except OSError as error:
        raise ArtifactError(f"artifact {name}: {path} cannot be read ({error.strerror})") from error


async def _regrouped(stream: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    pending = bytearray()
    async for received in stream:
        for piece in _slices(received):
            pending += piece
            if len(pending) >= CHUNK_BYTES:
                yield bytes(pending)
                pending.clear()
    if pending:
        yield bytes(pending)


async def _whole(content: bytes) -> AsyncGenerator[bytes, None]:
    for piece in _slices(content):
        yield piece


def _slices(whole: bytes) -> Iterator[bytes]:
    for start in range(0, len(whole), CHUNK_BYTES):
        yield whole[start : start + CHUNK_BYTES]


def _encoded(name: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ArtifactError(
            f"artifact {name}: its text holds half of a surrogate pair at character {error.start}, which UTF-8 cannot "
            "hold; mend the text, or store bytes"
        ) from error
