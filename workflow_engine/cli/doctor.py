"""``workflow-engine doctor``."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import print_json, print_line, print_table
from workflow_engine.errors import EngineError

if TYPE_CHECKING:
    from workflow_engine.cli.checks import Check
    from workflow_engine.config import EngineSettings


@click.command(epilog=examples("doctor", "doctor --data-dir /srv/tasks --json"))
@json_option
@engine_options
@pass_invocation
@click.pass_context
def doctor(ctx: click.Context, invocation: Invocation, /, as_json: bool) -> None:
    """Check this machine, the settings and the data.

    Each check says ok, warn or problem, and what to do. The settings are listed with where each value came from. Exit
    code 1 if there is a problem. Nothing is changed, and an engine that runs is not disturbed.
    """
    settings = [(name, _shown(value), source) for name, value, source in invocation.configuration.rows()]
    checks = list(_checks(invocation.settings))
    if as_json:
        print_json(
            {
                "checks": [check._asdict() for check in checks],
                "settings": [{"name": name, "value": value, "source": source} for name, value, source in settings],
            }
        )
    else:
        print_table(("CHECK", "VERDICT", "FOUND", "REMEDY"), checks)
        print_line("")
        print_table(("SETTING", "VALUE", "SOURCE"), [(name, str(value), source) for name, value, source in settings])
    if any(check.verdict == "problem" for check in checks):
        ctx.exit(1)


def _checks(settings: "EngineSettings") -> "Iterator[Check]":
    from workflow_engine.cli import checks, checks_agents, checks_data

    data_dir = settings.data_dir
    yield from checks.python()
    yield from checks.sqlite()
    yield from _settings()
    yield from checks_agents.agents(settings.agents)
    for look in (checks.directory, checks_data.journal, checks_data.engine, checks_data.index, checks_data.artifacts):
        yield from _guarded(look, data_dir)


def _guarded(look: "Callable[[Path], Iterator[Check]]", data_dir: Path) -> "Iterator[Check]":
    """Give the checks of *look*; that they cannot be made is a finding as well."""
    from workflow_engine.cli.checks import Check

    try:
        yield from look(data_dir)
    except (EngineError, OSError) as error:
        yield Check(look.__name__, "problem", f"cannot be looked at: {error}", "see the fact")


def _settings() -> "Iterator[Check]":
    from workflow_engine.cli.checks import Check
    from workflow_engine.config import unknown_variables

    wrong = unknown_variables()
    if wrong:
        yield Check("environment", "warn", "; ".join(wrong), "mend the name, or unset the variable")


def _shown(value: object) -> object:
    from workflow_engine.cli.checks_agents import shown_url

    if isinstance(value, str) and "://" in value:
        return shown_url(value)
    return value if isinstance(value, str | int | float | None) else str(value)
