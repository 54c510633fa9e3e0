"""Feedback: what a reviewing phase rejects goes back to be done again."""

import esper
import msgspec

from workflow_engine.core.feedback import reject
from workflow_engine.core.tick import Done, Tick


class FeedbackSystem(esper.Processor):
    """Reads `Tick.done`, Progress.  Writes Progress, Question, Suspended, Escalated; removes runs.

    Fills `Tick.ready`, `feedback`, `ending`.  Emits PhaseRejected, QuestionAsked.
    """

    def process(self, tick: Tick) -> None:
        """Hand back the work that was rejected; the runs that rejected it are done with."""
        if not any(done.again or done.visit.phase.reviews for done in tick.done):
            return
        rejecting = [done for done in tick.done if _rejects(done)]
        tick.done = [done for done in tick.done if not _rejects(done)]
        for done in rejecting:
            visit = done.visit
            if visit.run_id not in tick.world or visit.run.task in tick.ending:
                continue  # what it reviewed was rejected by another in this very tick
            plan = tick.state.plan(visit.identity.definition)
            issues = done.issues if isinstance(done.issues, msgspec.Raw) else msgspec.Raw(b"[]")
            reject(tick, visit.identity, plan, visit, done.output, issues, again=done.again, sets=done.sets)


def _rejects(done: Done) -> bool:
    return done.again or (done.issues is not msgspec.UNSET and done.visit.phase.spec.on_reject is not None)
