"""Tasks in every state in which they can wait, for tests that move them."""

from typing import Any, Final

import msgspec

from tests.unit.core_helpers import Driven, asks, defined, failed, raw, settled, sleeps
from workflow_engine.core.components import Question, Table
from workflow_engine.core.core import Core
from workflow_engine.core.inputs import Adopt, Branch, Cancel, FanOut, Fork, Serving, StepRecorded
from workflow_engine.core.tick import Components
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.parts import Compensation, Defaults, ForEach, OnReject, RetryPolicy, StateMachine

ONE_TRY: Final = RetryPolicy(max_attempts=1)
REJECTION: Final = raw([{"severity": "error", "message": "no"}])


def given(*phases: Phase, **more: Any) -> tuple[Driven, WorkflowSpec]:
    """Return a core with task t, submitted at 100, and its workflow."""
    spec = WorkflowSpec(name="w", phases=phases, defaults=Defaults(retry=ONE_TRY), **more)
    driven = Driven()
    driven.digest = spec.digest()
    driven.tick(99.0, defined(spec))
    driven.tick(100.0, driven.submit())
    return driven, spec


def asking() -> tuple[Driven, WorkflowSpec]:
    """In the middle of its handler, it asks a person; it is at the second stage, and has context and artifacts."""
    driven, spec = given(
        Phase(id="a", stages={"complete": "second"}),
        Phase(id="b"),
        states=StateMachine(initial="first", terminal=("third",)),
    )
    reference = {"name": "x.txt", "sha256": "a" * 64, "size": 1}
    driven.tick(101.0, settled(context={"k": raw(1)}, artifacts={"x.txt": raw(reference)}))
    driven.tick(102.0, StepRecorded("t/b/1", 1, "s", 0, raw(5)))
    driven.tick(103.0, asks("t/b/1", step="well", index=1, due_in=50.0, form=raw({"type": "string"})))
    return driven, spec


def sleeping() -> tuple[Driven, WorkflowSpec]:
    """It waits for a moment."""
    driven, spec = given(Phase(id="a"))
    driven.tick(101.0, sleeps(60.0))
    return driven, spec


def pausing() -> tuple[Driven, WorkflowSpec]:
    """An attempt has failed, and the next is to come."""
    driven, spec = given(Phase(id="a", retry={"max_attempts": 3, "initial": 20}))
    driven.tick(101.0, failed())
    return driven, spec


def fanned_out() -> tuple[Driven, WorkflowSpec]:
    """One item is done, two wait for a person, and two have not begun."""
    driven, spec = given(Phase(id="a", for_each=ForEach(items="{{ inputs }}", max_concurrency=2)))
    driven.tick(101.0, FanOut("t/a/1", 1, raw([1, 2, 3, 4, 5])))
    driven.tick(102.0, settled("t/a/1.0"))
    driven.tick(103.0, asks("t/a/1.1"), asks("t/a/1.2", step="s"))
    return driven, spec


def forked() -> tuple[Driven, WorkflowSpec]:
    """It waits for two tasks, of which one is done and one asks a person."""
    driven, spec = given(Phase(id="a"))
    child = WorkflowSpec(name="child", phases=(Phase(id="c"),))
    driven.tick(101.0, defined(child))
    branches = (Branch(child.digest(), raw(1)), Branch(child.digest(), raw(2)))
    driven.tick(102.0, Fork("t/a/1", 1, "fork", 0, branches, {"k": raw(1)}))
    driven.tick(103.0, settled("t~a.1.1/c/1"), asks("t~a.1.2/c/1"))
    return driven, spec


def escalated() -> tuple[Driven, WorkflowSpec]:
    """A reviewer has rejected too often, and a person decides."""
    review = OnReject(target="a", max_attempts=1, then="human")
    driven, spec = given(Phase(id="a"), Phase(id="b", on_reject=review), Phase(id="c"))
    driven.tick(101.0, settled())
    driven.tick(102.0, settled("t/b/1", issues=REJECTION))
    driven.tick(103.0, settled("t/a/2"))
    driven.tick(104.0, settled("t/b/2", issues=REJECTION))
    return driven, spec


def holding() -> tuple[Driven, WorkflowSpec]:
    """A phase waits for a person, and two others for that one to end."""
    driven, spec = given(
        Phase(id="a"),
        Phase(id="b", depends_on=["a"]),
        Phase(id="c", depends_on=["a"]),
        Phase(id="d", depends_on=["b", "c"]),
        max_concurrency=1,
    )
    driven.tick(101.0, settled())
    driven.tick(102.0, asks("t/b/1"))
    return driven, spec


def undoing() -> tuple[Driven, WorkflowSpec]:
    """It was cancelled, and one of two phases is compensated; the handler of that asks a person."""
    back = Compensation(target_classification="back")
    driven, spec = given(Phase(id="a", compensate=back), Phase(id="b", compensate=back), Phase(id="c"))
    driven.tick(101.0, settled())
    driven.tick(102.0, settled("t/b/1"))
    driven.tick(103.0, Cancel("t", "no need"))
    driven.tick(104.0, asks("t/b:compensate/1", step="s"))
    return driven, spec


STATES: Final = (asking, sleeping, pausing, fanned_out, forked, escalated, holding, undoing)


def as_json(entities: dict[str, Components]) -> dict[str, dict[str, Any]]:
    """Return exported entities as plain JSON values."""
    plain: dict[str, dict[str, Any]] = msgspec.json.decode(
        msgspec.json.encode(
            {
                entity: {
                    name: component.entries if isinstance(component, Table) else component
                    for name, component in components.items()
                }
                for entity, components in entities.items()
            }
        )
    )
    return plain


def adopt(plain: dict[str, dict[str, Any]], task: str = "t") -> Adopt:
    """Return the input that takes such entities in."""
    entities = {
        entity: {name: raw(component) for name, component in components.items()} for entity, components in plain.items()
    }
    return Adopt(task, entities, 1)


def open_questions(driven: Driven) -> list[str]:
    """Return the ids of the questions that are open in a core."""
    found = (components.get("question") for components in driven.core.snapshot().values())
    return [question.id for question in found if isinstance(question, Question)]


def elsewhere(driven: Driven, *, serving: bool = True) -> Driven:
    """Return another core that knows the definitions of this one."""
    other = Driven(serving=serving)
    for digest in driven.core.digests():
        stored = driven.core.stored(digest)
        other.tick(1.0, msgspec.structs.replace(_DEFINE, digest=digest, name=stored.name, spec=stored.spec))
    return other


_DEFINE: Final = defined(WorkflowSpec(name="x", phases=(Phase(id="x"),)))


def reopened(core: Core, serving: bool = True) -> Driven:
    """Return a core that was restored from what another one has."""
    other = Driven.__new__(Driven)
    other.core = Core()
    stored = {entity: _stored(components) for entity, components in core.snapshot().items()}
    other.core.restore(stored, {}, 0.0)
    other.tick(0.0, Serving(serving))
    return other


def _stored(components: Components) -> dict[str, Any]:
    return {
        name: {key: raw(entry) for key, entry in component.entries.items()}
        if isinstance(component, Table)
        else raw(component)
        for name, component in components.items()
    }
