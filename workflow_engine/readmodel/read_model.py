"""The read model: what is asked of the index, from any process and thread."""

import sqlite3
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Final, TypeVar

from workflow_engine.core.components import Definition, Ledger, TaskState, Timetable
from workflow_engine.core.record import TaskRecord
from workflow_engine.errors import JournalError
from workflow_engine.journal.layout import Layout
from workflow_engine.journal.port import Entities
from workflow_engine.readmodel import counting, failures, inbox, reading, summaries
from workflow_engine.readmodel.catching_up import Misfit, Step
from workflow_engine.readmodel.index_file import IndexFile, Unusable
from workflow_engine.readmodel.rows import (
    LIMIT,
    AnsweredRow,
    Counted,
    EventRow,
    FailureOrder,
    FailurePage,
    Overview,
    Page,
    QuestionCounts,
    QuestionPage,
    QuestionQuery,
    TaskQuery,
    WorkflowRow,
)
from workflow_engine.readmodel.schema import read_position

T = TypeVar("T")


class ReadModel:
    """An index of the journal in a data directory.

    It knows what the journal held when it last caught up, which may be more than what is durable.  Whoever queries it
    lets it `catch_up` first; several processes and threads may do so at once, while an engine runs or not.  A file
    that is missing, damaged, of another version or of another journal is built anew by whoever comes across it.

    Every method blocks: under an event loop, use `asyncio.to_thread`.

    Attributes:
        data_dir: the data directory.
    """

    def __init__(self, data_dir: Path, progress: Callable[[int], None] | None = None) -> None:
        """Name the index; nothing is opened before the first call.

        Args:
            data_dir: the data directory of an engine.
            progress: called with the number of a commit whenever the index has come that far.
        """
        self.data_dir = Path(data_dir)
        self._layout = Layout(self.data_dir)
        self._file = IndexFile(self.data_dir)
        self._progress = progress

    @property
    def path(self) -> Path:
        """Where the index is kept; it can be deleted."""
        return self._file.path

    def position(self) -> int:
        """Return the number of the last commit the index knows, 0 where there is no index that can be used."""
        try:
            with self._file.opened() as connection:
                return read_position(connection).n
        except (Unusable, FileNotFoundError):
            return 0

    def catch_up(self, limit_seconds: float | None = None) -> int:
        """Take in what the journal has; return the number of the last commit the index knows then.

        Args:
            limit_seconds: time after which to leave the rest to the next call, or None.  An index that has to be
                built, and what was compacted, are taken in whole in any case.

        Raises:
            JournalError: there is no journal, or it cannot be read.
        """
        self._check()
        deadline = None if limit_seconds is None else time.monotonic() + limit_seconds
        for _ in range(TRIES):
            try:
                return self._follow(deadline)
            except FileNotFoundError:
                continue  # compacted meanwhile
            except (Misfit, Unusable):
                self._build(only_if_needed=True)
        raise JournalError(f"the index of {self._layout.data} could not be built in {TRIES} tries; try again")

    def reindex(self) -> int:
        """Build the index anew; whoever queries meanwhile sees the old one.  Return the last commit it knows.

        Raises:
            JournalError: there is no journal, or it cannot be read.
        """
        self._check()
        return self._build(only_if_needed=False)

    def tasks(self, query: TaskQuery | None = None) -> Page:
        """Return a page of tasks.

        Raises:
            InputRefused: something of *query* is not acceptable.
        """
        return self._ask(lambda connection: reading.tasks(connection, query or TaskQuery()))

    def counts(self, query: TaskQuery | None = None) -> dict[TaskState, int]:
        """Return how many tasks of *query* stand where; states without any are left out.

        All tasks, or those of a state, workflow or definition, cost nothing to count.  What is filtered further is
        counted one by one, however long that takes; see `counted`.
        """
        return self._ask(lambda connection: counting.counts(connection, query or TaskQuery()))

    def counted(self, query: TaskQuery | None = None) -> dict[TaskState, Counted]:
        """Return how many tasks of *query* stand where, at once: where those are many, at least how many."""
        return self._ask(lambda connection: counting.counted(connection, query or TaskQuery()))

    def workflows(self) -> tuple[WorkflowRow, ...]:
        """Return the workflows of all tasks, by name."""
        return self._ask(summaries.workflows)

    def failures(
        self,
        workflow: str | None = None,
        limit: int = LIMIT,
        after: str | None = None,
        order: FailureOrder = "-last",
    ) -> FailurePage:
        """Return a page of groups of failed tasks.

        Args:
            workflow: of which workflow; None for all.
            limit: groups at most.
            after: `FailurePage.next` of the page before.
            order: which come first.

        Raises:
            InputRefused: one of these is not acceptable.
        """
        return self._ask(lambda connection: failures.failures(connection, workflow, order, limit, after))

    def overview(self, now: float, window_seconds: float = 3_600) -> Overview:
        """Return how things stand at *now* (engine time, in seconds), and what went on in the window before.

        Raises:
            InputRefused: the window is shorter than a minute or longer than 30 days.
        """
        return self._ask(lambda connection: summaries.overview(connection, now, window_seconds))

    def record(self, task: str) -> TaskRecord | None:
        """Return all that is known of a task, live, ended or archived; None if there is none of this id."""
        return self._ask(lambda connection: reading.record(connection, task))

    def definition(self, digest: str) -> Definition | None:
        """Return the definition with this hash, None where no task goes by it any more."""
        return self._ask(lambda connection: reading.definition(connection, digest))

    def questions(self, query: QuestionQuery | None = None) -> QuestionPage:
        """Return a page of open questions.

        Raises:
            InputRefused: something of *query* is not acceptable.
        """
        return self._ask(lambda connection: inbox.questions(connection, query or QuestionQuery()))

    def question_counts(self, people: Sequence[str] = ()) -> QuestionCounts:
        """Return how many open questions there are for somebody.

        Args:
            people: a person, then the groups of that person; without any, what is overdue is that of all.
        """
        return self._ask(lambda connection: inbox.question_counts(connection, tuple(people)))

    def answered(self, task: str) -> tuple[AnsweredRow, ...]:
        """Return the questions of a task that were answered, the first first."""
        return self._ask(lambda connection: reading.answered(connection, task))

    def timetables(self) -> tuple[Timetable, ...]:
        """Return when tasks are submitted by themselves, by the names of their workflows."""
        return self._ask(reading.timetables)

    def ledgers(self) -> tuple[Ledger, ...]:
        """Return what the models of all tasks have cost, by workflow."""
        return self._ask(reading.ledgers)

    def events(
        self, task: str | None = None, after_n: int = 0, after_i: int | None = None, limit: int = LIMIT
    ) -> tuple[EventRow, ...]:
        """Return what was decided, oldest first.

        Args:
            task: about which task; None for all.
            after_n: number of the commit behind which to begin.
            after_i: to begin within that commit, number of the event in it behind which to begin.
            limit: events at most.
        """
        return self._ask(lambda connection: reading.events(connection, task, after_n, after_i, limit))

    def latest_events(
        self,
        limit: int = LIMIT,
        kinds: Collection[str] | None = None,
        before_n: int | None = None,
        before_i: int = 0,
    ) -> tuple[EventRow, ...]:
        """Return what was decided last, newest first, as far as the newest commits have it.

        Args:
            limit: events at most.
            kinds: names of events, of which any will do; None for all.
            before_n: number of the commit to begin before; None for the newest.
            before_i: number of the event in that commit to begin before.
        """
        before = (sys.maxsize if before_n is None else before_n, before_i)
        return self._ask(lambda connection: reading.latest_events(connection, limit, kinds, before))

    def find(self, tasks: Sequence[str], *, at_least: int) -> Entities:
        """Return the components of those of *tasks* that have ended.

        Args:
            tasks: ids.
            at_least: number of a commit; an index that does not know it yet catches up first.
        """
        if self.position() < at_least:
            self.catch_up()
        return self._ask(lambda connection: reading.ended(connection, tasks))

    def _ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        for _ in range(TRIES):
            try:
                with self._file.opened() as connection:
                    connection.execute("BEGIN")  # what is read one after the other belongs together
                    return query(connection)
            except Unusable:
                self.catch_up()
        raise JournalError(f"the index of {self._layout.data} is damaged again and again; is its disk sound?")

    def _follow(self, deadline: float | None) -> int:
        step = Step(self._layout)
        try:
            while True:
                with self._file.opened() as connection:
                    for _ in range(STEPS_AT_ONCE):
                        n, more = step.take(connection)
                        self._report(n)
                        if not more or (deadline is not None and time.monotonic() >= deadline):
                            return n
        finally:
            step.close()

    def _build(self, *, only_if_needed: bool) -> int:
        with self._file.building():
            if only_if_needed and self._fits():
                return self.position()  # another process was faster
            for _ in range(TRIES):
                step = Step(self._layout)
                try:
                    with self._file.rebuilt() as connection:
                        n, more = 0, True
                        while more:
                            n, more = step.take(connection)
                            self._report(n)
                    return n
                except FileNotFoundError:
                    continue  # compacted meanwhile
                finally:
                    step.close()
        raise JournalError(f"the index of {self._layout.data} could not be built in {TRIES} tries; try again")

    def _fits(self) -> bool:
        step = Step(self._layout)
        try:
            with self._file.opened() as connection:
                step.take(connection)
        except (Misfit, Unusable, FileNotFoundError):
            return False
        finally:
            step.close()
        return True

    def _report(self, n: int) -> None:
        if self._progress is not None:
            self._progress(n)

    def _check(self) -> None:
        if not self._layout.journal.is_dir():
            raise JournalError(f"there is no journal in {self._layout.data}; name the data directory of an engine")


STEPS_AT_ONCE: Final = 64
"""Steps of one connection: SQLite tidies up whenever the last one closes, and nobody replaces the file before."""

TRIES: Final = 5
"""How often to begin again when files are replaced meanwhile."""
