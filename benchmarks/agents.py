"""Agents: what the engine adds to each turn of a model, with many conversations at once.

The model is in this process unless ``--provider module:Name`` names a class that takes ``base_url``, such as one of
the adapters with a double of its server behind it.  What the provider itself costs is measured apart, and taken off.
"""

import argparse
import asyncio
import importlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import Stopwatch, place, report
from workflow_engine.agents.agent import AgentAdapter
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolCall, ToolSpec
from workflow_engine.agents.provider import ModelProvider, OnText
from workflow_engine.agents.tools import Policy, Tool, ToolContext
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType, WorkflowSpec
from workflow_engine.testing.scripted_model import PlainCaller, ScriptedModel, says, turns_of, wants

WORDS: Final = "The tide rises and falls twice a day. " * 10
"""What is said in each turn."""


class Look:
    """A tool that is done at once."""

    specs: tuple[ToolSpec, ...] = (ToolSpec("look", "Looks.", {"type": "object"}),)

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> str:
        """See `Tool.call`."""
        return WORDS

    def policy(self, name: str) -> Policy:
        """See `Tool.policy`."""
        return "allow"

    async def tools(self, phase: Phase, task: Task) -> Mapping[str, tuple[Tool, Policy]]:
        """See `Toolbox.tools`."""
        return {"look": (self, "allow")}


def model(turns: int) -> ScriptedModel:
    """Return a model that wants the tool in all of its turns but the last."""

    def script(request: ModelRequest) -> ModelReply:
        done = turns_of(request)
        if done + 1 >= turns:
            return says(WORDS)
        return wants(ToolCall(f"c{done}", "look", {"at": WORDS}), text=WORDS)

    return ScriptedModel(script, seconds=0.01)


async def alone(provider: ModelProvider, replies: int, at_once: int) -> float:
    """Return the processor time of a reply that nobody does anything with, in seconds."""
    request = ModelRequest("m", (Message("user", WORDS),))
    numbers = iter(range(replies))
    heard: list[str] = []

    async def ask() -> None:
        for _ in numbers:
            await provider.reply(request, heard.append)

    await provider.reply(request, heard.append)  # imports
    begun = time.process_time()
    await asyncio.gather(*(ask() for _ in range(at_once)))
    return (time.process_time() - begun) / replies


class Counted:
    """A provider whose replies are counted.

    Attributes:
        replies: how many there were.
    """

    def __init__(self, provider: ModelProvider) -> None:
        self.name = provider.name
        self.replies = 0
        self._provider = provider

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider.reply`."""
        self.replies += 1
        return await self._provider.reply(request, on_text)


async def main(data_dir: Path, tasks: int, turns: int, provider: Counted) -> None:
    """Measure once, in this process."""
    own = await alone(provider, tasks, tasks)
    engine = ECSWorkflowEngine(data_dir, limits={"agentic": tasks})
    engine.register_adapter(TaskType.AGENTIC, AgentAdapter(provider, "m", PlainCaller(), Look()))
    phase = Phase(id="draft", assigned_to="ai", prompt=WORDS, limits={"turns": max(turns, 25), "tool_calls": turns})
    engine.register_workflow(WorkflowSpec(name="w", phases=[phase]))
    async with engine:
        await through(engine, 20)
        provider.replies = 0
        watch = Stopwatch()
        await through(engine, tasks)
        taken = watch.stop()
    made = provider.replies
    report(
        cpu_us=(taken["cpu"] / made - own) * 1e6,
        own_us=own * 1e6,
        turns_a_second=made / taken["wall"],
        loop_ns=taken["loop_ns"],
    )


async def through(engine: ECSWorkflowEngine, tasks: int) -> None:
    """Put tasks through the workflow, all at once."""
    submitted = await asyncio.gather(*(engine.submit_task({}, "w") for _ in range(tasks)))
    ended = await asyncio.gather(*(engine.wait(task) for task in submitted))
    failures = [task.failure for task in ended if task.failure is not None]
    assert not failures, failures[0]


def provider(name: str | None, base_url: str | None, turns: int) -> ModelProvider:
    """Return the provider that is measured; see the module."""
    if name is None:
        return model(turns)
    module, _, kind = name.partition(":")
    made: ModelProvider = getattr(importlib.import_module(module), kind)(base_url=base_url)
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--turns", type=int, default=10, help="of each conversation with the model in this process")
    parser.add_argument("--provider", metavar="MODULE:NAME", help="a class; the model in this process unless given")
    parser.add_argument("--base-url", help="where its server is")
    arguments = parser.parse_args()
    given = Counted(provider(arguments.provider, arguments.base_url, arguments.turns))
    with place() as directory:
        asyncio.run(main(Path(directory), arguments.tasks, arguments.turns, given))
