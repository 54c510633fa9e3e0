"""Seen: what a page has shown to somebody, and what of it is another by now."""

import hmac
from typing import Final

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.pages.inbox_sections import compared
from workflow_engine.ui.security.current import access
from workflow_engine.ui.showing.shown import ShownDiff

PARTS_MAX: Final = 500
"""Parts of which a page keeps in mind what they were; of more it only knows that something has changed."""

CHANGES_MAX: Final = 20
"""Changes that are told."""

_ARTIFACT: Final = "artifact:"
_WORDS: Final = {
    "prompt": "The question itself",
    "form": "What you are asked to fill in",
    "show": "What the question is about",
    "picks": "What can follow",
}


class _Part(msgspec.Struct, frozen=True, array_like=True):
    sha256: str
    size: int = 0


class Change(msgspec.Struct, frozen=True):
    """A part of a question that is another than it was shown.

    Attributes:
        what: the part, in words; the name of a file is a stranger's.
        fact: "is new", "is gone" or "has changed".
        file: whether it is a file.
        changes: what has changed in it, None where that cannot be said.
    """

    what: str
    fact: str
    file: bool = False
    changes: ShownDiff | None = None


def sealed(view: QuestionView) -> str:
    """Return what the form of a question carries, so that it is known later what was shown; nobody can make it up."""
    if len(view.parts) > PARTS_MAX:
        return ""
    sizes = {_ARTIFACT + reference.name: reference.size for reference in view.artifacts}
    parts = {name: _Part(digest, sizes.get(name, 0)) for name, digest in view.parts.items()}
    text = msgspec.json.encode(parts).decode()
    return f"{_seal(view.id, text)} {text}"


def opened(question: str, given: str) -> dict[str, _Part] | None:
    """Return what `sealed` gave for *question*, None where *given* is not that."""
    seal, _, text = given.partition(" ")
    if not hmac.compare_digest(seal.encode("utf-8", "replace"), _seal(question, text).encode()):
        return None
    return msgspec.json.decode(text, type=dict[str, _Part])


def changes(view: QuestionView, given: str) -> tuple[Change, ...]:
    """Return what has changed in a question since a page with *given* was shown; nothing where that is not known."""
    seen = opened(view.id, given)
    if seen is None:
        return ()
    now = {reference.name: reference for reference in view.artifacts}
    names = [*view.parts, *(name for name in seen if name not in view.parts)]
    different = [name for name in names if name not in seen or view.parts.get(name) != seen[name].sha256]
    return tuple(_change(name, view, seen, now) for name in different[:CHANGES_MAX])


def _change(name: str, view: QuestionView, seen: dict[str, _Part], now: dict[str, ArtifactRef]) -> Change:
    file = name.startswith(_ARTIFACT)
    what = name.removeprefix(_ARTIFACT) if file else _WORDS.get(name, name)
    if name not in seen:
        return Change(what, "is new", file)
    if name not in view.parts:
        return Change(what, "is gone", file)
    reference = now.get(what) if file else None
    if reference is None:
        return Change(what, "has changed", file)
    old = msgspec.structs.replace(reference, sha256=seen[name].sha256, size=seen[name].size)
    return Change(what, "has changed", file, compared(old, reference))


def _seal(question: str, text: str) -> str:
    return access().derived("shown", question, text)
