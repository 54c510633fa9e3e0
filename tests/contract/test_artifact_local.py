"""What the artifact store on disk does beyond the contract: files, crashes, bounded memory."""

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from workflow_engine.artifacts.local import LocalArtifactStore
from workflow_engine.errors import ArtifactError

STREAM_200_MB = """
import asyncio, json, resource, sys
from pathlib import Path
from workflow_engine.artifacts.local import LocalArtifactStore

PIECE = bytes(100_000)

async def source():
    for _ in range(2_000):
        yield PIECE

async def main():
    store = LocalArtifactStore(Path(sys.argv[1]))
    await store.put("warm-up", b"x" * 3_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ref = await store.put("large", source())
    read = sum([len(piece) async for piece in store.stream(ref)])
    await store.verify(ref)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"size": ref.size, "read": read, "grown_kib": grown}))

asyncio.run(main())
"""

PUT_FOREVER = """
import asyncio, sys
from pathlib import Path
from workflow_engine.artifacts.local import LocalArtifactStore

async def source():
    yield bytes(2_000_000)
    print("begun", flush=True)
    await asyncio.sleep(60)

asyncio.run(LocalArtifactStore(Path(sys.argv[1])).put("a", source()))
"""


def files_below(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and path.name != "lock"]


async def test_a_content_is_one_read_only_file_named_by_its_hash(tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path)
    ref = await store.put("a", b"abc")
    await store.put("b", b"abc")
    [path] = files_below(tmp_path)
    assert path == tmp_path / "sha256" / ref.sha256[:2] / ref.sha256
    assert stat.S_IMODE(path.stat().st_mode) == 0o444


async def test_a_message_about_a_damaged_content_names_its_path(tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path)
    ref = await store.put("a", b"abc")
    [path] = files_below(tmp_path)
    path.unlink()
    with pytest.raises(ArtifactError, match=f"cannot be read from {path}: it is missing; restore it"):
        await store.verify(ref)


def test_200_megabytes_are_stored_and_read_in_bounded_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STREAM_200_MB, str(tmp_path)], check=True, capture_output=True, text=True
    )
    measured = json.loads(done.stdout)
    assert (measured["size"], measured["read"]) == (200_000_000, 200_000_000)
    assert measured["grown_kib"] < 16 * 1024


def test_what_a_killed_process_was_writing_is_removed_at_the_next_start(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PUT_FOREVER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
        os.kill(writer.pid, signal.SIGKILL)
    assert len(files_below(tmp_path)) == 1
    LocalArtifactStore(tmp_path)
    assert files_below(tmp_path) == []


async def test_a_sweep_removes_leftovers_too(tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path)
    (tmp_path / "partial" / "left").write_bytes(b"x")
    await store.sweep((), older_than=60.0)
    assert files_below(tmp_path) == []


async def test_a_second_store_leaves_what_the_first_is_writing_alone(tmp_path: Path) -> None:
    async def source() -> AsyncIterator[bytes]:
        yield b"a"
        LocalArtifactStore(tmp_path)
        yield b"b"

    store = LocalArtifactStore(tmp_path)
    assert await store.read_bytes(await store.put("a", source())) == b"ab"


async def test_a_put_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def source() -> AsyncIterator[bytes]:
        yield bytes(2_000_000)
        begun.set()
        await asyncio.sleep(60)

    putting = asyncio.create_task(LocalArtifactStore(tmp_path).put("a", source()))
    await begun.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert files_below(tmp_path) == []


async def test_a_refused_content_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError):
        await LocalArtifactStore(tmp_path, size_max_bytes=2).put("a", b"abc")
    assert files_below(tmp_path) == []


def test_a_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"artifact directory .*taken cannot be used"):
        LocalArtifactStore(tmp_path / "taken")


async def test_a_sweep_leaves_files_of_others_alone(tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path)
    (tmp_path / "sha256" / "ab").mkdir()
    (tmp_path / "sha256" / "ab" / "README").write_bytes(b"x")
    assert (await store.sweep((), older_than=-1)).count == 0
    assert len(files_below(tmp_path)) == 1
