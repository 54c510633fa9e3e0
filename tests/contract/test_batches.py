"""Batches with a real engine: turns of many tasks are sent together, and a crash neither loses nor doubles one."""

import asyncio
from random import Random
from typing import Any

import pytest

from tests.contract.batch_world import LOST, BatchDouble, Point, World, asked, ended, outputs, said, submit
from workflow_engine.agents.agent import AgentAdapter
from workflow_engine.agents.messages import Message, ModelRequest
from workflow_engine.agents.no_tools import NoTools
from workflow_engine.core.components import Cost
from workflow_engine.ecs_workflow import ECSWorkflowEngine, TaskState
from workflow_engine.errors import AnswerRefused, PermanentFailure, TransientFailure
from workflow_engine.spec.parts import Budget
from workflow_engine.testing.scripted_model import PlainCaller, ScriptedModel, says


async def five(engine: ECSWorkflowEngine) -> dict[str, Any]:
    return await ended(engine, 5)


def test_what_comes_together_is_sent_in_batches_of_a_hundred() -> None:
    provider = BatchDouble()
    assert World(provider).live(lambda engine: ended(engine, 250)) == outputs(250)
    assert provider.sizes == [100, 100, 50]
    assert provider.live == []


def test_the_first_turns_are_sent_at_once_and_those_behind_when_their_batch_has_ended() -> None:
    provider = BatchDouble(seconds=60.0)

    async def story(engine: ECSWorkflowEngine) -> list[float]:
        await submit(engine, 1)
        await asyncio.sleep(10)
        await ended(engine, 3)
        return [batch.created for batch in provider.sent]

    created = World(provider).live(story)
    assert provider.sizes == [1, 2]
    assert created is not None
    assert 60 <= created[1] - created[0] <= 60 + 30  # the looks at a batch grow rarer


def test_turns_behind_an_outstanding_batch_are_sent_when_they_have_waited() -> None:
    provider = BatchDouble(seconds=3_600.0)

    async def story(engine: ECSWorkflowEngine) -> None:
        await submit(engine, 1)
        await asyncio.sleep(10)
        await submit(engine, 3)
        await asyncio.sleep(295)
        assert provider.sizes == [1]
        await asyncio.sleep(10)
        assert provider.sizes == [1, 2]

    World(provider).live(story)


def test_a_phase_says_how_large_its_batches_are() -> None:
    provider = BatchDouble()
    assert World(provider, batch={"size": 2}).live(five) == outputs(5)
    assert provider.sizes == [2, 2, 1]


@pytest.mark.parametrize("tells", [True, False], ids=["tells", "hides"])
@pytest.mark.parametrize("point", ["send", "sent", "look", "items", "taken"])
def test_a_crash_neither_loses_nor_doubles_a_request(point: Point, tells: bool) -> None:
    provider = BatchDouble(tells=tells)
    provider.dies = {point}
    world = World(provider)
    assert world.live(five) is None
    assert world.live(five) == outputs(5)
    assert provider.prompts == list("01234")
    assert provider.live == []


@pytest.mark.parametrize("tells", [True, False], ids=["tells", "hides"])
@pytest.mark.parametrize("point", ["list", "ids", "look", "items", "taken"])
def test_a_second_crash_while_batches_are_looked_for_changes_nothing(point: Point, tells: bool) -> None:
    provider = BatchDouble(tells=tells)
    provider.dies = {"sent"}
    world = World(provider)
    assert world.live(five) is None
    provider.dies = {point}
    assert world.live(five) is None
    assert world.live(five) == outputs(5)
    assert provider.prompts == list("01234")


def test_a_batch_that_is_listed_late_is_found_all_the_same() -> None:
    provider = BatchDouble()
    provider.lag = 25.0
    provider.dies = {"sent"}
    world = World(provider)
    assert world.live(five) is None
    assert world.live(five) == outputs(5)
    assert provider.sizes == [5]


def test_a_crash_at_any_commit_neither_loses_nor_doubles_a_request() -> None:
    whole = World(BatchDouble())
    assert whole.live(five) == outputs(5)
    for boundary in range(1, whole.boundaries + 1):
        provider = BatchDouble()
        world = World(provider)
        if world.live(five, dies_at=boundary) is None:
            assert world.live(five) == outputs(5), boundary
        assert provider.prompts == list("01234"), boundary
        assert provider.live == [], boundary


def test_what_waited_to_be_sent_is_sent_after_a_stop_and_batches_are_found_again() -> None:
    provider = BatchDouble()
    world = World(provider)

    async def stopped(engine: ECSWorkflowEngine) -> bool:
        await submit(engine, 2)
        await asyncio.sleep(20)
        await submit(engine, 5)
        await asyncio.sleep(20)
        return True

    assert world.live(stopped)
    assert provider.sizes == [2]
    assert world.live(five) == outputs(5)
    assert provider.sizes == [2, 3]


def test_replies_that_came_while_no_engine_ran_are_taken_however_late() -> None:
    provider = BatchDouble()
    world = World(provider, batch={"max_wait": 10.0})

    async def stopped(engine: ECSWorkflowEngine) -> bool:
        await submit(engine, 5)
        await asyncio.sleep(5)
        return True

    assert world.live(stopped)
    provider.sent[0].ends = 0.0
    assert world.live(five) == outputs(5)
    assert provider.live == []


def test_a_batch_whose_answer_was_lost_is_found_and_not_sent_again() -> None:
    for tells in (True, False):
        provider = BatchDouble(tells=tells)
        provider.fails = [(LOST, "accepted")]
        assert World(provider).live(five) == outputs(5)
        assert provider.prompts == list("01234")


def test_a_batch_that_was_not_accepted_is_sent_again_when_the_provider_wants_it() -> None:
    provider = BatchDouble()
    provider.fails = [(TransientFailure("too many", retry_after=90.0), "refused")]

    async def story(engine: ECSWorkflowEngine) -> dict[str, Any]:
        await submit(engine, 5)
        await asyncio.sleep(80)
        assert provider.sizes == []
        return await five(engine)

    assert World(provider).live(story) == outputs(5)
    assert provider.sizes == [5]


def test_a_batch_that_is_refused_for_good_is_asked_live() -> None:
    provider = BatchDouble()
    provider.fails = [(PermanentFailure("no batches for this account"), "refused")]
    assert World(provider).live(five) == outputs(5, "live")
    assert sorted(provider.live) == list("01234")


def test_a_batch_that_cannot_be_looked_at_is_waited_for_and_not_sent_again() -> None:
    provider = BatchDouble()

    async def story(engine: ECSWorkflowEngine) -> tuple[str, dict[str, Any]]:
        await submit(engine, 5)
        await asyncio.sleep(10)
        provider.broken = True
        await asyncio.sleep(10_000)
        said = await engine.explain("t0")
        provider.broken = False
        return said, await five(engine)

    found = World(provider).live(story)
    assert found is not None
    assert "batch batch-1 cannot be looked at: the key is wrong" in found[0]
    assert (found[1], provider.sizes) == (outputs(5), [5])


def test_a_turn_that_waits_too_long_is_asked_live_and_its_batch_is_stopped() -> None:
    provider = BatchDouble(seconds=100_000.0)
    world = World(provider, batch={"max_wait": "1h"})
    assert world.live(five) == outputs(5, "live")
    assert sorted(provider.live) == list("01234")

    async def later(engine: ECSWorkflowEngine) -> None:
        await asyncio.sleep(100)

    world.live(later)
    assert provider.sizes == [5]


def test_a_batch_that_nobody_waits_for_any_more_is_stopped() -> None:
    provider = BatchDouble(seconds=100_000.0)

    async def story(engine: ECSWorkflowEngine) -> list[bool]:
        await submit(engine, 2)
        await asyncio.sleep(10)
        await engine.cancel("t0")
        await asyncio.sleep(200)
        seen = [provider.sent[0].cancelled]
        await engine.cancel("t1")
        await asyncio.sleep(200)
        return [*seen, provider.sent[0].cancelled]

    assert World(provider).live(story) == [False, True]


def test_a_request_that_fails_for_good_fails_its_attempt_and_no_other() -> None:
    provider = BatchDouble()
    provider.says = lambda prompt, batch: PermanentFailure("too long") if prompt == "3" else said(prompt)
    gave = World(provider).live(five)
    assert gave is not None
    assert "too long" in gave["t3"]
    assert {**gave, "t3": "batch: 3"} == outputs(5)
    assert provider.sizes == [5]


def test_a_request_that_expires_is_sent_once_more() -> None:
    provider = BatchDouble()
    provider.says = lambda prompt, batch: TransientFailure("expired") if (prompt, batch) == ("3", 1) else said(prompt)
    assert World(provider).live(five) == outputs(5)
    assert provider.sizes == [5, 1]


@pytest.mark.parametrize("tells", [True, False], ids=["tells", "hides"])
def test_a_request_that_expires_twice_is_asked_live_even_if_the_engine_dies_between(tells: bool) -> None:
    provider = BatchDouble(tells=tells)
    provider.says = lambda prompt, batch: TransientFailure("expired") if prompt == "3" else said(prompt)

    async def dies(engine: ECSWorkflowEngine) -> None:
        await submit(engine, 5)
        await asyncio.sleep(600)
        provider.dies = {"sent"}
        await asyncio.sleep(600)

    world = World(provider)
    assert world.live(dies) is None
    assert provider.sizes == [5, 1]
    assert world.live(five) == {**outputs(5), "t3": "live: 3"}
    assert provider.sizes == [5, 1]
    assert provider.live == ["3"]


def test_requests_of_others_in_the_same_account_hold_up_only_what_may_be_among_them() -> None:
    provider = BatchDouble(tells=False)
    world = World(provider)

    async def waiting(engine: ECSWorkflowEngine) -> bool:
        await submit(engine, 1)
        return True

    assert world.live(waiting)

    async def story(engine: ECSWorkflowEngine) -> list[list[str]]:
        await provider.send_batch([("another", ModelRequest("m", (Message("user", "?"),)))], "")
        provider.sent[-1].ends += 5_000
        await submit(engine, 2)
        await asyncio.sleep(1_000)
        assert [[asked(request) for _, request in batch.requests] for batch in provider.sent] == [["?"], ["1"]]
        await ended(engine, 2)
        return [[asked(request) for _, request in batch.requests] for batch in provider.sent]

    assert world.live(story) == [["?"], ["1"], ["0"]]


def test_what_a_turn_may_cost_is_put_aside_while_it_waits_and_settled_with_its_reply() -> None:
    provider = BatchDouble()

    async def story(engine: ECSWorkflowEngine) -> tuple[dict[str, Any], Cost]:
        await submit(engine, 1)
        await asyncio.sleep(10)
        first = await ended(engine, 2)  # which are at it together: there is room for one
        gave = first | {"t2": (await ended(engine, 3))["t2"]}
        return gave, (await engine.get_task("t0")).spent

    found = World(provider, Budget(workflow_tokens=5_000, then="fail")).live(story)
    assert found is not None
    gave, spent = found
    assert "the budget of the workflow is 5,000 tokens" in gave.pop("t1")
    assert gave == {"t0": "batch: 0", "t2": "batch: 2"}
    assert spent == Cost(tokens=15, dollars=0.01)


def dear(provider: BatchDouble) -> World:
    """Return a world in which a turn may cost 1.024 dollars, or half of that in a batch."""
    adapter = AgentAdapter(provider, "m", PlainCaller(0.001), NoTools())
    budget = Budget(task=0.6, then="fail")
    return World(provider, budget, lambda engine: engine.register_adapter("agentic", adapter), max_tokens=1_024)


def test_half_the_price_of_a_turn_is_put_aside_for_a_batch() -> None:
    assert dear(BatchDouble()).live(five) == outputs(5)


def test_the_whole_price_is_put_aside_where_a_turn_is_asked_live_after_all() -> None:
    provider = BatchDouble()
    provider.fails = [(PermanentFailure("no batches for this account"), "refused")]
    gave = dear(provider).live(lambda engine: ended(engine, 1))
    assert gave is not None
    assert "the budget of the task is $0.6000" in gave["t0"]
    assert provider.live == []


def test_a_provider_without_batches_is_asked_live() -> None:
    model = ScriptedModel([says("live")], name="plain")
    world = World(BatchDouble(), set_up=lambda engine: engine.register_provider(model), provider="plain")
    assert world.live(lambda engine: ended(engine, 1)) == {"t0": "live"}


def test_the_question_of_a_turn_takes_no_answer_of_another_shape() -> None:
    async def story(engine: ECSWorkflowEngine) -> dict[str, Any]:
        await submit(engine, 1)
        await asyncio.sleep(10)
        with pytest.raises(AnswerRefused):
            await engine.answer("t0", "approve")
        await engine.answer("t0", {"live": "it takes too long"}, by="me")
        return await ended(engine, 1)

    assert World(BatchDouble(seconds=9_000.0)).live(story) == outputs(1, "live")


def test_explain_says_where_a_turn_is() -> None:
    provider = BatchDouble()

    async def story(engine: ECSWorkflowEngine) -> tuple[TaskState, list[str]]:
        await submit(engine, 1)
        await asyncio.sleep(60)
        await submit(engine, 2)
        await asyncio.sleep(1)
        task = await engine.get_task("t0")
        return task.status, [await engine.explain("t0"), await engine.explain("t1")]

    found = World(provider).live(story)
    assert found is not None
    assert found[0] is TaskState.WAITING_IO
    assert "for a batch of double to answer 'the next turn of m'" in found[1][0]
    assert "batch batch-1 of 1 request was sent 2027" in found[1][0]
    assert "it is sent 2027" in found[1][1]


def test_the_states_of_batches_are_told() -> None:
    provider = BatchDouble()

    async def story(engine: ECSWorkflowEngine) -> list[tuple[str, int, list[tuple[str, str, int]], str | None]]:
        await submit(engine, 3)
        await asyncio.sleep(60)
        return [
            (state.provider, state.waiting, [(one.id, one.model, one.requests) for one in state.batches], state.trouble)
            for state in engine.models.batches.states()
        ]

    assert World(provider).live(story) == [("double", 3, [("batch-1", "m", 3)], None)]


@pytest.mark.parametrize("seed", range(40))
def test_whatever_fails_and_whenever_it_dies_each_turn_has_one_reply(seed: int) -> None:
    random = Random(seed)
    provider = BatchDouble(random.choice((30.0, 600.0, 4_000.0)), tells=random.random() < 0.5)
    expiring = {(str(n), random.randint(1, 3)) for n in range(5) if random.random() < 0.3}
    provider.says = lambda prompt, batch: TransientFailure("expired") if (prompt, batch) in expiring else said(prompt)
    points: list[Point] = ["send", "sent", "list", "ids", "look", "items", "taken"]
    world = World(provider, batch={"size": random.choice((2, 100)), "wait": 60.0})

    async def slowly(engine: ECSWorkflowEngine) -> dict[str, Any]:
        for n in range(1, 6):
            await submit(engine, n)
            await asyncio.sleep(random.choice((0, 10, 100)))
        return await five(engine)

    for _ in range(random.randint(0, 6)):
        provider.dies = {random.choice(points)}
        if random.random() < 0.3:
            provider.fails = [(LOST, random.choice(("accepted", "refused")))]
        world.live(slowly, dies_at=world.boundaries + random.randint(1, 60))
    provider.dies = set()
    gave = world.live(five)

    assert gave is not None
    assert [output.rpartition(" ")[2] for output in gave.values()] == list("01234")
    asked_in = {str(n): provider.batches_of(str(n)) for n in range(5)}
    for prompt, batches in asked_in.items():
        assert all((prompt, batch) in expiring for batch in batches[:-1]), (prompt, batches)
        replied = bool(batches) and (prompt, batches[-1]) not in expiring
        assert gave[f"t{prompt}"] == f"{'batch' if replied else 'live'}: {prompt}"
        assert provider.live.count(prompt) <= (0 if replied else world.lives), prompt
