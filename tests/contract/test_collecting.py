"""Removing artifacts that no task refers to, and tasks for good."""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workflow_engine.adapters.program_log import log_path
from workflow_engine.artifacts.local import LocalArtifactStore
from workflow_engine.artifacts.port import Swept
from workflow_engine.core.components import Artifacts
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskState
from workflow_engine.errors import IllegalTransition, JournalDamaged, UnknownTask
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.journal.port import Commit
from workflow_engine.runtime.collecting import OLDER_THAN, ArtifactCollector, archived


def stored(data_dir: Path) -> set[str]:
    """Return the hashes of all content that is stored."""
    return {path.name for path in data_dir.glob("artifacts/sha256/*/*")}


def age(data_dir: Path) -> None:
    """Make all content that is stored too old to be protected by its youth."""
    before = time.time() - OLDER_THAN - 60
    for path in data_dir.glob("artifacts/sha256/*/*"):
        os.utime(path, (before, before))


async def until(condition: Callable[[], bool]) -> None:
    """Return as soon as *condition* holds."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def with_artifact(engine: ECSWorkflowEngine, name: str, text: str) -> Task:
    """Submit a task that waits for a person, and give it an artifact."""
    engine.register_workflow("ask", [Phase(id="ask", assigned_to="human")])
    task = await engine.submit_task(None, "ask", task_id=name)
    await engine.add_artifact(task, f"{name}.txt", text)
    return task


async def hash_of(engine: ECSWorkflowEngine, name: str) -> str:
    [reference] = (await engine.get_task(name)).artifacts.values()
    found: str = reference["sha256"]
    return found


async def compacted(data_dir: Path) -> None:
    """Move what has ended to an archive."""
    journal = JsonJournal(data_dir)
    await journal.open()
    await journal.compact()
    await journal.close()


async def collected(data_dir: Path) -> Swept:
    """Collect with what an engine that has forgotten all but the archives knows."""
    return await ArtifactCollector(list[Artifacts], LocalArtifactStore(data_dir / "artifacts"), data_dir).collect()


async def test_an_engine_removes_in_the_background_what_no_task_refers_to(tmp_path: Path) -> None:
    engine = ECSWorkflowEngine(tmp_path)
    await with_artifact(engine, "lives", "a")
    ended = await with_artifact(engine, "ended", "b")
    await engine.cancel(ended)
    kept = {await hash_of(engine, "lives"), await hash_of(engine, "ended")}
    unused = (await engine.artifacts.put("unused.txt", "c")).sha256
    await engine.close()
    assert stored(tmp_path) == kept | {unused}
    age(tmp_path)
    young = (await engine.artifacts.put("young.txt", "d")).sha256
    async with engine:
        await until(lambda: stored(tmp_path) == kept | {young})


async def test_what_archived_tasks_refer_to_is_kept(tmp_path: Path) -> None:
    async with ECSWorkflowEngine(tmp_path) as engine:
        for name in ("t1", "t2"):
            await engine.cancel(await with_artifact(engine, name, name))
        kept = {await hash_of(engine, name) for name in ("t1", "t2")}
        await engine.artifacts.put("unused.txt", "c")
    await compacted(tmp_path)
    age(tmp_path)
    assert await collected(tmp_path) == Swept(1, 1)
    assert stored(tmp_path) == kept


async def test_what_a_purged_task_referred_to_is_removed_once_it_is_compacted(tmp_path: Path) -> None:
    async with ECSWorkflowEngine(tmp_path) as engine:
        for name in ("t1", "t2"):
            await engine.cancel(await with_artifact(engine, name, name))
        kept = await hash_of(engine, "t2")
    await compacted(tmp_path)
    # An engine that looks up archived tasks would purge it so; here the journal says it.
    await purged_by_hand(tmp_path, "t1")
    age(tmp_path)
    assert await collected(tmp_path) == Swept(0, 0)
    await compacted(tmp_path)
    assert await collected(tmp_path) == Swept(1, 2)
    assert stored(tmp_path) == {kept}


async def purged_by_hand(data_dir: Path, task: str) -> None:
    journal = JsonJournal(data_dir)
    recovered = await journal.open()
    await journal.append(Commit(recovered.n + 1, recovered.at, {task: None}))
    await journal.close()


async def test_nothing_is_removed_while_an_archive_cannot_be_read(tmp_path: Path) -> None:
    async with ECSWorkflowEngine(tmp_path) as engine:
        await engine.cancel(await with_artifact(engine, "t1", "a"))
    await compacted(tmp_path)
    [archive] = tmp_path.glob("journal/finished-*.jsonl")
    archive.write_bytes(archive.read_bytes().replace(b"t1", b"t2", 1))
    age(tmp_path)
    with pytest.raises(JournalDamaged):
        await collected(tmp_path)
    assert len(stored(tmp_path)) == 1


async def test_without_archives_there_is_nothing_archived(tmp_path: Path) -> None:
    assert list(archived(tmp_path)) == []


async def test_a_store_that_is_shared_is_not_swept(tmp_path: Path) -> None:
    store = LocalArtifactStore(tmp_path / "artifacts")
    await store.put("of-another-engine.txt", "a")
    age(tmp_path)
    async with ECSWorkflowEngine(tmp_path / "one", artifacts=store) as engine:
        engine.register_workflow("w", [Phase(id="p", command=("true",))])
        await engine.wait(await engine.submit_task(None, "w"), 15)
    assert len(stored(tmp_path)) == 1


async def test_purging_removes_a_task_with_its_logs_and_its_id_is_free(tmp_path: Path) -> None:
    async with ECSWorkflowEngine(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="p", command=("sh", "-c", "echo a | tee outputs/x"))])
        for name in ("t1", "t2"):
            await engine.wait(await engine.submit_task(1, "w", task_id=name), 15)
        await engine.purge("t1")
        with pytest.raises(UnknownTask):
            await engine.get_task("t1")
        assert [log_path(tmp_path, name, "p", 1, 1).exists() for name in ("t1", "t2")] == [False, True]
    async with ECSWorkflowEngine(tmp_path) as engine:
        with pytest.raises(UnknownTask):
            await engine.purge("t1")
        engine.register_workflow("w", [Phase(id="p", command=("true",))])
        task = await engine.wait(await engine.submit_task(2, "w", task_id="t1"), 15)
    assert task.status is TaskState.COMPLETED


async def test_a_task_that_has_not_ended_is_not_purged(tmp_path: Path) -> None:
    async with ECSWorkflowEngine(tmp_path) as engine:
        task = await with_artifact(engine, "t1", "a")
        with pytest.raises(IllegalTransition, match="does not accept purge"):
            await engine.purge(task)
        assert await engine.read_artifact(task, "t1.txt") == b"a"
