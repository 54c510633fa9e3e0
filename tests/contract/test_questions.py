"""Open questions as people work on them: claimed, handed on, talked about, answered once, restarts in between."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.contract.engine_helpers import done, engine_on, explained, standing, until
from tests.contract.test_cli_commands import done as cli_done
from tests.contract.test_cli_commands import refused as cli_refused
from workflow_engine.control.client import ControlClient, find_engine
from workflow_engine.core.components import Comment, Feedback
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskState, WorkflowSpec
from workflow_engine.errors import (
    AlreadyAnswered,
    AlreadyClaimed,
    AnswerRefused,
    InputRefused,
    ShownChanged,
    UnknownTask,
)
from workflow_engine.question_view import QuestionView
from workflow_engine.spec.parts import OnReject

FORM = {"type": "object", "required": ["decision"], "properties": {"decision": {"enum": ["approve", "reject"]}}}
YES = {"decision": "approve"}
Q = "t1/approve/1/1q0"


def engine_for(data_dir: Path, **phase: Any) -> ECSWorkflowEngine:
    """Return an engine with a workflow of one phase, for a person."""
    engine = engine_on(data_dir)
    asks: dict[str, Any] = {"id": "approve", "assigned_to": "human", "prompt": "Publish?", "form": FORM, "show": [1]}
    engine.register_workflow("w", [Phase(**{**asks, **phase})])
    return engine


async def asking(engine: ECSWorkflowEngine, task: str = "t1") -> Task:
    """Return a task that waits for its question."""
    await engine.submit_task({"n": 1}, workflow_name="w", task_id=task)
    return await standing(engine, task, TaskState.WAITING_HUMAN)


# ---------------------------------------------------------------- looking


async def test_a_question_is_seen_whole(tmp_path: Path) -> None:
    async with engine_for(
        tmp_path, assignee="ann", candidates=("legal",), due="2d", on_due="escalate", escalate_to=["bob"]
    ) as engine:
        task = await asking(engine)
        await engine.add_artifact_text(task, "b.txt", "b")
        await engine.add_artifact_text(task, "a.txt", "a")
        seen = await engine.get_question("t1")
        assert seen == await engine.get_question(Q)
        due = seen.asked_at + 172_800
        assert msgspec.structs.replace(seen, artifacts=(), parts={}, shown="") == QuestionView(
            Q, "t1", "t1/approve/1", "approve", 1, "w", "human", "Publish?", FORM, [1], "ann", ("legal",), None, None,
            seen.asked_at, due, "escalate", ("bob",), False, (), (), (), None, {}, "",
        )  # fmt: skip
        assert [reference.name for reference in seen.artifacts] == ["a.txt", "b.txt"]
        assert list(seen.parts) == ["prompt", "form", "show", "artifact:a.txt", "artifact:b.txt"]
        assert seen.parts["artifact:a.txt"] == seen.artifacts[0].sha256


async def test_the_question_of_work_that_is_done_again_says_why(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    review = Phase(id="review", assigned_to="human", prompt="Good?", on_reject=OnReject(target="draft"))
    engine.register_workflow("w", [Phase(id="draft", assigned_to="human", prompt="Write."), review])
    async with engine:
        await asking(engine)
        await engine.answer("t1", "a text")
        await explained(engine, "t1", "(question t1/review/1/1q0)")
        await engine.answer("t1", {"decision": "reject", "comment": "too short"})
        await explained(engine, "t1", "(question t1/draft/2/1q0)")
        again = await engine.get_question("t1")
        assert (again.phase, again.visit) == ("draft", 2)
        assert isinstance(again.feedback, Feedback)
        assert (again.feedback.by, b"too short" in bytes(again.feedback.issues)) == ("review", True)


async def test_a_question_that_is_closed_says_what_became_of_it(tmp_path: Path) -> None:
    async with engine_for(tmp_path) as engine:
        await asking(engine)
        await engine.answer("t1", YES, by="ann")
        with pytest.raises(AlreadyAnswered) as refusal:
            await engine.get_question(Q)
        answered = refusal.value
        assert (answered.question, answered.by, answered.value) == (Q, "ann", YES)
        await asking(engine, "t2")
        await engine.cancel("t2")
        with pytest.raises(AnswerRefused, match="it was withdrawn: its task is cancelled"):
            await engine.get_question("t2/approve/1/1q0")
        with pytest.raises(AnswerRefused, match="it was never asked"):
            await engine.get_question("t1/approve/7/1q0")
        with pytest.raises(UnknownTask):
            await engine.get_question("nobody/approve/1/1q0")
    async with engine_for(tmp_path) as engine:  # the task comes back from disk
        for refused in (engine.get_question(Q), engine.answer(Q, YES), engine.claim_question(Q, "bob")):
            with pytest.raises(AlreadyAnswered) as refusal:
                await refused
            later = refusal.value
            assert (later.by, later.at, later.value) == (answered.by, answered.at, answered.value)


# ---------------------------------------------------------------- working on it


async def test_what_was_done_to_a_question_outlives_the_engine(tmp_path: Path) -> None:
    async with engine_for(tmp_path, due="1d") as engine:
        await asking(engine)
        await engine.assign_question("t1", candidates=["ann", "bob"], by="eve", note="Either of you.")
        await engine.comment_question("t1", "Page 2 is old.", by="eve")
        await engine.claim_question("t1", "ann")
        await engine.delegate_question(Q, "bob", by="ann")
        await engine.claim_question(Q, "bob")
        await engine.set_question_due(Q, "2h", by="bob")
        before = await engine.get_question(Q)
    async with engine_for(tmp_path, due="1d") as engine:
        after = await engine.get_question(Q)
        assert after == before
        assert (after.assignee, after.candidates, after.claimed_by, after.owner) == (
            "bob",
            ("ann", "bob"),
            "bob",
            "ann",
        )
        assert after.comments == (Comment("eve", after.comments[0].at, "Page 2 is old.", Q),)
        assert after.due is not None
        assert 7_100 < after.due - after.asked_at < 7_300
        assert "claimed by bob" in await engine.explain("t1")
        with pytest.raises(AlreadyClaimed, match="bob has claimed it"):
            await engine.claim_question(Q, "carl")
        await engine.claim_question(Q, "ann")
        assert (await engine.answer(Q, YES, by="ann")).status is TaskState.COMPLETED
        told = [row.event["event"] for row in await engine.events("t1") if "Question" in row.event["event"]]
        assert told == [
            "QuestionAsked", "QuestionAssigned", "QuestionCommented", "QuestionClaimed", "QuestionDelegated",
            "QuestionClaimed", "QuestionDueSet", "QuestionClaimed", "QuestionAnswered",
        ]  # fmt: skip


async def test_what_was_done_to_a_question_goes_along_with_its_task(tmp_path: Path) -> None:
    async with engine_for(tmp_path / "here") as here, engine_for(tmp_path / "there") as there:
        await asking(here)
        await here.comment_question("t1", "Page 2 is old.", by="eve")
        await here.delegate_question("t1", "bob", by="ann")
        before = await here.get_question("t1")
        await there.import_task(await here.export_task("t1", cancel=True))
        assert await there.get_question("t1") == before
        with pytest.raises(AnswerRefused, match="it was withdrawn: its task is cancelled"):
            await here.comment_question(Q, "Too late.", by="eve")


async def test_an_answer_of_any_depth_is_told_to_whoever_is_second(tmp_path: Path) -> None:
    async with engine_for(tmp_path, form=None) as engine:
        for depth in (200, 480, 900, 960):
            name, value = f"t{depth}", list[Any]()
            for _ in range(depth):
                value = [value]
            await asking(engine, name)
            try:
                await engine.answer(name, value, by="ann")
            except InputRefused:
                continue
            with pytest.raises(AlreadyAnswered, match="ann has answered it already"):
                await engine.answer(f"{name}/approve/1/1q0", 1)
        assert (await asking(engine, "alive")).status is TaskState.WAITING_HUMAN


async def test_a_due_time_that_was_set_passes_after_a_restart(tmp_path: Path) -> None:
    phase: dict[str, Any] = {"due": "1d", "on_due": "escalate", "escalate_to": ["bob", "eve"], "assignee": "ann"}
    async with engine_for(tmp_path, **phase) as engine:
        await asking(engine)
        assert "it goes to bob or eve" in await engine.explain("t1")
        await engine.set_question_due("t1", 0.05)
    async with engine_for(tmp_path, **phase) as engine:
        seen = await until(lambda: engine.get_question("t1"), lambda found: found.overdue)
        assert (seen.assignee, seen.candidates, seen.due) == (None, ("bob", "eve"), None)
    async with engine_for(tmp_path, **phase) as engine:
        assert await engine.get_question("t1") == seen


async def test_a_handler_says_to_whom_its_question_goes(tmp_path: Path) -> None:
    async def ask(task: Task) -> Any:
        return await task.ask_human("Well?", due=0.02, on_due="escalate", escalate_to=["bob"])

    async with engine_on(tmp_path) as engine:
        engine.register_handler("ask", ask)
        engine.register_workflow("w", [Phase(id="ask")])
        await asking(engine)
        assert (await until(lambda: engine.get_question("t1"), lambda found: found.overdue)).assignee == "bob"
        await engine.answer("t1", 5)
        assert (await done(engine, "t1")).output == 5


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"on_due": "escalate"}, "escalate_to names nobody"),
        ({"escalate_to": ["bob"]}, "escalate_to is given, and on_due is 'notify'"),
        ({"on_due": "escalate", "escalate_to": "bob"}, "those of escalate_to are several strings|one of those"),
    ],
)
async def test_a_handler_that_says_half_of_it_fails(tmp_path: Path, given: dict[str, Any], fact: str) -> None:
    async def ask(task: Task) -> Any:
        await task.ask_human("Well?", **given)

    async with engine_on(tmp_path) as engine:
        engine.register_handler("ask", ask)
        engine.register_workflow("w", [Phase(id="ask")])
        task = await done(engine, await engine.submit_task(1, workflow_name="w"))
        assert task.failure is not None
        assert any(part in task.failure.message for part in fact.split("|"))


@pytest.mark.parametrize("whose", ["phase", "defaults"])
async def test_the_defaults_of_people_may_name_others_for_those_phases_that_escalate(
    tmp_path: Path, whose: str
) -> None:
    engine = engine_on(tmp_path)
    ask = {"id": "ask", "assigned_to": "human", "prompt": "Well?", "due": "1d"}
    last = {"id": "last", "assigned_to": "human", "prompt": "Sure?", "on_due": "escalate"}
    phases = [ask, last] if whose == "defaults" else [{**ask, "on_due": "escalate"}, {**last, "on_due": "notify"}]
    spec = {"name": "w", "defaults": {"human": {"escalate_to": ["bob"]}}, "phases": phases}
    engine.register_workflow(WorkflowSpec.model_validate(spec))
    async with engine:
        await asking(engine)
        assert (await engine.get_question("t1")).escalate_to == (() if whose == "defaults" else ("bob",))


# ---------------------------------------------------------------- what was shown


async def test_an_answer_to_what_is_not_shown_any_more_is_refused(tmp_path: Path) -> None:
    async with engine_for(tmp_path) as engine:
        await asking(engine)
        seen = await engine.get_question("t1")
        await engine.add_artifact_text("t1", "report.txt", "one")
        with pytest.raises(ShownChanged, match="look at it again"):
            await engine.answer("t1", YES, by="ann", shown=seen.shown)
        now = await engine.get_question("t1")
        assert {name for name in now.parts if seen.parts.get(name) != now.parts[name]} == {"artifact:report.txt"}
    async with engine_for(tmp_path) as engine:
        assert (await engine.get_question("t1")).shown == now.shown
        assert (await engine.answer("t1", YES, by="ann", shown=now.shown)).status is TaskState.COMPLETED


# ---------------------------------------------------------------- refusals


REFUSED: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "a claim by nobody": ("claim_question", ("t1", " "), "the name of who claims is empty"),
    "a claim by a number": ("claim_question", ("t1", 5), "the name of who claims is a int"),
    "delegation to nobody": ("delegate_question", ("t1", "", "ann"), "the name of who is to answer is empty"),
    "delegation to oneself": ("delegate_question", ("t1", "ann", "ann"), "name another person"),
    "a word for candidates": ("assign_question", ("t1", None, "ann"), "the candidates are several strings"),
    "an empty comment": ("comment_question", ("t1", " \n", "ann"), "the comment is empty"),
    "a long comment": ("comment_question", ("t1", "x" * 10_001, "ann"), "10,001 characters, more than the 10,000"),
    "a due time before now": ("set_question_due", ("t1", -1), "due_in is -1"),
    "a due time that is none": ("set_question_due", ("t1", "soon"), "due_in: 'soon' is not a duration"),
    "a question that is none": ("get_question", (5,), "the question is a int"),
}


@pytest.mark.parametrize(("method", "given", "fact"), REFUSED.values(), ids=list(REFUSED))
async def test_what_cannot_be_is_refused(tmp_path: Path, method: str, given: tuple[Any, ...], fact: str) -> None:
    async with engine_for(tmp_path) as engine:
        await asking(engine)
        before = await engine.get_question("t1")
        with pytest.raises(InputRefused) as refusal:
            await getattr(engine, method)(*given)
        assert fact in str(refusal.value)
        assert await engine.get_question("t1") == before


async def test_a_comment_may_be_as_long_as_a_text(tmp_path: Path) -> None:
    async with engine_for(tmp_path) as engine:
        await asking(engine)
        await engine.comment_question("t1", "x" * 10_000, "ann")
        assert len((await engine.get_question("t1")).comments[0].text) == 10_000


# ---------------------------------------------------------------- from elsewhere


async def test_threads_tend_questions(tmp_path: Path) -> None:
    async with engine_for(tmp_path) as engine:
        await asking(engine)
        await asyncio.to_thread(engine.blocking.claim_question, "t1", "ann")
        assert (await asyncio.to_thread(engine.blocking.get_question, "t1")).claimed_by == "ann"


async def test_processes_tend_questions(tmp_path: Path) -> None:
    def work() -> None:
        client = find_engine(tmp_path)
        assert client is not None
        with client:
            tend(client)

    def tend(client: ControlClient) -> None:
        assert client.call("claim_question", question="t1", by="ann")["status"] == "waiting_human"
        with pytest.raises(AlreadyClaimed) as claimed:
            client.call("claim_question", question="t1", by="bob")
        assert (claimed.value.question, claimed.value.by) == (Q, "ann")
        client.call("unclaim_question", question="t1", by="ann")
        client.call("assign_question", question="t1", assignee="ann", candidates=["legal"], by="eve", note="Yours.")
        client.call("delegate_question", question="t1", to="bob", by="ann")
        client.call("comment_question", question="t1", text="Hm.", by="ann")
        client.call("set_question_due", question="t1", due_in="1h", by="ann")
        seen = client.call("get_question", question="t1")
        assert (seen["assignee"], seen["candidates"], seen["owner"]) == ("bob", ["legal"], "ann")
        assert (seen["form"], [comment["text"] for comment in seen["comments"]]) == (FORM, ["Hm."])
        with pytest.raises(ShownChanged):
            client.call("answer", question="t1", value=YES, by="ann", shown="0" * 64)
        client.call("answer", question="t1", value=YES, by="ann", shown=seen["shown"])
        with pytest.raises(AlreadyAnswered) as answered:
            client.call("get_question", question=Q)
        assert (answered.value.by, answered.value.value) == ("ann", YES)

    async with engine_for(tmp_path) as engine:
        await asking(engine)
        await asyncio.to_thread(work)
        assert (await done(engine, "t1")).status is TaskState.COMPLETED


def test_commands_tend_questions(tmp_path: Path) -> None:
    async def prepare() -> None:
        async with engine_for(tmp_path) as engine:
            await asking(engine)

    async def look() -> QuestionView:
        engine = engine_on(tmp_path)
        try:
            return await engine.get_question("t1")
        finally:
            await engine.close()

    asyncio.run(prepare())
    assert cli_done("claim", "t1", "--by", "ann", data_dir=tmp_path) == "t1\tis claimed by ann\n"
    assert "ann has claimed it" in cli_refused("claim", "t1", "--by", "bob", data_dir=tmp_path)
    assert cli_done("claim", "t1", "--by", "ann", "--release", data_dir=tmp_path) == "t1\tis free for others than ann\n"
    assert cli_done("assign", "t1", "ann", "--candidate", "legal", data_dir=tmp_path) == "t1\tis for ann\n"
    assert (
        cli_done("assign", "t1", "bob", "--delegate", "--by", "ann", data_dir=tmp_path) == "t1\tis delegated to bob\n"
    )
    assert "neither --candidate nor --note" in cli_refused("assign", "t1", "--delegate", data_dir=tmp_path)
    assert cli_done("comment", "t1", "Hm.", "--by", "ann", data_dir=tmp_path) == "t1\thas another comment\n"
    assert cli_done("due", "t1", "2h", data_dir=tmp_path) == "t1\tis due in 2h\n"
    seen = asyncio.run(look())
    assert (seen.assignee, seen.candidates, seen.owner) == ("bob", ("legal",), "ann")
    assert ([comment.text for comment in seen.comments], seen.due is not None) == (["Hm."], True)
    assert cli_done("due", "t1", "none", data_dir=tmp_path) == "t1\thas no due time\n"
    assert asyncio.run(look()).due is None
    assert cli_done("assign", "t1", data_dir=tmp_path) == "t1\tis for anybody\n"
    assert '"status": "waiting_human"' in cli_done("claim", "t1", "--by", "ann", "--json", data_dir=tmp_path)
