"""A phase waits, for seconds or for weeks, and an engine that is started meanwhile goes on with the same wait."""

import asyncio

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


async def invite(task: Task) -> str:
    """Do something before the wait."""
    print("invited")
    return "Ann"


async def remind(task: Task) -> str:
    """Do something after it; `task.sleep(days=3)` is the same within a handler."""
    await task.sleep(seconds=0.1)
    return f"reminded {task.outputs['invite']}"


def made() -> ECSWorkflowEngine:
    """Return an engine as the program makes it each time it starts."""
    engine = ECSWorkflowEngine()
    engine.register_handler("invite", invite)
    engine.register_handler("remind", remind)
    pause = Phase(id="pause", wait="500ms")  # "3d", "1h30m" or a number of seconds
    engine.register_workflow("reminder", [Phase(id="invite"), pause, Phase(id="remind")])
    return engine


async def main() -> None:
    """Stop the engine while a task waits, and go on with another on the same data."""
    async with made() as engine:
        task = await engine.submit_task({}, "reminder")
        while (await engine.get_task(task)).status in ("pending", "in_progress"):
            await asyncio.sleep(0.01)
    print("stopped")
    async with made() as engine:  # time that passes while no engine runs counts
        print((await engine.wait(task)).output)


if __name__ == "__main__":
    asyncio.run(main())
