"""Moving tasks between engines, and to other definitions, with real engines on real data."""

import asyncio
import base64
import copy
import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract.engine_helpers import QUICK, done, engine_on, standing, until
from workflow_engine.core.migrating import Assessment, Readiness
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskState, WorkflowSpec
from workflow_engine.errors import (
    IllegalTransition,
    InputRefused,
    TransientFailure,
    UnknownTask,
)
from workflow_engine.spec.parts import Compensation, ForEach, OnReject, RetryPolicy
from workflow_engine.task_document import DOCUMENT_BYTES_MAX

SLOW: Final = RetryPolicy(max_attempts=3, initial=0.4, max=0.4, jitter=False)
UNDO: Final = Compensation(target_classification="undo")
ASK: Final[dict[str, Any]] = {"assigned_to": "human", "prompt": "well?"}

WORKFLOWS: Final = (
    WorkflowSpec(name="asking", phases=(Phase(id="make"), Phase(id="ask"), Phase(id="last"))),
    WorkflowSpec(name="asked", phases=(Phase(id="make"), Phase(id="person", **ASK), Phase(id="last"))),
    WorkflowSpec(name="sleeping", phases=(Phase(id="make"), Phase(id="sleep"), Phase(id="last"))),
    WorkflowSpec(name="pausing", phases=(Phase(id="make"), Phase(id="flaky", retry=SLOW), Phase(id="last"))),
    WorkflowSpec(
        name="fanned",
        phases=(Phase(id="make"), Phase(id="item", for_each=ForEach(items="{{ [1, 2, 3, 4, 5] }}", max_concurrency=2))),
    ),
    WorkflowSpec(name="forking", phases=(Phase(id="make"), Phase(id="fork"), Phase(id="last"))),
    WorkflowSpec(name="child", phases=(Phase(id="quick"), Phase(id="leaf"))),
    WorkflowSpec(
        name="escalated",
        phases=(
            Phase(id="make"),
            Phase(id="review", on_reject=OnReject(target="make", max_attempts=1, then="human")),
            Phase(id="last"),
        ),
    ),
    WorkflowSpec(
        name="holding",
        max_concurrency=1,
        phases=(
            Phase(id="make"),
            Phase(id="ask", depends_on=("make",)),
            Phase(id="other", depends_on=("make",)),
            Phase(id="last", depends_on=("ask", "other")),
        ),
    ),
    WorkflowSpec(
        name="undoing",
        phases=(Phase(id="make", compensate=UNDO), Phase(id="pay", compensate=UNDO), Phase(id="person", **ASK)),
    ),
)


def counting(data_dir: Path, calls: Counter[str]) -> ECSWorkflowEngine:
    """Return an engine whose handlers count their calls and steps."""
    engine = engine_on(data_dir)

    def counted(name: str, then: Callable[[Task], Any]) -> None:
        async def handler(task: Task) -> Any:
            calls[name] += 1
            return await then(task)

        engine.register_handler(name, handler)

    async def make(task: Task) -> Any:
        await task.add_artifact("made.txt", "made of " + json.dumps(task.data))
        task.context["made"] = True
        return {"made": task.data}

    async def plain(task: Task) -> Any:
        return task.phase

    async def ask(task: Task) -> Any:
        await task.step("once", lambda: calls.update(["step"]))
        return await task.ask_human("well?")

    async def sleep(task: Task) -> Any:
        await task.sleep(0.6)
        return "slept"

    async def flaky(task: Task) -> Any:
        if task.attempt == 1:
            raise TransientFailure("not yet")
        return "done"

    async def item(task: Task) -> Any:
        if task.item == 2:
            await task.ask_human("which?")
        return task.item * 10

    async def fork(task: Task) -> Any:
        return await task.fork("child", "quick")

    async def leaf(task: Task) -> Any:
        return await task.ask_human("leaf?")

    async def review(task: Task) -> Any:
        return {"passed": False, "issues": ["no"]}

    async def undo(task: Task) -> Any:
        if calls["asked back"] == 0:
            calls["asked back"] += 1
            await task.ask_human("really?")
        return "undone"

    for name, then in {
        "make": make, "ask": ask, "sleep": sleep, "flaky": flaky, "item": item, "fork": fork, "leaf": leaf,
        "review": review, "undo": undo, "pay": plain, "quick": plain, "other": plain, "last": plain,
    }.items():  # fmt: skip
        counted(name, then)
    for spec in WORKFLOWS:
        engine.register_workflow(spec)
    return engine


async def questions(engine: ECSWorkflowEngine) -> list[str]:
    """Return the ids of the open questions."""
    page = await engine.list_questions()
    return [row.id for row in page.rows]


async def waiting(engine: ECSWorkflowEngine, workflow: str) -> Task:
    """Submit a task of a workflow, and return it where it waits for what its name says."""
    task = await engine.submit_task({"n": 1}, workflow, task_id="t")
    if workflow == "undoing":
        await standing(engine, task, TaskState.WAITING_HUMAN)
        await engine.cancel(task, "no need")
        return await until(lambda: engine.get_task(task), lambda seen: seen.status is TaskState.WAITING_HUMAN)
    if workflow == "sleeping":
        return await standing(engine, task, TaskState.WAITING_IO)
    if workflow == "pausing":
        await until(lambda: engine.explain(task), lambda said: "not yet" in said or "attempt" in said)
        return await engine.get_task(task)
    if workflow == "fanned":
        await until(lambda: engine.explain(task), lambda said: "which?" in said)
        # item 1 has asked, and the others have been through beside it
        await until(lambda: _exported_items(engine), lambda found: found == 1)
        return await engine.get_task(task)
    if workflow == "forking":
        await until(lambda: questions(engine), lambda found: len(found) == 1)
        return await engine.get_task(task)
    return await standing(engine, task, TaskState.WAITING_HUMAN)


async def _exported_items(engine: ECSWorkflowEngine) -> int:
    try:
        document = await engine.export_task("t")
    except IllegalTransition:
        return -1
    return sum("/item/1." in entity for entity in document["entities"])


async def finished(engine: ECSWorkflowEngine) -> Task:
    """Answer whatever task t asks, and return it once it has ended."""
    waits = asyncio.ensure_future(done(engine, "t"))
    while not waits.done():
        for question in await questions(engine):
            await engine.answer(question, {"decision": "accept"})
        await asyncio.wait([waits], timeout=0.01)
    return await waits


def outcome(task: Task) -> dict[str, Any]:
    """Return what a task came to."""
    return {
        "status": task.status,
        "reason": task.reason,
        "output": task.output,
        "outputs": task.outputs,
        "context": dict(task.context),
        "artifacts": task.artifacts,
    }


NAMES: Final = [spec.name for spec in WORKFLOWS if spec.name != "child"]


@pytest.mark.parametrize("workflow", NAMES)
async def test_a_task_goes_on_elsewhere_and_nothing_is_done_twice(tmp_path: Path, workflow: str) -> None:
    stayed, moved = Counter[str](), Counter[str]()
    async with counting(tmp_path / "stayed", stayed) as engine:
        await waiting(engine, workflow)
        expected = outcome(await finished(engine))
    async with counting(tmp_path / "here", moved) as here:
        await waiting(here, workflow)
        asked = await questions(here)
        document = json.loads(json.dumps(await here.export_task("t", cancel=True)))
        left = await here.get_task("t")
        assert (left.status, left.reason) == (TaskState.CANCELLED, "it was exported, and goes on elsewhere")
        assert await questions(here) == []
    async with counting(tmp_path / "there", moved) as there:
        assert (await there.import_task(document)).id == "t"
        assert await questions(there) == asked
        assert outcome(await finished(there)) == expected
        for name in expected["artifacts"]:
            assert await there.read_artifact("t", name) == b'made of {"n": 1}'
    assert moved == stayed


async def test_a_restart_after_the_import_changes_nothing(tmp_path: Path) -> None:
    calls = Counter[str]()
    async with counting(tmp_path / "here", calls) as here:
        await waiting(here, "forking")
        document = await here.export_task("t", cancel=True)
    there = counting(tmp_path / "there", calls)
    await there.import_task(document)
    await there.close()
    async with counting(tmp_path / "there", calls) as again:
        task = await finished(again)
    assert (task.status, calls) == (
        TaskState.COMPLETED,
        Counter({"make": 1, "fork": 2, "quick": 2, "leaf": 2, "last": 1}),
    )


async def test_the_definitions_come_with_the_task_and_are_not_what_submissions_mean(tmp_path: Path) -> None:
    async with counting(tmp_path / "here", Counter()) as here:
        await waiting(here, "asked")
        document = await here.export_task("t")
    there = engine_on(tmp_path / "there")
    await there.import_task(document)
    with pytest.raises(InputRefused, match="there is no workflow 'asked'"):
        await there.submit_task({}, "asked")
    changed = there.register_workflow("asked", [Phase(id="other")])
    new = await there.submit_task({}, "asked")
    assert (await there.export_task("t"))["definitions"] == document["definitions"]
    assert await there.assess(changed) == [
        Assessment("t", Readiness.BLOCKED, ("phase 'person', which it is in, is gone",), ("person",)),
        Assessment(new.id, Readiness.SAFE, (), ("other",), current=True),
    ]
    await there.close()


async def test_a_task_that_has_ended_is_exported_as_a_record(tmp_path: Path) -> None:
    async with counting(tmp_path / "here", Counter()) as here:
        await waiting(here, "asking")
        await finished(here)
        document = await here.export_task("t")
        assert document["entities"]["t"]["status"]["state"] == "completed"
        with pytest.raises(IllegalTransition, match="task t is completed and does not accept export"):
            await here.export_task("t", cancel=True)
    there = engine_on(tmp_path / "there")
    said = r"^task t cannot be imported: it is completed, and nothing of it is left to be carried out; "
    with pytest.raises(InputRefused, match=said):
        await there.import_task(document)
    with pytest.raises(UnknownTask):
        await there.export_task("t")
    await there.close()


async def test_what_is_being_carried_out_is_exported_once_no_engine_runs(tmp_path: Path) -> None:
    engine = engine_on(tmp_path / "here")
    begun = asyncio.Event()

    async def long(task: Task) -> None:
        begun.set()
        await asyncio.sleep(60)

    engine.register_handler("long", long)
    engine.register_workflow("w", [Phase(id="long")])
    async with engine:
        await engine.submit_task({}, "w", task_id="t")
        await begun.wait()
        for cancel in (False, True):
            with pytest.raises(IllegalTransition, match=r"task t is being carried out \(suspend it, or wait\)"):
                await engine.export_task("t", cancel)
    document = await engine.export_task("t", cancel=True)
    await engine.close()
    assert sorted(document["entities"]["t/long/1"]) == ["attempt", "ready", "run"]


async def test_the_same_task_is_not_imported_twice(tmp_path: Path) -> None:
    async with counting(tmp_path / "here", Counter()) as here:
        await waiting(here, "asking")
        document = await here.export_task("t")
        with pytest.raises(IllegalTransition, match="task t is here already and does not accept import"):
            await here.import_task(document)
        await finished(here)
        with pytest.raises(IllegalTransition, match="task t is here already and does not accept import"):
            await here.import_task(document)
    there = engine_on(tmp_path / "there")
    both = await asyncio.gather(there.import_task(document), there.import_task(document), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["IllegalTransition", "Task"]
    await there.close()


async def test_a_task_comes_back_once_what_was_left_of_it_is_purged(tmp_path: Path) -> None:
    here, there = counting(tmp_path / "here", Counter()), counting(tmp_path / "there", Counter())
    async with here, there:
        await waiting(here, "asking")
        await there.import_task(await here.export_task("t", cancel=True))
        document = await there.export_task("t", cancel=True)
        with pytest.raises(IllegalTransition, match="task t is here already"):
            await here.import_task(document)
        await here.purge("t")
        await here.import_task(document)
        assert (await finished(here)).status is TaskState.COMPLETED


def changed(document: dict[str, Any], change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Return a document in which something was changed."""
    copied = copy.deepcopy(document)
    change(copied)
    return copied


def _definition(document: dict[str, Any]) -> dict[str, Any]:
    [definition] = document["definitions"].values()
    found: dict[str, Any] = definition
    return found


def _artifact(document: dict[str, Any]) -> dict[str, Any]:
    [artifact] = document["artifacts"].values()
    found: dict[str, Any] = artifact
    return found


def _reference(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["entities"]["t"]["artifacts"]["made.txt"]
    return found


WRONG: Final[dict[str, tuple[Callable[[dict[str, Any]], Any], str]]] = {
    "another format": (lambda d: d.update(format=2), "the document has format 2, and this version reads 1; import it"),
    "no format": (lambda d: d.pop("format"), "this is not the document of an exported task: .*format"),
    "a key more": (lambda d: d.update(more=1), "this is not the document of an exported task: .*more"),
    "no entities": (lambda d: d.pop("entities"), "this is not the document of an exported task: .*entities"),
    "entities of another shape": (lambda d: d.update(entities=[]), "this is not the document of an exported task"),
    "a task that is not there": (lambda d: d.update(task="u"), "'t' is no part of task u; export the task again"),
    "an id that is none": (lambda d: d.update(task="a b"), "'a b' cannot be a task id; export the task again"),
    "a definition among the entities": (
        lambda d: d["entities"].update({"#x": {}}),
        "'#x' is no part of task t; export the task again",
    ),
    "a run that is gone": (lambda d: d["entities"].pop("t/ask/1"), "task t has no run; export it again"),
    "no data": (lambda d: d["entities"]["t"].pop("data"), "task t is not whole; export it again"),
    "a component that is none": (
        lambda d: d["entities"]["t"].update(magic={}),
        "t has 'magic', which this version does not know; use the one that wrote it",
    ),
    "a phase that is none": (
        lambda d: d["entities"]["t/ask/1"]["run"].update(phase="nil"),
        "run t/ask/1 is not whole; export it again",
    ),
    "a moment that is none": (
        lambda d: d["entities"]["t/ask/1"]["suspended"].update(since=1e300),
        "t/ask/1 has a number that is none of ours; export it again",
    ),
    "another type": (
        lambda d: d["entities"]["t"]["identity"].update(priority="high"),
        "it is not what this version can read: .*priority.*; use the one that wrote it",
    ),
    "a form that is none": (
        lambda d: d["entities"]["t/ask/1"]["question"].update(form={"type": "nil"}),
        "the question of t/ask/1 cannot be asked: the form is no JSON Schema",
    ),
    "no definition": (lambda d: d["definitions"].clear(), "the definition of 'asking' is missing; export it again"),
    "another definition": (
        lambda d: _definition(d)["spec"]["phases"].append({"id": "x", "command": ["rm"]}),
        "the definition of 'asking' is not what was exported; export the task again",
    ),
    "a definition that cannot be run": (
        lambda d: _definition(d).update(spec={"name": "asking", "phases": []}),
        "the definition of 'asking' cannot be run: ",
    ),
    "a definition that goes in a circle": (
        lambda d: _definition(d)["spec"]["phases"][0].update(depends_on=["make"]),
        "the definition of 'asking' cannot be run: .*phase 'make' depends on itself",
    ),
    "a definition that is none": (lambda d: _definition(d).update(spec=7), "the definition of 'asking' cannot be run"),
    "no artifact": (lambda d: d["artifacts"].clear(), "the content of artifact made.txt is missing"),
    "another artifact": (
        lambda d: _artifact(d).update(base64=base64.b64encode(b"else").decode()),
        "the content of artifact made.txt is not what was exported",
    ),
    "an artifact that is none": (
        lambda d: _artifact(d).update(base64="%"),
        "the content of artifact made.txt is no base64",
    ),
    "a reference that leads elsewhere": (
        lambda d: _reference(d).update(sha256="../../etc/passwd"),
        "artifact 'made.txt' of task t is no reference",
    ),
    "a name that leads elsewhere": (
        lambda d: _reference(d).update(name="../made.txt"),
        "artifact 'made.txt' of task t: artifact name",
    ),
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The document of a task that asks in the middle of its handler."""

    async def export() -> dict[str, Any]:
        async with counting(tmp_path_factory.mktemp("document"), Counter()) as engine:
            await waiting(engine, "asking")
            return await engine.export_task("t")

    return asyncio.run(export())


@pytest.fixture
def there(tmp_path: Path) -> Iterator[ECSWorkflowEngine]:
    """An engine that has nothing."""
    engine = engine_on(tmp_path / "there")
    yield engine
    assert not list((tmp_path / "there" / "artifacts" / "sha256").glob("*/*")), "refused documents leave nothing"


@pytest.mark.parametrize("name", WRONG)
async def test_a_document_is_refused_that_has(there: ECSWorkflowEngine, document: dict[str, Any], name: str) -> None:
    change, said = WRONG[name]
    with pytest.raises(InputRefused, match=said):
        await there.import_task(changed(document, change))
    with pytest.raises(UnknownTask):
        await there.get_task("t")
    await there.close()


async def test_bytes_that_are_no_document_are_refused(there: ECSWorkflowEngine, document: dict[str, Any]) -> None:
    whole = json.dumps(document).encode()
    for wrong in (whole[:-1], whole[: len(whole) // 2], b"", b"[]", b"\xff", b"[" * 100_000, b"null"):
        with pytest.raises(InputRefused, match=r"^this is not the document of an exported task"):
            await there.import_task(wrong)
    strange: tuple[Any, ...] = ([], None, {1: 2}, {"a": float("nan")}, {"format": object()})
    for wrong in strange:
        with pytest.raises(InputRefused):
            await there.import_task(wrong)
    await there.close()


async def test_a_document_that_is_too_large_is_refused(
    there: ECSWorkflowEngine, document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert DOCUMENT_BYTES_MAX == 512 * 1024 * 1024
    monkeypatch.setattr("workflow_engine.task_document.DOCUMENT_BYTES_MAX", 1_000)
    with pytest.raises(InputRefused, match=r"the document has more than the 1,000 bytes allowed"):
        await there.import_task(document)
    await there.close()


async def test_artifacts_that_are_too_large_for_a_document_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow_engine.face.moving.ARTIFACTS_BYTES_MAX", 10)
    async with counting(tmp_path, Counter()) as engine:
        await waiting(engine, "asking")
        with pytest.raises(InputRefused, match="the artifacts of this task have 16 bytes, more than the 10 that"):
            await engine.export_task("t", cancel=True)
        assert (await engine.get_task("t")).status is TaskState.WAITING_HUMAN


def crashes(data_dir: Path, into: Path) -> Iterator[Path]:
    """Yield copies of a data directory as a crash may have left it: up to each line, with half of the next."""
    [segment] = (data_dir / "journal").glob("journal-*.jsonl")
    lines = segment.read_bytes().rstrip(b"\0").splitlines(keepends=True)
    for count in range(1, len(lines) + 1):
        copied = into / str(count)
        shutil.copytree(data_dir, copied, ignore=shutil.ignore_patterns("*.sock", "index*"))
        torn = lines[count][: len(lines[count]) // 2] if count < len(lines) else b""
        (copied / "journal" / segment.name).write_bytes(b"".join(lines[:count]) + torn)
        yield copied


async def test_a_crash_leaves_all_of_an_import_or_nothing(tmp_path: Path, document: dict[str, Any]) -> None:
    engine = counting(tmp_path / "there", Counter())
    await engine.import_task(document)
    await engine.close()
    found: list[str] = []
    for data_dir in crashes(tmp_path / "there", tmp_path / "crashed"):
        calls = Counter[str]()
        async with counting(data_dir, calls) as again:
            try:
                await again.import_task(document)
                found.append("nothing")
            except IllegalTransition:
                found.append("all")
            task = await finished(again)
        assert (task.status, calls) == (TaskState.COMPLETED, Counter({"ask": 1, "last": 1}))
    assert found == sorted(found, reverse=True)
    assert set(found) == {"nothing", "all"}


async def test_a_crash_leaves_a_task_that_was_given_away_or_one_that_goes_on(tmp_path: Path) -> None:
    engine = counting(tmp_path / "here", Counter())
    async with engine:
        await waiting(engine, "forking")
        await engine.export_task("t", cancel=True)
    found: list[str] = []
    for data_dir in crashes(tmp_path / "here", tmp_path / "crashed"):
        async with counting(data_dir, Counter()) as again:
            try:
                task = await again.get_task("t")
            except UnknownTask:
                continue
            found.append((await finished(again) if not task.status.terminal else task).status)
    assert found[:-1] == [TaskState.COMPLETED] * (len(found) - 1)
    assert found[-1] is TaskState.CANCELLED


# ---------------------------------------------------------------- migrating


async def test_tasks_go_over_and_submissions_do_not(tmp_path: Path) -> None:
    calls = Counter[str]()
    new = WorkflowSpec(
        name="asked", phases=(Phase(id="make"), Phase(id="person", **ASK), Phase(id="other"), Phase(id="last"))
    )
    async with counting(tmp_path, calls) as engine:
        await waiting(engine, "asked")
        assert await engine.assess(new) == [Assessment("t", Readiness.SAFE, (), ("person",))]
        assert (await engine.migrate("t", new)).status is TaskState.WAITING_HUMAN
        assert await engine.assess(new) == [Assessment("t", Readiness.SAFE, (), ("person",), current=True)]
        other = await engine.submit_task({"n": 2}, "asked")
        await standing(engine, other, TaskState.WAITING_HUMAN)
        assert await engine.assess("asked") == [
            Assessment("t", Readiness.SAFE, (), ("person",)),
            Assessment(other.id, Readiness.SAFE, (), ("person",), current=True),
        ]
        for task in ("t", other.id):
            await engine.answer(task, {"ok": True})
        assert list((await done(engine, "t")).outputs) == ["make", "person", "other", "last"]
        assert list((await done(engine, other)).outputs) == ["make", "person", "last"]
    assert calls == Counter(make=2, other=1, last=2)


async def test_a_task_that_went_over_goes_on_so_after_a_restart(tmp_path: Path) -> None:
    new = WorkflowSpec(name="asked", phases=(Phase(id="begin"), Phase(id="person", **ASK), Phase(id="other")))
    async with counting(tmp_path, Counter()) as engine:
        await waiting(engine, "asked")
        why = r"task t is mappable \(phase 'make', which it has completed, is gone; phase 'begin' comes before, "
        with pytest.raises(IllegalTransition, match=why):
            await engine.migrate("t", new)
        await engine.migrate("t", new, {"make": "begin"})
    async with counting(tmp_path, Counter()) as engine:
        await engine.answer("t", "yes")
        task = await done(engine, "t")
    assert task.outputs["begin"] == {"made": {"n": 1}}
    assert task.output == "other"


async def test_who_cannot_go_over_is_left_where_it_is(tmp_path: Path) -> None:
    new = WorkflowSpec(name="asked", phases=(Phase(id="make"), Phase(id="other")))
    async with counting(tmp_path, Counter()) as engine:
        await waiting(engine, "asked")
        with pytest.raises(IllegalTransition, match="task t is blocked"):
            await engine.migrate("t", new, {})
        with pytest.raises(UnknownTask):
            await engine.migrate("nil", new)
        with pytest.raises(InputRefused, match="there is no workflow 'nil'"):
            await engine.migrate("t", "nil")
        with pytest.raises(InputRefused, match="phases are new names by old ones"):
            await engine.migrate("t", new, [])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType] - on purpose
        with pytest.raises(InputRefused, match="goes through 'asked', and the definition is of 'asking'"):
            await engine.migrate("t", "asking")
        await finished(engine)
        with pytest.raises(IllegalTransition, match="task t is completed and does not accept migrate"):
            await engine.migrate("t", new)
        assert await engine.assess(new) == []


async def test_what_is_under_way_is_followed_up_as_the_new_definition_says(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def long(task: Task) -> str:
        begun.set()
        await go_on.wait()
        return "done"

    async def echo(task: Task) -> str:
        return task.phase or ""

    engine.register_handler("long", long)
    engine.register_handler("echo", echo)
    engine.register_workflow("w", [Phase(id="long", retry=QUICK)])
    async with engine:
        await engine.submit_task({}, "w", task_id="t")
        await begun.wait()
        await engine.migrate("t", WorkflowSpec(name="w", phases=(Phase(id="long"), Phase(id="echo"))))
        go_on.set()
        assert (await done(engine, "t")).outputs == {"long": "done", "echo": "echo"}


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "workflow_engine")
