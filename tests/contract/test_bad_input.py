"""Bad input: every refusal names thing, fact and remedy; the engine lives on, and nothing is lost."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.contract.engine_helpers import ONCE, QUICK, done, echo, engine_on, explained, standing
from workflow_engine.adapter import Missing
from workflow_engine.core.components import WaitKind
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Output, Phase, Suspend, Task, TaskState
from workflow_engine.errors import (
    AnswerRefused,
    ConfigError,
    EngineError,
    InputRefused,
    PermanentFailure,
    SpecError,
    TransientFailure,
    UnknownTask,
)


def circle() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def nested(depth: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


UNSTORABLE: dict[str, tuple[Any, str]] = {
    "an object": (object(), "$ is a object"),
    "a set": ({"deep": [{1, 2}]}, "$.deep[0] is a set"),
    "bytes": ({"deep": b"\x00"}, "$.deep is a bytes"),
    "NaN": ({"deep": [1.0, float("nan")]}, "$.deep[1] is nan"),
    "infinity": (float("inf"), "$ is inf"),
    "a circle": (circle(), "is nested too deeply, or contains itself"),
    "deep nesting": (nested(100_000), "is nested too deeply, or contains itself"),
    "a lone surrogate": ({"deep": "\ud800"}, "$.deep is a str ("),
    "a lone surrogate in a key": ({"\ud800": 1}, "surrogates not allowed"),
    "a key that is no string": ({"deep": {1: 2}}, "$.deep has the key 1, which is no string"),
    "a tuple as key": ({(1, 2): 3}, "$ has the key (1, 2), which is no string"),
    "a huge int": ({"deep": 10**5_000}, "Exceeds the limit"),
    "a function": ({"deep": print}, "$.deep is a builtin_function_or_method"),
}
TOO_LARGE = "x" * (4 * 1024 * 1024)


@asynccontextmanager
async def engine_that_lives_on(data_dir: Path) -> AsyncGenerator[ECSWorkflowEngine, None]:
    """Give an engine with a task that must survive whatever is done to it, and another after it."""
    engine = engine_on(data_dir, durability="relaxed")
    engine.register_handler("echo", echo)
    engine.register_workflow("human", [Phase(id="ask", assigned_to="human", prompt="Well?", form={"type": "integer"})])
    async with engine:
        before = await engine.submit_task("before", "human", task_id="bystander")
        await standing(engine, before, TaskState.WAITING_HUMAN)
        yield engine
        assert (await engine.get_task("bystander")).status is TaskState.WAITING_HUMAN
        assert (await done(engine, await engine.submit_task(1, classification="echo"))).status is TaskState.COMPLETED
        known = {row.id: row.status for row in (await engine.list_tasks()).rows}
    again = engine_on(data_dir, durability="relaxed")
    async with again:
        for name, state in known.items():
            assert (await again.get_task(name)).status == state
        await again.answer("bystander", 5)
        assert (await done(again, "bystander")).output == 5


async def outcome(engine: ECSWorkflowEngine, handler: Callable[[Task], Any], **phase: Any) -> Task:
    """Return the task whose one phase this handler carried out."""
    engine.register_handler("bad", handler)
    given: dict[str, Any] = {"retry": ONCE, **phase}
    engine.register_workflow("bad", [Phase(id="bad", **given)])
    return await done(engine, await engine.submit_task(1, "bad"))


def why(task: Task) -> tuple[str, str]:
    """Return error and message of a task that failed."""
    assert task.failure is not None
    return task.failure.error, task.failure.message


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(("value", "fact"), UNSTORABLE.values(), ids=list(UNSTORABLE))
async def test_data_that_cannot_be_stored_is_refused_with_the_place(tmp_path: Path, value: Any, fact: str) -> None:
    async with engine_on(tmp_path) as engine:
        with pytest.raises(InputRefused) as refusal:
            await engine.submit_task(value, classification="a", task_id="t")
        assert str(refusal.value).startswith("the task's data is not JSON: ")
        assert fact in str(refusal.value)
        assert str(refusal.value).endswith(
            "; use plain dicts, lists, strings and finite numbers, or keep it in an artifact"
        )
        with pytest.raises(UnknownTask):
            await engine.get_task("t")


@pytest.mark.parametrize("where", ["output", "context", "step", "adapter"])
async def test_what_a_handler_gives_and_cannot_be_stored_fails_its_task(tmp_path: Path, where: str) -> None:
    values = {name: value for name, (value, _) in UNSTORABLE.items()} | {"too large": TOO_LARGE}

    async def handler(task: Task) -> Any:
        value = values[task.data]
        if where == "context":
            task.context["x"] = value
        elif where == "step":
            await task.step("s", lambda: value)
        else:
            return Output(value) if where == "adapter" else value

    thing = {
        "output": "the output of phase 'bad'",
        "adapter": "the output of phase 'bad'",
        "context": "context entry 'x'",
        "step": "the result of step 's'",
    }[where]
    async with engine_that_lives_on(tmp_path) as engine:
        engine.register_handler("bad", handler)
        engine.register_workflow("bad", [Phase(id="bad", retry=QUICK)])
        for name in values:
            task = await done(engine, await engine.submit_task(name, "bad"))
            error, message = why(task)
            fact = " has 4,194,306 bytes, more than the 4,194,304 allowed" if name == "too large" else " is not JSON: "
            assert (error, message[: len(thing + fact)]) == ("InputRefused", thing + fact), name
            assert task.failure is not None
            assert task.failure.attempts == 1


async def test_data_may_be_4_mib_and_no_more(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        most = TOO_LARGE[:-2]
        assert (await engine.submit_task(most, classification="a")).data == most
        with pytest.raises(InputRefused, match="the task's data has 4,194,305 bytes, more than the 4,194,304 all"):
            await engine.submit_task(most + "x", classification="a")


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1.5, "", "ä\u0000\U0001f600", [], {}, {"": {"a": [None, {"b": 2**80}]}}, 1e308, nested(50)],
    ids=str,
)
async def test_what_is_json_comes_back_as_it_was(tmp_path: Path, value: Any) -> None:
    async def give(task: Task) -> Any:
        assert task.data == value
        return value

    async with engine_on(tmp_path) as engine:
        engine.register_handler("give", give)
        task = await done(engine, await engine.submit_task(value, classification="give"))
        assert (task.data, task.output) == (value, value)


async def test_deep_data_of_any_depth_leaves_the_engine_alive(tmp_path: Path) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        for depth in (100, 400, 700, 900, 950, 990, 2_000):
            try:
                await engine.submit_task(nested(depth), classification="echo", task_id=f"deep-{depth}")
                await engine.submit_task(nested(depth), classification="echo", task_id=f"deep-{depth}")
            except InputRefused:
                continue
            with pytest.raises(InputRefused):
                await engine.submit_task(nested(depth - 1), classification="echo", task_id=f"deep-{depth}")
            await done(engine, f"deep-{depth}")


# ---------------------------------------------------------------- names and other arguments


SUBMISSIONS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown workflow": ({"workflow_name": "nope"}, "there is no workflow 'nope'; registered are: human"),
    "a workflow that is no name": ({"workflow_name": 5}, "workflow_name is a name, not 5"),
    "an unknown phase": (
        {"workflow_name": "human", "classification": "nope"},
        "workflow 'human' has no phase for 'nope'; it has: ask",
    ),
    "a classification that is no name": ({"classification": ["a"]}, "classification is a name, not ['a']"),
    "a classification with a slash": ({"classification": "a/b"}, "'a/b' cannot be a classification; use"),
    "an empty id": ({"task_id": ""}, "'' cannot be a task id; use 1 to 200 characters"),
    "an id with a slash": ({"task_id": "a/b"}, "'a/b' cannot be a task id"),
    "an id that is a definition": ({"task_id": "#a"}, "'#a' cannot be a task id"),
    "an id with a space": ({"task_id": "a b"}, "'a b' cannot be a task id"),
    "an id with a newline": ({"task_id": "a\n"}, "'a\\n' cannot be a task id"),
    "an id with a surrogate": ({"task_id": "a\ud800"}, "'a\\ud800' cannot be a task id"),
    "an endless id": ({"task_id": "a" * 201}, "cannot be a task id; use 1 to 200 characters"),
    "an id that is no string": ({"task_id": 5}, "5 cannot be a task id"),
    "labels that are a list": ({"labels": ["a"]}, "labels are words by name, not ['a']"),
    "labels that are numbers": ({"labels": {"a": 1}}, "label 'a' is a int; pass a string"),
    "a label that cannot be stored": ({"labels": {"a": "\ud800"}}, "label 'a' holds half of a surrogate pair"),
    "an endless label": ({"labels": {"a": "x" * 10_001}}, "label 'a' has 10,001 characters, more than the 10,000"),
    "a priority in words": ({"priority": "high"}, "priority is a whole number of at most 1,000,000,000, not 'high'"),
    "a priority that is a truth": ({"priority": True}, "priority is a whole number of at most 1,000,000,000, not True"),
    "a broken priority": ({"priority": 1.5}, "priority is a whole number of at most 1,000,000,000, not 1.5"),
    "an endless priority": ({"priority": 2**70}, "priority is a whole number of at most 1,000,000,000, not 1180"),
    "nobody": ({"assigned_to": ""}, "assigned_to is the name of a task type, not ''; use for example human or ai"),
    "a number of a person": ({"assigned_to": 5}, "assigned_to is a int; pass a string"),
    "a parent that is none": ({"parent": 5}, "there is no task 5"),
}


@pytest.mark.parametrize(("given", "fact"), SUBMISSIONS.values(), ids=list(SUBMISSIONS))
async def test_a_submission_that_makes_no_sense_is_refused(tmp_path: Path, given: dict[str, Any], fact: str) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        named: dict[str, Any] = {} if "workflow_name" in given else {"classification": "echo"}
        with pytest.raises(EngineError) as refusal:
            await engine.submit_task(1, **(named | given))
        assert str(refusal.value).startswith(fact) or fact in str(refusal.value)


async def test_what_does_not_exist_is_said_not_to_exist(tmp_path: Path) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        calls: list[Callable[[Any], Any]] = [
            engine.get_task,
            engine.wait,
            engine.explain,
            engine.cancel,
            engine.retry,
            engine.suspend,
            engine.purge,
            lambda name: engine.add_artifact_text(name, "a.txt", "x"),
            lambda name: engine.read_artifact(name, "a.txt"),
        ]
        runs = "bystander/ask/1"
        definition = "#" + "0" * 16
        for call in calls:
            for name in ("nobody", "", runs, definition, "a b", "\ud800", 5, None):
                with pytest.raises(UnknownTask) as refusal:
                    await call(name)
                assert "there is no task " in str(refusal.value)


@pytest.mark.parametrize("question", ["nobody/a/1/1q0", "nobody", "", "\ud800"])
async def test_a_question_of_no_task_is_said_not_to_exist(tmp_path: Path, question: str) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        with pytest.raises((UnknownTask, InputRefused)):
            await engine.answer(question, 1)


ANSWERS: dict[str, tuple[tuple[Any, ...], type[EngineError], str]] = {
    "a wrong form": (
        ("bystander", "five"),
        AnswerRefused,
        "the answer does not fit its form: the answer: 'five' is not",
    ),
    "nothing": (("bystander", None), AnswerRefused, "the answer does not fit its form: the answer: null is not"),
    "not JSON": (("bystander", {1}), InputRefused, "the answer is not JSON: $ is a set"),
    "never asked": (("bystander/ask/1/1q7", 5), AnswerRefused, "it is not open: it was never asked"),
    "too large": (("bystander", TOO_LARGE), InputRefused, "the answer has 4,194,306 bytes"),
    "by a number": (("bystander", 5, 5), InputRefused, "the name of who answers is a int; pass a string"),
    "by a surrogate": (("bystander", 5, "\ud800"), InputRefused, "the name of who answers holds half of a surrogate"),
    "to a number": ((5, 5), InputRefused, "the question is a int; pass a string"),
}


@pytest.mark.parametrize(("given", "kind", "fact"), ANSWERS.values(), ids=list(ANSWERS))
async def test_an_answer_that_is_none_is_refused_and_the_question_stays_open(
    tmp_path: Path, given: tuple[Any, ...], kind: type[EngineError], fact: str
) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        with pytest.raises(kind) as refusal:
            await engine.answer(*given)
        assert fact in str(refusal.value)


async def test_a_question_is_answered_once_however_many_try_at_once(tmp_path: Path) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        task = await engine.submit_task(1, "human")
        await standing(engine, task, TaskState.WAITING_HUMAN)
        question = f"{task.id}/ask/1/1q0"
        tries = await asyncio.gather(
            *(engine.answer(question, number, by=f"person {number}") for number in range(5)), return_exceptions=True
        )
        refused = [str(answer) for answer in tries if isinstance(answer, AnswerRefused)]
        assert len(refused) == 4
        output = (await done(engine, task)).output
        assert refused == [f"question {question}: person {output} has answered it already, with {output}"] * 4


ASKED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "cancelled for a number": (lambda engine: engine.cancel("bystander", 5), "the reason is a int; pass a string"),
    "cancelled for a surrogate": (lambda engine: engine.cancel("bystander", "\ud800"), "the reason holds half of"),
    "retried from a list": (lambda engine: engine.retry("bystander", ["a"]), "the phase is a list; pass a string"),
    "suspended for nobody": (
        lambda engine: engine.suspend("bystander", "dog"),
        "a wait of kind 'dog' is not known; use",
    ),
    "suspended with a number": (
        lambda engine: engine.suspend("bystander", "io", 5),
        "the prompt is a int; pass a string",
    ),
    "suspended till never": (
        lambda engine: engine.suspend("bystander", "io", "?", due=float("nan")),
        "due is nan; pass seconds from 0 to 1e+10, or a duration such as 2d",
    ),
    "suspended till soon": (
        lambda engine: engine.suspend("bystander", "io", "?", due="soon"),
        "due: 'soon' is not a duration; write for example 30s",
    ),
    "suspended with a form that is none": (
        lambda engine: engine.suspend("bystander", "io", "?", form={"type": "bogus"}),
        "the form is no JSON Schema: 'bogus' is not valid",
    ),
}


@pytest.mark.parametrize(("ask", "fact"), ASKED.values(), ids=list(ASKED))
async def test_what_is_asked_of_a_task_and_makes_no_sense_is_refused(
    tmp_path: Path, ask: Callable[[ECSWorkflowEngine], Any], fact: str
) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        with pytest.raises(InputRefused) as refusal:
            await ask(engine)
        assert fact in str(refusal.value)


REGISTRATIONS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a handler that is none": (lambda e: e.register_handler("a", 5), "the handler for 'a' is a int; pass a function"),
    "a handler without a name": (lambda e: e.register_handler("", echo), "'' cannot be a classification; use 1 to 200"),
    "a handler with a slash": (lambda e: e.register_handler("a/b", echo), "'a/b' cannot be a classification"),
    "no place for a handler": (
        lambda e: e.register_handler("a", echo, concurrency=0),
        "concurrency of 'a' is 0; allow at least 1",
    ),
    "an adapter that is none": (lambda e: e.register_adapter("x", object()), "the adapter for 'x' is a object without"),
    "a classifier that is none": (lambda e: e.register_classifier("x"), "the classifier is a str; pass a function"),
    "a hook that is none": (
        lambda e: e.register_task_completed_hook(5),
        "the hook is a int; pass a function of one task",
    ),
    "a workflow without phases": (lambda e: e.register_workflow("x", []), "WorkflowSpec: phases: Tuple should have at"),
    "a workflow of nothing": (
        lambda e: e.register_workflow("x", 5),
        "WorkflowSpec: phases: Input should be a valid tuple",
    ),
    "phases that are none": (
        lambda e: e.register_workflow("x", [5]),
        "Phase: Input should be a valid dictionary or instance of Phase",
    ),
    "a phase with an unknown key": (
        lambda e: e.register_workflow("x", [{"id": "a", "promt": "?"}]),
        "Phase: promt: is not known here; remove it or mend its spelling",
    ),
    "a workflow without a name": (lambda e: e.register_workflow("", [Phase(id="a")]), "WorkflowSpec: name: "),
    "a form that is none": (
        lambda e: e.register_workflow("x", [Phase(id="a", form={"type": "bogus"})]),
        "form of phase 'a' is no JSON Schema: 'bogus' is not valid",
    ),
}


@pytest.mark.parametrize(("register", "fact"), REGISTRATIONS.values(), ids=list(REGISTRATIONS))
async def test_a_registration_that_makes_no_sense_is_refused(
    tmp_path: Path, register: Callable[[ECSWorkflowEngine], Any], fact: str
) -> None:
    async with engine_on(tmp_path) as engine:
        with pytest.raises(SpecError) as refusal:
            register(engine)
        assert fact in str(refusal.value)


def test_a_durability_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises((InputRefused, ConfigError), match='durability is "full" or "relaxed", not \'maybe\''):
        ECSWorkflowEngine(tmp_path, durability="maybe")  # type: ignore[arg-type]


# ---------------------------------------------------------------- handlers


class Fatal(BaseException):
    """Not an `Exception`."""


class Unspeakable(Exception):
    """Its message cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def raising(error: BaseException) -> Callable[[Task], Any]:
    async def handler(task: Task) -> NoReturn:
        raise error

    return handler


FAILURES: dict[str, tuple[BaseException, str, str]] = {
    "no exception": (Fatal("fatal"), "Fatal", "fatal"),
    "exit": (SystemExit(3), "SystemExit", "the handler called sys.exit(3); return, or raise an exception"),
    "unspeakable": (Unspeakable(), "Unspeakable", "its message cannot be shown, since __str__ raised RuntimeError"),
    "long": (RuntimeError("x" * 1_000_000), "RuntimeError", "x" * 8_000),
    "long and transient": (TransientFailure("x" * 1_000_000), "TransientFailure", "x" * 8_000),
    "long and permanent": (PermanentFailure("x" * 1_000_000), "PermanentFailure", "x" * 8_000),
    "silent": (RuntimeError(), "RuntimeError", "RuntimeError"),
    "surrogates": (RuntimeError("a\ud800b"), "RuntimeError", "a\\ud800b"),
    "a group": (ExceptionGroup("two", [ValueError("1"), ValueError("2")]), "ExceptionGroup", "two (2 sub-exceptions)"),
    "a fatal group": (BaseExceptionGroup("one", [Fatal("1")]), "BaseExceptionGroup", "one (1 sub-exception)"),
    "cancelled": (
        asyncio.CancelledError(),
        "CancelledError",
        "the handler cancelled itself; return, or raise an exception",
    ),
    "timed out": (TimeoutError("slow"), "TimeoutError", "slow"),
    "recursion": (RecursionError("deep"), "RecursionError", "deep"),
    "memory": (MemoryError(), "MemoryError", "MemoryError"),
    "a pause that is none": (TransientFailure("busy", retry_after="soon"), "TransientFailure", "busy"),  # type: ignore[arg-type]
    "an endless pause": (TransientFailure("busy", retry_after=float("inf")), "TransientFailure", "busy"),
}


@pytest.mark.parametrize(("error", "name", "message"), FAILURES.values(), ids=list(FAILURES))
async def test_whatever_a_handler_raises_fails_its_task_and_nothing_else(
    tmp_path: Path, error: BaseException, name: str, message: str
) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        assert why(await outcome(engine, raising(error))) == (name, message)


@pytest.mark.parametrize("retry_after", ["soon", float("nan"), float("inf"), -5, True, [1], "0.01", 0.01])
async def test_a_pause_that_is_none_leaves_it_to_the_policy(tmp_path: Path, retry_after: Any) -> None:
    async def handler(task: Task) -> int:
        if task.attempt == 1:
            raise TransientFailure("busy", retry_after=retry_after)
        return task.attempt

    async with engine_on(tmp_path) as engine:
        if retry_after is True:  # a second, to Python
            return
        assert (await outcome(engine, handler, retry=QUICK)).output == 2


@pytest.mark.parametrize(("error", "name", "message"), FAILURES.values(), ids=list(FAILURES))
async def test_whatever_a_plain_handler_raises_fails_its_task_and_nothing_else(
    tmp_path: Path, error: BaseException, name: str, message: str
) -> None:
    def handler(task: Task) -> NoReturn:
        raise error

    async with engine_on(tmp_path) as engine:
        assert why(await outcome(engine, handler)) == (name, message)


async def test_a_handler_that_cancels_its_own_task_fails(tmp_path: Path) -> None:
    async def handler(task: Task) -> None:
        this = asyncio.current_task()
        assert this is not None
        this.cancel()
        await asyncio.sleep(0)

    async with engine_that_lives_on(tmp_path) as engine:
        assert why(await outcome(engine, handler))[0] == "CancelledError"


async def test_a_handler_that_swallows_its_cancellation_does_not_bring_its_task_back(tmp_path: Path) -> None:
    begun = asyncio.Event()

    async def handler(task: Task) -> str:
        try:
            begun.set()
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            return "never mind"
        return "slept"

    async with engine_that_lives_on(tmp_path) as engine:
        engine.register_handler("stubborn", handler)
        task = await engine.submit_task(1, classification="stubborn")
        await begun.wait()
        await engine.cancel(task)
        await asyncio.sleep(0.01)
        assert (await engine.get_task(task)).status is TaskState.CANCELLED


@pytest.mark.parametrize("how", ["Exception", "BaseException", "finally", "task group", "gather"])
async def test_a_handler_that_swallows_its_suspension_is_suspended_all_the_same(tmp_path: Path, how: str) -> None:
    answers: list[Any] = []

    async def handler(task: Task) -> str:
        if how == "task group":
            async with asyncio.TaskGroup() as group:
                asked = group.create_task(task.ask_human("Well?"))
            answers.append(asked.result())
        elif how == "gather":
            answers.extend(await asyncio.gather(task.ask_human("Well?")))
        elif how == "finally":
            try:
                answers.append(await task.ask_human("Well?"))
            finally:
                await asyncio.sleep(0)
        else:
            try:
                answers.append(await task.ask_human("Well?"))
            except BaseException as error:
                if how == "Exception" and not isinstance(error, Exception):
                    raise
        return "went on"

    async with engine_that_lives_on(tmp_path) as engine:
        engine.register_handler("bad", handler)
        task = await engine.submit_task(1, classification="bad")
        await standing(engine, task, TaskState.WAITING_HUMAN)
        await engine.answer(task.id, 5)
        assert (await done(engine, task)).output == "went on"
    assert answers == [5]


MISUSES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a question without words": (lambda task: task.ask_human(5), "the prompt is a int; pass a string"),
    "a form that is none": (
        lambda task: task.ask_human("?", form={"type": "bogus"}),
        "the form is no JSON Schema: 'bogus' is not valid",
    ),
    "a form that is a word": (lambda task: task.ask_human("?", form="yes"), "the form is a str, not a JSON Schema"),
    "a due time that is none": (lambda task: task.ask_human("?", due="soon"), "due: 'soon' is not a duration"),
    "a due time that never comes": (
        lambda task: task.ask_human("?", due=float("nan")),
        "due is nan; pass seconds from",
    ),
    "a due time before now": (lambda task: task.ask_human("?", due=-1), "due is -1; pass seconds from 0"),
    "an overdue that is none": (
        lambda task: task.ask_human("?", on_due="panic"),
        'on_due is "notify", "fail" or "escalate", not \'panic\'',
    ),
    "an assignee that is none": (lambda task: task.ask_human("?", assignee=5), "the assignee is a int; pass a string"),
    "candidates that are none": (lambda task: task.ask_human("?", candidates=(5,)), "one of the candidates is a int"),
    "a kind that is none": (lambda task: task.suspend("dog", "?"), "a wait of kind 'dog' is not known; use human"),
    "something to show that is none": (
        lambda task: task.ask_human("?", show={1}),
        "what the question shows is not JSON: $ is a set",
    ),
    "a step without a name": (lambda task: task.step(5, echo), "the name of the step is a int; pass a string"),
    "a step with a surrogate": (lambda task: task.step("\ud800", echo), "the name of the step holds half of"),
    "an artifact that leads out": (lambda task: task.add_artifact("../x", "x"), "artifact name '../x' has a part"),
    "an artifact that is not there": (lambda task: task.read_artifact("x"), "has no artifact 'x'; it has none"),
}


@pytest.mark.parametrize(("misuse", "fact"), MISUSES.values(), ids=list(MISUSES))
async def test_what_a_handler_asks_for_and_makes_no_sense_fails_its_task(
    tmp_path: Path, misuse: Callable[[Task], Any], fact: str
) -> None:
    async def handler(task: Task) -> None:
        await misuse(task)

    async with engine_that_lives_on(tmp_path) as engine:
        task = await outcome(engine, handler, retry=QUICK)
        assert fact in why(task)[1]
        assert task.failure is not None
        assert task.failure.attempts == 1


@pytest.mark.parametrize("name", [5, "\ud800", ("a",)])
async def test_a_context_entry_that_has_no_name_fails_the_task(tmp_path: Path, name: Any) -> None:
    async def handler(task: Task) -> None:
        task.context[name] = 1

    async with engine_that_lives_on(tmp_path) as engine:
        assert "the name of a context entry" in why(await outcome(engine, handler))[1]


@pytest.mark.parametrize("pick", ["nowhere", 5, ["b"], "\ud800"])
async def test_a_pick_that_cannot_follow_fails_the_task(tmp_path: Path, pick: Any) -> None:
    async def handler(task: Task) -> None:
        task.next_classification = pick

    async with engine_that_lives_on(tmp_path) as engine:
        error, message = why(await outcome(engine, handler))
        assert error in ("UnknownPick", "PermanentFailure")
        assert f"phase 'bad' picked {pick!r}" in message


# ---------------------------------------------------------------- adapters


GIVEN: dict[str, tuple[Any, str]] = {
    "nothing": (None, "the adapter of phase 'a' returned a NoneType; return Output or Suspend"),
    "a word": ("done", "the adapter of phase 'a' returned a str; return Output or Suspend"),
    "a tuple": ((1, None, None), "the adapter of phase 'a' returned a tuple; return Output or Suspend"),
    "artifacts that are none": (Output(1, artifacts="x"), "the artifacts of phase 'a' are a str; pass a dict by name"),  # type: ignore[arg-type]
    "references that are none": (
        Output(1, artifacts={"x": 5}),
        "artifact 'x' of phase 'a': Expected `object`, got `int`",
    ),
    "an artifact that leads out": (
        Output(1, artifacts={"../x": {"name": "x", "sha256": "0", "size": 1}}),
        "artifact '../x' of phase 'a': artifact name '../x' has a part",
    ),
    "a wait for nobody": (Suspend("dog", "?"), "a wait of kind 'dog' is not known"),  # type: ignore[arg-type]
    "a question without words": (Suspend(WaitKind.HUMAN, None), "the prompt is a NoneType; pass a string"),  # type: ignore[arg-type]
    "a due time that is none": (Suspend(WaitKind.IO, "?", due="soon"), "due: 'soon' is not a duration"),  # type: ignore[arg-type]
    "a form that is none": (Suspend(WaitKind.IO, "?", form={"type": "bogus"}), "the form is no JSON Schema"),
    "candidates that are a word": (Suspend(WaitKind.IO, "?", candidates="bob"), "the candidates are several strings"),  # type: ignore[arg-type]
}


class Giving:
    """An adapter that gives what it was made with, or raises it."""

    def __init__(self, given: Any) -> None:
        self.given = given

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """Give it."""
        if isinstance(self.given, BaseException):
            raise self.given
        given: Output = self.given
        return given


@pytest.mark.parametrize(("given", "fact"), GIVEN.values(), ids=list(GIVEN))
async def test_what_an_adapter_gives_and_makes_no_sense_fails_the_task(tmp_path: Path, given: Any, fact: str) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        engine.register_adapter("odd", Giving(given))
        task = await done(engine, await engine.submit_task(1, classification="a", assigned_to="odd"))
        assert fact in why(task)[1]


async def test_an_adapter_may_need_something_whatever_it_calls_it(tmp_path: Path) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        engine.register_adapter("odd", Giving(Missing(5)))  # type: ignore[arg-type]
        await engine.submit_task(1, classification="a", assigned_to="odd", task_id="t")
        await explained(engine, "t", "for 5, which is not registered")
        engine.register_adapter("odd", Giving(Output(1)))
        await done(engine, "t")


async def test_an_artifact_that_an_adapter_stored_is_the_task_s(tmp_path: Path) -> None:
    async with engine_that_lives_on(tmp_path) as engine:
        reference = await engine.artifacts.put("a.txt", "text")
        engine.register_adapter("odd", Giving(Output(1, artifacts={"a.txt": reference})))
        task = await done(engine, await engine.submit_task(1, classification="a", assigned_to="odd"))
        assert await engine.read_artifact(task, "a.txt") == b"text"


def test_the_deepest_data_here_is_deeper_than_python() -> None:
    assert sys.getrecursionlimit() < 100_000
