"""``workflow-engine events``."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import clean, compact, is_terminal, print_json_line
from workflow_engine.cli.reading import reading
from workflow_engine.errors import UnknownTask

if TYPE_CHECKING:
    from workflow_engine.readmodel.read_model import ReadModel
    from workflow_engine.readmodel.rows import EventRow

BATCH: Final = 1_000
"""Events that are read at once."""

LOOK_AGAIN: Final = 0.2
"""Seconds between two looks at a journal that is followed."""

STYLES: Final = {
    "TaskCompleted": "green",
    **dict.fromkeys(("TaskFailed", "AttemptFailed", "ItemFailed", "UndoFailed"), "red"),
    **dict.fromkeys(("QuestionAsked", "PhaseRejected", "OutputRefused", "UndoBegun"), "yellow"),
}

LISTED_MAX: Final = 3
"""Ids of a list that a line shows; --json has them all."""


class Place(NamedTuple):
    """Behind which event to go on: commit, and event in it; None for behind the whole commit."""

    n: int
    i: int | None = None


@click.command(
    epilog=examples(
        "events 1ng0s0kwgrxt-00001",
        "events --follow",
        "events --json --after 5000 | jq -r 'select(.event == \"TaskFailed\").task'",
    )
)
@click.argument("task", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what happens; without TASK, begin with that.")
@click.option("--after", type=click.IntRange(min=0), metavar="COMMIT", help="Begin behind a commit: `n` in the JSON.")
@json_option
@engine_options
@pass_invocation
def events(invocation: Invocation, /, task: str | None, follow: bool, after: int | None, as_json: bool) -> None:
    """Print what happened, oldest first: to one task, or to all.

    With --json each event is a line.
    """
    with reading(invocation) as model:
        place = Place(after or 0)
        if follow and task is None and after is None:
            place = Place(model.catch_up())
        elif task is not None and not follow and model.record(task) is None:
            raise UnknownTask("task", task)
        while True:
            for row in _rows(model, task, place):
                place = Place(row.n, row.i)
                _print(row, as_json)
            if not follow:
                return
            time.sleep(LOOK_AGAIN)
            model.catch_up()


def _rows(model: "ReadModel", task: str | None, place: Place) -> "Iterator[EventRow]":
    while rows := model.events(task, after_n=place.n, after_i=place.i, limit=BATCH):
        yield from rows
        place = Place(rows[-1].n, rows[-1].i)


def _print(row: "EventRow", as_json: bool) -> None:
    from workflow_engine.cli.times import iso, local

    if as_json:
        print_json_line({"n": row.n, "at": iso(row.at), **row.event})
        return
    name = str(row.event.get("event"))
    cells = (local(row.at), row.task, name, " ".join(_details(row.event.items())))
    if is_terminal():
        click.echo(
            "  ".join(
                (
                    click.style(cells[0], dim=True),
                    clean(cells[1]),
                    click.style(clean(name), STYLES.get(name)),
                    clean(cells[3]),
                )
            )
        )
    else:
        print("\t".join(clean(cell) for cell in cells), flush=True)


def _details(event: Iterable[tuple[str, Any]]) -> Iterator[str]:
    for key, value in event:
        if key not in ("event", "task") and value is not None:
            yield f"{key}={_detail(key, value)}"


def _detail(key: str, value: Any) -> str:
    from workflow_engine.cli.times import local

    match value:
        case float() if key == "until":
            return local(value)
        case [*names] if len(names) > LISTED_MAX:
            return f"{compact(names[:LISTED_MAX])[:-1]}, … {len(names)} in all]"
        case str() if " " not in value:
            return value
        case _:
            return compact(value)
