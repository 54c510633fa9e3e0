"""The engine's public vocabulary, with the real journal: what a user's program does, in short."""

import asyncio
import contextvars
import logging
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.contract.engine_helpers import (
    ONCE,
    QUICK,
    WITHIN,
    done,
    echo,
    engine_on,
    explained,
    standing,
    until,
)
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Output, Phase, Suspend, Task, TaskState, TaskType
from workflow_engine.errors import (
    AnswerRefused,
    ArtifactError,
    DuplicateTask,
    EngineStopped,
    IllegalTransition,
    JournalLocked,
    TransientFailure,
    UnknownTask,
)

FIRST_PROGRAM = Path(__file__).parents[3] / "shared" / "cases" / "first_program.py"


class Decision(BaseModel):
    """A form."""

    approved: bool
    comment: str = ""


def two_phases(engine: ECSWorkflowEngine, handler: Any = echo) -> None:
    for name in ("a", "b"):
        engine.register_handler(name, handler)
    engine.register_workflow("two", [Phase(id="a", retry=QUICK), Phase(id="b", retry=QUICK)])


# ---------------------------------------------------------------- life


@pytest.mark.skipif(not FIRST_PROGRAM.exists(), reason="the program is not part of the checkout")
def test_the_first_program_runs_unchanged_and_both_phases_complete(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FIRST_PROGRAM], cwd=tmp_path, check=True, timeout=60)

    async def look() -> dict[str, Any]:
        engine = ECSWorkflowEngine(tmp_path / "workflow_data")
        [row] = (await engine.list_tasks()).rows
        task = await engine.get_task(row.id)
        await engine.close()
        assert task.status is TaskState.COMPLETED
        return task.outputs

    assert asyncio.run(look()) == {
        "phase1": "Processed phase1: {'message': 'Hello'}",
        "phase2": "Processed phase2: {'message': 'Hello'}",
    }


async def test_a_task_that_is_submitted_before_the_engine_runs_is_carried_out_when_it_does(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    two_phases(engine)
    task = await engine.submit_task({"n": 1}, workflow_name="two")
    assert (task.status, task.workflow, task.data) == (TaskState.PENDING, "two", {"n": 1})
    running = asyncio.create_task(engine.run())
    ended = await done(engine, task)
    engine.stop()
    await running
    assert ended.status is TaskState.COMPLETED
    assert ended.outputs == {name: {"phase": name, "data": {"n": 1}} for name in ("a", "b")}
    assert ended.output == {"phase": "b", "data": {"n": 1}}


async def test_an_engine_runs_for_the_length_of_a_block(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        two_phases(engine)
        assert (await done(engine, await engine.submit_task(1, "two"))).status is TaskState.COMPLETED
    assert engine.loop is None


async def test_an_error_in_the_block_stops_the_engine_and_passes_through(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    with pytest.raises(ZeroDivisionError):
        async with engine:
            raise ZeroDivisionError
    assert engine.loop is None


def test_one_engine_is_used_under_one_loop_after_the_other(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    two_phases(engine)
    task = asyncio.run(engine.submit_task({"n": 1}, workflow_name="two"))

    async def rest() -> Task:
        running = asyncio.create_task(engine.run())
        ended = await done(engine, task)
        engine.stop()
        await running
        return ended

    assert asyncio.run(rest()).status is TaskState.COMPLETED
    assert asyncio.run(engine.get_task(task.id)).status is TaskState.COMPLETED
    asyncio.run(engine.close())


async def test_an_engine_runs_again_after_it_was_stopped(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    two_phases(engine)
    for number in range(3):
        async with engine:
            await done(engine, await engine.submit_task(number, "two", task_id=f"t{number}"))
    assert (await engine.get_task("t0")).status is TaskState.COMPLETED
    await engine.close()


async def test_a_second_run_of_a_running_engine_is_refused(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        await asyncio.sleep(0)
        with pytest.raises(EngineStopped, match="the engine is running already"):
            await engine.run()


async def test_stopping_what_does_not_run_does_nothing(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    engine.stop()
    await engine.submit_task(1, classification="a")
    await engine.close()
    engine.stop()


async def test_a_second_engine_on_the_same_data_is_refused_with_the_holder(tmp_path: Path) -> None:
    async with engine_on(tmp_path):
        with pytest.raises(JournalLocked) as refusal:
            await engine_on(tmp_path).submit_task(1, classification="a")
        assert (refusal.value.holder, refusal.value.directory) == (os.getpid(), str(tmp_path))
        assert str(os.getpid()) in str(refusal.value)


async def test_a_short_handler_is_finished_when_the_engine_stops(tmp_path: Path) -> None:
    engine = engine_on(tmp_path, stop_grace=5.0)
    begun = asyncio.Event()

    async def short(task: Task) -> str:
        begun.set()
        await asyncio.sleep(0.02)
        return "finished"

    engine.register_handler("short", short)
    async with engine:
        task = await engine.submit_task(1, classification="short")
        await begun.wait()
    assert (await engine.get_task(task)).output == "finished"
    await engine.close()


async def test_a_long_handler_is_handed_back_when_the_engine_stops_and_costs_no_attempt(tmp_path: Path) -> None:
    attempts: list[tuple[int, str]] = []
    begun = asyncio.Event()

    async def long(task: Task) -> str:
        attempts.append((task.attempt, task.key))
        begun.set()
        await asyncio.sleep(3_600 if len(attempts) == 1 else 0)
        return "at last"

    engine = engine_on(tmp_path)
    engine.register_handler("long", long)
    async with engine:
        task = await engine.submit_task(1, classification="long", task_id="t")
        await begun.wait()
    assert (await engine.get_task(task)).status is TaskState.PENDING
    await engine.close()
    another = engine_on(tmp_path)
    another.register_handler("long", long)
    async with another:
        assert (await done(another, "t")).output == "at last"
    assert attempts == [(1, "t/long/1/1"), (1, "t/long/1/1")]


def test_a_program_that_just_ends_costs_no_attempt(tmp_path: Path) -> None:
    """asyncio.run cancels everything that is left, the handler and the engine in the same turn."""
    attempts: list[int] = []

    async def program(patience: float) -> None:
        begun = asyncio.Event()

        async def handler(task: Task) -> str:
            attempts.append(task.attempt)
            begun.set()
            await asyncio.sleep(patience)
            return "done"

        engine = engine_on(tmp_path)
        engine.register_handler("slow", handler)
        running = asyncio.create_task(engine.run())
        await engine.submit_task(1, classification="slow", task_id="t")
        await begun.wait()
        if not patience:
            assert (await done(engine, "t")).output == "done"
        assert not running.done()

    asyncio.run(program(3_600.0))
    asyncio.run(program(0.0))
    assert attempts == [1, 1]


# ---------------------------------------------------------------- submitting and looking


async def test_what_a_submission_says_is_seen_again(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="a", assigned_to="human")])
        task = await engine.submit_task(
            [1], "w", task_id="mine", priority=3, labels={"for": "Ann"}, assigned_to="ai", parent="boss"
        )
        seen = await engine.get_task("mine")
        for one in (task, seen):
            assert (one.id, one.data, one.workflow, one.priority) == ("mine", [1], "w", 3)
            assert (one.labels, one.assigned_to) == ({"for": "Ann"}, "agentic")
            assert one.submitted_at > 1e9


async def test_the_same_id_is_the_same_task_or_refused(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        two_phases(engine)
        first = await engine.submit_task({"n": 1}, "two", task_id="mine")
        again = await engine.submit_task({"n": 1}, "two", task_id="mine")
        assert (first.id, again.id) == ("mine", "mine")
        with pytest.raises(DuplicateTask):
            await engine.submit_task({"n": 2}, "two", task_id="mine")
        await done(engine, "mine")
        assert (await engine.submit_task({"n": 1}, "two", task_id="mine")).status is TaskState.COMPLETED


async def test_waiting_is_bounded_and_does_not_hurt_the_task(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="a", assigned_to="human")])
        task = await engine.submit_task(1, "w")
        with pytest.raises(TimeoutError):
            await engine.wait(task, timeout=0.02)
        await standing(engine, task, TaskState.WAITING_HUMAN)
        await engine.answer(task.id, "ok")
        assert (await done(engine, task)).output == "ok"


async def test_who_waits_when_the_engine_stops_is_told(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    engine.register_workflow("w", [Phase(id="a", assigned_to="human")])
    async with engine:
        waiting = asyncio.create_task(engine.wait(await engine.submit_task(1, "w")))
        await asyncio.sleep(0.01)
    with pytest.raises(EngineStopped):
        await waiting


async def test_a_classification_alone_is_one_handler(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_handler("solo", echo)
        task = await done(engine, await engine.submit_task(1, classification="solo"))
        assert (task.workflow, task.outputs) == ("solo", {"solo": {"phase": "solo", "data": 1}})


async def test_a_classification_with_a_workflow_says_where_to_begin(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        two_phases(engine)
        task = await done(engine, await engine.submit_task(1, "two", "b"))
        assert list(task.outputs) == ["b"]


async def test_a_handler_leaves_its_output_in_the_task_or_returns_it(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:

        async def leaves(task: Task) -> None:
            task.output = "left"

        async def returns(task: Task) -> str:
            task.output = "left"
            return "returned"

        engine.register_handler("a", leaves)
        engine.register_handler("b", returns)
        engine.register_workflow("w", [Phase(id="a"), Phase(id="b")])
        assert (await done(engine, await engine.submit_task(1, "w"))).outputs == {"a": "left", "b": "returned"}


async def test_a_plain_handler_runs_in_a_thread(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        threads: list[int] = []

        def plain(task: Task) -> str:
            threads.append(threading.get_ident())
            return "plain"

        engine.register_handler("plain", plain)
        assert (await done(engine, await engine.submit_task(1, classification="plain"))).output == "plain"
        assert threads != [threading.get_ident()]


async def test_a_handler_picks_what_follows(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:

        async def by_attribute(task: Task) -> None:
            task.next_classification = task.data

        async def by_output(task: Task) -> Output:
            return Output("picked", pick=task.data)

        async def by_value(task: Task) -> dict[str, Any]:
            return {"next_classification": task.data}

        for name, handler in (("attribute", by_attribute), ("output", by_output), ("value", by_value), ("x", echo)):
            engine.register_handler(name, handler)
        engine.register_handler("y", echo)
        for name in ("attribute", "output", "value"):
            engine.register_workflow(
                name, [Phase(id=name, next_classifications=("x", "y")), Phase(id="x"), Phase(id="y")]
            )
            for pick in ("x", "y"):
                task = await done(engine, await engine.submit_task(pick, name))
                assert list(task.outputs) == [name, pick]


async def test_context_goes_from_phase_to_phase(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:

        async def first(task: Task) -> None:
            task.context["facts"] = {"n": [1]}

        async def second(task: Task) -> Any:
            task.context["facts"]["n"].append(2)
            return dict(task.context)

        engine.register_handler("a", first)
        engine.register_handler("b", second)
        engine.register_workflow("w", [Phase(id="a"), Phase(id="b")])
        task = await done(engine, await engine.submit_task(1, "w"))
        assert task.output == {"facts": {"n": [1, 2]}} == dict(task.context)


# ---------------------------------------------------------------- who does it


class Named:
    """An adapter that says its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """Say it."""
        return Output(f"{self.name}: {phase.id}")


async def test_the_phase_says_who_does_it_and_else_the_task(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_adapter(TaskType.AGENTIC, Named("agent"))
        engine.register_adapter("mine", Named("mine"))
        engine.register_handler("b", echo)
        engine.register_workflow("w", [Phase(id="a", assigned_to="mine"), Phase(id="b")])
        for assigned_to, second in (("ai", "agent: b"), (TaskType.AGENTIC, "agent: b"), ("mine", "mine: b")):
            task = await done(engine, await engine.submit_task(1, "w", assigned_to=assigned_to))
            assert task.outputs == {"a": "mine: a", "b": second}
        task = await done(engine, await engine.submit_task(1, "w"))
        assert task.outputs["b"] == {"phase": "b", "data": 1}


async def test_without_an_adapter_of_its_own_the_agent_is_the_handler(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_handler("a", echo)
        task = await done(engine, await engine.submit_task(1, classification="a", assigned_to="ai"))
        assert task.output == {"phase": "a", "data": 1}


async def test_a_handler_that_is_missing_parks_the_task_until_it_is_registered(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    two_phases(engine)
    await engine.submit_task(1, "two", task_id="t")
    await engine.close()
    another = engine_on(tmp_path)
    async with another:
        assert "for a handler for 'a', which is not registered" in await explained(another, "t", "not registered")
        assert (await another.get_task("t")).status is TaskState.PENDING
        another.register_handler("a", echo)
        await explained(another, "t", "a handler for 'b'")
        another.register_handler("b", echo)
        assert (await done(another, "t")).status is TaskState.COMPLETED


async def test_a_task_type_without_an_adapter_parks_the_task_until_there_is_one(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        task = await engine.submit_task(1, classification="a", assigned_to="robot")
        await explained(engine, task, "for an adapter for the task type 'robot', which is not registered")
        engine.register_adapter("robot", Named("robot"))
        assert (await done(engine, task)).output == "robot: a"


@pytest.mark.parametrize("kind", ["async", "plain", "plain that gives an awaitable"])
async def test_a_classifier_names_a_workflow_or_a_classification(tmp_path: Path, kind: str) -> None:
    async def later(task: Task) -> str:
        return str(task.data)

    def now(task: Task) -> str:
        return str(task.data)

    async with engine_on(tmp_path) as engine:
        two_phases(engine)
        engine.register_classifier({"async": later, "plain": now}.get(kind, lambda task: later(task)))
        whole = await done(engine, await engine.submit_task("two"))
        alone = await done(engine, await engine.submit_task("b"))
        assert (whole.workflow, list(whole.outputs)) == ("two", ["classify", "a", "b"])
        assert (alone.workflow, list(alone.outputs)) == ("b", ["classify", "b"])


async def test_without_a_classifier_an_unclassified_task_waits_for_one(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        two_phases(engine)
        task = await engine.submit_task("two")
        await explained(engine, task, "for a classifier, which is not registered; it goes on as soon as it is")
        engine.register_classifier(lambda task: "two")
        assert (await done(engine, task)).workflow == "two"


@pytest.mark.parametrize("word", ["nonsense", 5, None, ["two"]])
async def test_a_classifier_that_names_nothing_known_fails_the_task_with_what_is(tmp_path: Path, word: Any) -> None:
    async with engine_on(tmp_path) as engine:
        two_phases(engine)
        engine.register_classifier(lambda task: word)
        task = await done(engine, await engine.submit_task(1))
        assert task.failure is not None
        assert task.failure.message == (
            f"the classifier said {word!r}, which is neither a workflow nor a classification with a handler; "
            "registered workflows are: two"
        )
        assert task.failure.attempts == 1


# ---------------------------------------------------------------- hooks


async def test_hooks_are_called_once_with_the_task_as_it_ended(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    seen: list[tuple[str, str, Any]] = []

    async def later(task: Task) -> None:
        seen.append(("async", task.status.value, task.output))

    def now(task: Task) -> None:
        seen.append(("plain", task.status.value, task.output))

    async def fails(task: Task) -> None:
        raise RuntimeError("no")

    engine.register_handler("good", echo)
    engine.register_handler("bad", fails)
    engine.register_task_completed_hook(later)
    engine.register_task_completed_hook(now)
    engine.register_task_failed_hook(later)
    engine.register_task_cancelled_hook(later)
    engine.register_workflow("bad", [Phase(id="bad", retry=ONCE)])
    engine.register_workflow("human", [Phase(id="human", assigned_to="human")])
    async with engine:
        await done(engine, await engine.submit_task(1, classification="good"))
        await done(engine, await engine.submit_task(1, "bad"))
        await engine.cancel(await engine.submit_task(1, "human"))
    output = {"phase": "good", "data": 1}
    assert sorted(seen, key=str) == [
        ("async", "cancelled", None),
        ("async", "completed", output),
        ("async", "failed", None),
        ("plain", "completed", output),
    ]


@pytest.mark.parametrize("error", [RuntimeError("no"), SystemExit(3)], ids=["error", "exit"])
@pytest.mark.parametrize("plain", [True, False], ids=["plain", "async"])
async def test_a_hook_that_fails_is_logged_and_hurts_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, error: BaseException, plain: bool
) -> None:
    engine = engine_on(tmp_path)
    seen: list[str] = []

    def now(task: Task) -> None:
        raise error

    async def later(task: Task) -> None:
        raise error

    engine.register_handler("a", echo)
    engine.register_task_completed_hook(now if plain else later)
    engine.register_task_completed_hook(lambda task: seen.append(task.id))
    with caplog.at_level(logging.ERROR, "workflow_engine"):
        async with engine:
            for name in ("t", "u"):
                assert (await done(engine, await engine.submit_task(1, None, "a", task_id=name))).output is not None
    assert seen == ["t", "u"]
    assert [record.message for record in caplog.records if "hook" in record.message and "task t" in record.message]


# ---------------------------------------------------------------- durable steps


async def test_a_step_is_not_repeated_by_another_engine(tmp_path: Path) -> None:
    calls: list[str] = []

    def work(name: str) -> dict[str, Any]:
        calls.append(name)
        return {"did": name, "pair": (1, 2)}

    async def later(name: str) -> str:
        calls.append(name)
        return name

    async def handler(task: Task) -> list[Any]:
        first = await task.step("first", work, "one")
        second = await task.step("again", later, "two")
        third = await task.step("again", later, name="three")
        await task.ask_human("Go on?")
        return [first, second, third, await task.step("last", work, "four")]

    def prepared() -> ECSWorkflowEngine:
        engine = engine_on(tmp_path)
        engine.register_handler("steps", handler)
        return engine

    async with prepared() as engine:
        await engine.submit_task(1, classification="steps", task_id="t")
        await standing(engine, "t", TaskState.WAITING_HUMAN)
    async with prepared() as engine:
        assert (await engine.get_task("t")).status is TaskState.WAITING_HUMAN
        await engine.answer("t", None)
        task = await done(engine, "t")
    assert calls == ["one", "two", "three", "four"]
    assert task.output == [{"did": "one", "pair": [1, 2]}, "two", "three", {"did": "four", "pair": [1, 2]}]


async def test_a_step_that_fails_is_done_again_and_those_before_it_are_not(tmp_path: Path) -> None:
    calls: list[str] = []

    async def fine() -> int:
        calls.append("fine")
        return 1

    async def shaky() -> int:
        calls.append("shaky")
        if len(calls) < 4:
            raise TransientFailure("not yet", retry_after=0.01)
        return 2

    async def handler(task: Task) -> list[int]:
        return [await task.step("fine", fine), await task.step("shaky", shaky)]

    async with engine_on(tmp_path) as engine:
        engine.register_handler("steps", handler)
        engine.register_workflow("w", [Phase(id="steps", retry=QUICK)])
        task = await done(engine, await engine.submit_task(1, "w"))
    assert (task.output, calls) == ([1, 2], ["fine", "shaky", "shaky", "shaky"])


async def one() -> int:
    return 1


CHANGED: dict[str, tuple[list[str], str]] = {
    "reordered": (["b", "a", "ask"], "step 'b' was number 2 when it was recorded, and is number 1 now"),
    "unknown": (["a", "new", "ask"], "step number 2 is recorded as 'b', and is 'new' now"),
    "inserted": (["new", "a", "b", "ask"], "step number 1 is recorded as 'a', and is 'new' now"),
    "removed": (["a"], "step 'b' is recorded, and the handler did not come to it again"),
}


@pytest.mark.parametrize(("steps", "why"), CHANGED.values(), ids=list(CHANGED))
async def test_a_handler_that_does_other_steps_than_it_did_fails_clearly(
    tmp_path: Path, steps: list[str], why: str
) -> None:
    order = ["a", "b", "ask"]

    async def handler(task: Task) -> str:
        for name in order:
            await (task.ask_human("Go on?", name="ask") if name == "ask" else task.step(name, one))
        return "done"

    async with engine_on(tmp_path) as engine:
        engine.register_handler("steps", handler)
        await engine.submit_task(1, classification="steps", task_id="t")
        await standing(engine, "t", TaskState.WAITING_HUMAN)
        order[:] = steps
        await engine.answer("t", "yes")
        task = await done(engine, "t")
        assert task.failure is not None
        assert (task.failure.error, task.failure.message) == (
            "StepMismatch",
            f"run t/steps/1: {why}; restore the handler that recorded these steps, or retry the task from this phase",
        )
        await engine.retry("t")
        if "ask" in steps:
            await standing(engine, "t", TaskState.WAITING_HUMAN)
            await engine.answer("t", "yes")
        assert (await done(engine, "t")).output == "done"


# ---------------------------------------------------------------- questions, timers, suspensions


async def test_a_question_with_a_pydantic_form_gives_the_handler_an_instance(tmp_path: Path) -> None:
    async def review(task: Task) -> dict[str, Any]:
        answer = await task.ask_human("Publish?", form=Decision, show={"draft": 1}, assignee="ann", due="2d")
        assert isinstance(answer, Decision)
        return {"approved": answer.approved, "comment": answer.comment}

    async with engine_on(tmp_path) as engine:
        engine.register_handler("review", review)
        task = await engine.submit_task(1, classification="review", task_id="t")
        assert "for ann to answer 'Publish?' (question t/review/1/1q0); due " in await explained(
            engine, task, "Publish"
        )
        with pytest.raises(AnswerRefused, match="'approved' is a required property"):
            await engine.answer("t/review/1/1q0", {"comment": "?"})
        await engine.answer("t/review/1/1q0", {"approved": True}, by="ann")
        assert (await done(engine, task)).output == {"approved": True, "comment": ""}
        with pytest.raises(AnswerRefused, match="ann has answered it already"):
            await engine.answer("t/review/1/1q0", {"approved": False}, by="bob")


async def test_a_human_phase_asks_and_its_answer_picks_what_follows(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_handler("x", echo)
        engine.register_handler("y", echo)
        engine.register_workflow(
            "w",
            [
                Phase(id="ask", assigned_to="human", prompt="Which?", next_classifications=("x", "y")),
                Phase(id="x"),
                Phase(id="y"),
            ],
        )
        task = await engine.submit_task(1, "w")
        await explained(engine, task, "'Which?'")
        with pytest.raises(AnswerRefused, match="next_classification: 'z' is not one of"):
            await engine.answer(task.id, {"next_classification": "z"})
        await engine.answer(task.id, {"next_classification": "y"})
        assert list((await done(engine, task)).outputs) == ["ask", "y"]


async def test_a_question_outlives_the_engine(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    engine.register_workflow("w", [Phase(id="a", assigned_to="human", prompt="Well?")])
    async with engine:
        task = await engine.submit_task(1, "w", task_id="t")
        await standing(engine, task, TaskState.WAITING_HUMAN)
    another = engine_on(tmp_path)
    await another.answer("t", "yes")  # nothing needs to run for an answer
    assert (await another.get_task("t")).output == "yes"
    await another.close()


async def test_a_sleep_is_a_timer_that_outlives_the_engine(tmp_path: Path) -> None:
    async def handler(task: Task) -> str:
        await task.sleep(0.15)
        return "woke"

    def prepared() -> ECSWorkflowEngine:
        engine = engine_on(tmp_path)
        engine.register_handler("sleeper", handler)
        return engine

    async with prepared() as engine:
        await engine.submit_task(1, classification="sleeper", task_id="t")
        await standing(engine, "t", TaskState.WAITING_IO)
        assert "sleeps in phase 'sleeper'" in await engine.explain("t")
    async with prepared() as engine:
        assert (await done(engine, "t")).output == "woke"


async def test_a_handler_waits_for_the_outside_until_it_is_resumed(tmp_path: Path) -> None:
    async def handler(task: Task) -> Any:
        return await task.suspend("io", "the courier", form={"type": "object"})

    async with engine_on(tmp_path) as engine:
        engine.register_handler("parcel", handler)
        task = await engine.submit_task(1, classification="parcel")
        await explained(engine, task, "for the outside to answer 'the courier'")
        with pytest.raises(AnswerRefused, match="5 is not of type 'object'"):
            await engine.resume(task, 5)
        await engine.resume(task, {"parcel": 7})
        assert (await done(engine, task)).output == {"parcel": 7}


async def test_a_task_is_suspended_and_resumed_from_outside(tmp_path: Path) -> None:
    calls: list[list[Any]] = []
    begun = asyncio.Event()

    async def handler(task: Task) -> str:
        calls.append(task.resumed_with)
        begun.set()
        await asyncio.sleep(0 if task.resumed_with else 3_600)
        return "done"

    async with engine_on(tmp_path) as engine:
        engine.register_handler("slow", handler)
        task = await engine.submit_task(1, classification="slow", task_id="t")
        await begun.wait()
        assert await engine.suspend(task, "human", "wait for Ann") == "t/slow/1/1x1"
        assert (await engine.get_task(task)).status is TaskState.WAITING_HUMAN
        with pytest.raises(IllegalTransition):
            await engine.suspend(task)
        await engine.resume(task, {"go": True}, by="ann")
        assert (await done(engine, task)).output == "done"
        with pytest.raises(AnswerRefused, match="it has no open question"):
            await engine.resume(task)
    assert calls == [[], [{"go": True}]]


async def test_a_question_that_nobody_answers_in_time_fails_the_task(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="a", assigned_to="human", prompt="Well?", due=0.03, on_due="fail")])
        task = await done(engine, await engine.submit_task(1, "w"))
        assert task.failure is not None
        assert (task.failure.error, task.failure.attempts) == ("Unanswered", 1)


# ---------------------------------------------------------------- artifacts


async def test_artifacts_of_every_kind_are_read_back_in_a_later_phase_and_outside(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"%d" % number

    async def write(task: Task) -> None:
        await task.add_artifact("notes/text.txt", "süß")
        await task.add_artifact("bytes.bin", b"\x00\x01")
        await task.add_artifact("stream.bin", pieces())
        assert await task.read_artifact("bytes.bin") == b"\x00\x01"

    async def read(task: Task) -> list[str]:
        return [(await task.read_artifact(name)).decode("latin-1") for name in sorted(task.artifacts)]

    async with engine_on(tmp_path) as engine:
        engine.register_handler("a", write)
        engine.register_handler("b", read)
        engine.register_workflow("w", [Phase(id="a"), Phase(id="b")])
        task = await done(engine, await engine.submit_task(1, "w"))
        assert task.output == ["\x00\x01", "süß".encode().decode("latin-1"), "012"]
        assert {name: found["size"] for name, found in task.artifacts.items()} == {
            "notes/text.txt": 5,
            "bytes.bin": 2,
            "stream.bin": 3,
        }
        assert await engine.read_artifact(task, "notes/text.txt") == "süß".encode()
        with pytest.raises(ArtifactError, match="no artifact 'nothing'"):
            await engine.read_artifact(task, "nothing")


async def test_artifacts_are_added_from_outside_while_a_task_lives(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_workflow("w", [Phase(id="a", assigned_to="human")])
        task = await engine.submit_task(1, "w")
        await engine.add_artifact_text(task, "a.txt", "text")
        await engine.add_artifact_bytes(task.id, "b.bin", b"bytes")
        assert await engine.read_artifact(task, "a.txt") == b"text"
        assert sorted((await engine.get_task(task)).artifacts) == ["a.txt", "b.bin"]
        for name in ("../x", "/etc/passwd", "a/../../x", "", "a\\b", "a\x00b", "\ud800"):
            with pytest.raises(ArtifactError):
                await engine.add_artifact_text(task, name, "x")
        await engine.cancel(task)
        with pytest.raises(IllegalTransition, match="does not accept an artifact"):
            await engine.add_artifact_text(task, "late.txt", "x")


# ---------------------------------------------------------------- order, limits, retries, timeouts


async def test_urgent_tasks_go_first(tmp_path: Path) -> None:
    order: list[int] = []

    async def handler(task: Task) -> None:
        order.append(task.data)

    engine = engine_on(tmp_path)
    engine.register_handler("a", handler, concurrency=1)
    tasks = [await engine.submit_task(number, classification="a", priority=number % 3) for number in range(9)]
    async with engine:
        for task in tasks:
            await done(engine, task)
    assert order == [2, 5, 8, 1, 4, 7, 0, 3, 6]


@pytest.mark.parametrize("where", ["handler", "phase", "adapter", "engine"])
async def test_no_more_run_at_once_than_is_allowed(tmp_path: Path, where: str) -> None:
    at_once, most = 0, 0

    async def handler(task: Task) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.005)
        at_once -= 1

    class Busy:
        async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
            await handler(task)
            return Output(None)

    engine = engine_on(tmp_path, **({"limits": {"functional": 3}} if where == "engine" else {}))
    engine.register_handler("a", handler, concurrency=3 if where == "handler" else None)
    engine.register_adapter("busy", Busy(), concurrency=3 if where == "adapter" else None)
    engine.register_workflow(
        "w",
        [
            Phase(
                id="a", assigned_to="busy" if where == "adapter" else None, concurrency=3 if where == "phase" else None
            )
        ],
    )
    async with engine:
        tasks = [await engine.submit_task(number, "w") for number in range(12)]
        for task in tasks:
            assert (await done(engine, task)).status is TaskState.COMPLETED
    assert most == 3


async def test_a_cancelled_task_gives_its_place_to_the_next(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def handler(task: Task) -> str:
        begun.set()
        await asyncio.sleep(3_600 if task.data == "slow" else 0)
        return "done"

    async with engine_on(tmp_path) as engine:
        engine.register_handler("a", handler, concurrency=1)
        slow = await engine.submit_task("slow", classification="a")
        await begun.wait()
        quick = await engine.submit_task("quick", classification="a")
        await engine.cancel(slow)
        assert (await done(engine, quick)).output == "done"


async def test_a_failure_is_tried_again_until_it_works(tmp_path: Path) -> None:
    keys: list[str] = []

    async def shaky(task: Task) -> int:
        keys.append(task.key)
        if task.attempt < 3:
            raise RuntimeError("not yet")
        return task.attempt

    async with engine_on(tmp_path) as engine:
        engine.register_handler("a", shaky)
        engine.register_workflow("w", [Phase(id="a", retry=QUICK)])
        assert (await done(engine, await engine.submit_task(1, "w", task_id="t"))).output == 3
    assert keys == ["t/a/1/1", "t/a/1/2", "t/a/1/3"]


async def test_a_task_whose_attempts_are_spent_fails_and_is_retried_from_there(tmp_path: Path) -> None:
    works = False

    async def shaky(task: Task) -> str:
        if not works:
            raise RuntimeError("it broke")
        return "works"

    async with engine_on(tmp_path) as engine:
        engine.register_handler("a", echo)
        engine.register_handler("b", shaky)
        engine.register_workflow("w", [Phase(id="a"), Phase(id="b", retry=QUICK)])
        task = await done(engine, await engine.submit_task(1, "w"))
        assert task.status is TaskState.FAILED
        assert task.failure is not None
        assert (task.failure.phase, task.failure.error, task.failure.message) == ("b", "RuntimeError", "it broke")
        assert task.failure.attempts == 3
        assert "it broke" in (task.failure.detail or "")
        works = True
        await engine.retry(task)
        assert (await done(engine, task)).outputs["b"] == "works"


async def test_an_attempt_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    stopped: list[int] = []

    async def slow(task: Task) -> str:
        try:
            await asyncio.sleep(3_600 if task.attempt == 1 else 0)
        finally:
            stopped.append(task.attempt)
        return "second"

    async with engine_on(tmp_path) as engine:
        engine.register_handler("a", slow)
        engine.register_workflow("w", [Phase(id="a", timeout=0.03, retry=QUICK)])
        assert (await done(engine, await engine.submit_task(1, "w"))).output == "second"
    assert stopped == [1, 2]


async def test_cancelling_a_task_stops_its_handler(tmp_path: Path) -> None:
    seen: list[str] = []
    begun = asyncio.Event()

    async def handler(task: Task) -> None:
        try:
            begun.set()
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        finally:
            await asyncio.sleep(0)
            seen.append("finally")

    async with engine_on(tmp_path) as engine:
        engine.register_handler("a", handler)
        task = await engine.submit_task(1, classification="a")
        await begun.wait()
        ended = await engine.cancel(task, "enough")
        assert (ended.status, ended.reason) == (TaskState.CANCELLED, "enough")
        with pytest.raises(IllegalTransition):
            await engine.cancel(task)
    assert seen == ["cancelled", "finally"]


# ---------------------------------------------------------------- other threads, other loops


async def test_a_thread_without_a_loop_uses_the_engine(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        two_phases(engine)

        def program() -> Task:
            task = engine.blocking.submit_task({"n": 1}, workflow_name="two")
            ended: Task = engine.blocking.wait(task, timeout=WITHIN)
            assert engine.blocking.get_task(task.id).id == task.id
            with pytest.raises(UnknownTask):
                engine.blocking.cancel("nobody")
            return ended

        assert (await asyncio.to_thread(program)).status is TaskState.COMPLETED


async def test_another_loop_in_another_thread_uses_the_engine(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        two_phases(engine)

        async def program() -> Task:
            task = await engine.submit_task({"n": 1}, workflow_name="two")
            return await engine.wait(task, timeout=WITHIN)

        assert (await asyncio.to_thread(lambda: asyncio.run(program()))).status is TaskState.COMPLETED


async def test_the_engine_s_own_thread_must_not_block(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        with pytest.raises(EngineStopped, match=r"await engine.get_task\(\) instead"):
            engine.blocking.get_task("t")


async def test_an_engine_that_is_not_running_cannot_be_waited_for_by_blocking(tmp_path: Path) -> None:
    with pytest.raises(EngineStopped, match="not running"):
        engine_on(tmp_path).blocking.get_task("t")


async def test_registering_and_stopping_work_from_other_threads(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    running = asyncio.create_task(engine.run())
    task = await engine.submit_task(1, classification="late", task_id="t")
    await explained(engine, task, "not registered")
    await asyncio.to_thread(engine.register_handler, "late", echo)
    assert (await done(engine, task)).status is TaskState.COMPLETED
    await asyncio.to_thread(engine.stop)
    await asyncio.wait_for(running, WITHIN)


async def test_many_tasks_at_once_all_complete(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        two_phases(engine)
        tasks = await asyncio.gather(*(engine.submit_task(number, "two") for number in range(300)))
        ended = await asyncio.gather(*(done(engine, task) for task in tasks))
        assert [task.outputs["b"]["data"] for task in ended] == list(range(300))
        counted = await until(lambda: engine.count_tasks(), lambda counts: counts.get(TaskState.COMPLETED) == 300)
        assert counted[TaskState.COMPLETED] == 300


async def test_context_variables_of_one_handler_are_not_seen_by_another(tmp_path: Path) -> None:
    mine: contextvars.ContextVar[str] = contextvars.ContextVar("mine", default="nobody's")
    seen: list[str] = []

    async def handler(task: Task) -> None:
        seen.append(mine.get())
        mine.set(task.id)

    async with ECSWorkflowEngine(tmp_path) as engine:
        engine.register_handler("a", handler)
        engine.register_handler("b", handler)
        engine.register_workflow("w", [Phase(id="a"), Phase(id="b")])
        for number in range(3):
            await engine.wait(await engine.submit_task(number, "w"))
    assert seen == ["nobody's"] * 6
