"""What the simulation runs: workflows that use everything the engine promises."""

from typing import Protocol

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Output, Phase, RetryPolicy, Task
from workflow_engine.testing.simulation.outside import Outside

WORKFLOWS = ("chain", "routed", "stepwise", "approval", "timed", "late", "parked")
"""Workflows of `Mixed`; tasks of the last one are never answered."""


class Scenario(Protocol):
    """Sets an engine up, each time it starts."""

    def set_up(self, engine: ECSWorkflowEngine, outside: Outside) -> None:
        """Register handlers and workflows."""
        ...

    def late(self, engine: ECSWorkflowEngine, outside: Outside) -> None:
        """Register what is registered only after a while."""
        ...


class Mixed:
    """Chains, routes, steps, questions, timers, timeouts, and a handler that is registered late."""

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

    def late(self, engine: ECSWorkflowEngine, outside: Outside) -> None:
        """See `Scenario`."""

        async def newcomer(task: Task) -> object:
            return {"token": await outside.work(task.key)}

        engine.register_handler("newcomer", newcomer)
