"""Clients of an engine that is killed again and again: they know what they were told, and what the ledger says."""

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

from tests.e2e.kill_driver import Driver, Lost, Refused

WORKFLOWS = 2 * ("chain", "stepwise", "approval", "asking", "retried") + ("parked",)

AT_ONCE = 300
"""Tasks that are watched at once."""


async def killed(directory: Path, seed: int, tasks: int, kills: int) -> tuple[list[str], Driver]:
    """Kill an engine *kills* times while it runs *tasks*; return the promises that were broken, and the driver."""
    random = Random(seed)
    driver = Driver(directory, random, kills, tasks)
    clients = [Client(number, random, driver) for number in range(tasks)]
    room = asyncio.Semaphore(AT_ONCE)

    async def one(client: Client) -> None:
        await driver.turn(client.number)
        async with room:
            await client.use()

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(one(client))
        life = await driver.run()
    for client in clients:
        await client.look_again()
    code = await life.stop()
    broken = [sentence for client in clients for sentence in client.violations]
    if code != 0:
        broken.append(f"the last engine ended with code {code}: {driver.log()}")
    return [*broken, *ledger_violations(driver.ledger, clients)], driver


class Client:
    """One person with one task.

    Attributes:
        number: which of all.
        task: id of the task.
        told: what the engine said the task ended with, once it has.
        violations: promises that were broken, as sentences.
    """

    def __init__(self, number: int, random: Random, driver: Driver) -> None:
        self.number = number
        self.task = f"task-{number}"
        self.told: dict[str, Any] | None = None
        self.violations: list[str] = []
        self._workflow = WORKFLOWS[number % len(WORKFLOWS)]
        self._data: dict[str, Any] = {"number": number // len(WORKFLOWS), "text": "ä" * random.randint(0, 40)}
        self._random = random
        self._driver = driver
        self._explained = ""
        self._tried: list[Any] = []
        self._accepted: dict[str, Any] = {}

    async def use(self) -> None:
        """Submit the task and see it through."""
        try:
            self._check(await self._driver.insist("submit", self.task, data=self._data, workflow=self._workflow))
            while self.told is None and not self._parked():
                await self._look()
        except Refused as refused:
            self.violations.append(f"{self.task}: {refused}")

    async def look_again(self) -> None:
        """See whether the engine still says what it said before."""
        try:
            self._check(await self._driver.insist("get", self.task))
        except Refused as refused:
            self.violations.append(f"{self.task} was accepted, and is lost: {refused}")

    def _parked(self) -> bool:
        """Whether the task waits for an answer that nobody will give, and says so."""
        return self._workflow == "parked" and "waits in phase 'never'" in self._explained

    async def _look(self) -> None:
        patience = self._random.uniform(0.05, 0.5)
        found = await self._driver.insist("look", self.task, patience=patience)
        if "explained" not in found:
            self._check(found)
            return
        self._explained = found["explained"]
        if "(question " in self._explained and self._workflow != "parked":
            await self._answer(self._explained.partition("(question ")[2].partition(")")[0])

    async def _answer(self, question: str) -> None:
        """Answer; a reply that was lost is made up for by another answer, and one that came is tested by one."""
        for _ in range(self._random.choice((1, 2))):
            value = {"answer": len(self._tried)}
            self._tried.append(value)
            try:
                self._check(await self._driver.ask("answer", self.task, question=question, value=value))
            except Lost:
                continue
            except Refused as refused:
                if refused.kind not in ("AlreadyAnswered", "AnswerRefused"):
                    raise
                continue
            if question in self._accepted:
                self.violations.append(f"{question} accepted {self._accepted[question]}, and then {value}")
            self._accepted[question] = value

    def _check(self, found: dict[str, Any]) -> None:
        """Hold what the engine says now against what it said before."""
        if found["data"] != self._data:
            self.violations.append(f"{self.task} was submitted with {self._data}, and has {found['data']}")
        if self.told is not None and found != self.told:
            self.violations.append(f"{self.task} ended as {self.told}, and is {found}")
        if self.told is None and found["ended"]:
            self.told = found
            self._check_end(found)

    def _check_end(self, found: dict[str, Any]) -> None:
        refused = self._workflow == "retried" and self._data["number"] % 7 == 0
        expected = "failed" if refused else "completed"
        if found["status"] != expected:
            self.violations.append(f"{self.task} ({self._workflow}) is {found['status']} in the end, not {expected}")
        elif self._workflow == "approval":
            self._check_answer(found["outputs"]["approve"])
        elif self._workflow == "asking":
            self._check_answer(found["outputs"]["asking"]["answer"])

    def _check_answer(self, has: Any) -> None:
        if has not in self._tried:
            self.violations.append(f"{self.task} has an answer that nobody gave: {has}")
        for question, accepted in self._accepted.items():
            if has != accepted:
                self.violations.append(f"{question} accepted {accepted}, and the task has {has}")


def ledger_violations(ledger: Path, clients: list[Client]) -> list[str]:
    """Return what the ledger holds against the engine: steps done again, and results that nobody worked for."""
    broken: list[str] = []
    tokens: dict[str, set[str]] = {}
    told: dict[str, Any] = {}
    for line in ledger.read_text().splitlines():
        entry = json.loads(line)
        if "work" in entry:
            key = entry["work"]
            if key in told:
                broken.append(f"step {key} gave {told[key]}, and was done again")
            tokens.setdefault(key, set()).add(entry["token"])
        else:
            key = f"{entry['run']}/{entry['step']}"
            if told.setdefault(key, entry["told"]) != entry["told"]:
                broken.append(f"step {key} gave {told[key]}, and later {entry['told']}")
    for client in clients:
        for phase, output in (client.told or {"outputs": {}})["outputs"].items():
            broken += _unworked(f"{client.task}/{phase}/1", output, tokens, told)
    return broken


def _unworked(run: str, output: dict[str, Any], tokens: dict[str, set[str]], told: dict[str, Any]) -> list[str]:
    """Return what is wrong with the output of a run, as far as the ledger knows."""
    broken: list[str] = []
    if "token" in output and not any(output["token"] in tokens.get(f"{run}/{attempt}", ()) for attempt in range(1, 5)):
        broken.append(f"{run} has {output['token']}, which no attempt gave")
    for step in ("first", "second"):
        if step in output and output[step] != told.get(f"{run}/{step}"):
            broken.append(f"{run} has {output[step]} of step {step}, and its handler had {told.get(f'{run}/{step}')}")
    return broken
