"""Retries that go back, and forks, with a real engine: previews, restarts, archives, socket and command line."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine_helpers import ONCE, done, engine_on
from tests.contract.test_cli_commands import done as said
from tests.contract.test_cli_commands import refused
from workflow_engine.cli.answer import user_name
from workflow_engine.control.calls import perform
from workflow_engine.core.reruns import Rerun
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, WorkflowSpec
from workflow_engine.errors import DuplicateTask, IllegalTransition, InputRefused, PermanentFailure, UnknownTask
from workflow_engine.journal.json_journal import JsonJournal

AUDITED = ("TaskSubmitted", "ArtifactAdded", "TaskMigrated", "TaskCancelled", "TaskAdopted")

INPUTS: dict[str, Any] = {"type": "object", "required": ["topic"]}


class Press:
    """The handlers of a text that is researched, drafted and printed; printing fails for as long as it is *jammed*."""

    def __init__(self) -> None:
        self.jammed = True
        self.worked: list[str] = []

    async def research(self, task: Task) -> Any:
        """Find facts."""
        self.worked.append(f"{task.id}/{task.phase}")
        task.context["facts"] = [task.data["topic"]]
        await task.add_artifact("notes.txt", "notes")
        return {"found": task.data["topic"]}

    async def draft(self, task: Task) -> Any:
        """Write."""
        self.worked.append(f"{task.id}/{task.phase}")
        task.context["tone"] = task.context.get("tone", "dry")
        return f"{task.context['tone']}: {task.outputs['research']['found']}"

    async def print(self, task: Task) -> Any:
        """Print, or fail."""
        self.worked.append(f"{task.id}/{task.phase}")
        if self.jammed:
            raise PermanentFailure("the paper is jammed")
        return {"printed": task.outputs["draft"], "context": dict(task.context)}

    def engine(self, data_dir: Path) -> ECSWorkflowEngine:
        """Return an engine with these handlers."""
        engine = engine_on(data_dir)
        for name, handler in (("research", self.research), ("draft", self.draft), ("print", self.print)):
            engine.register_handler(name, handler)
        phases = tuple(Phase(id=name, retry=ONCE) for name in ("research", "draft", "print"))
        engine.register_workflow(WorkflowSpec(name="text", phases=phases, inputs=INPUTS))
        return engine


async def jammed(press: Press, engine: ECSWorkflowEngine) -> Task:
    task = await done(engine, await engine.submit_task({"topic": "tides"}, "text", task_id="t", by="ann"))
    assert task.status == "failed"
    press.worked.clear()
    return task


async def test_a_retry_from_an_earlier_phase_does_what_its_preview_says(tmp_path: Path) -> None:
    press = Press()
    async with press.engine(tmp_path) as engine:
        await jammed(press, engine)
        told = await engine.preview_retry("t", "draft")
        assert told == Rerun(
            "t", "draft", ("draft", "print"), ("research",),
            sentence="draft and print are done again; research keeps its output.",
        )  # fmt: skip
        press.jammed = False
        await engine.retry("t", "draft", by="bob")
        assert (await done(engine, "t")).output == {
            "printed": "dry: tides", "context": {"facts": ["tides"], "tone": "dry"}
        }  # fmt: skip
        assert press.worked == ["t/draft", "t/print"]
        rows = await engine.events("t")
    by = [(row.event["event"], row.event["by"]) for row in rows if "by" in row.event]
    assert by == [("TaskSubmitted", "ann"), ("TaskRetried", "bob")]


async def test_a_fork_with_another_value_goes_on_after_a_restart(tmp_path: Path) -> None:
    press = Press()
    async with press.engine(tmp_path) as engine:
        await jammed(press, engine)
    press.jammed = False
    still = press.engine(tmp_path)  # nothing is carried out before the restart
    fork = await still.fork_task("t", "draft", context={"tone": "warm"}, task_id="f", by="ann")
    assert (fork.status, dict(fork.context)) == ("pending", {"facts": ["tides"], "tone": "warm"})
    await still.close()
    async with press.engine(tmp_path) as engine:
        ended = await done(engine, "f")
        assert ended.output == {"printed": "warm: tides", "context": {"facts": ["tides"], "tone": "warm"}}
        assert await engine.read_artifact("f", "notes.txt") == b"notes"
        assert (await engine.get_task("t")).status == "failed"
        record = (await engine.inspect("f")).record
        assert record.components["identity"].forked_from == "t"
        assert record.components["progress"].entries["draft"].sets == ()  # it was that already
        assert record.components["progress"].entries["research"].sets == ("facts",)
    assert [step for step in press.worked if step.startswith("f/")] == ["f/draft", "f/print"]


async def test_an_archived_task_is_forked(tmp_path: Path) -> None:
    press = Press()
    press.jammed = False
    async with press.engine(tmp_path) as engine:
        await done(engine, await engine.submit_task({"topic": "tides"}, "text", task_id="t"))
    journal = JsonJournal(tmp_path / "journal")
    await journal.open()
    await journal.compact()
    await journal.close()
    async with press.engine(tmp_path) as engine:
        assert (await engine.preview_fork("t", "print")).keeps == ("research", "draft")
        fork = await engine.fork_task("t", "print")
        assert (await done(engine, fork)).output["printed"] == "dry: tides"
        assert (await engine.fork_task("t", "print")).id != fork.id


async def test_a_live_task_is_forked_and_goes_on(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    asked = asyncio.Event()

    async def ask(task: Task) -> Any:
        asked.set()
        return await task.ask_human("Well?")

    async def first(task: Task) -> Any:
        return 1

    engine.register_handler("first", first)
    engine.register_handler("ask", ask)
    engine.register_workflow("w", [Phase(target_classification="first"), Phase(target_classification="ask")])
    async with engine:
        source = await engine.submit_task({}, "w", task_id="t")
        await asyncio.wait_for(asked.wait(), 10)
        fork = await engine.fork_task(source, "ask", task_id="f")
        while not (await engine.inspect("f")).record.runs.get("f/ask/1", {}).get("question"):
            await asyncio.sleep(0.01)
        await engine.answer("f", "for the fork")
        assert (await done(engine, fork)).output == "for the fork"
        assert (await engine.get_task("t")).status == "waiting_human"
        with pytest.raises(IllegalTransition, match="wait until it has ended, or cancel it and fork it"):
            await engine.preview_retry("t")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"data": {"subject": "x"}}, "workflow 'text' does not accept this: 'topic' is a required property"),
        ({"phase": "z"}, "task t has no phase 'z'; its phases are research, draft, print"),
        ({"remove_context": ["mood"]}, "task t has no context value 'mood' to be removed; it has facts, tone"),
        ({"remove_context": "tone"}, r"remove_context are names of values, not 'tone'; write \('tone',\)"),
        ({"remove_context": ["tone"], "context": {"tone": 1}}, "context value 'tone' is to be set and to be removed"),
        ({"context": ["tone"]}, "context are values by name"),
        ({"context": {"tone": object()}}, "value 'tone'"),
        ({"task_id": "a b"}, "'a b' cannot be a task id"),
        ({"labels": "red"}, "labels are words by name"),
        ({"by": 7}, "the name of who asks for it"),
        ({"task_id": "t"}, "task t exists and is not this fork; fork under another id"),
    ],
)
async def test_a_fork_that_cannot_be_is_refused(tmp_path: Path, given: dict[str, Any], why: str) -> None:
    press = Press()
    async with press.engine(tmp_path) as engine:
        await jammed(press, engine)
        with pytest.raises(InputRefused, match=why):
            await engine.fork_task("t", **given)
        with pytest.raises(UnknownTask):
            await engine.fork_task("nobody")


async def test_the_same_fork_twice_is_one_task_after_a_restart_too(tmp_path: Path) -> None:
    press = Press()
    async with press.engine(tmp_path) as engine:
        await jammed(press, engine)
        await engine.fork_task("t", "draft", task_id="f")
        await done(engine, "f")
    async with press.engine(tmp_path) as engine:
        assert (await engine.fork_task("t", "draft", task_id="f")).status == "failed"
        with pytest.raises(DuplicateTask):
            await engine.fork_task("t", "print", task_id="f")


async def test_the_socket_passes_everything_on(tmp_path: Path) -> None:
    press = Press()
    async with press.engine(tmp_path) as engine:
        await jammed(press, engine)

        async def call(name: str, **arguments: Any) -> Any:
            return await perform(engine, name, json.dumps(arguments).encode())

        told = await call("preview_retry", task="t")
        assert told["sentence"] == "print is done again; research and draft keep their outputs."
        assert (await call("preview_fork", task="t", phase="draft"))["runs"] == ("draft", "print")
        given: dict[str, Any] = {"context": {"tone": None}, "remove_context": ["facts"], "data": {"topic": "x"}}
        fork = await call("fork_task", source="t", phase="draft", task_id="f", by="ann", labels={"a": "b"}, **given)
        assert (fork["id"], fork["workflow"]) == ("f", "text")
        task = await engine.get_task("f")
        assert (task.data, dict(task.context), task.labels) == ({"topic": "x"}, {"tone": None}, {"a": "b"})
        await done(engine, "f")
        await call("purge", tasks=["f"], by="bob")
        with pytest.raises(UnknownTask):
            await engine.get_task("f")


async def test_whoever_asks_for_something_is_in_the_history(tmp_path: Path) -> None:
    phases = [Phase(id="ask", assigned_to="human", prompt="Well?")]
    async with engine_on(tmp_path / "one") as one, engine_on(tmp_path / "two") as two:
        one.register_workflow("w", phases)
        await one.submit_task({}, "w", task_id="t", by="ann")
        await one.add_artifact_text("t", "a.txt", "text", by="bob")
        await one.add_artifact_bytes("t", "b.txt", b"bytes")
        other = WorkflowSpec(name="w", phases=(*phases, Phase(id="more", assigned_to="human", prompt="More?")))
        while not (await one.inspect("t")).record.runs["t/ask/1"].get("question"):
            await asyncio.sleep(0.01)
        await one.migrate("t", other, by="cho")
        document = await one.export_task("t", cancel=True, by="dee")
        await two.import_task(document, by="eli")
        await two.cancel("t", "enough", by="fay")
        rows = [row.event for engine in (one, two) for row in await engine.events("t")]
        await two.purge("t", by="gus")
    told = [(row["event"], row.get("name"), row.get("by")) for row in rows if row["event"] in AUDITED]
    assert told == [
        ("TaskSubmitted", None, "ann"),
        ("ArtifactAdded", "a.txt", "bob"),
        ("ArtifactAdded", "b.txt", None),
        ("TaskMigrated", None, "cho"),
        ("TaskCancelled", None, "dee"),
        ("TaskAdopted", None, "eli"),
        ("TaskCancelled", None, "fay"),
    ]


async def test_who_suspends_a_task_is_in_the_history(tmp_path: Path) -> None:
    still = engine_on(tmp_path)  # nothing is carried out, so the run is ready
    still.register_workflow("w", [Phase(id="rest", wait="1h")])
    await still.submit_task({}, "w", task_id="t")
    await still.suspend("t", by="ann")
    [asked] = [row.event for row in await still.events("t") if row.event["event"] == "QuestionAsked"]
    await still.close()
    assert asked["by"] == "ann"


def failed_text(data_dir: Path) -> None:
    press = Press()

    async def work() -> None:
        async with press.engine(data_dir) as engine:
            await jammed(press, engine)

    asyncio.run(work())


def test_the_command_line_previews_forks_and_retries(tmp_path: Path) -> None:
    failed_text(tmp_path)
    sentence = "draft and print are done again; research keeps its output.\n"
    assert said("retry", "t", "--phase", "draft", "--preview", data_dir=tmp_path) == sentence
    told = json.loads(said("fork", "t", "--phase", "draft", "--preview", "--json", data_dir=tmp_path))
    assert (told["runs"], told["keeps"]) == (["draft", "print"], ["research"])
    words = ("fork", "t", "--phase", "draft", "--set", "tone=warm", "--set", "size=3", "--unset", "facts")
    assert said(*words, "--id", "f", "--label", "a=b", data_dir=tmp_path) == "f\tpending\n"
    shown = json.loads(said("show", "f", "--json", data_dir=tmp_path))
    assert (shown["context"], shown["inherited"]) == ({}, {"tone": "warm", "size": 3})
    assert shown["labels"] == {"a": "b"}
    assert said("fork", "t", "topic=winds", "--id", "g", data_dir=tmp_path) == "g\tpending\n"
    assert said("retry", "t", data_dir=tmp_path) == "t\tpending\n"
    assert said("cancel", "t", data_dir=tmp_path) == "t\tcancelled\n"
    why = "error: task t is cancelled and does not accept retry; fork it as a new task\n"
    assert refused("retry", "t", "--preview", data_dir=tmp_path) == why
    assert refused("fork", "nobody", data_dir=tmp_path).startswith("error: there is no task nobody")
    rows = [json.loads(line) for line in said("events", "--json", data_dir=tmp_path).splitlines()]
    by = [(row["task"], row["event"]) for row in rows if f'"by": "{user_name()}"' in json.dumps(row)]
    assert by == [("f", "TaskSubmitted"), ("g", "TaskSubmitted"), ("t", "TaskRetried"), ("t", "TaskCancelled")]
