"""Preparing: what of a phase is evaluated for each task: its condition, its list, its texts."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from workflow_engine.core.components import PhaseProgress, Progress
from workflow_engine.core.core import Core
from workflow_engine.core.inputs import FanOut, Input, Skipped
from workflow_engine.core.record import RunView
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.kinds import kind
from workflow_engine.spec.model import Phase
from workflow_engine.values import from_json, to_json


def prepare(view: RunView) -> Phase | Input:
    """Return a dynamic phase with its texts rendered, or what comes of the attempt without carrying it out.

    Raises:
        TemplateFailed: a text cannot be evaluated with what is known of the task.
        PermanentFailure: the list of a fan-out is none, or too long.
    """
    from workflow_engine.spec.templates import evaluate, render  # 0.1 s, which only workflows with texts wait for

    phase, scope = view.phase.spec, TextScope(view)
    whole = view.visit.item is None
    if whole and phase.when is not None and not evaluate(phase.when, scope):
        return Skipped(view.run, view.attempt)
    if whole and phase.for_each is not None:
        return FanOut(view.run, view.attempt, _items(phase, scope))
    given = render(phase.input, scope)
    scope.input = given
    rendered = {
        "input": given,
        "prompt": _text(phase.prompt, scope),
        "system": _text(phase.system, scope),
        "show": render(phase.show, scope),
        "command": tuple(str(_text(part, scope)) for part in phase.command) if phase.command is not None else None,
    }
    return phase.model_copy(update=rendered)


def judged(view: RunView, output: Any) -> Mapping[str, Any]:
    """Return what the expressions that judge an output see: what texts see, and the ``output``."""
    scope = TextScope(view)
    scope.output = output
    return scope


def judged_answer(core: Core, run: str, value: Any) -> Mapping[str, Any]:
    """Return what the expressions that judge the answer of a run see."""
    view = core.waiting(run)
    return judged(view, value) if view is not None else {"output": value}


def _text(template: str | None, scope: "TextScope") -> str | None:
    from workflow_engine.spec.templates import is_template, render

    if template is None or not is_template(template):
        return template
    value = render(template, scope)
    return value if isinstance(value, str) else "" if value is None else msgspec.json.encode(value).decode()


def _items(phase: Phase, scope: "TextScope") -> msgspec.Raw:
    """Return the list of a fan-out as JSON."""
    from workflow_engine.spec.templates import evaluate, render

    assert phase.for_each is not None
    written, most = phase.for_each.items, phase.for_each.max_items
    items = evaluate(written, scope) if isinstance(written, str) else render(written, scope)
    named = f"for_each of phase {phase.id!r}"
    if items is None:
        items = []
    if not isinstance(items, list):
        raise PermanentFailure(f"{named} gives {kind(items)}, and is to give a list; mend {written!r}")
    found: list[Any] = items  # pyright: ignore[reportUnknownVariableType] - of anything
    if len(found) > most:
        raise PermanentFailure(f"{named} gives {len(found):,} items; allow as many with max_items, which is {most:,}")
    return to_json(found, named)


class TextScope(Mapping[str, Any]):
    """What templates and expressions of a phase see; each value is decoded when it is first asked for.

    Attributes:
        input: what the phase is given, once that is known.
        output: what the phase gave, for expressions that judge it.
    """

    def __init__(self, view: RunView) -> None:
        self._view = view
        self._known: dict[str, Any] = {}
        self.input: Any = None
        self.output: Any = None

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = _ROOTS[name](self)
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in _ROOTS

    def __iter__(self) -> Iterator[str]:
        return iter(_ROOTS)

    def __len__(self) -> int:
        return len(_ROOTS)

    def inputs(self) -> Any:
        """What was submitted."""
        return from_json(self._view.task["data"].value)

    def context(self) -> Any:
        """Values that handlers left, those that a forked task began with included."""
        values: dict[str, Any] = {}
        for name in ("inherited", "context"):
            table = self._view.task.get(name)
            if table is not None:
                values.update(table.entries)
        return {name: from_json(value) for name, value in values.items()}

    def steps(self) -> "Outputs":
        """Outputs of the phases so far, by phase id."""
        return Outputs(self._progress())

    def phases(self) -> "Outputs":
        """The same as ``{"output": ...}``."""
        return _Phases(self._progress())

    def _progress(self) -> Mapping[str, PhaseProgress]:
        table: Progress | None = self._view.task.get("progress")
        return table.entries if table is not None else {}

    def item(self) -> Any:
        """The item of a fan-out."""
        item = self._view.item
        return from_json(item) if isinstance(item, msgspec.Raw) else None

    def index(self) -> int | None:
        """The position of the item."""
        return self._view.visit.item

    def feedback(self) -> Any:
        """Why the phase is carried out again, a list; null where it is not."""
        feedback = self._view.feedback
        return from_json(feedback.issues) if feedback is not None else None

    def task(self) -> dict[str, Any]:
        """What is known of the task itself."""
        identity = self._view.task["identity"]
        stage = self._view.task.get("stage")
        return {
            "id": identity.id,
            "workflow": identity.workflow,
            "phase": self._view.visit.phase,
            "visit": self._view.visit.visit,
            "attempt": self._view.attempt,
            "labels": identity.labels or {},
            "stage": stage.name if stage is not None else None,
        }


class Outputs(Mapping[str, Any]):
    """Outputs by phase id, decoded when asked for; a phase that gave none has null."""

    def __init__(self, entries: Mapping[str, PhaseProgress]) -> None:
        self._entries = entries
        self._known: dict[str, Any] = {}

    def __getitem__(self, phase: str) -> Any:
        if phase not in self._known:
            entry = self._entries.get(phase)
            output = entry.output if entry is not None else msgspec.UNSET
            self._known[phase] = from_json(output) if isinstance(output, msgspec.Raw) else None
        return self._known[phase]

    def __contains__(self, phase: object) -> bool:
        return isinstance(phase, str)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class _Phases(Outputs):
    """The same as ``{"output": ...}`` by phase id."""

    def __getitem__(self, phase: str) -> Any:
        return {"output": super().__getitem__(phase)}


_ROOTS: dict[str, Callable[[TextScope], Any]] = {
    "inputs": TextScope.inputs,
    "phases": TextScope.phases,
    "steps": TextScope.steps,
    "context": TextScope.context,
    "input": lambda scope: scope.input,
    "output": lambda scope: scope.output,
    "item": TextScope.item,
    "index": TextScope.index,
    "feedback": TextScope.feedback,
    "task": TextScope.task,
}
