"""``workflow-engine graph``."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from workflow_engine.cli.options import examples
from workflow_engine.cli.output_file import deliver, output_option, warn
from workflow_engine.cli.workflow_file import load

if TYPE_CHECKING:
    from workflow_engine.drawing.picture import Picture

EDGES_MAX: Final = 500
CHARACTERS_MAX: Final = 50_000
"""What Mermaid draws unless its host allows more (its settings maxEdges and maxTextSize)."""


@click.command(epilog=examples("graph review.yaml", "graph review.yaml -o review.svg", "graph document-review"))
@click.argument("file")
@click.option("--format", "form", type=click.Choice(["mermaid", "svg"]), help="By the end of OUT unless given.")
@output_option
def graph(file: str, form: str | None, output: Path | None) -> None:
    """Draw a workflow.

    FILE is a workflow file, the name of a ready-made workflow, or - for stdin. The drawing is the text of a Mermaid
    flowchart, or SVG where OUT ends in .svg.
    """
    from workflow_engine.drawing.picture import picture

    seen = picture(load(file).spec)
    if (form or _form(output)) == "svg":
        deliver(_svg(seen), output)
    else:
        deliver(_mermaid(seen), output)


def _form(output: Path | None) -> str:
    return "svg" if output is not None and output.suffix.lower() == ".svg" else "mermaid"


def _svg(seen: "Picture") -> str:
    from workflow_engine.drawing.layout import layout
    from workflow_engine.drawing.svg import svg

    return svg(seen, layout(seen))


def _mermaid(seen: "Picture") -> str:
    from workflow_engine.drawing.mermaid import mermaid

    text = mermaid(seen)
    edges = len(seen.starts) + len(seen.edges) + len(seen.ends)
    if edges > EDGES_MAX or len(text) > CHARACTERS_MAX:
        warn(
            f"{edges:,} edges and {len(text):,} characters are more than Mermaid draws unless its host allows it "
            f"({EDGES_MAX} and {CHARACTERS_MAX:,}); use --format svg"
        )
    return text
