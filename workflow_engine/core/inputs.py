"""Inputs: what happened outside, told to the core.  Frozen values without callables or handles.

A *ticket* is the host's number for the caller that waits for a reply; None where nobody does.
"""

import msgspec

from workflow_engine.core.components import Cost, Json, WaitKind


class Input(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Base of all inputs."""


class Define(Input, frozen=True, tag=True, gc=False):
    """A workflow definition.

    Attributes:
        digest: its hash.
        name: of the workflow.
        spec: the definition, JSON.
        submitted: whether the name means it from now on where tasks are submitted; else it is there for tasks that
            come over to it.
    """

    digest: str
    name: str
    spec: msgspec.Raw
    submitted: bool = True


class Submit(Input, frozen=True, tag=True, gc=False):
    """A task to be taken in.  The same *task* id twice is one task; with other data it is refused.

    Attributes:
        definition: hash of a definition the core knows.
        start: id of the phase to begin with; None for the first.
        by: who submits it, where that is known.
        artifacts: references by name, which the task has from the first.
    """

    task: str
    definition: str
    data: msgspec.Raw
    start: str | None = None
    assigned_to: str | None = None
    priority: int = 0
    parent: str | None = None
    labels: dict[str, str] | None = None
    ticket: int | None = None
    by: str | None = None
    artifacts: dict[str, msgspec.Raw] | None = None


class ForkTask(Input, frozen=True, tag=True, gc=False):
    """A new task is to begin where another one, the source, was: it goes its own way, and nobody waits for it.

    What a handler forks is `Fork`.  The same *task* id twice is one task, where source, phase and data are the same.

    Attributes:
        task: id of the new task.
        source: id of the other one, live or ended.
        phase: id of the phase to begin with; None for the first.
        data: what the new task is about; absent for what the source is about.
        context: values it begins with beside those of the source, or in place of them, by name.
        without: names of values of the source that it does not begin with.
        labels: of the new task; None for those of the source.
        by: who forks, where that is known.
    """

    task: str
    source: str
    phase: str | None = None
    data: Json = msgspec.UNSET
    context: dict[str, msgspec.Raw] | None = None
    without: tuple[str, ...] = ()
    labels: dict[str, str] | None = None
    ticket: int | None = None
    by: str | None = None


class Settled(Input, frozen=True, tag=True, gc=False):
    """An attempt succeeded.

    Attributes:
        pick: id or classification of the phase that shall follow; None for the default.
        context: values to set, by name.
        artifacts: references to add, by name.
        rebind: hash of the definition the task goes on with (a classifier's verdict), or None.
        start: with *rebind*, the phase to begin with.
        issues: why a reviewing phase rejects, a list; absent where it passes.
        stage: the stage that the handler moved its task to, or None.
    """

    run: str
    attempt: int
    output: msgspec.Raw
    pick: str | None = None
    context: dict[str, msgspec.Raw] | None = None
    artifacts: dict[str, msgspec.Raw] | None = None
    rebind: str | None = None
    start: str | None = None
    issues: Json = msgspec.UNSET
    stage: str | None = None


class Skipped(Input, frozen=True, tag=True, gc=False):
    """The condition of the phase does not hold."""

    run: str
    attempt: int


class Entered(Input, frozen=True, tag=True, gc=False):
    """The condition of the phase holds; told only of phases that move their task to a stage when they begin."""

    run: str
    attempt: int


class FanOut(Input, frozen=True, tag=True, gc=False):
    """The phase is to be carried out once for each of these *items*, a JSON array."""

    run: str
    attempt: int
    items: msgspec.Raw


class Unfit(Input, frozen=True, tag=True, gc=False):
    """What an attempt gave does not fit the schema of the phase's output.

    Attributes:
        issues: why not, a list as in `Feedback`.
        message: the same as a sentence.
    """

    run: str
    attempt: int
    issues: msgspec.Raw
    message: str


class Branch(msgspec.Struct, frozen=True, gc=False):
    """A task to be forked.

    Attributes:
        definition: hash of a definition the core knows.
        data: what it is about; absent for what the parent is about.
        start: id of the phase to begin with; None for the first.
        inherits: whether it begins with the parent's context.
    """

    definition: str
    data: Json = msgspec.UNSET
    start: str | None = None
    inherits: bool = True


class Fork(Input, frozen=True, tag=True, gc=False):
    """A handler forks tasks, and waits until they have ended.

    Attributes:
        step: the handler's step that waits.
        index: which call of the handler that step is.
        branches: the tasks.
        context: values that the handler has set so far, by name: the tasks begin with them too.
    """

    run: str
    attempt: int
    step: str
    index: int
    branches: tuple[Branch, ...]
    context: dict[str, msgspec.Raw] | None = None


class AttemptFailed(Input, frozen=True, tag=True, gc=False):
    """An attempt failed.

    Attributes:
        error: class of the error.
        permanent: whether trying again is pointless.
        retry_after: least pause before the next attempt, in seconds.
        detail: a trace, or None.
    """

    run: str
    attempt: int
    error: str
    message: str
    permanent: bool = False
    retry_after: float | None = None
    detail: str | None = None


class Declined(Input, frozen=True, tag=True, gc=False):
    """Nothing here can carry out this run.  No attempt is spent.

    Attributes:
        needs: what is missing.
        news: the news that the host had when it looked; see `Serving`.
    """

    run: str
    attempt: int
    needs: str
    news: int = 0


class HandedBack(Input, frozen=True, tag=True, gc=False):
    """The host stops and gives the run back unfinished.  No attempt is spent."""

    run: str
    attempt: int


class StepRecorded(Input, frozen=True, tag=True, gc=False):
    """A durable step of a handler gave a result.

    Attributes:
        cost: what it cost, where it is a turn of a model.
        extends: the budget that the step extends, of the "task" or of its "workflow"; None where it does not.
        by: with *extends*, by how much.
    """

    run: str
    attempt: int
    step: str
    index: int
    value: msgspec.Raw
    ticket: int | None = None
    cost: Cost | None = None
    extends: str | None = None
    by: Cost = Cost()


class Reserve(Input, frozen=True, tag=True, gc=False):
    """Put aside what a turn of a model may cost.

    Attributes:
        step: name of the step that the turn is.
        cost: the most it may cost.
    """

    run: str
    attempt: int
    step: str
    cost: Cost
    ticket: int | None = None


class Suspend(Input, frozen=True, tag=True, gc=False):
    """A run waits: for an answer where there is a *prompt*, else until a moment.

    Attributes:
        task: for a suspension from outside, the task whose run is meant; *run* is then empty.
        step: the handler's step that waits; None where the answer becomes the phase's output.
        index: which call of the handler that step is.
        wake_in: seconds until a timer wakes the run.
        due_in: seconds after which the question is overdue.
        on_due: "notify", "fail" or "escalate".
        escalate_to: with "escalate", who is asked then.
        by: who suspends it from outside, where that is known.
    """

    run: str
    attempt: int
    kind: WaitKind
    prompt: str | None = None
    step: str | None = None
    index: int = 0
    form: Json = msgspec.UNSET
    show: Json = msgspec.UNSET
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    due_in: float | None = None
    on_due: str = "notify"
    wake_in: float | None = None
    task: str | None = None
    ticket: int | None = None
    escalate_to: tuple[str, ...] = ()
    by: str | None = None


class Answer(Input, frozen=True, tag=True, gc=False):
    """Somebody answered a question.

    Attributes:
        pick: the phase the answer chooses, or None.
        by: who answered.
        issues: why a reviewing phase rejects, a list; absent where it passes.
        cost: of a model's turn that is answered, what it cost; None for any other question.
        shown: digest of what the person was shown who answers; None where that is not to be compared.
    """

    question: str
    value: msgspec.Raw
    pick: str | None = None
    by: str | None = None
    ticket: int | None = None
    issues: Json = msgspec.UNSET
    cost: Cost | None = None
    shown: str | None = None


class ClaimQuestion(Input, frozen=True, tag=True, gc=False):
    """Somebody begins to work on an open question."""

    question: str
    by: str
    ticket: int | None = None


class UnclaimQuestion(Input, frozen=True, tag=True, gc=False):
    """Somebody does not work on an open question any more, or returns one that was delegated to them."""

    question: str
    by: str
    ticket: int | None = None


class AssignQuestion(Input, frozen=True, tag=True, gc=False):
    """Others are asked from now on.

    Attributes:
        assignee: who is asked.
        candidates: people or groups of whom any may answer.
        by: who says so, or None.
        note: why, or None.
    """

    question: str
    assignee: str | None = None
    candidates: tuple[str, ...] = ()
    by: str | None = None
    note: str | None = None
    ticket: int | None = None


class DelegateQuestion(Input, frozen=True, tag=True, gc=False):
    """Somebody has another person, *to*, answer for them."""

    question: str
    to: str
    by: str
    ticket: int | None = None


class CommentQuestion(Input, frozen=True, tag=True, gc=False):
    """Somebody says something about an open question."""

    question: str
    text: str
    by: str
    ticket: int | None = None


class SetQuestionDue(Input, frozen=True, tag=True, gc=False):
    """An open question gets another due time: so many seconds from now, or None for none."""

    question: str
    due_in: float | None
    by: str | None = None
    ticket: int | None = None


class Attach(Input, frozen=True, tag=True, gc=False):
    """Artifacts for a task that is not terminal: references by name.

    Attributes:
        by: who gives them, where that is known.
        outside: whether they come from outside, and not from a handler of the task.
    """

    task: str
    artifacts: dict[str, msgspec.Raw]
    ticket: int | None = None
    by: str | None = None
    outside: bool = False


class Cancel(Input, frozen=True, tag=True, gc=False):
    """End a task that is not terminal; *by* is who wants that, where it is known."""

    task: str
    reason: str | None = None
    ticket: int | None = None
    by: str | None = None


class Retry(Input, frozen=True, tag=True, gc=False):
    """Take a failed task up again, from the phase that failed or from *phase*; *by* is who wants that, or None."""

    task: str
    phase: str | None = None
    ticket: int | None = None
    by: str | None = None


class SetTimetable(Input, frozen=True, tag=True, gc=False):
    """Submit tasks of a workflow at the moments of a schedule; without *cron*, no longer.

    Attributes:
        workflow: its name.
        cron: five fields, or None.
        timezone: an IANA name.
        catch_up: "skip", "once" or "all".
        data: what is submitted.
    """

    workflow: str
    cron: str | None = None
    timezone: str = "UTC"
    catch_up: str = "once"
    data: Json = msgspec.UNSET


class Migrate(Input, frozen=True, tag=True, gc=False):
    """Let a live task go on with another definition of its workflow.

    Attributes:
        definition: hash of a definition the core knows.
        phases: what phases that the task has completed are called in the new definition, where that differs; given,
            though it be empty, it lets a task go over of which somebody has to say so.
        by: who wants that, where it is known.
    """

    task: str
    definition: str
    phases: dict[str, str] | None = None
    ticket: int | None = None
    by: str | None = None


class Adopt(Input, frozen=True, tag=True, gc=False):
    """Take in a task as another engine exported it: components of its entities, by id, as JSON.

    *by* is who imports it, where that is known.
    """

    task: str
    entities: dict[str, dict[str, msgspec.Raw]]
    ticket: int | None = None
    by: str | None = None


class Release(Input, frozen=True, tag=True, gc=False):
    """End a live task, since its copy goes on elsewhere: nothing is compensated.

    The reply are its entities as they were, those of the tasks that it has forked too.

    Attributes:
        by: who exports it, where that is known.
    """

    task: str
    ticket: int | None = None
    by: str | None = None


class Purge(Input, frozen=True, tag=True, gc=False):
    """Remove a task that has ended, history and all; *by* is who wants that, or None."""

    task: str
    ticket: int | None = None
    by: str | None = None


class Limit(Input, frozen=True, tag=True, gc=False):
    """How many runs may be under way at once; not journaled, since it is the host's to say.

    Attributes:
        scope: "pool" (an adapter) or "classification".
        most: at least 1, or None for no limit.
    """

    scope: str
    name: str
    most: int | None


class Serving(Input, frozen=True, tag=True, gc=False):
    """The host carries out runs from now on, or stops doing so; also sent when something new is registered.

    Attributes:
        on: which of the two.
        news: counts what was registered: what looked for something before may look again.
    """

    on: bool
    news: int = 0
