"""`workflow-engine demo`: the ready-made workflow document-review from end to end, without keys or services."""

import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import click

from workflow_engine.cli.demo_progress import DemoProgress
from workflow_engine.cli.demo_task import DemoTask
from workflow_engine.cli.demo_work import DRAFT, DemoModel, data_for, workflow
from workflow_engine.cli.options import Invocation, engine_options, examples, pass_invocation
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task, TaskState, TaskType

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
@click.option("--yes", is_flag=True, help="Approve the text without asking.")
@engine_options
@pass_invocation
@click.pass_context
def demo(ctx: click.Context, invocation: Invocation, file: Path | None, yes: bool) -> None:
    """Have a text written, checked, reviewed, approved by you, and published.

    A model writes and reviews, a program checks; the model is one that replies from a file, so nothing has to be set
    up. Interrupt it whenever you like, even with kill -9: the same command goes on where the task stands. FILE is what
    the text is to be about.
    """
    settings = invocation.settings
    flags = ["--data-dir", str(settings.data_dir)] if "data_dir" in invocation.flags else []
    engine = ECSWorkflowEngine(settings.data_dir, **settings.engine_options(stop_grace=STOP_GRACE))
    spec = workflow()
    progress = DemoProgress({phase.id for phase in spec.phases if phase.assigned_to == TaskType.HUMAN})
    engine.register_workflow(spec)
    engine.register_adapter(TaskType.AGENTIC, DemoModel(progress))
    try:
        work = DemoTask(engine, progress, data_for(file))
        task = work.carry_on(work.find())
        while task.status is TaskState.WAITING_HUMAN:
            if not yes and not sys.stdin.isatty():
                _tell_how_to_answer(progress, task, [str(file)] if file else [], flags)
                ctx.exit(WAITING)
            # No engine runs while somebody thinks: the question stands in the journal.
            answer = {"decision": "approve"} if yes else asked(task.outputs[DRAFT])
            task = work.carry_on(task, answer, "--yes" if yes else "you")
        _tell_the_end(progress, work, task, settings.data_dir / "demo" / task.id, flags)
    except (KeyboardInterrupt, EOFError) as stopped:
        progress.say("\nStopped. Nothing is lost: the same command goes on where the task stands.")
        raise KeyboardInterrupt from stopped
    finally:
        progress.rest()
    ctx.exit(0 if task.status is TaskState.COMPLETED else FAILED)


def asked(text: str) -> dict[str, Any]:
    """Show the text to the person at the terminal, and return what they answer."""
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.padding import Padding
    from rich.prompt import Prompt

    console = Console()
    console.print(Padding(Markdown(text), (1, 2)))
    decision = Prompt.ask("Publish it?", console=console, choices=["approve", "reject"], default="approve")
    if decision == "approve":
        return {"decision": decision}
    return {"decision": decision, "comment": Prompt.ask("What is to change", console=console, default="")}


def _tell_how_to_answer(progress: DemoProgress, task: Task, file: list[str], flags: list[str]) -> None:
    progress.say(f"\nTask {task.id} waits for a person, however long that takes. Answer it with one of")
    for answer in (["decision=approve"], ["decision=reject", "comment=Too long"]):
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
