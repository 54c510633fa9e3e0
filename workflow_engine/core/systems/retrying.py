"""Retrying: an attempt that failed is tried again later, or the task gives up."""

import esper

from workflow_engine.core.components import (
    Attempt,
    Backoff,
    Failure,
    PhaseProgress,
    Run,
    Running,
    Suspended,
)
from workflow_engine.core.events import AttemptFailed, RetryScheduled
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import pause
from workflow_engine.core.runs import close_visit, marker, started
from workflow_engine.core.tick import Ending, Failed, Tick
from workflow_engine.spec.model import RetryPolicy


class RetryingSystem(esper.Processor):
    """Reads `Tick.failed`, Attempt.  Writes Backoff, or fills `Tick.ending` when attempts are spent.

    Emits AttemptFailed, RetryScheduled.
    """

    def process(self, tick: Tick) -> None:
        """Give every attempt that failed a time to try again, or give its task up."""
        for failed in tick.failed:
            run = tick.world.get(failed.run_id, Run)
            attempt = tick.world.get(failed.run_id, Attempt).number
            tick.touched[run.task] = False
            tick.emit(AttemptFailed(run.task, failed.run_id, attempt, failed.error, failed.message))
            until = again(failed, tick.state.phase(run).retry, attempt, tick.now)
            if until is None:
                _give_up(tick, failed, run, attempt)
                continue
            old = marker(tick, failed.run_id, (Running, Suspended))
            if old is None:
                raise AssertionError(f"run {failed.run_id} failed while it was neither under way nor waiting")
            tick.world.turn(failed.run_id, type(old), Backoff(until, failed.message))
            tick.state.timers.set(failed.run_id, until)
            tick.emit(RetryScheduled(run.task, failed.run_id, until))


def again(failed: Failed, policy: RetryPolicy, attempt: int, now: float) -> float | None:
    """Return when a failed attempt is tried again, engine time in seconds, or None for never."""
    if failed.permanent or attempt >= policy.max_attempts:
        return None
    return now + max(pause(policy, attempt, f"{failed.run_id}/{attempt}"), failed.retry_after or 0.0)


def _give_up(tick: Tick, failed: Failed, run: Run, attempt: int) -> None:
    progress = PhaseProgress(run.visit, "failed", started(tick, failed.run_id, run), tick.now, attempt)
    close_visit(tick, failed.run_id, run, progress)
    if run.task not in tick.ending:
        failure = Failure(run.phase, failed.error, failed.message, attempt, failed.detail)
        tick.ending[run.task] = Ending(Move.FAIL, failed.message, failure)
