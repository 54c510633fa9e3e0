"""``workflow-engine replay``."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import clean, print_json

if TYPE_CHECKING:
    from workflow_engine.agents.replaying import Changes, Replayed
    from workflow_engine.cli.replay_source import Source


@click.command(
    epilog=examples(
        "replay 1ng0s0kwgrxt-00001 --set model=gpt-5-mini",
        "replay 1ng0s0kwgrxt-00001 --phase draft --set prompt='Write one sentence on {{ inputs.topic }}.'",
        "replay 1ng0s0kwgrxt-00001 --set system=@system.txt --json | jq '.phases[].diff'",
    )
)
@click.argument("task")
@click.option("--phase", "phases", metavar="ID", multiple=True, help="Only this phase; may be given again.")
@click.option(
    "--set",
    "changes",
    metavar="NAME=VALUE",
    multiple=True,
    help="What is different: prompt, system, provider, model, temperature or max_tokens. VALUE may be @FILE.",
)
@click.option(
    "--live-tools", "--live", is_flag=True, help="Make calls that were not recorded, where nobody has to approve."
)
@click.option(
    "--replies",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Have the offline model reply as this file says.",
)
@json_option
@engine_options
@pass_invocation
def replay(
    invocation: Invocation,
    /,
    task: str,
    phases: tuple[str, ...],
    changes: tuple[str, ...],
    live_tools: bool,
    replies: Path | None,
    as_json: bool,
) -> None:
    """Hold the conversations of a task with models again, with other settings, and compare.

    Tool calls give what they gave when they were recorded; others are refused. The task stays as it is. Each phase is
    given what it was given then, not what a phase before it gives now. Models are asked, and cost what they cost.
    """
    from workflow_engine.cli.replay_source import changes_of, source_of

    changed = changes_of(changes)
    source = source_of(invocation, task, phases)
    replayed = _replayed(invocation, source, changed, live_tools, replies)
    if as_json:
        from workflow_engine.cli.replay_shown import document

        print_json(document(task, changed, asyncio.run(_collected(replayed))))
    else:
        asyncio.run(_printed(replayed))


async def _collected(replayed: "AsyncIterator[Replayed]") -> "list[Replayed]":
    return [one async for one in replayed]


async def _printed(replayed: "AsyncIterator[Replayed]") -> None:
    from workflow_engine.cli.replay_shown import print_replayed, print_total

    done: list[Any] = []
    async for one in replayed:
        print_replayed(one)
        done.append(one)
    print_total(done)


async def _replayed(
    invocation: Invocation,
    source: "Source",
    changes: "Changes",
    live_tools: bool,
    replies: Path | None,
) -> "AsyncIterator[Replayed]":
    """Replay one conversation after the other."""
    from workflow_engine.adapters.offline import OfflineModel, load_replies
    from workflow_engine.agents.models import Models
    from workflow_engine.agents.replaying import replay as again
    from workflow_engine.agents.toolbox.registered import RegisteredTools
    from workflow_engine.agents.toolbox.toolbox import Toolbox
    from workflow_engine.cli.run_agents import settings_with

    models = Models(settings_with(invocation.settings.agents, replies))
    models.announce = lambda choice: click.echo(clean(str(choice)), err=True)
    if replies is not None:
        models.register(OfflineModel(load_replies(replies)))
    toolbox = Toolbox(RegisteredTools(), invocation.data_dir)
    try:
        for plan, transcript in source.conversations:
            yield await again(source.record, plan, transcript, changes, models.agent, toolbox if live_tools else None)
    finally:
        await toolbox.close()
        await models.close()
