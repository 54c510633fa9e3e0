"""What a person sees while the demo runs: a line for each phase, with its state and time."""

import asyncio
import sys
from collections.abc import Collection
from typing import Final, Protocol

from rich.console import Console
from rich.status import Status

from workflow_engine.cli.output import clean, is_terminal
from workflow_engine.core.events import (
    AttemptFailed,
    Event,
    PhaseCompleted,
    PhaseRejected,
    PhaseStarted,
    QuestionAnswered,
    QuestionAsked,
    RetryScheduled,
    TaskCancelled,
    TaskCompleted,
    TaskFailed,
)
from workflow_engine.runtime.local import Committed

WIDTH: Final = 10
"""Columns of the name of a phase."""


class _OfRun(Protocol):
    @property
    def run(self) -> str: ...


class DemoProgress:
    """Prints what becomes of one task, as a watcher of its engine.  On a terminal what is under way has a spinner.

    Args:
        asking: ids of the phases that a person carries out.

    Attributes:
        paused: set when the task has ended, or waits for an answer.
    """

    def __init__(self, asking: Collection[str] = ()) -> None:
        self.paused = asyncio.Event()
        self._asking = asking
        self._task = ""
        self._began: dict[str, float] = {}
        self._spinner: Status | None = None

    def follow(self, task: str) -> None:
        """Show from now on what becomes of *task*, and of no other."""
        self._task = task
        self.paused = asyncio.Event()

    def watch(self, committed: Committed) -> None:
        """See `ECSWorkflowEngine.watch`."""
        for event in committed.events:
            if event.task == self._task:
                self._show(event, committed.at)

    def say(self, text: str, style: str = "") -> None:
        """Print a line."""
        self.rest()
        if is_terminal():
            Console(highlight=False, markup=False, soft_wrap=True).print(clean(text), style=style)
        else:
            print(clean(text))
        sys.stdout.flush()  # whoever reads along through a pipe sees it now

    def say_of(self, phase: str, text: str) -> None:
        """Print a line about a phase."""
        self.say(f"{phase:<{WIDTH}} {text}")

    def rest(self) -> None:
        """Stop the spinner, if there is one."""
        if self._spinner is not None:
            self._spinner.stop()
            self._spinner = None

    def _show(self, event: Event, at: float) -> None:
        match event:
            case PhaseStarted():
                self._began[event.run] = at
                if _phase(event) not in self._asking:  # it is over at once, and says more then
                    again = event.attempt > 1 or _visit(event) > 1
                    self._under_way(_phase(event), "again" if again else "")
            case PhaseCompleted():
                self._state(event, f"done{self._took(event, at)}", "green")
            case PhaseRejected():
                back = f": {event.target} is done again" if event.target is not None else ""
                self._state(event, f"rejects the work{back}", "yellow")
            case AttemptFailed():
                self._state(event, f"failed: {event.message}", "red")
            case RetryScheduled():
                self._state(event, f"is tried again in {max(0.0, event.until - at):.1f} s", "yellow")
            case QuestionAsked():
                self._state(event, "waits for an answer", "yellow")
                self.paused.set()
            case QuestionAnswered():
                self._began.pop(event.run, None)  # how long a person took says nothing of the engine
                self._state(event, f"answered by {event.by}" if event.by else "answered", "")
            case TaskCompleted() | TaskFailed() | TaskCancelled():
                self.paused.set()
            case _:
                pass

    def _took(self, event: _OfRun, at: float) -> str:
        began = self._began.get(event.run)
        return f" in {at - began:.2f} s" if began is not None else ""

    def _under_way(self, phase: str, how: str) -> None:
        text = f"{phase:<{WIDTH}} under way {how}".rstrip()
        if is_terminal():
            self.rest()
            self._spinner = Console(highlight=False, markup=False).status(text)
            self._spinner.start()
        else:
            self.say(text)

    def _state(self, event: _OfRun, state: str, style: str) -> None:
        self.say(f"{_phase(event):<{WIDTH}} {state}", style)


def _phase(event: _OfRun) -> str:
    return event.run.split("/")[1]


def _visit(event: _OfRun) -> int:
    return int(event.run.split("/")[2].partition(".")[0])
