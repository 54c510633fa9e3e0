"""The past of a task: what earlier visits gave, and why they were sent back."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.components import Answers, Earlier, EarlierVisit, Feedback, Progress
from workflow_engine.core.record import TaskRecord
from workflow_engine.question_view import QuestionView
from workflow_engine.values import from_json

SEARCHED_MAX: Final = 5_000
"""Values of an output among which one is looked for."""

ISSUES_MAX: Final = 50
"""Reasons of one rejection that are shown."""


class Before(msgspec.Struct, frozen=True):
    """What a value was at an earlier visit, which has a number from 1."""

    visit: int
    value: Any


class SentBack(msgspec.Struct, frozen=True):
    """Work that was sent back.

    Attributes:
        phase: id of the phase that did so.
        visit: which time that was, from 1; None where that is not known.
        by: who decided, None where that was no person or is not known.
        at: when, engine time in seconds; None where that is not known.
        reasons: in words.
    """

    phase: str
    visit: int | None
    by: str | None
    at: float | None
    reasons: tuple[str, ...]


class Past:
    """What is known of the earlier visits of a task."""

    def __init__(self, record: TaskRecord) -> None:
        table = record.find(Earlier)
        self._visits: dict[str, list[EarlierVisit]] = {}
        for key, visit in (table.entries if table is not None else {}).items():
            self._visits.setdefault(key.rpartition("/")[0], []).append(visit)
        for visits in self._visits.values():
            visits.sort(key=lambda visit: visit.visit)
        self._progress = record.find(Progress)
        self._answers = record.find(Answers)
        self._outputs: dict[str, Any] = {}

    def values(self, value: Any) -> list[Before]:
        """Return what *value* was before, the latest visit first: if it is what a phase gave, or a part of that."""
        for phase, visits in self._visits.items():
            path = _path_to(value, self._output(phase))
            if path is not None:
                return [
                    Before(visit.visit, old)
                    for visit in reversed(visits)
                    if visit.visit < self._count(phase) and (old := _at(path, from_json(visit.output))) is not _NOTHING
                ]
        return []

    def artifacts(self, reference: ArtifactRef) -> list[tuple[int, ArtifactRef]]:
        """Return what an artifact was before, the latest visit first: the visit's number and the reference."""
        phase = reference.phase or ""
        found: list[tuple[int, ArtifactRef]] = []
        for visit in reversed(self._visits.get(phase, ())):
            old = _kept(visit).get(reference.name)
            # What was sent back and is not done again yet is no earlier version of itself.
            if old is not None and (visit.visit < self._count(phase) or old.sha256 != reference.sha256):
                found.append((visit.visit, old))
        return found

    def last_answer(self, view: QuestionView) -> Any:
        """Return what was answered when the task came to the phase of a question the time before; None for nothing."""
        run, _, number = view.id.rpartition("/")
        head, _, visit = run.rpartition("/")
        before = f"{head}/{view.visit - 1}/{number}"
        found = self._answers.entries.get(before) if self._answers is not None and visit == str(view.visit) else None
        return from_json(found.value) if found is not None else None

    def rejections(self, view: QuestionView) -> list[SentBack]:
        """Return why work was sent back that has to do with a question, the earliest first."""
        own = [
            self._rejection(view, visit)
            for visit in self._visits.get(view.phase, ())
            if visit.visit < view.visit and visit.issues is not msgspec.UNSET
        ]
        if view.feedback is None or any(one.reasons == reasons_of(view.feedback) for one in own):
            return own
        return [*own, self._feedback(view.feedback)]

    def _feedback(self, feedback: Feedback) -> SentBack:
        visits = [visit for visit in self._visits.get(feedback.by, ()) if visit.issues is not msgspec.UNSET]
        visit = visits[-1].visit if visits else None
        return SentBack(feedback.by, visit, None, visits[-1].ended if visits else None, reasons_of(feedback))

    def _rejection(self, view: QuestionView, visit: EarlierVisit) -> SentBack:
        start = f"{view.task}/{view.phase}/{visit.visit}/"
        entries = self._answers.entries if self._answers is not None else {}
        by = next((answer.by for question, answer in entries.items() if question.startswith(start)), None)
        return SentBack(view.phase, visit.visit, by, visit.ended, issue_lines(from_json(visit.issues)) or ())

    def _count(self, phase: str) -> int:
        """Return how often a phase was done."""
        entry = self._progress.entries.get(phase) if self._progress is not None else None
        return 0 if entry is None else int(entry.visits)

    def _output(self, phase: str) -> Any:
        """Return what the latest visit to a phase gave."""
        if phase not in self._outputs:
            entry = self._progress.entries.get(phase) if self._progress is not None else None
            self._outputs[phase] = from_json(entry.output) if entry is not None else None
        return self._outputs[phase]


def reasons_of(feedback: Feedback) -> tuple[str, ...]:
    """Return why a phase is carried out again, in words."""
    return issue_lines(from_json(feedback.issues)) or ()


def issue_lines(value: Any) -> tuple[str, ...] | None:
    """Return issues as sentences, at most `ISSUES_MAX`; None if *value* is no list of issues."""
    if not isinstance(value, list) or not value:
        return None
    issues: list[Any] = list(value)  # pyright: ignore[reportUnknownArgumentType] - JSON
    lines = [_line(issue) for issue in issues[:ISSUES_MAX]]
    return tuple(line for line in lines if line is not None) if None not in lines else None


def _line(given: Any) -> str | None:
    """Return an issue as a sentence, None if it is none."""
    if not isinstance(given, dict):
        return None
    issue: dict[str, Any] = dict(given)  # pyright: ignore[reportUnknownArgumentType] - JSON
    if not isinstance(issue.get("message"), str):
        return None
    place = issue.get("path")
    where = f" ({place})" if isinstance(place, str) and place else ""
    severity = issue.get("severity")
    mild = f"{severity}: " if isinstance(severity, str) and severity not in ("", "error") else ""
    return f"{mild}{issue['message']}{where}"


def _kept(visit: EarlierVisit) -> dict[str, ArtifactRef]:
    """Return what a phase had kept when its visit ended, by name."""
    try:
        return msgspec.convert(from_json(visit.artifacts) or {}, dict[str, ArtifactRef])
    except msgspec.ValidationError:  # a task that came from elsewhere may hold something else
        return {}


class _Nothing:
    """No value, where None is one."""


_NOTHING: Final = _Nothing()

_Path = tuple[str | int, ...]


def _path_to(value: Any, whole: Any) -> _Path | None:
    """Return where *value* stands in *whole*: a text, object or list that is not empty; all else is too common."""
    kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType] - JSON
    if kind not in (str, dict, list) or not value:
        return None
    return next((path for path, found in _walk(whole) if type(found) is kind and found == value), None)


def _walk(whole: Any) -> Iterator[tuple[_Path, Any]]:
    waiting: list[tuple[_Path, Any]] = [((), whole)]
    for _ in range(SEARCHED_MAX):
        if not waiting:
            return
        path, value = waiting.pop()
        yield path, value
        parts: Sequence[tuple[Any, Any]] = ()
        if isinstance(value, dict):
            parts = list(value.items())  # pyright: ignore[reportUnknownArgumentType] - JSON
        elif isinstance(value, list):
            parts = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType] - JSON
        waiting.extend(((*path, key), part) for key, part in parts[::-1])


def _at(path: _Path, whole: Any) -> Any:
    for key in path:
        try:
            whole = whole[key]
        except (KeyError, IndexError, TypeError):
            return _NOTHING
    return whole
