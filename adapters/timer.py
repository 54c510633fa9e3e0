"""The timer adapter: a phase that waits."""

from workflow_engine.adapter import Output, Suspend
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class TimerAdapter:
    """Waits as long as the phase says, whatever happens to the process; its output is null."""

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        await task.sleep(phase.wait or 0.0)
        return Output(None)
