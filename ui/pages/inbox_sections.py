"""Sections: what a decision is about, with what has changed since it was sent back."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from flask import url_for

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.errors import ArtifactError, EngineError, EngineStopped
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.desk import desk
from workflow_engine.ui.pages.inbox_parts import Part, named, parts_of
from workflow_engine.ui.pages.inbox_past import Past
from workflow_engine.ui.showing import Shown, show_artifact, show_diff, show_value
from workflow_engine.ui.showing.artifacts import PREVIEW_MAX
from workflow_engine.ui.showing.headers import SOURCES, SVG, believed
from workflow_engine.ui.showing.shown import ShownDiff
from workflow_engine.ui.showing.values import written
from workflow_engine.ui.showing.words import ordinal

PREVIEWS_MAX: Final = 5
"""Artifacts that are shown in the page; the others are named."""

NAMED_MAX: Final = 100
"""Artifacts that are named."""

READ_SECONDS: Final = 20.0


class Version(msgspec.Struct, frozen=True):
    """What something was before: which version, in a word, and how that is shown."""

    name: str
    shown: Shown


class Section(msgspec.Struct, frozen=True):
    """One thing that a decision is about.

    Attributes:
        id: unique on the page.
        title: what it is called, empty for none.
        version: which version it is, in a word; empty for the only one.
        shown: as it is now.
        changes: what has changed since the version before; None where there is none, or it cannot be compared.
        since: the version before, in a word; empty for none.
        same: whether nothing has changed since.
        earlier: the version before and the first one.
        folded: whether a reader has to ask for it.
    """

    id: str
    title: str
    version: str
    shown: Shown
    changes: ShownDiff | None = None
    since: str = ""
    same: bool = False
    earlier: tuple[Version, ...] = ()
    folded: bool = False


class Named(msgspec.Struct, frozen=True):
    """An artifact that is not shown in the page: its name, where it is saved from, its size in bytes."""

    name: str
    url: str
    size: int


def sections_of(view: QuestionView, past: Past) -> tuple[Section, ...]:
    """Return what a question shows, without artifacts."""
    shown, own = _without_own(view)
    parts = parts_of(shown, past) if shown is not None else ()
    sections = tuple(_of_value(f"shown-{number}", part) for number, part in enumerate(parts))
    if own is None:
        return sections
    return (
        *sections,
        Section("shown-own", "The answer that was given here before", "", show_value(named(own)), folded=True),
    )


def _without_own(view: QuestionView) -> tuple[Any, Any]:
    """Return what a question shows without what was answered here before, and that; None for nothing.

    Where the outputs of all phases are shown, that of the phase itself is among them when it is asked again: what it
    said then is told as the reason why the work was sent back.
    """
    given: Any = view.show
    if view.visit < 2 or not isinstance(given, dict):
        return given, None
    shown: dict[str, Any] = dict(given)  # pyright: ignore[reportUnknownArgumentType] - JSON
    own = shown.pop(view.phase, None)
    return shown, own


def artifacts_of(view: QuestionView, past: Past, first: str | None) -> tuple[tuple[Section, ...], tuple[Named, ...]]:
    """Return the artifacts of a question's task: those that are shown in the page, and those that are only named.

    Args:
        view: the question.
        past: of the task.
        first: id of the phase whose artifacts come first: that whose work is judged.
    """
    ranked = sorted(view.artifacts, key=lambda one: (one.phase != first, not past.artifacts(one), one.name))
    sections = (_of_artifact(view.task, one, number, past) for number, one in enumerate(ranked[:PREVIEWS_MAX]))
    others = (Named(one.name, address(view.task, one), one.size) for one in ranked[PREVIEWS_MAX:][:NAMED_MAX])
    return tuple(sections), tuple(others)


def address(task: str, reference: ArtifactRef, *, inline: bool = False) -> str:
    """Return where an artifact is served, as its content was."""
    more: dict[str, Any] = {"inline": 1} if inline else {}
    return url_for("artifacts.download", task=task, name=reference.name, sha256=reference.sha256, **more)


def shown_artifact(task: str, reference: ArtifactRef) -> Shown:
    """Return how an artifact is shown; one whose content is gone says so."""
    try:
        return show_artifact(
            reference, lambda: content_of(reference), address(task, reference, inline=True), address(task, reference)
        )
    except EngineError as error:
        return Shown(title=reference.name, note=f"It cannot be shown: {error}.")


def compared(old: ArtifactRef, new: ArtifactRef) -> ShownDiff | None:
    """Return what has changed from one text to the next, None where that cannot be said."""
    before, after = text_of(old), text_of(new)
    return None if before is None or after is None else show_diff(before, after)


def text_of(reference: ArtifactRef) -> str | None:
    """Return the content of an artifact that is a text of bounded size and still there, else None."""
    kind = believed(reference)
    if reference.size > PREVIEW_MAX or not (kind in SOURCES or kind in (SVG, "text/html")):
        return None
    try:
        return content_of(reference).decode()
    except (ArtifactError, UnicodeDecodeError):
        return None


def content_of(reference: ArtifactRef) -> bytes:
    """Return the content of an artifact.

    Raises:
        ArtifactError: it is missing or damaged.
        EngineStopped: the engine does not run.
    """
    engine = desk().engine
    loop = engine.loop
    if loop is None or not loop.is_running():
        raise EngineStopped("the engine is not running; try again when it does")
    return asyncio.run_coroutine_threadsafe(engine.artifacts.read_bytes(reference), loop).result(READ_SECONDS)


def version_word(number: int) -> str:
    """Return ``second`` for 2, ``11th`` for 11."""
    return _ORDINALS[number - 1] if 1 <= number <= len(_ORDINALS) else ordinal(number)


_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def _of_value(id_: str, part: Part) -> Section:
    shown = show_value(part.value)
    if not part.before:
        return Section(id_, part.title, "", shown)
    latest, *_, first = (*part.before, part.before[-1])
    same = latest.value == part.value
    earlier = [] if same else [Version(version_word(latest.visit), show_value(latest.value))]
    if first.visit != latest.visit and first.value != part.value:
        earlier.append(Version(version_word(first.visit), show_value(first.value)))
    return Section(
        id=id_,
        title=part.title,
        version=version_word(latest.visit + 1),
        shown=shown,
        changes=None if same else show_diff(_lines(latest.value), _lines(part.value)),
        since=version_word(latest.visit),
        same=same,
        earlier=tuple(earlier),
    )


def _lines(value: Any) -> Any:
    """Return a list of facts as lines, since people read those; anything else as it is."""
    if not isinstance(value, dict):
        return value
    facts: dict[str, Any] = dict(value)  # pyright: ignore[reportUnknownArgumentType] - JSON
    if any(isinstance(fact, dict | list) for fact in facts.values()):
        return facts
    return "\n".join(f"{name}: {fact if isinstance(fact, str) else written(fact)}" for name, fact in facts.items())


def _of_artifact(task: str, reference: ArtifactRef, number: int, past: Past) -> Section:
    shown = shown_artifact(task, reference)
    id_, before = f"file-{number}", past.artifacts(reference)
    if not before:
        return Section(id_, reference.name, "", shown)
    visit, latest = before[0]
    same = latest.sha256 == reference.sha256
    return Section(
        id=id_,
        title=reference.name,
        version=version_word(visit + 1),
        shown=shown,
        changes=None if same else compared(latest, reference),
        since=version_word(visit),
        same=same,
        earlier=tuple(_versions(task, reference, before)),
    )


def _versions(task: str, now: ArtifactRef, before: Sequence[tuple[int, ArtifactRef]]) -> Iterator[Version]:
    """Yield the version before and the first one, where they are others than that of now."""
    chosen: dict[int, Any] = {visit: old for visit, old in (before[0], before[-1]) if old.sha256 != now.sha256}
    for visit, old in chosen.items():
        yield Version(version_word(visit), shown_artifact(task, old))
