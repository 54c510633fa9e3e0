"""Budgeting: what a turn of a model may cost is reserved before it begins, and settled with what it did cost."""

import esper

from workflow_engine.core.inputs import Reserve, StepRecorded
from workflow_engine.core.spending import extend, reserve, settle
from workflow_engine.core.tick import Tick
from workflow_engine.errors import BudgetExceeded, IllegalTransition


class BudgetingSystem(esper.Processor):
    """Reads Reserve, and the costs and extensions of StepRecorded.  Writes Reserved, Spent, Ledger."""

    def process(self, tick: Tick) -> None:
        """Settle what was spent, then reserve what is asked for, as far as the budgets allow."""
        for recorded in tick.of(StepRecorded):
            if recorded.cost is None and recorded.extends is None:
                continue
            if tick.state.under_way(recorded.run, recorded.attempt) is None:
                continue
            if recorded.cost is not None:
                settle(tick, recorded.run, recorded.step, recorded.cost)
            if recorded.extends is not None:
                extend(tick, recorded.run.partition("/")[0], recorded.extends, recorded.by)
        for given in tick.of(Reserve):
            _reserve(tick, given)


def _reserve(tick: Tick, given: Reserve) -> None:
    if tick.state.under_way(given.run, given.attempt) is None:
        tick.reply(given.ticket, IllegalTransition(f"run {given.run}", "no longer under way", "a reservation"))
        return
    bound = reserve(tick, given.run, given.step, given.cost)
    task = given.run.partition("/")[0]
    tick.reply(given.ticket, given.run if bound is None else BudgetExceeded(task, *bound))
