"""Uploads: files of an answer become artifacts of the task, under names that nothing else of it has."""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.question_view import QuestionView
from workflow_engine.ui.desk import desk
from workflow_engine.ui.forms.drafts import PersonalShelf
from workflow_engine.ui.forms.uploads import Upload, distinct


class Renaming:
    """Names uploaded files so that none takes the place of an artifact with another content; see `Shelf`.

    Args:
        artifacts: of the task.
        shelf: keeps files while the form is not finished.
    """

    def __init__(self, artifacts: Iterable[ArtifactRef], shelf: PersonalShelf) -> None:
        self._taken = {reference.name: reference.sha256 for reference in artifacts}
        self._shelf = shelf

    def put(self, upload: Upload) -> str | None:
        """See `Shelf.put`."""
        return self._shelf.put(upload)

    def get(self, token: str) -> Upload | None:
        """See `Shelf.get`."""
        found = self._shelf.get(token)
        return None if found is None else self.renamed(found)

    def renamed(self, upload: Upload) -> Upload:
        """Return *upload* under a name that is free, or that means this very content already."""
        digest = _digest(upload)
        taken = {name: sha256 for name, sha256 in self._taken.items() if sha256 != digest}
        return msgspec.structs.replace(upload, name=distinct(upload.name, taken))

    def clashing(self, uploads: Mapping[str, Upload]) -> list[str]:
        """Return the names in *uploads* that other contents have: two files of one form were called the same."""
        return [name for name, upload in uploads.items() if self._taken.get(name, _digest(upload)) != _digest(upload)]


def stored(view: QuestionView, uploads: Mapping[str, Upload], by: str) -> dict[str, str]:
    """Store files as artifacts of a question's task; return the parts that are shown then, by name.

    Raises:
        EngineError: one cannot be stored; those before it are.
    """
    parts = dict(view.parts)
    for name, upload in uploads.items():
        digest = _digest(upload)
        if parts.get(f"artifact:{name}") != digest:
            desk().ask.add_artifact(view.task, name, upload.content, upload.media_type or None, by=by)
            parts[f"artifact:{name}"] = digest
    return parts


def _digest(upload: Upload) -> str:
    return hashlib.sha256(upload.content).hexdigest()
