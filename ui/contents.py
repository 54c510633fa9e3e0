"""Contents: what artifacts hold, for threads that wait."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import EngineStopped


def content(engine: ECSWorkflowEngine, reference: ArtifactRef) -> Iterator[bytes]:
    """Return the content of an artifact piece by piece, the first of which was read: what is missing is refused.

    Raises:
        ArtifactError: it is missing, or not as long as it was.
        EngineStopped: the engine does not run.
    """
    pieces = _pieces(engine, engine.artifacts.stream(reference))
    first = next(pieces, b"")

    def whole() -> Iterator[bytes]:
        yield first
        yield from pieces

    return whole()


def whole_content(engine: ECSWorkflowEngine, reference: ArtifactRef) -> bytes:
    """Return the content of an artifact in one piece; raises as `content`."""
    return b"".join(content(engine, reference))


def _pieces(engine: ECSWorkflowEngine, stream: AsyncGenerator[bytes, None]) -> Iterator[bytes]:
    """Give what *stream* gives on the engine's loop."""
    loop = engine.loop
    if loop is None:
        raise EngineStopped("the engine is stopped")

    async def following() -> bytes | None:
        return await anext(stream, None)

    def on_loop(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    try:
        while (piece := on_loop(following())) is not None:
            yield piece
    finally:
        if loop.is_running():
            on_loop(stream.aclose())
