"""Waits: what or whom each task of a page waits for, in the words of ``why``."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Final

from workflow_engine.core.components import TaskState
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import EngineError
from workflow_engine.readmodel.rows import TaskRow
from workflow_engine.ui.showing.words import WHOM

EXPLAINED_MAX: Final = 50
"""Tasks of a page about which the engine is asked; of the others, what the index knows is said."""

SECONDS_MAX: Final = 1.0
"""How long the engine is waited for; it may have much to do, and the list is to be there."""


def waits_of(engine: ECSWorkflowEngine, rows: Sequence[TaskRow]) -> tuple[str, ...]:
    """Return for each row what it waits for, as one sentence.

    All that the engine is asked goes to its loop in one piece.  Where it does not answer, the index does.
    """
    living = [row for row in rows if not row.status.terminal][:EXPLAINED_MAX]
    told = _explained(engine, [row.id for row in living])
    return tuple(_sentence(told[row.id], row) if row.id in told else waits_by_index(row) for row in rows)


def waits_by_index(row: TaskRow) -> str:
    """Return what the index knows of what a task waits for."""
    match row.status:
        case TaskState.COMPLETED:
            return "Nothing: it is completed."
        case TaskState.CANCELLED:
            return f"Nothing: it was cancelled{_because(row.reason)}."
        case TaskState.FAILED:
            return f"Nothing: it failed{_because(_failure(row))}."
        case _:
            whom = " and ".join(WHOM[kind] for kind in row.waiting)
            where = f" in phase {row.phases[0]!r}" if row.phases else ""
            return f"Waits for {whom}{where}." if whom else f"Goes on{where}."


def _explained(engine: ECSWorkflowEngine, tasks: Sequence[str]) -> Mapping[str, str]:
    """Return why each of *tasks* waits, by id; those are left out of which nothing is known in time."""
    loop = engine.loop
    if not tasks or loop is None or not loop.is_running():
        return {}

    async def one(task: str) -> str | None:
        try:
            return await engine.explain(task)
        except EngineError:
            return None  # gone since the index was asked, or nothing can be stored

    async def each() -> list[str | None]:
        return list(await asyncio.gather(*map(one, tasks)))

    asked: Future[list[str | None]] = asyncio.run_coroutine_threadsafe(each(), loop)
    try:
        told = asked.result(SECONDS_MAX)
    except TimeoutError:
        asked.cancel()
        return {}
    return {task: why for task, why in zip(tasks, told, strict=True) if why is not None}


def _sentence(why: str, row: TaskRow) -> str:
    """Return *why* without the name of the task, which stands beside it."""
    stage = f", at stage {row.stage!r}" if row.stage is not None else ""
    said = why.removeprefix(f"Task {row.id} ({row.workflow}{stage}) ")
    if row.phases and said.startswith(f"waits in phase {row.phases[0]!r} since "):
        # Phase and moment stand in other columns, and the id of the question is for programs.
        said = _QUESTION.sub(_claimed, _SINCE.sub("waits for ", said, count=1), count=1)
    return said[:1].upper() + said[1:]


_SINCE: Final = re.compile(r"^waits in phase .*? since \S+ \S+ UTC \([^)]*\) for ", re.DOTALL)
_QUESTION: Final = re.compile(r" \(question [^\s,)]+(?:, (claimed by [^)]*))?\)")


def _claimed(found: re.Match[str]) -> str:
    return f" ({found[1]})" if found[1] else ""


def _failure(row: TaskRow) -> str | None:
    said = f"{row.error}: {row.message}" if row.error is not None else None
    return said if row.failed_phase is None or said is None else f"{said} (phase {row.failed_phase!r})"


def _because(reason: str | None) -> str:
    return f": {reason.rstrip('.')}" if reason else ""
