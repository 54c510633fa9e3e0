"""What a replay starts from: the task, its transcripts, and what is to be different."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec

from workflow_engine.agents.replaying import Changes
from workflow_engine.agents.transcript import FOLDER, Transcript, read_transcript
from workflow_engine.artifacts.local import LocalArtifactStore
from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.cli.options import Invocation
from workflow_engine.cli.reading import known, reading
from workflow_engine.core.components import Artifacts, Identity
from workflow_engine.core.plan import PhasePlan, Plan
from workflow_engine.core.record import TaskRecord
from workflow_engine.errors import InputRefused
from workflow_engine.spec.problems import did_you_mean, listed

NAMES: Final = Changes.__struct_fields__
"""What can be different."""


class Source(NamedTuple):
    """What is replayed.

    Attributes:
        record: the task.
        conversations: its phases and what was said in them, in the order of the workflow.
    """

    record: TaskRecord
    conversations: list[tuple[PhasePlan, Transcript]]


def changes_of(given: Sequence[str]) -> Changes:
    """Return what ``--set`` says.

    Raises:
        click.BadParameter: it cannot be understood.
    """
    found: dict[str, Any] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise click.BadParameter(f"{one!r} has no =; write NAME=VALUE", param_hint="--set")
        if name not in NAMES:
            raise click.BadParameter(
                f"there is no {name!r}; there are {listed(NAMES)}{did_you_mean(name, NAMES)}", param_hint="--set"
            )
        found[name] = Path(value[1:]).read_text(encoding="utf-8") if value.startswith("@") else value
    try:
        return msgspec.convert(found, Changes, strict=False)
    except msgspec.ValidationError as error:
        raise click.BadParameter(str(error), param_hint="--set") from error


def source_of(invocation: Invocation, task: str, phases: Sequence[str]) -> Source:
    """Return the conversations of a task, those of *phases* alone where any are named.

    Raises:
        UnknownTask: there is no such task.
        InputRefused: it has no transcript, or none of a phase that is named.
        ArtifactError: the content of a transcript is missing or damaged.
    """
    with reading(invocation) as model:
        record = known(model, task)
        stored = model.definition(record.get(Identity).definition)
    transcripts = asyncio.run(_transcripts(record, invocation.data_dir / "artifacts"))
    if stored is None or not transcripts:
        raise InputRefused(
            f"task {task} has no transcript; only phases that the engine carries out with a model leave one"
        )
    plan = Plan.stored(bytes(stored.spec))
    held = sorted({transcript.phase for transcript in transcripts})
    for phase in phases:
        if phase not in held:
            raise InputRefused(
                f"task {task} has no transcript of phase {phase!r}; there are some of {listed(held)}"
                f"{did_you_mean(phase, held)}"
            )
    chosen = [one for one in transcripts if one.phase in plan.phases and (not phases or one.phase in phases)]
    order = list(plan.phases)
    chosen.sort(key=lambda one: (order.index(one.phase), [int(part) for part in one.visit.split(".")]))
    return Source(record, [(plan.phases[one.phase], one) for one in chosen])


async def _transcripts(record: TaskRecord, directory: Path) -> list[Transcript]:
    table = record.find(Artifacts)
    entries = table.entries if table is not None else {}
    references = [
        msgspec.json.decode(entry, type=ArtifactRef) for name, entry in entries.items() if name.startswith(f"{FOLDER}/")
    ]
    if not references:
        return []
    store = LocalArtifactStore(directory)
    return [_transcript(record.id, one, await store.read_bytes(one)) for one in references]


def _transcript(task: str, reference: ArtifactRef, content: bytes) -> Transcript:
    try:
        return read_transcript(content)
    except msgspec.MsgspecError as error:
        raise InputRefused(f"artifact {reference.name} of task {task} is no transcript: {error}") from error
