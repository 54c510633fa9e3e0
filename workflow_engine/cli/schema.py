"""``workflow-engine schema``."""

import json
from pathlib import Path

import click

from workflow_engine.cli.options import examples
from workflow_engine.cli.output_file import deliver, output_option


@click.command(epilog=examples("schema -o workflow.schema.json"))
@output_option
def schema(output: Path | None) -> None:
    """Print the JSON Schema of workflow files.

    With `# yaml-language-server: $schema=workflow.schema.json` as the first line of a workflow file, editors complete
    and check it while it is written.
    """
    deliver(schema_text(), output)


def schema_text() -> str:
    """Return the JSON Schema as it stands in a file."""
    from workflow_engine.spec.schema import schema as made  # pydantic is heavy

    return json.dumps(made(), ensure_ascii=False, indent=2) + "\n"
