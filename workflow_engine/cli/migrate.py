"""``workflow-engine migrate``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from workflow_engine.cli.answer import user_name
from workflow_engine.cli.commanding import command
from workflow_engine.cli.confirming import confirmed
from workflow_engine.cli.live import assessed, print_live, written
from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import clean, print_json, print_line
from workflow_engine.cli.workflow_file import load
from workflow_engine.errors import InputRefused

if TYPE_CHECKING:
    from workflow_engine.spec.model import WorkflowSpec

STAYED = 1
"""Exit code where a task stayed behind."""


@click.command(
    epilog=examples(
        "migrate review.yaml --dry-run",
        "migrate review.yaml --yes",
        "migrate review.yaml --task 1ng0s0kwgrxt-00001 --map draft=write",
    )
    + "\n\nExit codes: 0 all tasks go by the definition now, 1 one stayed behind, 2 bad usage or input."
)
@click.argument("file")
@click.option("-t", "--task", "tasks", metavar="ID", multiple=True, help="A task to move.  [default: all]")
@click.option("--map", "renamed", metavar="OLD=NEW", multiple=True, help="What a completed phase is called now.")
@click.option("--include-mappable", is_flag=True, help="Move tasks whose history does not quite fit, too.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@json_option
@engine_options
@pass_invocation
@click.pass_context
def migrate(ctx: click.Context, invocation: Invocation, /, file: str, **given: Any) -> None:
    """Let tasks that are under way go on with another definition of their workflow.

    FILE is a workflow file, the name of a ready-made workflow, or - for stdin. Tasks are safe, mappable or blocked, as
    validate --against-live says. Mappable ones move with --include-mappable or --map alone, blocked ones do not. New
    tasks go by the definition that the program registers, as before.
    """
    spec = load(file).spec
    phases = _phases(given["renamed"], given["include_mappable"])
    tasks = _chosen(assessed(invocation, spec), given["tasks"], spec)
    moving = [task for task in tasks if _may_move(task, phases)]
    if given["dry_run"]:
        _report(spec, [{**task, "moved": task in moving} for task in tasks], given["as_json"], dry=True)
        return
    if moving and not given["yes"]:
        what = f"task {moving[0]['task']}" if len(moving) == 1 else f"{len(moving)} tasks"
        if not confirmed(f"Move {clean(what)} to {spec.name} {spec.version}?", "tasks do not move back by themselves"):
            raise InputRefused("nothing was moved")
    if moving:
        named = given["tasks"] or None  # else one that ends meanwhile would keep the others from moving
        tasks = command(invocation, "migrate", None, spec=written(spec), tasks=named, phases=phases, by=user_name())
    else:
        tasks = [{**task, "moved": False} for task in tasks]
    _report(spec, tasks, given["as_json"])
    ctx.exit(0 if all(task["moved"] or task["current"] for task in tasks) else STAYED)


def _phases(renamed: Sequence[str], include_mappable: bool) -> dict[str, str] | None:
    """Return what phases are called now; None where only tasks move that need nobody to say so."""
    if not (renamed or include_mappable):
        return None
    phases: dict[str, str] = {}
    for word in renamed:
        old, equals, new = word.partition("=")
        if not (old and equals and new):
            raise InputRefused(
                f"--map {word!r} is no OLD=NEW; name a phase that tasks have completed, and its new name"
            )
        phases[old] = new
    return phases


def _chosen(live: list[dict[str, Any]], names: Sequence[str], spec: "WorkflowSpec") -> list[dict[str, Any]]:
    if not names:
        return live
    known = {task["task"]: task for task in live}
    for name in names:
        if name not in known:
            raise InputRefused(
                f"there is no task {name} under way in workflow {spec.name!r}; "
                f"`workflow-engine tasks --workflow {spec.name}` lists them"
            )
    return [known[name] for name in dict.fromkeys(names)]


def _may_move(task: dict[str, Any], phases: dict[str, str] | None) -> bool:
    if task["current"]:
        return False
    return task["readiness"] == "safe" or (task["readiness"] == "mappable" and phases is not None)


def _report(spec: "WorkflowSpec", tasks: list[dict[str, Any]], as_json: bool, *, dry: bool = False) -> None:
    if as_json:
        print_json({"workflow": spec.name, "definition": spec.digest(), "dry_run": dry, "tasks": tasks})
        return
    if tasks:
        print_live("OUTCOME", [(_outcome(task, dry), task) for task in tasks])
    moved = sum(task["moved"] for task in tasks)
    there = sum(task["current"] for task in tasks)
    stayed = len(tasks) - moved - there
    verb = "would move" if dry else "moved"
    already = f", {there} went by it already" if there else ""
    print_line(
        f"{_tasks(moved)} {verb} to {spec.name} {spec.version}, {stayed} {'would stay' if dry else 'stayed'}{already}."
    )


def _outcome(task: dict[str, Any], dry: bool) -> str:
    if task["current"]:
        return "there already"
    if task["moved"]:
        return "would move" if dry else "moved"
    return f"{'would stay' if dry else 'stayed'}: {task['readiness']}"


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count} tasks"
