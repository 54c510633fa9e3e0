"""The sub-workflow adapter: a phase is carried out by another workflow, as a task of its own."""

from workflow_engine.adapter import Output, Suspend
from workflow_engine.forking import SAME, Fork
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class SubworkflowAdapter:
    """Forks a task for the workflow that the phase names; what that task gives is the phase's output.

    The task is about the phase's ``input``, or where it has none about the same as its parent.  Nothing but its output
    comes back: contexts stay apart.
    """

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        assert phase.workflow is not None
        branch = Fork(phase.workflow, SAME if phase.input is None else task.input)
        outputs = await task.fork(branch, inherits=False, name=phase.workflow)
        return Output(outputs[0])
