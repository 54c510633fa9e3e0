"""What can be asked for where a task is to go on otherwise: by another definition, or in another engine."""

import asyncio
import base64
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from workflow_engine.core.components import Identity
from workflow_engine.core.inputs import Adopt, Migrate, Release
from workflow_engine.core.migrating import Assessment
from workflow_engine.core.plan import Plan
from workflow_engine.core.restoring import decode
from workflow_engine.core.tick import Components
from workflow_engine.core.wholeness import flaw, opened
from workflow_engine.errors import IllegalTransition, InputRefused, UnknownTask
from workflow_engine.face.rerunning import Rerunning
from workflow_engine.face.submitting import who
from workflow_engine.face.threads import on_engine_loop
from workflow_engine.registry import Chosen
from workflow_engine.runtime.session import Session
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.task import Task
from workflow_engine.task_document import (
    ARTIFACTS_BYTES_MAX,
    Content,
    TaskDocument,
    WrittenArtifact,
    WrittenDefinition,
    artifacts_of,
    check_forms,
    definitions_of,
    read,
    references,
    written,
)
from workflow_engine.values import to_text

AT_ONCE: Final = 1_000
"""How many tasks are assessed before other work of the loop has its turn."""


class Moving(Rerunning):
    """Moves tasks that are under way."""

    @on_engine_loop
    async def assess(self, spec: WorkflowSpec | str) -> list[Assessment]:
        """Return of every live task of a workflow whether it may go on with another definition of that workflow.

        Args:
            spec: the definition, or a name for the one that new tasks of this name go by.

        Raises:
            InputRefused: there is no workflow of this name.
        """
        session = await self._opened()
        core = session.host.core
        chosen = self._workflows.named(spec, core)
        plan = Plan(chosen.spec)
        tasks = core.going_through(chosen.spec.name)
        found: list[Assessment] = []
        for start in range(0, len(tasks), AT_ONCE):
            found += core.assess(tasks[start : start + AT_ONCE], chosen.digest, plan)
            await asyncio.sleep(0)
        await session.host.durable()
        return found

    @on_engine_loop
    async def migrate(
        self,
        task: Task | str,
        spec: WorkflowSpec | str,
        phases: Mapping[str, str] | None = None,
        *,
        by: str | None = None,
    ) -> Task:
        """Let a live task go on with another definition of its workflow; see `assess`.

        What it does at the moment goes on, and what follows is as the new definition says.  New tasks of the workflow
        go by the definition that is registered, as before.

        Args:
            task: which.
            spec: the definition, or a name for the one that new tasks of this name go by.
            phases: what phases that it has completed are called in the new definition, where that differs; given,
                though it be empty, it lets a task go over that is "mappable".
            by: who wants that, for the history.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it is blocked, or mappable and *phases* is missing, or it has ended.
            InputRefused: there is no such workflow or phase, or the task goes through another workflow.
        """
        renamed, whom = _renamed(phases), who(by)
        session, name = await self._found(task)
        chosen = self._workflows.named(spec, session.host.core)
        if not session.host.core.has_ended(name):
            self._workflows.provide(chosen, session.host)
        await session.ask(lambda ticket: Migrate(name, chosen.digest, renamed, ticket, whom))
        return await self._seen(session, name)

    @on_engine_loop
    async def export_task(self, task: Task | str, cancel: bool = False, *, by: str | None = None) -> dict[str, Any]:
        """Return a task as one JSON document, for `import_task` of another engine.

        It holds the task with its runs, questions and timers, the tasks that it has forked and waits for, their
        definitions, and the content of their artifacts.  That of a task that has ended is a record of it, and is not
        imported.

        Args:
            task: which.
            cancel: whether it ends here, so that its copy alone goes on; nothing is compensated then.
            by: who cancels it, for the history.

        Raises:
            UnknownTask: there is none of this id.
            IllegalTransition: it is being carried out, or another task waits for it, or it has ended and is to be
                cancelled.
            InputRefused: its artifacts are too large for a document.
            ArtifactError: an artifact cannot be read.
        """
        whom = who(by)
        session, name = await self._found(task)
        core = session.host.core
        if not core.knows(name):
            raise UnknownTask("task", name)
        entities = core.export(name)
        artifacts = await self._contents(entities, {})
        if cancel:  # it may have gone on meanwhile: what holds is how it was when it ended
            entities = await session.ask(lambda ticket: Release(name, ticket, whom))
            artifacts = await self._contents(entities, artifacts)
        await session.host.durable()
        exported_at = datetime.fromtimestamp(session.host.now(), UTC).isoformat()
        definitions = _definitions(session, entities)
        return await asyncio.to_thread(written, name, exported_at, entities, definitions, artifacts)

    @on_engine_loop
    async def import_task(self, document: Mapping[str, Any] | bytes, *, by: str | None = None) -> Task:
        """Take in a task that another engine exported; it goes on from where it was, and keeps its ids.

        Its definitions come with it, the programs that they name too: import only documents that you trust.

        Args:
            document: what `export_task` gave, or that as JSON.
            by: who imports it, for the history.

        Raises:
            InputRefused: it is no such document, or has been changed, or the task has ended.
            IllegalTransition: the task is here already.
            ArtifactError: an artifact cannot be stored.
        """
        whom = who(by)
        given = await asyncio.to_thread(read, document)
        session = await self._opened()
        await self._recall(session, *(entity for entity in given.entities if "/" not in entity))
        core = session.host.core
        if core.knows(given.task):
            raise IllegalTransition(f"task {given.task}", "here already", "import")
        known = {digest: core.plan(digest) for digest in core.digests()}
        found = await asyncio.to_thread(_checked, given, known)
        for content in found.artifacts:
            reference = content.reference
            await self.artifacts.put(reference.name, content.content, media_type=reference.media_type)
        for chosen in found.definitions:
            self._workflows.provide(chosen, session.host)
        await session.ask(lambda ticket: Adopt(given.task, given.entities, ticket, whom))
        return await self._seen(session, given.task)

    async def _contents(
        self, entities: Mapping[str, Components], before: Mapping[str, WrittenArtifact]
    ) -> dict[str, WrittenArtifact]:
        """Return the artifacts that *entities* refer to, by hash; those from *before* are not read again."""
        wanted = {reference.sha256: reference for reference in references(entities)}
        size = sum(reference.size for reference in wanted.values())
        if size > ARTIFACTS_BYTES_MAX:
            raise InputRefused(
                f"the artifacts of this task have {size:,} bytes, more than the {ARTIFACTS_BYTES_MAX:,} that a "
                "document holds; let the task end here"
            )
        found: dict[str, WrittenArtifact] = {}
        for sha256, reference in wanted.items():
            if sha256 in before:
                found[sha256] = before[sha256]
            else:
                content = base64.b64encode(await self.artifacts.read_bytes(reference)).decode()
                found[sha256] = WrittenArtifact(content, reference.media_type)
        return found


class _Found(NamedTuple):
    """What is to be stored before a task can be taken in."""

    definitions: list[Chosen]
    artifacts: list[Content]


def _checked(document: TaskDocument, known: Mapping[str, Plan]) -> _Found:
    """Return what comes with a document, all of which was looked at.

    Raises:
        InputRefused: something of it is not as it was exported.
    """
    specs = definitions_of(document)
    plans = {**{digest: Plan(spec) for digest, spec in specs.items()}, **known}
    problem = flaw(document.task, document.entities, plans)
    if problem is not None:
        raise InputRefused(f"task {document.task} cannot be imported: {problem}")
    entities = {entity: decode(components) for entity, components in opened(document.entities).items()}
    check_forms(entities)
    wanted = _digests(entities)
    chosen = [Chosen(spec, digest) for digest, spec in specs.items() if digest in wanted]
    return _Found(chosen, artifacts_of(document, entities))


def _digests(entities: Mapping[str, Components]) -> Collection[str]:
    """Return the hashes of the definitions that the tasks among *entities* go by, each once, in their order."""
    identities = (components.get("identity") for components in entities.values())
    return dict.fromkeys(identity.definition for identity in identities if isinstance(identity, Identity))


def _definitions(session: Session, entities: Mapping[str, Components]) -> dict[str, WrittenDefinition]:
    core = session.host.core
    stored = {digest: core.stored(digest) for digest in _digests(entities) if core.defined(digest)}
    return {digest: WrittenDefinition(found.name, found.spec) for digest, found in stored.items()}


def _renamed(phases: Mapping[str, str] | None) -> dict[str, str] | None:
    if phases is None:
        return None
    if not isinstance(phases, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
        raise InputRefused(f"phases are new names by old ones, not {phases!r}")
    return {
        to_text(old, "the name of a phase"): to_text(new, f"the new name of {old!r}") for old, new in phases.items()
    }
