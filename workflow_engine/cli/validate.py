"""``workflow-engine validate``."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from workflow_engine.cli.live import assessed, print_live
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import clean, print_json
from workflow_engine.cli.workflow_file import STDIN, load, workflow_files
from workflow_engine.errors import EngineError, InputRefused, SpecError

if TYPE_CHECKING:
    from workflow_engine.spec.files.diagnostics import Diagnostic
    from workflow_engine.spec.loading import Loaded

WRONG: Final = 2
"""Exit code where a file is wrong."""

BLOCKED: Final = 1
"""Exit code where a task under way cannot go on with its file."""


class Checked(NamedTuple):
    """What came of looking at one file.

    Attributes:
        file: as it was asked for.
        loaded: the workflow, None where the file is wrong.
        error: why it is wrong.
        live: the tasks under way in that workflow, where they were asked for.
    """

    file: str
    loaded: "Loaded | None" = None
    error: EngineError | None = None
    live: list[dict[str, Any]] | None = None


@click.command(
    epilog=examples(
        "validate review.yaml",
        "validate workflows/",
        "validate --json review.yaml",
        "validate review.yaml --against-live",
    )
    + "\n\nExit codes: 0 all files are good, 1 a task under way cannot go on with its file, 2 a file is wrong."
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--against-live", is_flag=True, help="Say which tasks under way can go on with it, and which cannot.")
@json_option
@engine_options
@pass_invocation
@click.pass_context
def validate(
    ctx: click.Context, invocation: Invocation, /, files: tuple[str, ...], against_live: bool, as_json: bool
) -> None:
    """Check workflow files.

    FILE is a workflow file, a folder with such files, the name of a ready-made workflow, or - for stdin. In a folder,
    files that have none of the keys of a workflow at their top are left out.
    """
    checked = [_checked(name) for file in files for name in _named(file)]
    wrong = any(one.error for one in checked)
    if against_live and not wrong:
        checked = [_against_live(invocation, one) for one in checked]
    if as_json:
        print_json([_document(one) for one in checked])
    else:
        _print(checked)
    blocked = any(task["readiness"] == "blocked" for one in checked for task in one.live or ())
    ctx.exit(WRONG if wrong else BLOCKED if blocked else 0)


def _against_live(invocation: Invocation, one: Checked) -> Checked:
    assert one.loaded is not None
    return one._replace(live=assessed(invocation, one.loaded.spec))


def _named(file: str) -> Iterator[str]:
    """Yield the files that *file* means."""
    folder = Path(file)
    if file == STDIN or not folder.is_dir():
        yield file
        return
    found = [path for path in workflow_files(folder) if _is_workflow(path)]
    if not found:
        raise InputRefused(f"there is no workflow file in {file}; its name ends in .yaml, .yml or .json")
    yield from map(str, found)


def _is_workflow(path: Path) -> bool:
    """Return whether a file in a folder is meant to be a workflow; one that cannot be read is."""
    from workflow_engine.spec.dialects import DIALECTS
    from workflow_engine.spec.loading import NATIVE

    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    keys = "|".join(dialect.key for dialect in (NATIVE, *DIALECTS))
    found = rf'"({keys})"\s*:' if path.suffix == ".json" else rf"""^["']?({keys})["']?\s*:"""
    return re.search(found, text, re.MULTILINE) is not None


def _checked(name: str) -> Checked:
    try:
        return Checked(name, load(name))
    except (SpecError, InputRefused) as error:
        return Checked(name, error=error)


def _print(checked: list[Checked]) -> None:
    """Print what is wrong, then what may be, then what is good."""
    for one in checked:
        if one.error is not None:
            click.echo(clean(str(one.error)))
    for one in checked:
        for warning in one.loaded.warnings if one.loaded is not None else ():
            click.echo(clean(f"warning: {warning}"))
    for one in checked:
        if one.loaded is not None:
            click.echo(clean(_good(one.file, one.loaded)))
        if one.live:
            print_live("READINESS", [(task["readiness"], task) for task in one.live])


def _good(file: str, loaded: "Loaded") -> str:
    spec = loaded.spec
    phases = "1 phase" if len(spec.phases) == 1 else f"{len(spec.phases)} phases"
    return f"{'stdin' if file == STDIN else file}: {spec.name} {spec.version}: {phases}, ok"


def _document(one: Checked) -> dict[str, Any]:
    document = {
        "file": one.file,
        "ok": one.error is None,
        "dialect": one.loaded.dialect if one.loaded is not None else None,
        "problems": _problems(one.error) if one.error is not None else [],
        "warnings": [_place(warning) for warning in one.loaded.warnings] if one.loaded is not None else [],
    }
    return document if one.live is None else {**document, "tasks": one.live}


def _problems(error: EngineError) -> list[dict[str, Any]]:
    """Return what is wrong, one by one; without a place where the file as a whole is."""
    if isinstance(error, SpecError) and error.problems:
        return [_place(problem) for problem in error.problems]
    return [{"line": None, "column": None, "fact": str(error), "source": None}]


def _place(said: "Diagnostic") -> dict[str, Any]:
    return {"line": said.line, "column": said.column, "fact": said.fact, "source": said.source}
