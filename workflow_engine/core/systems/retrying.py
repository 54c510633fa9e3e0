"""Retrying: an attempt that failed is tried again later, or the task gives up."""

import esper

from workflow_engine.core.components import (
    Attempt,
    Backoff,
    Failure,
    Joining,
    PhaseProgress,
    Run,
    Running,
    Suspended,
)
from workflow_engine.core.events import AttemptFailed, RetryScheduled
from workflow_engine.core.fans import item_failed
from workflow_engine.core.lifecycle import Move
from workflow_engine.core.plan import pause
from workflow_engine.core.runs import abort, close_visit, marker, progress_of, started
from workflow_engine.core.stages import move_stage
from workflow_engine.core.tick import Ending, Failed, Tick, Visit
from workflow_engine.spec.parts import RetryPolicy


class RetryingSystem(esper.Processor):
    """Reads `Tick.failed`, Attempt.  Writes Backoff, or fills `Tick.ending` when attempts are spent.

    Writes Results, and fills `Tick.done`, where a fan-out goes on without an item that failed.
    Emits AttemptFailed, RetryScheduled, ItemFailed.
    """

    def process(self, tick: Tick) -> None:
        """Give every attempt that failed a time to try again, or give its task up."""
        for failed in tick.failed:
            if failed.run_id not in tick.world:
                continue  # an item of a fan-out that has failed in this very tick
            run = tick.world.get(failed.run_id, Run)
            attempt = tick.world.get(failed.run_id, Attempt).number
            tick.touched[run.task] = False
            tick.emit(AttemptFailed(run.task, failed.run_id, attempt, failed.error, failed.message))
            until = again(failed, tick.state.phase(run).retry, attempt, tick.now)
            if until is None:
                _give_up(tick, failed, run, attempt)
                continue
            old = marker(tick, failed.run_id, (Running, Suspended, Joining))
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
    visit = tick.state.visit(failed.run_id)
    if run.item is not None:
        joined = item_failed(tick, failed, run, attempt)
        if joined is not None:
            tick.done.append(joined)
        _move_stage(tick, visit)
        return
    abort(tick, failed.run_id)  # what it forked is not waited for any more
    before = progress_of(tick, run.task, run.phase)
    rejections, undo = (before.rejections, before.undo) if before is not None else (0, 0)
    begun = started(tick, failed.run_id, run)
    progress = PhaseProgress(run.visit, "failed", begun, tick.now, attempt, rejections=rejections, undo=undo)
    close_visit(tick, failed.run_id, run, progress)
    if run.task not in tick.ending:
        failure = Failure(run.phase, failed.error, failed.message, attempt, failed.detail)
        tick.ending[run.task] = Ending(Move.FAIL, failed.message, failure)
    _move_stage(tick, visit)


def _move_stage(tick: Tick, visit: Visit) -> None:
    """Move a task that ends to the stage of a failure; where it may not go there, it fails for its own reason still."""
    stages = visit.phase.spec.stages
    if stages is not None and visit.run.task in tick.ending:
        move_stage(tick, visit.identity, visit.run.phase, stages.fail)
