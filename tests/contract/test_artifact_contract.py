"""What every artifact store promises."""

import asyncio
import hashlib
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from workflow_engine.artifacts.local import LocalArtifactStore
from workflow_engine.artifacts.port import ArtifactRef, ArtifactStore, Swept
from workflow_engine.errors import ArtifactError
from workflow_engine.testing.memory_artifacts import MemoryArtifactStore

LARGE = bytes(range(256)) * 12_345  # 3 MB, not a multiple of any chunk


@dataclass
class Clock:
    """A clock that a test turns."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.now


@dataclass(frozen=True)
class Bench:
    """A store, its clock, and a way to replace what it holds for a hash; None removes it."""

    store: ArtifactStore
    clock: Clock
    damage: Callable[[ArtifactRef, bytes | None], None]


def local_bench(directory: Path) -> Bench:
    clock = Clock()

    def damage(ref: ArtifactRef, content: bytes | None) -> None:
        path = directory / "sha256" / ref.sha256[:2] / ref.sha256
        path.unlink()
        if content is not None:
            path.write_bytes(content)

    return Bench(LocalArtifactStore(directory, size_max_bytes=len(LARGE), clock=clock), clock, damage)


def memory_bench(_: Path) -> Bench:
    clock = Clock()
    store = MemoryArtifactStore(size_max_bytes=len(LARGE), clock=clock)

    def damage(ref: ArtifactRef, content: bytes | None) -> None:
        del store.blobs[ref.sha256]
        if content is not None:
            store.blobs[ref.sha256] = content

    return Bench(store, clock, damage)


@pytest.fixture(params=[local_bench, memory_bench], ids=["local", "memory"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    make: Callable[[Path], Bench] = request.param
    return make(tmp_path / "artifacts")


@pytest.fixture
def store(bench: Bench) -> ArtifactStore:
    return bench.store


async def stream_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        await asyncio.sleep(0)
        yield piece


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_a_reference_says_all_about_what_was_put(store: ArtifactStore) -> None:
    ref = await store.put("charts/a.png", b"abc", phase="draw")
    assert ref == ArtifactRef("charts/a.png", sha256(b"abc"), 3, "image/png", "draw")


async def test_a_given_media_type_wins_over_the_guess(store: ArtifactStore) -> None:
    assert (await store.put("a.png", b"", media_type="image/x-own")).media_type == "image/x-own"


@pytest.mark.parametrize("content", [b"", b"x", LARGE], ids=["empty", "one byte", "large"])
async def test_bytes_come_back_as_they_were(store: ArtifactStore, content: bytes) -> None:
    ref = await store.put("a", content)
    assert (ref.size, ref.sha256) == (len(content), sha256(content))
    assert await store.read_bytes(ref) == content
    assert b"".join([piece async for piece in store.stream(ref)]) == content
    await store.verify(ref)


async def test_text_comes_back_as_it_was(store: ArtifactStore) -> None:
    ref = await store.put("note", "Grüße\r\n")
    assert (ref.media_type, ref.size) == ("text/plain", len("Grüße\r\n".encode()))
    assert await store.read_text(ref) == "Grüße\r\n"


async def test_a_stream_of_uneven_pieces_is_one_content(store: ArtifactStore) -> None:
    ref = await store.put("a", stream_of(b"", LARGE[:1], LARGE[1:2_500_000], LARGE[2_500_000:], b""))
    assert ref.sha256 == sha256(LARGE)
    assert await store.read_bytes(ref) == LARGE


async def test_a_file_is_stored_by_its_path(store: ArtifactStore, tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(LARGE)
    assert await store.read_bytes(await store.put("a", tmp_path / "made")) == LARGE


@pytest.mark.parametrize("place", ["absent", "."], ids=["missing", "directory"])
async def test_a_path_without_a_file_is_refused(store: ArtifactStore, tmp_path: Path, place: str) -> None:
    with pytest.raises(ArtifactError, match="there is no file"):
        await store.put("a", tmp_path / place)


async def test_text_that_utf8_cannot_hold_is_refused(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactError, match=r"artifact a: .* surrogate"):
        await store.put("a", "x\udc80")


async def test_a_content_at_the_limit_is_stored_and_a_longer_one_is_refused(store: ArtifactStore) -> None:
    await store.put("a", LARGE)
    with pytest.raises(ArtifactError, match=f"artifact b is longer than {len(LARGE)} bytes"):
        await store.put("b", stream_of(LARGE, b"x"))


@pytest.mark.parametrize("name", ["../a", "/a", "a/../../b", "a\0"])
async def test_a_name_that_leads_elsewhere_is_refused(store: ArtifactStore, name: str) -> None:
    with pytest.raises(ArtifactError, match="artifact name"):
        await store.put(name, b"x")


async def test_what_a_stream_raises_passes_through(store: ArtifactStore) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"x"
        raise ConnectionResetError("the source went away")

    with pytest.raises(ConnectionResetError, match="the source went away"):
        await store.put("a", failing())
    with pytest.raises(ArtifactError):
        await store.verify(ArtifactRef("a", sha256(b"x"), 1))


async def test_the_same_content_put_at_once_under_many_names_is_stored_once(store: ArtifactStore) -> None:
    refs = await asyncio.gather(*(store.put(f"{number}", LARGE) for number in range(50)))
    assert {ref.sha256 for ref in refs} == {sha256(LARGE)}
    assert await store.read_bytes(refs[0]) == LARGE
    assert (await store.sweep((), older_than=-1)).count == 1


async def test_content_that_is_no_text_is_refused_as_text(store: ArtifactStore) -> None:
    ref = await store.put("a", b"ab\xff")
    with pytest.raises(ArtifactError, match="artifact a is not UTF-8 at byte 2"):
        await store.read_text(ref)


@pytest.mark.parametrize("content", [None, b"ab", b"abd"], ids=["missing", "shorter", "changed"])
async def test_a_damaged_content_is_found_and_named(bench: Bench, content: bytes | None) -> None:
    ref = await bench.store.put("a.txt", b"abc")
    bench.damage(ref, content)
    with pytest.raises(ArtifactError, match=rf"a\.txt.*{ref.sha256}"):
        await bench.store.read_bytes(ref)
    with pytest.raises(ArtifactError, match=rf"a\.txt.*{ref.sha256}"):
        await bench.store.verify(ref)


@pytest.mark.parametrize("content", [None, b"ab"], ids=["missing", "shorter"])
async def test_streaming_and_mounting_find_a_wrong_length(bench: Bench, tmp_path: Path, content: bytes | None) -> None:
    ref = await bench.store.put("a.txt", b"abc")
    bench.damage(ref, content)
    with pytest.raises(ArtifactError, match=ref.sha256):
        await anext(bench.store.stream(ref))
    with pytest.raises(ArtifactError, match=ref.sha256):
        await bench.store.mount([ref], tmp_path / "mount")


@pytest.mark.parametrize("content", [None, b"ab", b"abd"], ids=["missing", "shorter", "changed"])
async def test_putting_a_damaged_content_again_mends_it(bench: Bench, content: bytes | None) -> None:
    ref = await bench.store.put("a", b"abc")
    bench.damage(ref, content)
    await bench.store.put("b", b"abc")
    await bench.store.verify(ref)


async def test_a_hash_that_is_a_path_reads_nothing(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactError):
        await store.read_bytes(ArtifactRef("a", "../../../../etc/passwd", 1))


async def test_artifacts_are_mounted_read_only_under_their_names(store: ArtifactStore, tmp_path: Path) -> None:
    refs = [
        await store.put("a.txt", b"A"),
        await store.put("charts/deep/b.png", LARGE),
        await store.put("charts/c", b""),
    ]
    mount = tmp_path / "new" / "mount"
    await store.mount(refs, mount)
    files = {str(path.relative_to(mount)): path for path in mount.rglob("*") if path.is_file()}
    assert {name: path.read_bytes() for name, path in files.items()} == {
        "a.txt": b"A",
        "charts/deep/b.png": LARGE,
        "charts/c": b"",
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o444}


async def test_a_program_that_changes_its_mount_does_not_change_the_store(store: ArtifactStore, tmp_path: Path) -> None:
    ref = await store.put("a", LARGE)
    await store.mount([ref], tmp_path / "mount")
    mounted = tmp_path / "mount" / "a"
    mounted.chmod(0o644)
    with mounted.open("r+b") as file:
        file.write(b"changed")
    assert mounted.read_bytes() != LARGE
    assert await store.read_bytes(ref) == LARGE


async def test_one_name_is_mounted_twice_only_with_one_content(store: ArtifactStore, tmp_path: Path) -> None:
    first, second = await store.put("a", b"1"), await store.put("a", b"2")
    await store.mount([first, first], tmp_path / "same")
    with pytest.raises(ArtifactError, match="artifact a: two contents"):
        await store.mount([first, second], tmp_path / "mount")


async def test_a_name_that_is_a_file_and_a_folder_is_refused(store: ArtifactStore, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="artifact a/b cannot be mounted"):
        await store.mount([await store.put("a", b"1"), await store.put("a/b", b"2")], tmp_path / "mount")


async def test_a_mount_overwrites_nothing(store: ArtifactStore, tmp_path: Path) -> None:
    ref = await store.put("a", b"new")
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(ArtifactError, match="mount into an empty"):
        await store.mount([ref], tmp_path)
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["link", "link/a"])
async def test_a_mount_follows_no_link_out_of_its_folder(store: ArtifactStore, tmp_path: Path, name: str) -> None:
    outside, mount = tmp_path / "outside", tmp_path / "mount"
    outside.mkdir()
    mount.mkdir()
    (mount / "link").symlink_to(outside)
    with pytest.raises(ArtifactError, match=f"artifact {name} cannot be mounted"):
        await store.mount([await store.put(name, b"x")], mount)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["../a", "/tmp/a"])
async def test_a_reference_with_a_name_that_leads_elsewhere_is_not_mounted(
    store: ArtifactStore, tmp_path: Path, name: str
) -> None:
    ref = await store.put("a", b"x")
    with pytest.raises(ArtifactError, match="artifact name"):
        await store.mount([ArtifactRef(name, ref.sha256, ref.size)], tmp_path / "mount")


async def test_a_sweep_removes_what_is_old_and_not_referenced(bench: Bench) -> None:
    kept, old = await bench.store.put("kept", b"kept"), await bench.store.put("old", b"forgotten")
    bench.clock.now += 100.0
    young = await bench.store.put("young", b"young")
    bench.clock.now += 50.0
    assert await bench.store.sweep({kept.sha256}, older_than=60.0) == Swept(count=1, size=len(b"forgotten"))
    assert await bench.store.read_bytes(kept) == b"kept"
    assert await bench.store.read_bytes(young) == b"young"
    with pytest.raises(ArtifactError):
        await bench.store.verify(old)


async def test_putting_again_renews_the_age(bench: Bench) -> None:
    ref = await bench.store.put("a", b"x")
    bench.clock.now += 100.0
    await bench.store.put("b", b"x")
    assert (await bench.store.sweep((), older_than=60.0)).count == 0
    await bench.store.verify(ref)


async def test_a_sweep_leaves_a_put_in_progress_alone(bench: Bench) -> None:
    begun, swept = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield LARGE[:2_000_000]
        begun.set()
        await swept.wait()
        yield LARGE[2_000_000:]

    putting = asyncio.create_task(bench.store.put("a", slow()))
    await begun.wait()
    bench.clock.now += 100.0
    await bench.store.sweep((), older_than=60.0)
    swept.set()
    ref = await putting
    assert (await bench.store.sweep((), older_than=60.0)).count == 0
    assert await bench.store.read_bytes(ref) == LARGE


async def test_sweeps_and_puts_of_the_same_content_at_once_lose_nothing(bench: Bench) -> None:
    for _ in range(10):
        sweeps = [asyncio.create_task(bench.store.sweep(lambda _: False, older_than=60.0)) for _ in range(3)]
        ref = await bench.store.put("a", b"x")
        await asyncio.gather(*sweeps)
        await bench.store.verify(ref)
        bench.clock.now += 100.0
