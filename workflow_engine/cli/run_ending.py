"""What `workflow-engine run` says in the end: the output on stdout; what is to be done on stderr."""

from collections.abc import Iterator
from typing import Any, Final

import click
import msgspec

from workflow_engine.cli.document import cost_document, entries, question_document
from workflow_engine.cli.options import Invocation
from workflow_engine.cli.output import clean, is_terminal, print_json
from workflow_engine.cli.run_standing import Asked, Lacking, Standing
from workflow_engine.cli.typed import typed
from workflow_engine.core.components import Failure, PhaseProgress, Progress, Spent, TaskState
from workflow_engine.ecs_workflow import Task
from workflow_engine.values import from_json

COMPLETED: Final = 0
FAILED: Final = 1
PARKED: Final = 3
"""Exit codes."""

SKIPPED: Final = frozenset({"skipped", "unchosen"})
"""Outcomes of phases that were left out."""


class Ending:
    """The end of a command.

    Args:
        invocation: of the command.
        file: the workflow file, as it was named.
        options: more of the command line, which the next one needs as well.
        as_json: print one JSON document.
    """

    def __init__(self, invocation: Invocation, file: str, options: tuple[str, ...], as_json: bool) -> None:
        self._invocation = invocation
        self._file = file
        self._options = options
        self._as_json = as_json

    def tell(self, standing: Standing) -> int:
        """Print how a task stands in the end, and what can be done about it; return the exit code."""
        task = Task(standing.record.components)
        if self._as_json:
            print_json(document(standing, task))
        elif task.status is TaskState.COMPLETED:
            _print_output(task.output)
        if task.status is TaskState.COMPLETED:
            return COMPLETED
        for line in self._lines(standing, task):
            click.echo(clean(line), err=True)
        return FAILED if standing.ended else PARKED

    def kept(self, task: str | None, why: str) -> None:
        """Say that the command ends before the task does."""
        if task is not None:
            click.echo(f"{why}; task {task} is kept. Go on with it:\n  {self._resume(task)}", err=True)

    def _resume(self, task: str) -> str:
        return typed(self._invocation, "run", self._file, "--resume", task, *self._options)

    def _lines(self, standing: Standing, task: Task) -> Iterator[str]:
        if task.failure is not None:
            yield failure_sentence(task.id, task.failure)
            yield "Retry it from there:"
            yield f"  {typed(self._invocation, 'retry', task.id)}"
            yield f"  {self._resume(task.id)}"
        elif standing.ended:
            yield f"Task {task.id} was cancelled{f': {task.reason}' if task.reason else ''}."
        else:
            for asked in standing.asked:
                yield f"Task {task.id} waits in phase {asked.phase!r} for an answer to: {asked.question.prompt}"
                yield f"  {self._answer(asked)}"
            for lacking in dict.fromkeys(standing.lacking):
                yield f"Task {task.id} waits in phase {lacking.phase!r} for {lacking.needs}{self._remedy(lacking)}"
            yield "Then go on with it:"
            yield f"  {self._resume(task.id)}"

    def _answer(self, asked: Asked) -> str:
        """Return a command that answers a question, with an answer that fits, to be changed."""
        from workflow_engine.adapters.schema_example import example

        sample: Any = example(from_json(asked.question.form) or {"type": "string"}, "...")
        fields: dict[str, Any] = {**sample} if isinstance(sample, dict) else {}
        # What is an object or a list may mostly be left out, and an empty one would mean something.
        words = [f"{name}={_word(value)}" for name, value in fields.items() if value not in ({}, [])]
        return typed(self._invocation, "answer", asked.question.id, *(words or [_word(sample)]))

    def _remedy(self, lacking: Lacking) -> str:
        if not lacking.needs.startswith("a handler"):
            return ", which is not there"
        return f"; write it into handlers.py beside {self._file}"


def document(standing: Standing, task: Task) -> dict[str, Any]:
    """Return how a task stands as one JSON document."""
    progress: dict[str, PhaseProgress] = entries(standing.record, Progress)
    questions = [] if standing.ended else [question_document(asked.question) for asked in standing.asked]
    return {
        "task": task.id,
        "workflow": task.workflow,
        "status": task.status.value,
        "output": task.output if standing.ended else None,
        "outputs": task.outputs,
        "skipped": [phase for phase, entry in progress.items() if entry.outcome in SKIPPED],
        "cost": cost_document(standing.record.find(Spent)),
        "failure": msgspec.to_builtins(task.failure) if task.failure is not None else None,
        "question": questions[0] if questions else None,
        "questions": questions,
        "lacking": [lacking._asdict() for lacking in dict.fromkeys(standing.lacking)],
    }


def failure_sentence(task: str, failure: Failure) -> str:
    """Return in one sentence why a task failed."""
    tries = f" at attempt {failure.attempts}" if failure.attempts > 1 else ""
    return f"Task {task} failed in phase {failure.phase!r}{tries}: {failure.error}: {failure.message.rstrip('.')}."


def _print_output(output: Any) -> None:
    if isinstance(output, str):
        print(clean(output) if is_terminal() else output)
    elif output is not None:
        print_json(output)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
