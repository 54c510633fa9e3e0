"""Programs without an event loop run the engine in a thread, and use it from any other."""

import asyncio
import threading
import time

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task


def shout(task: Task) -> str:
    """Work in a thread: a handler that is a plain function may block."""
    time.sleep(0.05)
    return str(task.data).upper()


def main() -> None:
    """Submit from this thread, and wait here for the outcome."""
    engine = ECSWorkflowEngine()
    engine.register_handler("shout", shout)
    engine.register_workflow("shouting", [Phase(id="shout")])
    thread = threading.Thread(target=lambda: asyncio.run(engine.run()))
    thread.start()
    while engine.loop is None and thread.is_alive():  # until its data is open
        time.sleep(0.01)
    task = engine.blocking.submit_task("hello", "shouting")
    done = engine.blocking.wait(task, timeout=10)
    print(f"{done.status}: {done.output}")
    engine.stop()  # from any thread
    thread.join()


if __name__ == "__main__":
    main()
