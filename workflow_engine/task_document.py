"""A task as one JSON document: how it is written when a task moves to another engine, and what is accepted there."""

import base64
import binascii
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from pydantic import ValidationError

import workflow_engine
from workflow_engine.artifacts.names import checked_name
from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.components import Artifacts, Earlier, Question, Table
from workflow_engine.core.earlier import earlier_artifacts
from workflow_engine.core.tick import Components
from workflow_engine.errors import ArtifactError, InputRefused, SpecError
from workflow_engine.forms import check_form
from workflow_engine.registry import TASK_ID
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.strict import sentence
from workflow_engine.values import to_json

FORMAT: Final = 1
"""Number of the format."""

DOCUMENT_BYTES_MAX: Final = 512 * 1024 * 1024
"""Most bytes of a document."""

ARTIFACTS_BYTES_MAX: Final = DOCUMENT_BYTES_MAX // 2
"""Most bytes of artifacts that are written into a document."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_ID_MAX: Final = 200
_FORKED_ID_MAX: Final = 8_000  # tasks that were forked have in their ids how they came about


class WrittenDefinition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A workflow as the document has it."""

    name: str
    spec: msgspec.Raw


class WrittenArtifact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The content of an artifact."""

    base64: str
    media_type: str | None = None


class TaskDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document.

    Attributes:
        format: see `FORMAT`.
        engine: version of the engine that wrote it.
        exported_at: when, as an ISO 8601 text.
        task: id of the task.
        entities: its components, those of its runs and of the tasks that it has forked, by entity id and name.
        definitions: the workflows that these tasks go by, by hash.
        artifacts: the content of their artifacts, by SHA-256.
    """

    format: int
    engine: str
    exported_at: str
    task: str
    entities: dict[str, dict[str, msgspec.Raw]]
    definitions: dict[str, WrittenDefinition]
    artifacts: dict[str, WrittenArtifact] = {}


class Content(NamedTuple):
    """An artifact that came with a document: its reference, and its bytes."""

    reference: ArtifactRef
    content: bytes


class _Head(msgspec.Struct, frozen=True):
    format: int


def written(
    task: str,
    exported_at: str,
    entities: Mapping[str, Components],
    definitions: Mapping[str, WrittenDefinition],
    artifacts: Mapping[str, WrittenArtifact],
) -> dict[str, Any]:
    """Return the document of a task as plain JSON values."""
    document = TaskDocument(
        FORMAT, workflow_engine.__version__, exported_at, task,
        {entity: _as_json(components) for entity, components in entities.items()},
        dict(definitions), dict(artifacts),
    )  # fmt: skip
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document))
    return plain


def read(document: Mapping[str, Any] | bytes) -> TaskDocument:
    """Return a document whose parts have the types they should have, and sizes that can be stored.

    Raises:
        InputRefused: it is none; the message says where.
    """
    raw = document if isinstance(document, bytes) else to_json(document, "the document", sys.maxsize)
    _check_size(len(raw))
    try:
        head = msgspec.json.decode(raw, type=_Head)
        if head.format != FORMAT:
            raise InputRefused(
                f"the document has format {head.format}, and this version reads {FORMAT}; "
                "import it with the version that wrote it"
            )
        found = msgspec.json.decode(raw, type=TaskDocument)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputRefused(f"this is not the document of an exported task: {error}; export it again") from error
    _check_ids(found)
    return found


def read_document(path: Path) -> bytes:
    """Return what a file holds, if it can be a document.

    Raises:
        InputRefused: it cannot be read, or is too large.
    """
    if not path.is_file():  # asked first: opening a named pipe would wait for its writer
        raise InputRefused(f"there is no file {path}; name the document of an exported task")
    try:
        with path.open("rb") as file:
            content = file.read(DOCUMENT_BYTES_MAX + 1)
    except OSError as error:
        raise InputRefused(f"{path} cannot be read: {error.strerror or error}") from error
    _check_size(len(content))
    return content


def definitions_of(document: TaskDocument) -> dict[str, WorkflowSpec]:
    """Return the workflows of a document, by hash.

    Raises:
        InputRefused: one cannot be run, or is not what its hash says.
    """
    found: dict[str, WorkflowSpec] = {}
    for digest, definition in document.definitions.items():
        spec = _definition(definition)
        # One that an earlier version wrote would be written in another way today.
        as_written = hashlib.sha256(msgspec.json.encode(definition.spec)).hexdigest()[:16]
        if spec.name != definition.name or digest not in (spec.digest(), as_written):
            raise InputRefused(f"the definition of {definition.name!r} is not what was exported; export the task again")
        found[digest] = spec
    return found


def _definition(definition: WrittenDefinition) -> WorkflowSpec:
    """Return a workflow that was checked as if somebody had just written it."""
    try:
        spec = WorkflowSpec.from_stored(bytes(definition.spec))
        return WorkflowSpec.model_validate(spec.model_dump(mode="json", exclude_defaults=True))
    except ValidationError as error:
        fact = sentence("WorkflowSpec", error)
    except (SpecError, ValueError, TypeError, LookupError, RecursionError) as error:
        fact = str(error)
    raise InputRefused(f"the definition of {definition.name!r} cannot be run: {fact}")


def artifacts_of(document: TaskDocument, entities: Mapping[str, Components]) -> list[Content]:
    """Return the artifacts that the tasks of a document refer to, each content once.

    Raises:
        InputRefused: one is missing, or is not what its reference says.
    """
    found: dict[str, Content] = {}
    for reference in references(entities):
        if reference.sha256 not in found:
            found[reference.sha256] = Content(reference, _content(document, reference))
    return list(found.values())


def references(entities: Mapping[str, Components]) -> list[ArtifactRef]:
    """Return what the tasks among *entities* refer to.

    Raises:
        InputRefused: something is no reference.
    """
    return [_reference(entity, name, raw) for entity, components in entities.items() for name, raw in _kept(components)]


def _kept(components: Components) -> Iterator[tuple[str, msgspec.Raw]]:
    """Give the artifacts that a task has, and those of earlier visits, each with its name."""
    table, earlier = components.get("artifacts"), components.get("earlier")
    if isinstance(table, Artifacts):
        yield from table.entries.items()
    if isinstance(earlier, Earlier):
        for kept in earlier_artifacts(earlier):
            yield from kept.items()


def _reference(task: str, name: str, raw: msgspec.Raw) -> ArtifactRef:
    try:
        reference = msgspec.json.decode(raw, type=ArtifactRef)
        sound = checked_name(reference.name) == name == reference.name
    except (msgspec.DecodeError, ArtifactError) as error:
        raise InputRefused(f"artifact {name!r} of task {task}: {error}") from error
    if not (sound and _SHA256.fullmatch(reference.sha256) and reference.size >= 0):
        raise InputRefused(f"artifact {name!r} of task {task} is no reference; export the task again")
    return reference


def check_forms(entities: Mapping[str, Components]) -> None:
    """Return if the open questions among *entities* can be answered.

    Raises:
        InputRefused: the form of one is no JSON Schema.
    """
    for entity, components in entities.items():
        question = components.get("question")
        if isinstance(question, Question) and isinstance(question.form, msgspec.Raw):
            problem = check_form(msgspec.json.decode(question.form))
            if problem is not None:
                raise InputRefused(f"the question of {entity} cannot be asked: {problem}")


def _as_json(components: Components) -> dict[str, msgspec.Raw]:
    return {
        name: msgspec.Raw(msgspec.json.encode(component.entries if isinstance(component, Table) else component))
        for name, component in components.items()
    }


def _check_size(size: int) -> None:
    if size > DOCUMENT_BYTES_MAX:
        raise InputRefused(f"the document has more than the {DOCUMENT_BYTES_MAX:,} bytes allowed; let the task end")


def _check_ids(document: TaskDocument) -> None:
    if not TASK_ID.fullmatch(document.task):
        raise InputRefused(f"{document.task[:80]!r} cannot be a task id; export the task again")
    for entity in document.entities:
        task = entity.partition("/")[0]
        if not (task == document.task or (task.startswith(document.task + "~") and _is_forked_id(task))):
            raise InputRefused(f"{entity[:80]!r} is no part of task {document.task}; export the task again")


def _is_forked_id(task: str) -> bool:
    pieces = (task[start : start + _ID_MAX] for start in range(0, len(task), _ID_MAX))
    return len(task) <= _FORKED_ID_MAX and all(TASK_ID.fullmatch(piece) for piece in pieces)


def _content(document: TaskDocument, reference: ArtifactRef) -> bytes:
    held = document.artifacts.get(reference.sha256)
    if held is None:
        raise InputRefused(f"the content of artifact {reference.name} is missing; export the task again")
    try:
        content = base64.b64decode(held.base64, validate=True)
    except binascii.Error as error:
        raise InputRefused(f"the content of artifact {reference.name} is no base64: {error}") from error
    if len(content) != reference.size or hashlib.sha256(content).hexdigest() != reference.sha256:
        raise InputRefused(f"the content of artifact {reference.name} is not what was exported; export the task again")
    return content
