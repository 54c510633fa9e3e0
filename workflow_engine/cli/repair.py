"""``workflow-engine repair``."""

from pathlib import Path

import click

from workflow_engine.cli.commanding import must_exist
from workflow_engine.cli.confirming import confirmed
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import print_json, print_line
from workflow_engine.errors import ConfigError


@click.command(epilog=examples("repair", "repair --yes --data-dir /srv/tasks"))
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@engine_options
@pass_invocation
def repair(invocation: Invocation, /, yes: bool, as_json: bool) -> None:
    """Make a damaged journal open again, with all that is still what was written.

    Commits that cannot be read are lost, and are named. The original files are kept beside the repaired ones. Where the
    journal is sound, nothing is changed.
    """
    from msgspec import to_builtins

    from workflow_engine.journal.repair import Report
    from workflow_engine.journal.repair import repair as repair_journal

    must_exist(invocation.data_dir)
    damage = damage_of(invocation.data_dir)
    if damage is None:
        report = Report(kept=0)
    else:
        click.echo(damage, err=True)
        if not yes and not confirmed("Repair it? The original files are kept.", "this changes the journal"):
            raise ConfigError("the journal was left as it is")
        report = repair_journal(invocation.data_dir)
    if as_json:
        print_json({"damage": damage, **to_builtins(report)})
        return
    for sentence in report.sentences():
        print_line(sentence)


def damage_of(data_dir: Path) -> str | None:
    """Return the first damage of the journal in *data_dir* as a sentence, None where it is sound."""
    from workflow_engine.errors import JournalDamaged
    from workflow_engine.journal.layout import Layout
    from workflow_engine.journal.recovery import recover
    from workflow_engine.journal.snapshots import archive_lines, archives

    layout = Layout(data_dir)
    try:
        recover(layout)
        for archive in archives(layout):
            for _ in archive_lines(archive.path):
                pass
    except JournalDamaged as damage:
        return str(damage)
    return None
