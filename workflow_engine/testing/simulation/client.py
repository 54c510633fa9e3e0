"""A client of the simulated engine.

It knows only what it was told, asks again when it was not, and holds the engine to its word.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Final, TypeVar

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task
from workflow_engine.errors import AnswerRefused, IllegalTransition, UnknownTask
from workflow_engine.testing.simulation.outside import Outside
from workflow_engine.testing.simulation.scenario import WORKFLOWS

T = TypeVar("T")

PATIENCE: Final = 3_000.0
"""Seconds, of simulated time, after which a client looks at its task again."""

LOOKS_MAX: Final = 1_000
"""Looks at its task after which a client says that nothing moves."""


class Client:
    """One person with one task.

    Attributes:
        task: id of the task.
        submitted: whether the engine has said that it has the task.
        answered: values that the engine has said it accepted, by question.
        tried: values that it may have accepted.
        outcome: status and output that the engine has said the task ended with, once it has.
        explained: the last explanation it was given.
        violations: promises that were broken, as sentences.
    """

    def __init__(self, number: int, random: Random, outside: Outside) -> None:
        self.number = number
        self.task = f"task-{number}"
        self.workflow = WORKFLOWS[number % len(WORKFLOWS)]
        self.data = {"number": number // len(WORKFLOWS), "text": "ä" * random.randint(0, 40)}
        self.submitted = False
        self.answered: dict[str, object] = {}
        self.tried: list[object] = []
        self.outcome: tuple[str, Any] | None = None
        self.retries = 0
        self.explained = ""
        self.violations: list[str] = []
        self._random = random
        self._outside = outside
        self._retries_max = random.randint(0, 2)
        self._cancels = random.random() < 0.1

    async def use(self, engine: ECSWorkflowEngine) -> None:
        """Do what is left to do, as far as this engine lives."""
        await asyncio.sleep(self._random.random() * 5)
        task = await self._tell(lambda: engine.submit_task(self.data, self.workflow, task_id=self.task))
        self.submitted = True
        self._check(task)
        if self._cancels and self.outcome is None:
            await asyncio.sleep(self._random.random() * 100)
            await self._cancel(engine)
        for _ in range(LOOKS_MAX):
            if self.outcome is not None or self.parked:
                break
            await self._look(engine)
        else:
            self.outcome = ("stuck", self.explained)
            self.violations.append(f"{self.task} gets nowhere: {self.explained}")
        self._check(await self._tell(lambda: engine.get_task(self.task)))

    @property
    def parked(self) -> bool:
        """Whether the task waits for an answer that nobody will give, and says so."""
        return self.workflow == "parked" and "waits in phase 'never'" in self.explained

    async def _look(self, engine: ECSWorkflowEngine) -> None:
        """See what the task waits for; answer it, or wait with it."""
        self.explained = await self._tell(lambda: engine.explain(self.task))
        if "(question " in self.explained and self.workflow != "parked":
            await asyncio.sleep(self._random.choice((0.1, 30.0, 100.0)))
            await self._answer(engine)
        try:
            task = await self._tell(lambda: engine.wait(self.task, timeout=self._random.choice((1.0, 60.0, PATIENCE))))
        except TimeoutError:
            return
        self._check(task)
        if task.status == "failed" and self.retries < self._retries_max:
            await self._retry(engine)
        else:
            self.outcome = (task.status.value, task.output)

    async def _answer(self, engine: ECSWorkflowEngine) -> None:
        start = self.explained.rfind("(question ") + len("(question ")
        question = self.explained[start : self.explained.index(")", start)]
        value: dict[str, object] = {"by": self.number, "token": self._outside.token()}
        if self.workflow == "reviewed":
            value = {"decision": self._random.choice(("accept", "revise", "stop"))}
        self.tried.append(value)
        try:
            await self._tell(lambda: engine.answer(question, value, by="client"))
        except AnswerRefused:
            return  # an answer whose reply was lost was accepted, or the question was withdrawn
        if question in self.answered:
            self.violations.append(f"{question} accepted {self.answered[question]} and {value}")
        self.answered[question] = value

    async def _cancel(self, engine: ECSWorkflowEngine) -> None:
        try:
            self._check(await self._tell(lambda: engine.cancel(self.task, "changed my mind")))
        except IllegalTransition:
            return  # it had ended, or a cancellation whose reply was lost had been accepted

    async def _retry(self, engine: ECSWorkflowEngine) -> None:
        with contextlib.suppress(IllegalTransition):  # a retry whose reply was lost had been accepted
            await self._tell(lambda: engine.retry(self.task))
        self.retries += 1

    async def _tell(self, call: Callable[[], Awaitable[T]]) -> T:
        """Ask the engine, and say so if it has lost the task it had accepted."""
        try:
            return await call()
        except UnknownTask as error:
            self.violations.append(f"{self.task} was accepted, and is lost: {error}")
            self.outcome = ("lost", None)
            raise

    def _check(self, task: Task) -> None:
        """Hold what the engine says now against what it said before."""
        if task.data != self.data:
            self.violations.append(f"{self.task} was submitted with {self.data}, and has {task.data}")
        if task.status == "completed":
            self._check_answer(task)
        if self.outcome is not None and (task.status.value, task.output) != self.outcome:
            self.violations.append(f"{self.task} ended as {self.outcome}, and is {(task.status.value, task.output)}")

    def _check_answer(self, task: Task) -> None:
        """Hold the answer that a completed task has against those that were given and accepted."""
        if self.workflow == "approval":
            has, visit = task.outputs["approve"], f"{self.task}/approve/1/"
        elif self.workflow == "stepwise":
            has, visit = task.outputs["steps"]["answer"], f"{self.task}/steps/{self.retries + 1}/"
        else:
            return
        if has not in self.tried:
            self.violations.append(f"{self.task} has an answer that nobody gave: {has}")
        for question, accepted in self.answered.items():
            if question.startswith(visit) and has != accepted:
                self.violations.append(f"{question} accepted {accepted}, and the task has {has}")
