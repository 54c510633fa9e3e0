"""Reruns: what a retry or a fork will do, told before it is done."""

import heapq
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from workflow_engine.core.migrating import passed, reached_without
from workflow_engine.core.plan import Plan
from workflow_engine.core.retaking import Entries, Retake
from workflow_engine.spec.graph import reachable

NAMED_MAX: Final = 12
"""How many phases a sentence names; the rest it counts."""


class Rerun(msgspec.Struct, frozen=True):
    """What is done again when a task is retried, or done by a new task that is forked from it.

    It says what is certain now.  A review may yet send work back to what stands, and a task may fail on its way.

    Attributes:
        task: its id; for a fork, that of the source.
        phase: the phase that it begins at; None for the first phases of a graph.
        runs: the phases that are carried out, or may be, in the order of the workflow; gates are among them.
        keeps: the completed phases whose outputs stand.  Where a way leads back, one of them may be among *runs*.
        perhaps: those of *runs* that may be left out: behind a choice, a condition, or a gate that may pass without.
        left_out: phases on the way to *phase* that are not done, and are not carried out either.
        sentence: the same in words.
    """

    task: str
    phase: str | None
    runs: tuple[str, ...]
    keeps: tuple[str, ...]
    perhaps: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    sentence: str = ""


def rerun_of(task: str, phase: str | None, plan: Plan, found: Retake, *, forks: bool = False) -> Rerun:
    """Return what comes of a task that is taken up as *found*, or of the new one where it *forks*."""
    runs = _left(plan, found.entries) if plan.is_graph else reachable(plan.graph.edges, found.starts[:1])
    perhaps = (
        _doubtful(plan, found.entries, runs) if plan.is_graph else _optional(plan, found.starts[0], frozenset(runs))
    )
    completed = {name for name, entry in found.entries.items() if entry.outcome == "completed"}
    keeps = tuple(name for name in plan.order if name in completed and not (plan.is_graph and name in runs))
    told = Rerun(
        task,
        phase,
        runs,
        keeps,
        tuple(name for name in runs if name in perhaps),
        _left_out(plan, found, frozenset(runs)),
    )
    return msgspec.structs.replace(told, sentence=_sentence(told, found.entries, forks))


def _left_out(plan: Plan, found: Retake, runs: frozenset[str]) -> tuple[str, ...]:
    """Return what a sequence leaves out on its way to where it begins."""
    done = {name for name, entry in found.entries.items() if entry.done}
    missing: set[str] = set() if plan.is_graph else plan.order.keys() - done - runs
    return tuple(name for name in passed(plan, frozenset(found.starts[:1])) if name in missing) if missing else ()


def _left(plan: Plan, entries: Entries) -> tuple[str, ...]:
    """Return the phases of a graph that are not done, each behind what it needs, without those that are not chosen."""
    left: dict[str, None] = {}
    unchosen: set[str] = {name for name, entry in entries.items() if entry.outcome == "unchosen"}
    for name in _sorted(plan):
        if name in entries and entries[name].done:
            continue
        needed = plan.phases[name].needed
        if any(_chose_another(plan, entries, other, name) for other in needed) or (needed and unchosen >= {*needed}):
            unchosen.add(name)
        else:
            left[name] = None
    return tuple(left)


def _chose_another(plan: Plan, entries: Entries, phase: str, name: str) -> bool:
    entry = entries.get(phase)
    if entry is None or not entry.done or entry.chose in (None, name):
        return False
    return name in plan.phases[phase].following


def _doubtful(plan: Plan, entries: Entries, runs: tuple[str, ...]) -> set[str]:
    """Return those of a graph's *runs* that may be left out."""
    unsure: set[str] = set()  # whether they are chosen
    away = {name for name in plan.graph.edges if name not in runs and _is_unchosen(entries, name)}
    for name in runs:
        phase = plan.phases[name]
        choosers = [n for n in phase.needed if n in runs and name in plan.phases[n].following]
        chosen_among = any(len(plan.phases[n].following) > 1 for n in choosers)
        if chosen_among or (phase.needed and (unsure | away) >= {*phase.needed}):
            unsure.add(name)
    return unsure | {name for name in runs if plan.phases[name].spec.when is not None or _dispensable(plan, name)}


def _is_unchosen(entries: Entries, name: str) -> bool:
    return name not in entries or not entries[name].done or entries[name].outcome == "unchosen"


def _dispensable(plan: Plan, name: str) -> bool:
    """Return whether only gates need a phase, and they may pass without it."""
    gates = [plan.phases[other].spec.gate for other in plan.phases[name].dependants]
    return bool(gates) and all(gate is not None and gate.require != "all" for gate in gates)


def _optional(plan: Plan, start: str, runs: frozenset[str]) -> set[str]:
    """Return those of a sequence's *runs* that are not on every way to an end, or have a condition."""
    edges = plan.graph.edges
    ends = {name for name in runs if not edges[name]}
    if all(len(edges[name]) < 2 for name in runs):  # one way
        return {name for name in runs if plan.phases[name].spec.when is not None}
    return {
        name
        for name in runs
        if plan.phases[name].spec.when is not None
        or (name != start and name not in ends and not ends.isdisjoint(reached_without(edges, start, name)))
        or (name in ends and len(ends) > 1)
    }


def _sorted(plan: Plan) -> Iterator[str]:
    """Yield the phases of a graph, each behind what it needs, else in the order they were written."""
    missing = {name: len(plan.phases[name].needed) for name in plan.graph.edges}
    waiting = [(plan.order[name], name) for name, count in missing.items() if not count]
    heapq.heapify(waiting)
    while waiting:
        _, name = heapq.heappop(waiting)
        yield name
        for other in plan.phases[name].dependants:
            missing[other] -= 1
            if not missing[other]:
                heapq.heappush(waiting, (plan.order[other], other))


def _sentence(told: Rerun, entries: Entries, forks: bool) -> str:
    certain = [name for name in told.runs if name not in told.perhaps]
    before = [name for name in certain if forks or (name in entries and entries[name].visits)]
    fresh = [name for name in certain if name not in before]
    how = "in the new task" if forks else "again"
    clauses = (
        _clause(before, f"is done {how}", f"are done {how}"),
        _clause(fresh, "is done", "are done"),
        _clause(told.perhaps, "may be done", "may be done"),
        _clause(told.left_out, "is left out", "are left out"),
        _clause(told.keeps, "keeps its output", "keep their outputs"),
    )
    said = "; ".join(clause for clause in clauses if clause is not None)
    return f"{said}." if told.runs else f"Nothing is left to be done{'; ' if said else ''}{said}."


def _clause(names: Iterable[str], one: str, several: str) -> str | None:
    listed = list(names)
    if not listed:
        return None
    shown, more = listed[:NAMED_MAX], len(listed) - NAMED_MAX
    if more > 0:
        return f"{', '.join(shown)} and {more} more {several}"
    named = " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)
    return f"{named} {one if len(listed) == 1 else several}"
