"""What the simulation runs: workflows that use everything the engine promises."""

from typing import Protocol

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Output, Phase, RetryPolicy, Task
from workflow_engine.testing.simulation.outside import Outside

WORKFLOWS = (
    *("chain", "routed", "stepwise", "approval", "timed", "late", "parked"),
    *("reviewed", "fanned", "forked", "undone"),
)
"""Workflows of `Mixed`; tasks of "parked" are never answered."""


class Scenario(Protocol):
    """Sets an engine up, each time it starts."""

    def set_up(self, engine: ECSWorkflowEngine, outside: Outside) -> None:
        """Register handlers and workflows."""
        ...

    def late(self, engine: ECSWorkflowEngine, outside: Outside) -> None:
        """Register what is registered only after a while."""
        ...


class Mixed:
    """Chains, routes, steps, questions, timers, timeouts, a handler that is registered late; and control flow."""

    def set_up(self, engine: ECSWorkflowEngine, outside: Outside) -> None:
        """See `Scenario`."""
        again = RetryPolicy(max_attempts=4, initial=1.0, max=60.0)

        async def echo(task: Task) -> object:
            task.context[f"seen-{task.phase}"] = task.attempt
            return {"token": await outside.work(task.key), "phase": task.phase}

        async def route(task: Task) -> Output:
            token = await outside.work(task.key)
            return Output({"token": token}, pick=("left", "right")[task.data["number"] % 2])

        async def steps(task: Task) -> object:
            run = task.key.rpartition("/")[0]
            first = await task.step("first", outside.work, task.key + "/first")
            outside.recorded(run, "first", first)
            await task.sleep(minutes=3)
            answer = await task.ask_human("Go on?")
            outside.recorded(run, "answer", answer)
            second = await task.step("second", outside.work, task.key + "/second")
            outside.recorded(run, "second", second)
            return {"first": first, "answer": answer, "second": second}

        for name in ("a", "b", "c", "left", "right", "end"):
            engine.register_handler(name, echo)
        engine.register_handler("route", route)
        engine.register_handler("steps", steps, concurrency=2)
        engine.register_workflow("chain", [Phase(id=name, retry=again) for name in "abc"])
        engine.register_workflow(
            "routed",
            [
                Phase(id="route", next_classifications=("left", "right"), retry=again),
                Phase(id="left", next_classifications=("end",), retry=again),
                Phase(id="right", next_classifications=("end",), retry=again),
                Phase(id="end", retry=again),
            ],
        )
        engine.register_workflow("stepwise", [Phase(id="steps", retry=again)])
        engine.register_workflow(
            "approval",
            [
                Phase(id="a", retry=again),
                Phase(id="approve", assigned_to="human", prompt="Publish?", due=60, form={"type": "object"}),
                Phase(id="b", retry=again),
            ],
        )
        engine.register_workflow("timed", [Phase(id="a", timeout=10.0, retry=again), Phase(id="b")])
        engine.register_workflow("late", [Phase(id="a", retry=again), Phase(id="newcomer")])
        engine.register_workflow("parked", [Phase(id="a", retry=again), Phase(id="never", assigned_to="human")])
        _set_up_flow(engine, outside, again)

    def late(self, engine: ECSWorkflowEngine, outside: Outside) -> None:
        """See `Scenario`."""

        async def newcomer(task: Task) -> object:
            return {"token": await outside.work(task.key)}

        engine.register_handler("newcomer", newcomer)


def _set_up_flow(engine: ECSWorkflowEngine, outside: Outside, again: RetryPolicy) -> None:
    """Register workflows of reviews, fan-outs, forks and compensations."""

    async def review(task: Task) -> object:
        return {"token": await outside.work(task.key), "passed": outside.random.random() < 0.6}

    async def item(task: Task) -> object:
        return {"token": await outside.work(task.key), "item": task.item}

    async def spread(task: Task) -> object:
        await outside.work(task.key)
        return {"joined": await task.fork("a", "chain")}

    async def undo(task: Task) -> None:
        await outside.work(task.key)

    for name, handler in {"style": review, "facts": review, "item": item, "spread": spread, "undo": undo}.items():
        engine.register_handler(name, handler)
    engine.register_workflow(
        "reviewed",
        [
            Phase(id="draft", target_classification="a", depends_on=(), retry=again),
            Phase(id="style", depends_on=("draft",), retry=again),
            Phase(id="facts", depends_on=("draft",), retry=again),
            Phase(
                id="gate",
                gate={"of": ["style", "facts"]},
                on_reject={"target": "draft", "max_attempts": 1, "then": "human"},
            ),
            Phase(id="end", depends_on=("gate",), retry=again),
        ],
    )
    each = {"items": [1, 2, 3, 4, 5], "max_concurrency": 2, "on_item_failure": "collect"}
    engine.register_workflow("fanned", [Phase(id="item", for_each=each, retry=again), Phase(id="end", retry=again)])
    engine.register_workflow("forked", [Phase(id="spread", retry=again), Phase(id="end", retry=again)])
    engine.register_workflow(
        "undone",
        [
            Phase(id="a", compensate="undo", retry=again),
            Phase(id="b", compensate="undo", retry=again),
            Phase(id="c"),
            Phase(id="again", workflow="chain"),
        ],
    )
