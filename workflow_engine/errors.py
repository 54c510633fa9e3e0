"""Every refusal of the engine, as one tree.

    EngineError
    ├── SpecError            a workflow or phase is wrong; its author mends it
    ├── TemplateFailed       a template or condition of a workflow cannot be evaluated for a task
    ├── ConfigError          a setting is wrong; whoever runs the engine mends it
    ├── InputRefused         what was submitted cannot be accepted as it is
    │   └── DuplicateTask    the id is taken by a task with other data
    ├── UnknownTask          no task, run or question has this id
    ├── IllegalTransition    the caller asked for something this state does not accept
    ├── AnswerRefused        the question is closed, or the answer does not fit its form
    │   ├── AlreadyAnswered  somebody was first
    │   ├── AlreadyClaimed   somebody else works on it
    │   └── ShownChanged     what it shows has changed since it was looked at
    ├── StepMismatch         a handler asked for other steps than the ones it recorded
    ├── BudgetExceeded       a turn of a model would cost more than its budget allows
    ├── MergeConflict        forked tasks have left different values under one name
    ├── ArtifactError        an artifact's name, content or place is not acceptable
    ├── EngineStopped        the engine does not take this now: it is stopping, stopped or out of disk
    ├── JournalError         the journal cannot be trusted or written; nothing more is acknowledged
    │   ├── JournalDamaged   a file of it is damaged; ``workflow-engine repair`` salvages the rest
    │   └── JournalLocked    another engine uses the same data
    └── AdapterFailure       outside work failed
        ├── TransientFailure try again
        └── PermanentFailure do not

Each message names the thing, the fact and the remedy.  Arguments of the constructor stay attributes, and the sentence
is made in ``__str__``, so every error survives pickling.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final


class EngineError(Exception):
    """Base of everything that this package raises on purpose."""


class SpecError(EngineError):
    """A workflow, phase or registration is wrong.

    Attributes:
        message: what is wrong, as text; for a file, with the places and the source lines.
        problems: what is wrong, one by one, where it is known so: for a file
            `workflow_engine.spec.files.diagnostics.Diagnostic`, else `workflow_engine.spec.problems.Problem`.
    """

    def __init__(self, message: str, problems: Sequence[Any] = ()) -> None:
        super().__init__(message, tuple(problems))
        self.message = message
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return self.message


class TemplateFailed(EngineError):
    """A template or an expression of a workflow could not be evaluated with the values of a task."""


class ConfigError(EngineError):
    """A setting cannot be used."""


class InputRefused(EngineError):
    """What was submitted cannot be accepted as it is; nothing was stored."""


class DuplicateTask(InputRefused):
    """The task id is taken by a task with other data, or by another one than the fork that was asked for.

    Attributes:
        task: the id both share.
        fact: what the task is that has it.
        remedy: what to do.
    """

    def __init__(
        self,
        task: str,
        fact: str = "exists with other data",
        remedy: str = "submit under another id, or the same data to get the existing task",
    ) -> None:
        super().__init__(task, fact, remedy)
        self.task = task
        self.fact = fact
        self.remedy = remedy

    def __str__(self) -> str:
        return f"task {self.task} {self.fact}; {self.remedy}"


class UnknownTask(EngineError):
    """No task, run or question has this id.

    Attributes:
        kind: "task" or "question".
        name: the id that was asked for.
    """

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name

    def __str__(self) -> str:
        return f"there is no {self.kind} {self.name}; `workflow-engine tasks` lists what exists"


class IllegalTransition(EngineError):
    """The state of a task or run does not accept what was asked.

    Attributes:
        subject: id of the task or run, which is unchanged.
        state: where it stands.
        event: what was asked for.
        remedy: what to do instead, or nothing.
    """

    def __init__(self, subject: str, state: str, event: str, remedy: str = "") -> None:
        super().__init__(subject, state, event, remedy)
        self.subject = subject
        self.state = state
        self.event = event
        self.remedy = remedy

    def __str__(self) -> str:
        fact = f"{self.subject} is {self.state} and does not accept {self.event}"
        return f"{fact}; {self.remedy}" if self.remedy else fact


class AnswerRefused(EngineError):
    """An answer, or what else was asked of a question, was not accepted; the question is as it was.

    Attributes:
        question: id of the question.
        why: the fact and the remedy, as a sentence without the question's name.
    """

    def __init__(self, question: str, why: str) -> None:
        super().__init__(question, why)
        self.question = question
        self.why = why

    def __str__(self) -> str:
        return f"question {self.question}: {self.why}"


class AlreadyAnswered(AnswerRefused):
    """Somebody has answered the question before.

    Attributes:
        by: who, or None where that is not known.
        at: when, engine time in seconds.
        value: the answer that counts.
    """

    def __init__(self, question: str, by: str | None, at: float, value: Any) -> None:
        try:
            answer = json.dumps(value, ensure_ascii=False, default=str, separators=(",", ":"))
        except RecursionError:
            answer = "what is nested too deeply to be shown"
        super().__init__(question, f"{by or 'somebody'} has answered it already, with {answer[:200]}")
        self.args = (question, by, at, value)
        self.by = by
        self.at = at
        self.value = value


class AlreadyClaimed(AnswerRefused):
    """Somebody else works on the question.

    Attributes:
        by: who.
    """

    def __init__(self, question: str, by: str) -> None:
        super().__init__(question, f"{by} has claimed it; have {by} give it up, or assign it to somebody")
        self.args = (question, by)
        self.by = by


class ShownChanged(AnswerRefused):
    """What the question shows is not any more what the person saw who answers."""

    def __init__(self, question: str) -> None:
        why = "what it shows has changed since it was looked at"
        super().__init__(question, f"{why}; look at it again, and answer with the digest of what it shows now")
        self.args = (question,)


class StepMismatch(EngineError):
    """A handler, called again, asked for other steps than the ones it recorded.

    Attributes:
        run: id of the run.
        why: which step was recorded and which was asked for.
    """

    def __init__(self, run: str, why: str) -> None:
        super().__init__(run, why)
        self.run = run
        self.why = why

    def __str__(self) -> str:
        remedy = "restore the handler that recorded these steps, or retry the task from this phase"
        return f"run {self.run}: {self.why}; {remedy}"


class MergeConflict(EngineError):
    """Tasks that were forked have left different values under the same name.

    Attributes:
        conflicts: the values by the ids of the tasks, by name.
    """

    def __init__(self, conflicts: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(conflicts)
        self.conflicts = conflicts

    def __str__(self) -> str:
        told = "; ".join(
            f"{name!r} is " + " and ".join(f"{_shortened(value)} by {task}" for task, value in sides.items())
            for name, sides in self.conflicts.items()
        )
        return f"forked tasks have left different values: {told}; fork with on_conflict='human', or use other names"


class BudgetExceeded(EngineError):
    """A turn of a model would cost more than the budget of its workflow allows.

    Attributes:
        task: whose turn it is.
        scope: which budget: of the "task", or of all tasks of the "workflow".
        unit: "dollars" or "tokens".
        allowed: the bound, extensions included.
        used: what is spent, and put aside for turns under way.
        wanted: what the turn may cost at most.
    """

    def __init__(self, task: str, scope: str, unit: str, allowed: float, used: float, wanted: float) -> None:
        super().__init__(task, scope, unit, allowed, used, wanted)
        self.task = task
        self.scope = scope
        self.unit = unit
        self.allowed = allowed
        self.used = used
        self.wanted = wanted

    def __str__(self) -> str:
        return f"task {self.task}: {self.fact}; extend the budget, or use a cheaper model"

    @property
    def fact(self) -> str:
        """What is the case, without the remedy."""
        return (
            f"the budget of the {self.scope} is {self._amount(self.allowed)}, of which {self._amount(self.used)} are "
            f"used, and the next turn may take up to {self._amount(self.wanted)}"
        )

    def _amount(self, value: float) -> str:
        return f"${value:.4f}" if self.unit == "dollars" else f"{value:,.0f} tokens"


class ArtifactError(EngineError):
    """An artifact's name, content or place is not acceptable."""


class EngineStopped(EngineError):
    """The engine does not accept this now; nothing was stored, so ask again later."""


class JournalError(EngineError):
    """The journal cannot be trusted or written; nothing more is acknowledged until it can."""


class JournalDamaged(JournalError):
    """A journal file holds something that was never written.

    Attributes:
        path: the file.
        line: line in it, from 1.
        offset: byte offset of that line.
        why: what is wrong with it.
    """

    def __init__(self, path: str, line: int, offset: int, why: str) -> None:
        super().__init__(path, line, offset, why)
        self.path = path
        self.line = line
        self.offset = offset
        self.why = why

    def __str__(self) -> str:
        return (
            f"{self.path}, line {self.line} (byte {self.offset}): {self.why}; "
            "restore the file from a backup, or run `workflow-engine repair` to salvage the rest"
        )


class JournalLocked(JournalError):
    """Another engine has the same data directory open.

    Attributes:
        directory: the data directory.
        holder: process id of the other engine, or None where it is not known.
    """

    def __init__(self, directory: str, holder: int | None) -> None:
        super().__init__(directory, holder)
        self.directory = directory
        self.holder = holder

    def __str__(self) -> str:
        who = f"process {self.holder}" if self.holder else "another process"
        return f"{self.directory} is in use by {who}; stop it, or give this engine a data directory of its own"


class AdapterFailure(EngineError):
    """Outside work failed."""


class TransientFailure(AdapterFailure):
    """Outside work failed in a way that may pass: the engine tries again as the phase's retry policy says.

    Attributes:
        retry_after: seconds to wait at least before the next attempt, or None to leave that to the policy.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message, retry_after)
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return self.message


class PermanentFailure(AdapterFailure):
    """Outside work failed in a way that trying again will not mend: the task fails."""


def _shortened(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_MAX else f"{text[: SHOWN_MAX - 3]}..."


SHOWN_MAX: Final = 80
"""Most characters of a value that a message shows."""
