"""Random workflows: graphs and sequences of everything that can be written, and what their handlers do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from workflow_engine.spec.graph import Graph
from workflow_engine.spec.model import Phase, WorkflowSpec

ATTEMPTS: Final = 3
"""Attempts that the phases of random workflows have."""

DATA: Final[dict[str, Any]] = {"limit": 5, "items": [1, 2, 3, 4, 5]}
"""What every task is about."""

SHAPE: Final[dict[str, Any]] = {"type": "object", "required": ["phase"]}
"""Schema of outputs."""


@dataclass(frozen=True)
class Act:
    """What the handler of a phase does, however often it is called.

    Attributes:
        transient: how many attempts of each visit fail at first.
        unfit: how many attempts after these give what does not fit the schema.
        permanent: whether it then fails for good.
        number: what makes its output its own.
        rounds: the phase whose visits the verdict and the choice depend on, or None.
        rejects: visits of that phase whose work it rejects.
        options: what it chooses from.
        bad_items: items of its fan-out that fail for good.
        collects: whether its fan-out goes on without these.
        slow_items: items that fail at their first attempt.
        forks: values that it has forked tasks leave in their context, each by the name of the value.
        ruling: what a person decides where it has rejected too often.
        undo_fails: whether its compensation fails for good.
    """

    transient: int = 0
    unfit: int = 0
    permanent: bool = False
    number: int = 0
    rounds: str | None = None
    rejects: int = 0
    options: tuple[str, ...] = ()
    bad_items: frozenset[int] = frozenset()
    collects: bool = True
    slow_items: frozenset[int] = frozenset()
    forks: tuple[tuple[str, int], ...] = ()
    ruling: str = "accept"
    undo_fails: bool = False

    @property
    def healed(self) -> "Act":
        """The same without anything that makes a task fail."""
        agreed = dict(reversed(self.forks))
        return replace(
            self, transient=min(self.transient, ATTEMPTS - 1), unfit=min(self.unfit, 1), permanent=False, rejects=0,
            bad_items=self.bad_items if self.collects else frozenset(),
            forks=tuple((name, agreed[name]) for name, _ in self.forks),
        )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A workflow, those it uses, and what the handlers of all their phases do.

    Attributes:
        spec: the workflow.
        children: sub-workflows, by name.
        acts: by phase id, which no two of these workflows share.
    """

    spec: WorkflowSpec
    children: Mapping[str, WorkflowSpec]
    acts: Mapping[str, Act]

    @property
    def healed(self) -> "Case":
        """The same case without anything that makes a task fail."""
        return replace(self, acts={phase: act.healed for phase, act in self.acts.items()})


def random_case(seed: int) -> Case:
    """Return the case of this seed."""
    return _Generator(Random(seed)).case()


class _Generator:
    """Makes one case.

    So that what is made has one outcome, whatever happens first: where phases fail for good no work is sent back, and
    reviewers never fail; of two phases that send work back one comes before the other.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._acts: dict[str, Act] = {}
        self._children: dict[str, WorkflowSpec] = {}
        self._mood = random.choice(("calm", "fails", "fails", "rejects", "rejects"))

    def case(self) -> Case:
        random = self._random
        if random.random() < 0.25:
            spec = self._sequence("w", random.randint(1, 6), deep=True)
        else:
            spec = self._graph("w", random.randint(1, 12), deep=True)
        return Case(spec, self._children, self._acts)

    def _chance(self, chance: float) -> bool:
        return self._random.random() < chance

    # ------------------------------------------------------------ phases

    def _phase(self, name: str, *, deep: bool) -> dict[str, Any]:
        """Return how a phase is carried out, and note what its handler does."""
        random = self._random
        act = Act(number=random.randint(0, 9))
        phase: dict[str, Any] = {"id": name}
        kind = random.choice(("plain",) * 6 + ("items", "items", "wait", *(("child", "fork") if deep else ())))
        if kind == "items":
            collects = self._mood != "fails" or self._chance(0.5)
            phase["for_each"] = {
                "items": random.choice(("inputs.items", "inputs.items[:0]", "inputs.items[:2]")),
                "max_concurrency": random.randint(1, 4),
                "on_item_failure": "collect" if collects else "fail",
            }
            act = replace(act, collects=collects)
            if self._chance(0.3):
                act = replace(act, bad_items=frozenset(random.sample(range(5), 2)))
            if self._chance(0.3):
                act = replace(act, slow_items=frozenset(random.sample(range(5), 2)))
        elif kind == "wait":
            phase["wait"] = random.choice((0.5, 20.0))
        elif kind == "child":
            phase["workflow"] = self._child(name)
        elif kind == "fork":
            shared = self._mood == "fails" and self._chance(0.3)
            values = [random.randint(0, 1) for _ in range(random.randint(0, 3))]
            names = [f"{name}-shared" if shared else f"{name}-{position}" for position in range(len(values))]
            act = replace(act, forks=tuple(zip(names, values, strict=True)))
        if kind in ("plain", "fork"):
            phase["output"] = SHAPE if self._chance(0.3) else None
            unfit = random.choice((0, 1, 2 if self._mood == "fails" else 1)) if phase["output"] else 0
            act = replace(act, unfit=unfit if kind == "plain" else 0, transient=random.choice((0, 0, 0, 1, 2)))
            if self._mood == "fails" and self._chance(0.08):
                act = replace(act, permanent=True)
            if self._mood == "fails" and self._chance(0.04):
                act = replace(act, transient=ATTEMPTS)
        if kind != "wait" and self._chance(0.3):
            phase["compensate"] = f"{name}:compensate"
            act = replace(act, undo_fails=self._chance(0.2))
        self._acts[name] = act
        return phase

    def _child(self, parent: str) -> str:
        name = f"{parent}-child"
        count = self._random.randint(1, 3)
        make = self._sequence if self._chance(0.5) else self._graph
        self._children[name] = make(name, count, deep=False)
        return name

    def _spec(self, name: str, phases: list[dict[str, Any]], **given: Any) -> WorkflowSpec:
        retry = {"max_attempts": ATTEMPTS, "initial": 1, "jitter": False}
        return WorkflowSpec(name=name, phases=[Phase(**phase) for phase in phases], defaults={"retry": retry}, **given)

    # ------------------------------------------------------------ sequences

    def _sequence(self, name: str, count: int, *, deep: bool) -> WorkflowSpec:
        prefix = "s" if name == "w" else f"{name}-s"
        phases = [self._phase(f"{prefix}{position}", deep=deep) for position in range(count)]
        if count >= 2 and self._chance(0.5) and self._is_plain(phases[-1]):
            self._reviewing(phases[-1], phases[: count - 1])
        states = None
        if deep and self._chance(0.4):
            for phase in phases:
                phase["stages"] = {"start": f"in-{phase['id']}", "complete": f"after-{phase['id']}"}
            states = {"initial": "new"}
        return self._spec(name, phases, states=states)

    def _is_plain(self, phase: dict[str, Any]) -> bool:
        return not any(phase.get(kind) is not None for kind in ("for_each", "wait", "workflow", "gate")) and (
            not self._acts[phase["id"]].forks
        )

    def _reviewing(self, phase: dict[str, Any], before: list[dict[str, Any]]) -> bool:
        """Let a phase send work back to one of those *before* it; return whether one of them can be done again."""
        able = [other["id"] for other in before if self._is_plain(other) and "when" not in other]
        if not able:
            return False
        random = self._random
        target, most = random.choice(able), random.randint(1, 3)
        then = random.choice(("fail", "human"))
        phase["on_reject"] = {"target": target, "max_attempts": most, "then": then}
        rejects = random.choice((0, 1, most, most + 2)) if self._mood == "rejects" else 0
        act = Act(number=1, rounds=target, rejects=rejects, ruling=random.choice(("accept", "revise", "stop")))
        for name in phase["gate"]["of"] if "gate" in phase else ():
            # Each on its own, so that some gates pass early and some reject early.
            self._acts[name] = replace(act, rejects=random.choice((0, rejects)))
        self._acts[phase["id"]] = act
        phase.pop("output", None)
        phase.pop("compensate", None)
        return True

    # ------------------------------------------------------------ graphs

    def _graph(self, name: str, count: int, *, deep: bool) -> WorkflowSpec:
        prefix = "p" if name == "w" else f"{name}-p"
        phases: list[dict[str, Any]] = []
        for position in range(count):
            phase = self._phase(f"{prefix}{position}", deep=deep)
            most = min(len(phases), 3)
            needed = self._random.sample([other["id"] for other in phases], self._random.randint(0, most))
            phase["depends_on"] = needed
            if needed and self._chance(0.15):
                phase["when"] = self._random.choice(("inputs.limit > 3", "inputs.limit > 7"))
            phases.append(phase)
        if self._chance(0.5):
            self._gate(phases, f"{prefix}{count}")
        if self._mood == "rejects":
            self._loops(phases)
        self._choosers(phases)
        self._random.shuffle(phases)
        most_live = self._random.choice((None, None, 1, 2, 3))
        return self._spec(name, phases, max_concurrency=most_live)

    def _gate(self, phases: list[dict[str, Any]], name: str) -> None:
        random = self._random
        able = [phase["id"] for phase in phases if self._is_plain(phase)]
        if not able:
            return
        of = random.sample(able, random.randint(1, min(3, len(able))))
        require = random.choice(("all", "any", random.randint(1, len(of))))
        gate: dict[str, Any] = {"id": name, "gate": {"of": of, "require": require}, "depends_on": []}
        for reviewer in of:
            self._acts[reviewer] = Act(number=random.randint(0, 9))
        self._acts[name] = Act()
        phases.append(gate)
        for position in range(random.randint(1, 2)):
            behind = self._phase(f"{name}-{position}", deep=False)
            phases.append({**behind, "depends_on": [name]})

    def _loops(self, phases: list[dict[str, Any]]) -> None:
        """Have at most two phases send work back, the second behind the first."""
        last: str | None = None
        hasty = any(phase["gate"]["require"] != "all" for phase in phases if "gate" in phase)
        for _ in range(1 if hasty else 2):  # what is behind a gate that passes early does not wait for what is before
            graph = Graph(self._spec("try", phases))
            able = [phase for phase in phases if self._may_review(phase, graph, last)]
            if not able:
                return
            reviewer = self._random.choice(able)
            reviewed = reviewer["gate"]["of"] if "gate" in reviewer else [reviewer["id"]]
            before = [other for other in phases if all(name in graph.downstream(other["id"]) for name in reviewed)]
            before = [other for other in before if self._is_fair(other["id"], graph, phases)]
            if self._reviewing(reviewer, before):
                last = reviewer["id"]

    def _is_fair(self, target: str, graph: Graph, phases: list[dict[str, Any]]) -> bool:
        """Return whether every gate that would decide again does so over reviewers that all review again.

        One that was withdrawn since the gate had passed without it does not count the second time.
        """
        again = graph.downstream(target)
        gates = [phase for phase in phases if "gate" in phase and phase["id"] in again]
        return all(name in again for gate in gates for name in gate["gate"]["of"])

    def _may_review(self, phase: dict[str, Any], graph: Graph, last: str | None) -> bool:
        if "on_reject" in phase or not ("gate" in phase or self._is_plain(phase)):
            return False
        judged = {name for name in self._acts if self._acts[name].rounds is not None}
        if phase["id"] in judged or any(name in judged for name in phase.get("gate", {}).get("of", ())):
            return False
        return last is None or phase["id"] in graph.downstream(last)

    def _choosers(self, phases: list[dict[str, Any]]) -> None:
        """Have some phases choose among those that depend on them."""
        rounds_of = {act.rounds for act in self._acts.values()}
        names: list[str] = [phase["id"] for phase in phases]
        targets = [name for name in names if name in rounds_of]
        for phase in phases:
            able = [
                other["id"] for other in phases if phase["id"] in other["depends_on"] and "gate" not in other
            ]  # fmt: skip
            free = self._is_plain(phase) and "on_reject" not in phase and phase["id"] not in targets
            if not free or len(able) < 2 or not self._chance(0.4):
                continue
            options = tuple(self._random.sample(able, self._random.randint(2, len(able))))
            phase["next_classifications"] = options
            graph = Graph(self._spec("try", phases))
            rounds = [name for name in targets if phase["id"] in graph.downstream(name)]
            name: str = phase["id"]
            act = self._acts[name]
            if act.rounds is None:
                act = replace(act, rounds=rounds[0] if rounds else None)
            self._acts[name] = replace(act, options=options)
