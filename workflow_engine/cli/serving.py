"""Serving: an engine with what it is given, its sinks and its dashboard, until it is told to end."""

import asyncio
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from workflow_engine.cli.options import Invocation
from workflow_engine.cli.output import clean
from workflow_engine.cli.run_agents import settings_with, use_models
from workflow_engine.cli.run_handlers import load_handlers
from workflow_engine.cli.run_workflow import Prepared, prepare
from workflow_engine.cli.workflow_file import library, workflow_files
from workflow_engine.config import EngineSettings
from workflow_engine.ecs_workflow import ECSWorkflowEngine, WorkflowSpec
from workflow_engine.errors import InputRefused
from workflow_engine.sinks.running import Sinks
from workflow_engine.ui.server import Dashboard
from workflow_engine.ui_settings import UiSettings

SINKS_SECONDS: Final = 5.0
"""What sinks have for the last events; what they do not get to is delivered after the next start."""


def served(invocation: Invocation, given: Mapping[str, Any]) -> None:
    """Serve what the command line says, until SIGINT or SIGTERM.

    Raises:
        EngineError: something of it cannot be used.
    """
    settings = invocation.settings
    engine = _engine(settings, given["replies"])
    brought = [prepare(file) for name in given["files"] or library() for file in _files(name)]
    workflows = _registered(engine, brought, given["modules"])
    use_models(engine, _replies(brought, given["replies"]), lambda line: click.echo(clean(line), err=True))
    # The dashboard keeps the index current, by a process of its own.
    sinks = Sinks(engine, settings.sinks, public_url=settings.ui.public_url, redact=settings.redact, catch_up=False)
    dashboard = Dashboard(engine, _ui(settings.ui, given), sinks)
    asyncio.run(_until_told(engine, dashboard, sinks, workflows))


def _engine(settings: EngineSettings, replies: Path | None) -> ECSWorkflowEngine:
    options = settings.engine_options()
    options["agents"] = settings_with(options["agents"], replies)
    return ECSWorkflowEngine(settings.data_dir, **options)


def _replies(brought: Sequence[Prepared], named: Path | None) -> list[Path]:
    return [named] if named is not None else [one.replies for one in brought if one.replies is not None]


def _registered(engine: ECSWorkflowEngine, brought: Sequence[Prepared], modules: Sequence[Path]) -> list[WorkflowSpec]:
    """Register workflows with the handlers beside them, and those of *modules*; return the workflows."""
    found: dict[str, WorkflowSpec] = {}
    for prepared in brought:
        for classification, handler in prepared.handlers.items():
            engine.register_handler(classification, handler)
        for workflow in (*prepared.others, prepared.workflow):
            found[workflow.name] = engine.register_workflow(workflow)
    for module in modules:
        for classification, handler in load_handlers(module, found.values()).items():
            engine.register_handler(classification, handler)
    return list(found.values())


def _files(name: str) -> Iterator[str]:
    folder = Path(name)
    if not folder.is_dir():
        yield name
        return
    files = workflow_files(folder)
    if not files:
        raise InputRefused(f"there is no workflow file in {name}; name one, or another folder")
    yield from map(str, files)


def _ui(settings: UiSettings, given: Mapping[str, Any]) -> UiSettings:
    return settings.model_copy(update={name: given[name] for name in ("host", "port") if given[name] is not None})


async def _until_told(
    engine: ECSWorkflowEngine, dashboard: Dashboard, sinks: Sinks, workflows: list[WorkflowSpec]
) -> None:
    """Run all of it; stop pages first, so that nobody is told of what an engine that stops refuses."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    sinks.start()
    await engine.open()
    running = asyncio.ensure_future(engine.run())
    try:
        await asyncio.to_thread(dashboard.start)
        names = ", ".join(sorted(workflow.name for workflow in workflows)) or "none"
        click.echo(f"Dashboard  {dashboard.url}\nData       {engine.data_dir}\nWorkflows  {names}", err=True)
        ended = asyncio.ensure_future(told.wait())
        await asyncio.wait({ended, running}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
    finally:
        await asyncio.to_thread(dashboard.close)
        engine.stop()
        await running
        await asyncio.to_thread(sinks.close, SINKS_SECONDS)
