"""A long story of random inputs from one seed: everything that can be told to a core, valid and not, in one order."""

from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from tests.unit.core_helpers import defined, raw
from workflow_engine.core.components import WaitKind
from workflow_engine.core.core import Core
from workflow_engine.core.effects import Perform
from workflow_engine.core.inputs import (
    Answer,
    AssignQuestion,
    Attach,
    AttemptFailed,
    Cancel,
    ClaimQuestion,
    CommentQuestion,
    Declined,
    DelegateQuestion,
    HandedBack,
    Input,
    Limit,
    Purge,
    Retry,
    Serving,
    SetQuestionDue,
    Settled,
    StepRecorded,
    Submit,
    Suspend,
    UnclaimQuestion,
)
from workflow_engine.core.tick import Decision
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.parts import Defaults, RetryPolicy

AGAIN: Final = RetryPolicy(max_attempts=3, initial=5.0)
SPECS: Final = (
    WorkflowSpec(
        name="chain", phases=(Phase(id="a"), Phase(id="b", timeout=20), Phase(id="c")), defaults=Defaults(retry=AGAIN)
    ),
    WorkflowSpec(
        name="loop",
        phases=(
            Phase(id="a", next_classifications=("b", "c"), timeout=30),
            Phase(id="b", next_classifications=("a",), max_visits=2),
            Phase(id="c", assigned_to="human"),
        ),
        defaults=Defaults(retry=AGAIN),
    ),
)
TASKS: Final = [f"t{number}" for number in range(8)]
LIMITS: Final = (Limit("classification", "a", 2), Limit("pool", "functional", 4))


class Story:
    """Tells a core random inputs, and remembers what it was asked to perform.

    Attributes:
        now: engine time of the last tick.
    """

    def __init__(self, seed: int) -> None:
        self.now = 1_000.0
        self._random = Random(seed)
        self._under_way: list[Perform] = []
        self._asked: list[str] = []
        self._tickets = 0

    def ticks(self, count: int) -> Iterator[tuple[list[Input], float]]:
        """Give inputs and times; have `heard` called with each decision before the next."""
        yield [*map(defined, SPECS), *LIMITS, Serving(True)], self.now
        for _ in range(count):
            self.now += self._random.choice((0.0, 0.5, 3.0, 3.0, 25.0, 100.0))
            yield [self._input() for _ in range(self._random.choice((0, 1, 1, 2, 5)))], self.now

    def heard(self, decision: Decision) -> None:
        """Take note of what a tick decided."""
        for effect in decision.effects:
            if isinstance(effect, Perform):
                self._under_way.append(effect)
        for event in decision.events:
            question = getattr(event, "question", None)
            if question is not None:
                self._asked.append(question)
        del self._under_way[:-12], self._asked[:-6]

    def _ticket(self) -> int:
        self._tickets += 1
        return self._tickets

    def _input(self) -> Input:
        random, ticket = self._random, self._ticket()
        task = random.choice(TASKS)
        effect = (
            random.choice(self._under_way) if self._under_way else Perform(f"{task}/a/1", task, "a", 1, "functional")
        )
        run, attempt = effect.run, effect.attempt
        pick = random.choice((None, None, "b", "c", "nowhere"))
        match random.choice((*_OFTEN, *_SELDOM)):
            case "submit":
                spec = random.choice(SPECS)
                return Submit(
                    task, spec.digest(), raw(random.choice((1, 1, 2))), priority=random.choice((0, 0, 5)), ticket=ticket
                )
            case "settle":
                context = {random.choice("xyz"): raw(random.random())} if random.random() < 0.5 else None
                return Settled(run, attempt, raw(random.random()), random.choice((None, pick)), context)
            case "fail":
                return AttemptFailed(
                    run, attempt, "Boom", "it broke", random.random() < 0.2, random.choice((None, 40.0))
                )
            case "step":
                return StepRecorded(run, attempt, random.choice("pqr"), random.randint(0, 2), raw(ticket), ticket)
            case "ask":
                step = random.choice((None, "ask"))
                due = random.choice((None, 10.0, 60.0))
                on_due = random.choice(("notify", "fail", "escalate"))
                others = ("eve",) if on_due == "escalate" else ()
                return Suspend(
                    run, attempt, WaitKind.HUMAN, "Well?", step, 3, due_in=due, on_due=on_due, escalate_to=others
                )
            case "sleep":
                return Suspend(
                    run, attempt, WaitKind.IO, step="sleep", index=4, wake_in=random.choice((0.0, 5.0, 70.0))
                )
            case "answer":
                question = random.choice(self._asked) if self._asked else "t0/a/1/1q0"
                return Answer(question, raw(ticket), pick, random.choice((None, "ann")), ticket)
            case "tend":
                return _tending(random, random.choice(self._asked) if self._asked else "t0/a/1/1q0", ticket)
            case "outside":
                return Suspend(
                    "", 0, WaitKind.AGENT, "Hold", task=task, due_in=random.choice((None, 30.0)), ticket=ticket
                )
            case "decline":
                return Declined(run, attempt, "a handler")
            case "hand back":
                return HandedBack(run, attempt)
            case "cancel":
                return Cancel(random.choice((task, run)), random.choice((None, "enough")), ticket)
            case "retry":
                return Retry(random.choice((task, task, run)), random.choice((None, None, "a", "nowhere")), ticket)
            case "attach":
                return Attach(random.choice((task, task, run)), {random.choice("fg"): raw(ticket)}, ticket)
            case "purge":
                return Purge(task, ticket)
            case _:
                return Serving(random.random() < 0.8)


def _tending(random: Random, question: str, ticket: int) -> Input:
    who = random.choice(("ann", "bob"))
    match random.randrange(6):
        case 0:
            return ClaimQuestion(question, who, ticket)
        case 1:
            return UnclaimQuestion(question, who, ticket)
        case 2:
            return AssignQuestion(question, who, random.choice(((), ("bob", "eve"))), "eve", ticket=ticket)
        case 3:
            return DelegateQuestion(question, who, "eve", ticket)
        case 4:
            return CommentQuestion(question, "Hm.", who, ticket)
        case _:
            return SetQuestionDue(question, random.choice((None, 0.0, 20.0)), who, ticket)


_OFTEN: Final = ("submit", "settle", "settle", "settle", "fail", "step", "ask", "answer", "answer", "retry") * 2
_SELDOM: Final = ("sleep", "outside", "decline", "hand back", "cancel", "attach", "purge", "serve", "tend", "tend")


def told(core: Core, seed: int, count: int) -> list[Decision]:
    """Tell *core* a story and return what it decided."""
    story, decisions = Story(seed), list[Decision]()
    for inputs, now in story.ticks(count):
        decisions.append(core.tick(inputs, now))
        story.heard(decisions[-1])
    return decisions


def as_bytes(decisions: list[Decision]) -> bytes:
    """Return decisions as JSON; refusals as their sentences."""
    return msgspec.json.encode(decisions, enc_hook=str)
