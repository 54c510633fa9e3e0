"""Commands that change something: the engine that runs on the data does them; where none runs, this process does."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from workflow_engine.cli.options import Invocation
from workflow_engine.control.client import REPLY_WITHIN, ControlClient, find_engine
from workflow_engine.errors import ConfigError, EngineStopped, JournalLocked

if TYPE_CHECKING:
    from workflow_engine.config import EngineSettings

LOCK_WAIT: Final = 3.0
"""Seconds to wait for data that another command uses just now, or an engine that starts or stops."""

PAUSE: Final = 0.05
"""Seconds between two tries."""


def command(invocation: Invocation, call: str, reply_within: float | None = REPLY_WITHIN, **arguments: Any) -> Any:
    """Have a call of `workflow_engine.control.calls` done, and return its result.

    Args:
        invocation: of the command.
        call: its name.
        reply_within: seconds that an engine which runs has for a reply; None for as long as it takes.
        **arguments: of the call.

    Raises:
        EngineError: it was refused.
        EngineStopped: the data is in use by a process that takes no commands.
    """
    deadline = time.monotonic() + LOCK_WAIT
    while True:
        engine = find_engine(invocation.data_dir)
        if engine is not None:
            with engine:
                return engine.call(call, reply_within, **arguments)
        try:
            return asyncio.run(_here(invocation.settings, call, arguments))
        except JournalLocked as error:
            if time.monotonic() >= deadline:
                raise _busy(invocation.data_dir, error) from error
            time.sleep(PAUSE)


def running(invocation: Invocation, why: str) -> ControlClient:
    """Return the engine that runs on the data, for something that needs one.

    Args:
        invocation: of the command.
        why: what it is needed for: "to carry the task out".

    Raises:
        EngineStopped: none runs.
    """
    engine = find_engine(invocation.data_dir)
    if engine is None:
        raise EngineStopped(f"no engine runs on {invocation.data_dir} {why}; start the program that runs it")
    return engine


def must_exist(data_dir: Path) -> None:
    """Return if there is data in *data_dir*.

    Raises:
        ConfigError: there is none.
    """
    if not (data_dir / "journal").is_dir():
        raise ConfigError(
            f"there are no tasks in {data_dir.absolute()}; name their place with --data-dir, or submit one"
        )


async def _here(settings: "EngineSettings", call: str, arguments: dict[str, Any]) -> Any:
    import msgspec

    from workflow_engine.control.calls import perform
    from workflow_engine.ecs_workflow import ECSWorkflowEngine

    if call not in ("submit_task", "import_task"):
        must_exist(settings.data_dir)
    engine = ECSWorkflowEngine(settings.data_dir, **settings.engine_options())
    try:
        return await perform(engine, call, msgspec.json.encode(arguments))
    finally:
        await engine.close()


def _busy(data_dir: Path, error: JournalLocked) -> EngineStopped:
    who = f"process {error.holder}" if error.holder is not None else "another process"
    return EngineStopped(f"{data_dir} is in use by {who}, which takes no commands; wait until it ends, or stop it")
