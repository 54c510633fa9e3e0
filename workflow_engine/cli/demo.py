"""`workflow-engine demo`: the whole engine on a real file, without keys or services."""

import shlex
import shutil
import sys
from importlib.metadata import files
from pathlib import Path
from typing import Any, Final

import click

import workflow_engine
from workflow_engine.cli.demo_progress import DemoProgress
from workflow_engine.cli.demo_task import DemoTask
from workflow_engine.cli.options import Invocation, engine_options, examples, pass_invocation
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task, TaskState

FAILED: Final = 1
"""Exit code where the task failed or was cancelled."""

WAITING: Final = 3
"""Exit code where the task waits for an answer, and nobody is here to give it."""

STOP_GRACE: Final = 1.0
"""Seconds that a phase under way has after Ctrl-C; it is done again the next time."""


@click.command(
    epilog=examples("demo", "demo notes.md", "demo notes.md --yes")
    + "\n\nExit codes: 0 done, 1 the task failed, 2 bad usage or input, 3 it waits for an answer."
)
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Approve the report without asking.")
@engine_options
@pass_invocation
@click.pass_context
def demo(ctx: click.Context, invocation: Invocation, file: Path | None, yes: bool) -> None:
    """Take FILE through a small workflow: measure, report, approve, pack.

    Two phases are programs, one is a Python handler, one is you. Interrupt it whenever you like, even with kill -9:
    the same command goes on where the task stands. Without FILE it takes the README.
    """
    settings = invocation.settings
    flags = ["--data-dir", str(settings.data_dir)] if "data_dir" in invocation.flags else []
    engine = ECSWorkflowEngine(settings.data_dir, **settings.engine_options(stop_grace=STOP_GRACE))
    progress = DemoProgress()
    try:
        work = DemoTask(engine, progress, file or default_file())
        task = work.carry_on(work.find())
        while task.status is TaskState.WAITING_HUMAN:
            if not yes and not sys.stdin.isatty():
                _tell_how_to_answer(progress, task, [str(file)] if file else [], flags)
                ctx.exit(WAITING)
            # No engine runs while somebody thinks: the question stands in the journal.
            answer = {"next_classification": "pack"} if yes else asked(work.report(task))
            task = work.carry_on(task, answer, "--yes" if yes else "you")
        _tell_the_end(progress, work, task, settings.data_dir / "demo" / task.id, flags)
    except (KeyboardInterrupt, EOFError) as stopped:
        progress.say("\nStopped. Nothing is lost: the same command goes on where the task stands.")
        raise KeyboardInterrupt from stopped
    finally:
        progress.rest()
    ctx.exit(0 if task.status is TaskState.COMPLETED else FAILED)


def default_file() -> Path:
    """Return the README of the checkout, else the description that an installed package has.

    Raises:
        click.UsageError: there is neither.
    """
    readme = Path(workflow_engine.__file__).parents[1] / "README.md"
    described = [Path(str(path.locate())) for path in files("workflow-engine") or () if path.name == "METADATA"]
    for path in (readme, *described):
        if path.is_file():
            return path
    raise click.UsageError("there is no README here; name a file: workflow-engine demo FILE")


def asked(report: str) -> dict[str, Any]:
    """Show the report to the person at the terminal, and return what they answer."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.padding import Padding
    from rich.prompt import Prompt

    console = Console()
    console.print(Padding(Markdown(report), (1, 2)))
    if Prompt.ask("Pack it?", console=console, choices=["approve", "reject"], default="approve") == "approve":
        return {"next_classification": "pack"}
    comment = Prompt.ask("What is to change", console=console, default="")
    return {"next_classification": "report", "comment": comment}


def _tell_how_to_answer(progress: DemoProgress, task: Task, file: list[str], flags: list[str]) -> None:
    progress.say(f"\nTask {task.id} waits for a person, however long that takes. Answer it with one of")
    for answer in (["next_classification=pack"], ["next_classification=report", "comment=Too long"]):
        progress.say(_command("answer", task.id, *answer, *flags))
    progress.say("and let it go on with")
    progress.say(_command("demo", *file, *flags))


def _tell_the_end(progress: DemoProgress, work: DemoTask, task: Task, folder: Path, flags: list[str]) -> None:
    if task.failure is not None:
        progress.say(f"\nTask {task.id} failed in phase {task.failure.phase}: {task.failure.message}", "red")
    elif task.status is TaskState.CANCELLED:
        progress.say(f"\nTask {task.id} was cancelled.", "red")
    else:
        progress.say(f"\nTask {task.id} is completed. It made:", "green")
        for path in work.fetch(task, folder):
            progress.say(f"  {path}  ({path.stat().st_size:,} bytes)")
    progress.say("\nTry next:")
    for words in (["tasks"], ["show", task.id], ["why", task.id]):
        progress.say(_command(*words, *flags))


def _command(*words: str) -> str:
    """Return a line that can be typed here: with the path of the program where the shell would not find it."""
    program = "workflow-engine" if shutil.which("workflow-engine") else sys.argv[0]
    return "  " + shlex.join([program, *words])
