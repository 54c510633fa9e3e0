"""The index beside an engine that runs, compacts, forgets and looks up again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from workflow_engine.core.components import TaskState
from workflow_engine.core.explain import explain
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, RetryPolicy, Task
from workflow_engine.errors import ConfigError, DuplicateTask, UnknownTask
from workflow_engine.journal.json_journal import JsonJournal
from workflow_engine.readmodel.indexed_history import IndexedHistory
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import QuestionQuery, TaskQuery
from workflow_engine.testing.memory_journal import MemoryJournal


class Shop:
    """An engine on disk with three workflows, one of which fails until it is mended."""

    def __init__(self, data_dir: Path) -> None:
        self.broken = True
        self.engine = ECSWorkflowEngine(data_dir)
        self.engine.register_handler("echo", self._echo)
        self.engine.register_handler("fragile", self._fragile)
        self.engine.register_workflow("echo", [Phase(target_classification="echo")])
        once = RetryPolicy(max_attempts=1)
        self.engine.register_workflow("fragile", [Phase(target_classification="fragile", retry=once)])
        self.engine.register_workflow(
            "ask", [Phase(target_classification="ask", assigned_to="human", candidates=("ann", "bob"), prompt="Sure?")]
        )

    async def compact(self) -> None:
        """Compact, and wait until the engine has forgotten what ended."""
        session: Any = self.engine._session  # pyright: ignore[reportPrivateUsage] - no caller needs to compact
        await session.host._journal.compact()
        await asyncio.gather(*session._forgetting)

    def remembers(self, task: str) -> bool:
        """Whether the engine has the task in memory."""
        session: Any = self.engine._session  # pyright: ignore[reportPrivateUsage] - see above
        return bool(session.host.core.knows(task))

    async def _echo(self, task: Task) -> Any:
        return task.data

    async def _fragile(self, task: Task) -> str:
        if self.broken:
            raise ValueError("out of order")
        return "done"


async def test_what_is_acknowledged_is_listed(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.engine as engine:
        done = await engine.wait(await engine.submit_task({"word": "zebra"}, "echo", labels={"team": "sea"}))
        asked = await engine.submit_task({}, "ask")
        failed = await engine.wait(await engine.submit_task({}, "fragile"))
        await _until_asked(engine)
        rows = {row.id: row for row in (await engine.list_tasks()).rows}
        assert {task.id for task in (done, asked, failed)} == set(rows)
        assert rows[failed.id].message == "out of order"
        assert rows[asked.id].phases == ("ask",)
        assert rows[asked.id].waiting == ("human",)
        assert [row.id for row in (await engine.list_tasks(TaskQuery(text="zebra sea"))).rows] == [done.id]
        assert await engine.count_tasks() == {"completed": 1, "failed": 1, "waiting_human": 1}
        (question,) = (await engine.list_questions(QuestionQuery(candidate="ann"))).rows
        await engine.answer(question.id, "yes")
        await engine.wait(asked)
        assert (await engine.list_questions()).rows == ()
        names = [row.event["event"] for row in await engine.events(done)]
        assert names == ["TaskSubmitted", "PhaseStarted", "PhaseCompleted", "TaskCompleted"]
        record = ReadModel(tmp_path).record(asked.id)
        assert record is not None
        assert "completed" in explain(record, 2e9, serving=True)


async def _until_asked(engine: ECSWorkflowEngine) -> None:
    for _ in range(100):
        if (await engine.list_questions()).rows:
            return
    raise AssertionError("nothing was asked")


async def test_what_the_engine_forgot_is_found_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.engine as engine:
        first = await engine.wait(await engine.submit_task({"a": 1}, "echo", task_id="first"))
        await shop.compact()
        assert not shop.remembers("first")
        again = await engine.submit_task({"a": 1}, "echo", task_id="first")
        assert (again.status, again.output) == (first.status, first.output)
        with pytest.raises(DuplicateTask):
            await engine.submit_task({"a": 2}, "echo", task_id="first")
        assert (await engine.get_task("first")).output == {"a": 1}
        with pytest.raises(UnknownTask):
            await engine.get_task("never")


async def test_an_archived_failure_can_be_retried_after_a_restart(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.engine as engine:
        await engine.wait(await engine.submit_task({"a": 1}, "fragile", task_id="first"))
        await shop.compact()
    shop = Shop(tmp_path)
    shop.broken = False
    async with shop.engine as engine:
        assert not shop.remembers("first")
        await engine.retry("first")
        done = await engine.wait("first")
        assert (done.status, done.output) == (TaskState.COMPLETED, "done")
        await shop.compact()
        names = [row.event["event"] for row in await engine.events("first")]
        assert (names[0], names[-1]) == ("TaskSubmitted", "TaskCompleted")
        assert "TaskRetried" in names
        (row,) = (await engine.list_tasks()).rows
        assert (row.status, row.error) == (TaskState.COMPLETED, None)


async def test_a_purged_task_is_not_found_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    async with shop.engine as engine:
        await engine.wait(await engine.submit_task({"a": 1}, "echo", task_id="first"))
        await shop.compact()
        await engine.purge("first")
        with pytest.raises(UnknownTask):
            await engine.get_task("first")
        assert (await engine.list_tasks()).rows == ()
    shop = Shop(tmp_path)
    async with shop.engine as engine:
        with pytest.raises(UnknownTask):
            await engine.get_task("first")
        assert (await engine.submit_task({"a": 2}, "echo", task_id="first")).data == {"a": 2}


async def test_a_failed_look_up_keeps_tasks_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop(tmp_path)
    async with shop.engine as engine:
        await engine.wait(await engine.submit_task({"a": 1}, "echo", task_id="first"))
        (tmp_path / "index.lock").mkdir()
        await shop.compact()
        assert shop.remembers("first")
        assert "stay in memory" in caplog.text


async def test_ids_that_are_asked_for_together_share_a_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(tmp_path)
    async with shop.engine as engine:
        await engine.wait(await engine.submit_task({"a": 1}, "echo", task_id="first"))
        session: Any = engine._session  # pyright: ignore[reportPrivateUsage] - no caller needs to compact
        await session.host._journal.compact()
    history = IndexedHistory(tmp_path)
    await history.find(["first"])
    asked: list[int] = []
    find = ReadModel.find

    def counted(self: ReadModel, tasks: Any, *, at_least: int) -> Any:
        asked.append(len(tasks))
        return find(self, tasks, at_least=at_least)

    monkeypatch.setattr(ReadModel, "find", counted)
    found = await asyncio.gather(*(history.find(["first" if n == 7 else f"other-{n}"]) for n in range(500)))
    assert [n for n, entities in enumerate(found) if entities] == [7]
    assert sum(asked) == 500
    assert len(asked) <= 2


async def test_nothing_is_opened_while_nothing_was_archived(tmp_path: Path) -> None:
    journal = JsonJournal(tmp_path)
    await journal.open()
    await journal.close()
    assert await IndexedHistory(tmp_path).find(["first"]) == {}
    assert not (tmp_path / "index.sqlite").exists()


async def test_a_journal_in_memory_has_no_index(tmp_path: Path) -> None:
    engine = ECSWorkflowEngine(tmp_path, journal=lambda archived: MemoryJournal())
    async with engine:
        with pytest.raises(ConfigError, match="leave `journal` out"):
            await engine.list_tasks()
