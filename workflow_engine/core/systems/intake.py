"""Intake: submissions become tasks, failed tasks are taken up again, the host says what it can do."""

import esper
import msgspec

from workflow_engine.core.beginnings import begin_task
from workflow_engine.core.components import (
    Data,
    Definition,
    Failure,
    Identity,
    Stage,
    Status,
    definition_entity,
)
from workflow_engine.core.events import TaskPurged, TaskRetried
from workflow_engine.core.inputs import Define, Limit, Purge, Retry, Serving, SetTimetable, Submit
from workflow_engine.core.lifecycle import Move, advance
from workflow_engine.core.plan import Plan
from workflow_engine.core.retaking import standing, to_do_again
from workflow_engine.core.tick import Tick
from workflow_engine.core.timetables import set_timetable
from workflow_engine.errors import DuplicateTask, IllegalTransition, InputRefused, UnknownTask


class IntakeSystem(esper.Processor):
    """Reads Define, SetTimetable, Limit, Serving, Submit, Retry, Purge.

    Writes Definition, Timetable, Identity, Data, Status.  Fills `Tick.begin`, `resume`.
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
    tick.reply(submit.ticket, begin_task(tick, identity, submit.data, submit.start))


def _existing(submit: Submit, identity: Identity, data: Data) -> str | DuplicateTask:
    """Return the id of the task that exists under the submitted id, or a refusal where it is another task."""
    same_data = bytes(data.value) == bytes(submit.data) or _canonical(data.value) == _canonical(submit.data)
    return submit.task if same_data else DuplicateTask(identity.id)


def _canonical(data: msgspec.Raw) -> bytes:
    """Return JSON in one order of keys.  Not as values: in Python, ``true`` equals ``1``."""
    return msgspec.json.encode(msgspec.json.decode(data), order="sorted")


def _retry(tick: Tick, retry: Retry) -> None:
    task, world, state = retry.task, tick.world, tick.state
    live = world.find(task, Status)
    if live is not None:
        tick.reply(retry.ticket, IllegalTransition(f"task {task}", live.state, Move.RETRY))
        return
    record = state.ended.get(task)
    if record is None:
        tick.reply(retry.ticket, UnknownTask("task", task))
        return
    identity, status, failure = record["identity"], record["status"], record.get("failure")
    assert isinstance(identity, Identity)
    assert isinstance(status, Status)
    try:
        pending = advance(task, status, Move.RETRY, tick.now)
    except IllegalTransition as refusal:
        tick.reply(retry.ticket, refusal)
        return
    plan = state.plans.get(identity.definition)
    if plan is None:
        lost = f"the journal has lost the definition of {identity.workflow!r}"
        why = f"task {task} cannot be retried: {lost}; submit it anew"
        tick.reply(retry.ticket, InputRefused(why))
        return
    if retry.phase is not None and retry.phase not in plan.graph.edges:
        known = ", ".join(plan.graph.edges)
        tick.reply(retry.ticket, InputRefused(f"task {task} has no phase {retry.phase!r}; its phases are {known}"))
        return
    phases = (retry.phase,) if retry.phase is not None else to_do_again(record, plan)
    del state.ended[task]
    left = {"identity", "status", "failure"}
    stage, machine = record.get("stage"), plan.states
    if isinstance(stage, Stage) and machine is not None and stage.name in machine.terminal:
        left.add("stage")  # no way leads out of it; the next phase says where the task stands
    kept = [component for name, component in standing(record).items() if name not in left]
    # What forked it has failed with it, and does not wait any more.
    world.spawn(task, msgspec.structs.replace(identity, parent_run=None), *kept, pending)
    tick.resume.append((task, phases))
    tick.emit(TaskRetried(task, phases[0] if phases else failure.phase if isinstance(failure, Failure) else plan.first))
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
        tick.emit(TaskPurged(task))
        tick.reply(purge.ticket, task)
