"""Intake: submissions become tasks, failed tasks are taken up again, the host says what it can do."""

import esper
import msgspec

from workflow_engine.core.beginnings import begin_task
from workflow_engine.core.components import Artifacts, Data, Definition, Identity, Status, definition_entity
from workflow_engine.core.events import TaskPurged, TaskRetried
from workflow_engine.core.inputs import Define, ForkTask, Limit, Purge, Retry, Serving, SetTimetable, Submit
from workflow_engine.core.lifecycle import Move, advance
from workflow_engine.core.plan import Plan
from workflow_engine.core.retaking import begins_at, taken_up
from workflow_engine.core.sources import to_retry
from workflow_engine.core.task_forks import fork_task, same_json
from workflow_engine.core.tick import Tick
from workflow_engine.core.timetables import set_timetable
from workflow_engine.errors import DuplicateTask, EngineError, IllegalTransition, InputRefused, UnknownTask


class IntakeSystem(esper.Processor):
    """Reads Define, SetTimetable, Limit, Serving, Submit, Retry, ForkTask, Purge.

    Writes Definition, Timetable, Identity, Data, Status, and of tasks that are taken up or forked all that stands.
    Fills `Tick.begin`, `resume`.
    Emits TaskSubmitted, TaskRetried, TaskPurged.
    """

    def process(self, tick: Tick) -> None:
        """Take in what was submitted."""
        for limit in tick.of(Limit):
            tick.state.lanes.limit(limit.scope, limit.name, limit.most)
        for serving in tick.of(Serving):
            tick.state.serving = serving.on
            tick.state.news = max(tick.state.news, serving.news)
            tick.state.lanes.unblock()
        for define in tick.of(Define):
            _define(tick, define)
        for timetable in tick.of(SetTimetable):
            set_timetable(tick, timetable)
        for submit in tick.of(Submit):
            _submit(tick, submit)
        for retry in tick.of(Retry):
            _retry(tick, retry)
        for fork in tick.of(ForkTask):
            fork_task(tick, fork)
        for purge in tick.of(Purge):  # last: what the others made of its task in this tick counts
            _purge(tick, purge)


def _define(tick: Tick, define: Define) -> None:
    """Know a definition; the moment at which its name came to mean it is kept, since that lasts."""
    state, entity = tick.state, definition_entity(define.digest)
    meant = define.submitted and state.named.get(define.name) != define.digest
    told = tick.now if define.submitted else None
    if not state.knows(define.digest):
        tick.world.spawn(entity, Definition(define.name, define.spec, told))
        state.plans[define.digest] = Plan.stored(bytes(define.spec))
    elif meant:
        tick.world.put(entity, msgspec.structs.replace(tick.world.get(entity, Definition), told=told))
    if meant:
        state.named[define.name] = define.digest


def _submit(tick: Tick, submit: Submit) -> None:
    task, world, state = submit.task, tick.world, tick.state
    if task in world:
        tick.reply(submit.ticket, _existing(submit, world.get(task, Identity), world.get(task, Data)))
        return
    if task in state.ended:
        record = state.ended[task]
        identity, data = record["identity"], record["data"]
        assert isinstance(identity, Identity)
        assert isinstance(data, Data)
        tick.reply(submit.ticket, _existing(submit, identity, data))
        return
    plan = state.plans.get(submit.definition)
    if plan is None:
        why = f"task {task} names a definition that is not known: {submit.definition}"
        tick.reply(submit.ticket, InputRefused(why))
        return
    identity = Identity(
        task, plan.name, submit.definition, tick.now, submit.assigned_to, submit.priority, submit.parent, submit.labels
    )
    tick.reply(submit.ticket, begin_task(tick, identity, submit.data, submit.start, submit.by))
    for name, reference in (submit.artifacts or {}).items():
        tick.world.put_entry(task, Artifacts, name, reference)


def _existing(submit: Submit, identity: Identity, data: Data) -> str | DuplicateTask:
    """Return the id of the task that exists under the submitted id, or a refusal where it is another task."""
    return submit.task if same_json(data.value, submit.data) else DuplicateTask(identity.id)


def _retry(tick: Tick, retry: Retry) -> None:
    task = retry.task
    try:
        identity, record, plan, found = to_retry(tick.state, task, retry.phase)
    except EngineError as refusal:
        tick.reply(retry.ticket, refusal)
        return
    status = record["status"]
    assert isinstance(status, Status)
    kept = taken_up(record, plan, retry.phase, found).values()
    # What forked it has failed with it, and does not wait any more.
    identity = msgspec.structs.replace(identity, parent_run=None)
    tick.world.spawn(task, identity, *kept, advance(task, status, Move.RETRY, tick.now))
    del tick.state.ended[task]
    tick.resume.append((task, found.starts))
    tick.emit(TaskRetried(task, begins_at(record, plan, found.starts), retry.by))
    tick.reply(retry.ticket, task)


def _purge(tick: Tick, purge: Purge) -> None:
    task = purge.task
    status = tick.world.find(task, Status)
    if status is not None:
        tick.reply(purge.ticket, IllegalTransition(f"task {task}", status.state, "purge"))
    elif tick.state.ended.pop(task, None) is None:
        tick.reply(purge.ticket, UnknownTask("task", task))
    else:
        tick.world.purge(task)
        tick.emit(TaskPurged(task, purge.by))
        tick.reply(purge.ticket, task)
