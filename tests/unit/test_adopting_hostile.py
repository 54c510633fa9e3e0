"""Documents that somebody has changed: refused, or taken in without harm; none brings the core down."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from tests.unit.core_helpers import Driven, answer, settled
from tests.unit.moving_given import STATES, adopt, as_json, elsewhere, open_questions
from workflow_engine.core.effects import Perform
from workflow_engine.core.explain import explain
from workflow_engine.core.inputs import Cancel
from workflow_engine.errors import EngineError, IllegalTransition, InputRefused
from workflow_engine.spec.model import WorkflowSpec

STRANGE: Final[tuple[Any, ...]] = (
    None,
    -1,
    10**30,
    1e300,
    0,
    7,
    "",
    "x",
    "a",
    "b",
    "cancelled",
    "t/a/1",
    "t~a.1.2",
    [],
    [1],
    {},
    {"x": 1},
    True,
)

Make = Callable[[], tuple[Driven, WorkflowSpec]]
Plain = dict[str, Any]


def mutations(whole: Plain) -> Iterator[Plain]:
    """Yield *whole* with one thing in it removed, replaced, or under another name."""
    for path in paths(whole, ()):
        for strange in STRANGE:
            changed = copy.deepcopy(whole)
            parent(changed, path)[path[-1]] = strange
            yield changed
        removed = copy.deepcopy(whole)
        del parent(removed, path)[path[-1]]
        yield removed
        if isinstance(path[-1], str):
            for name in ("x", "t/b/1", "0", "9", "running", "items"):
                renamed = copy.deepcopy(whole)
                inner = parent(renamed, path)
                inner[name] = inner.pop(path[-1])
                yield renamed


def paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Yield where in *value* something stands."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        found = list(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - JSON
    elif isinstance(value, list):
        found = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - JSON
    for key, child in found:
        yield (*path, key)
        yield from paths(child, (*path, key))


def parent(value: Any, path: tuple[Any, ...]) -> Any:
    """Return what holds what stands at *path*."""
    for key in path[:-1]:
        value = value[key]
    return value


def live_on(driven: Driven) -> None:
    """Have a core do whatever its tasks may come to."""
    for now in (200.0, 300.0, 10_000.0):
        decision = driven.tick(now)
        while decision.effects:
            runs = [effect for effect in decision.effects if isinstance(effect, Perform)]
            decision = driven.tick(now, *(settled(effect.run, effect.attempt) for effect in runs[:20]))
        questions = open_questions(driven)
        driven.tick(
            now, *(answer(question, value) for question in questions for value in ("x", {"decision": "accept"}))
        )
    for task in [entity for entity in driven.core.snapshot() if entity[0] != "#" and "/" not in entity]:
        record = driven.core.record(task)
        assert record is not None
        explain(record, 10_000.0, serving=True, lacks=driven.core.lacks(task))
        driven.tick(10_001.0, Cancel(task))
        driven.tick(10_002.0)


@pytest.mark.parametrize("make", STATES)
def test_no_changed_document_brings_the_core_down(make: Make) -> None:
    driven, _ = make()
    whole = as_json(driven.core.export("t"))
    seen = {"refused": 0, "taken": 0}
    other = elsewhere(driven)
    for changed in mutations(whole):
        if not all(isinstance(components, dict) for components in changed.values()):
            continue  # refused where the document is read
        decision = other.tick(105.0, adopt(changed))
        [(_, reply)] = decision.replies
        if isinstance(reply, EngineError):
            assert isinstance(reply, InputRefused | IllegalTransition)
            assert not decision.changes
            seen["refused"] += 1
        else:
            live_on(other)
            seen["taken"] += 1
            other = elsewhere(driven)
    assert min(seen.values()) > 20, seen
