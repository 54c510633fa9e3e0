"""Programs: a phase with a command is carried out by a subprocess."""

import asyncio
import errno
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import msgspec

from workflow_engine.adapter import Output
from workflow_engine.adapters.process import (
    ProcessRegistry,
    ProcessResult,
    ProcessSpec,
    allowed_environment,
    run_process,
)
from workflow_engine.adapters.program_files import (
    INPUTS,
    OUTPUTS,
    left_files,
    make_folder,
    mount_files,
    remove_folder,
    remove_leftovers,
)
from workflow_engine.adapters.program_log import ProgramLog, log_path
from workflow_engine.artifacts.port import ArtifactRef, ArtifactStore
from workflow_engine.errors import ArtifactError, PermanentFailure, TransientFailure
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task
from workflow_engine.values import VALUE_BYTES_MAX

LOG: Final = logging.getLogger("workflow_engine")

PYTHON: Final = "{python}"
"""The part of a command that means the running interpreter."""

BAD_DATA: Final = 65
"""Exit code of a program that would never succeed on this task: EX_DATAERR of sysexits.h."""

REJECTS: Final = 1
"""Exit code of a program that has reviewed something and rejects it."""

STDERR_MAX: Final = 1_000
"""Most characters of stderr in the message of a failure; the log has all of it."""

_PASSING: Final = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class ProgramRunner:
    """Runs the programs of phases, each in a private folder, which is removed afterwards.

    A program reads the task as JSON on stdin, and its artifacts as files::

        {"task": {"id": "t1", "workflow": ..., "phase": ..., "classification": ..., "attempt": 1,
                  "key": "t1/phase/1/1", "labels": {}},
         "data": ..., "input": ..., "item": ..., "index": ..., "feedback": [...],
         "context": {...}, "outputs": {"phase": ...}, "artifacts": {"name": "inputs/name"}}

    It exits with 0 when it has succeeded.  What it wrote to stdout is then the phase's output: JSON if it is JSON, else
    text, null if it is empty; and the files it left in ``outputs/`` are artifacts of the task.  In a phase that reviews
    (``on_reject``, or of a gate) the exit code 1 rejects: what it wrote to stdout says why.  Any other end is a failure
    that is tried again as the phase's policy says, and nothing of it is kept but the log; `BAD_DATA` is one that is not
    tried again.

    Args:
        artifacts: where artifacts are kept.
        data_dir: for working directories, logs, and the list of what runs.
        grace: seconds that a program which is to end has between SIGTERM and SIGKILL.
    """

    def __init__(self, artifacts: ArtifactStore, data_dir: Path, grace: float) -> None:
        self._artifacts = artifacts
        self._grace = grace
        self._data_dir = data_dir.absolute()
        self._work = self._data_dir / "work"
        self._processes = self._data_dir / "processes"
        self._under_way: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """End what an engine that died left running, and remove its working directories."""
        self._under_way = set()  # what is in it belongs to a loop that was closed
        if self._processes.is_dir():  # else no program has ever run here
            for orphan in await self._registry.sweep_orphans(grace=self._grace):
                LOG.warning("ended process %d (%s), which an engine that died left running", orphan.pid, orphan.owner)
        await asyncio.to_thread(remove_leftovers, self._work)

    async def close(self) -> None:
        """Return when the last program is gone: one whose attempt was aborted has some seconds to end by itself."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def run(self, task: Task, phase: Phase) -> Output:
        """Run the program of *phase* for *task* to its end; on a cancellation, end it with all that it started.

        Raises:
            TransientFailure: it failed, or cannot be started just now.
            PermanentFailure: it can never be started, or what it left is refused.
            ArtifactError: an artifact is missing or damaged, or the name of a file is not acceptable.
        """
        work = asyncio.current_task()
        assert work is not None
        self._under_way.add(work)
        try:
            folder = make_folder(self._work)
            try:
                return await self._run_in(folder, task, phase)
            finally:
                await asyncio.to_thread(remove_folder, folder)
        finally:
            self._under_way.discard(work)

    @cached_property
    def _registry(self) -> ProcessRegistry:
        return ProcessRegistry(self._processes)

    async def _run_in(self, folder: Path, task: Task, phase: Phase) -> Output:
        refs = [msgspec.convert(entry, ArtifactRef) for entry in task.artifacts.values()]
        with _disk_may_recover():
            await self._artifacts.mount(refs, folder / INPUTS)
            await asyncio.to_thread(mount_files, phase.mounts, folder)
        spec = ProcessSpec(
            argv=[sys.executable if part == PYTHON else part for part in phase.command or ()],
            stdin=_task_json(task, phase, refs),
            cwd=folder,
            env=allowed_environment(
                phase.environment, {"WORKFLOW_TASK": task.id, "WORKFLOW_PHASE": phase.id, "WORKFLOW_KEY": task.key}
            ),
            memory_bytes=phase.memory,
            output_bytes=VALUE_BYTES_MAX,
            grace=self._grace,
        )
        result = await self._logged(spec, task, phase)
        rejects = task.reviews and result.exit_code == REJECTS
        if not rejects:
            _check(result, spec)
        value = _value(result.stdout, spec)
        if rejects:
            value = _rejection(value, result)
        return Output(value, artifacts=await self._kept(folder / OUTPUTS, phase))

    async def _logged(self, spec: ProcessSpec, task: Task, phase: Phase) -> ProcessResult:
        log = ProgramLog(log_path(self._data_dir, task.id, phase.id, task.key.split("/")[2], task.attempt))
        try:
            return await run_process(
                spec, on_output=lambda _, piece: log.add(piece), registry=self._registry, owner=task.key
            )
        finally:
            log.close()

    async def _kept(self, outputs: Path, phase: Phase) -> dict[str, ArtifactRef]:
        """Store the files that a program left, and return their references by name."""
        files = await asyncio.to_thread(left_files, outputs)
        with _disk_may_recover():
            return {name: await self._artifacts.put(name, path, phase=phase.id) for name, path in files.items()}


def _task_json(task: Task, phase: Phase, refs: list[ArtifactRef]) -> bytes:
    return msgspec.json.encode(
        {
            "task": {
                "id": task.id,
                "workflow": task.workflow,
                "phase": phase.id,
                "classification": task.classification,
                "attempt": task.attempt,
                "key": task.key,
                "labels": task.labels,
            },
            "data": task.data,
            "input": task.input,
            "item": task.item,
            "index": task.index,
            "feedback": task.feedback,
            "context": dict(task.context),
            "outputs": task.outputs,
            "artifacts": {ref.name: f"{INPUTS}/{ref.name}" for ref in refs},
        }
    )


def _check(result: ProcessResult, spec: ProcessSpec) -> None:
    """Return if the program succeeded.

    Raises:
        TransientFailure: it failed in one way or another; what it needed may be there the next time.
        PermanentFailure: it wrote more than an output can hold.
    """
    if result.ok:
        return
    if result.stdout_truncated:
        raise PermanentFailure(
            f"{spec.program} was stopped because it wrote more than {spec.output_bytes:,} bytes to stdout; "
            f"have it write files to {OUTPUTS}/"
        )
    stderr = result.stderr_log.strip()[-STDERR_MAX:]
    message = f"{result.message}: {stderr}" if stderr else result.message
    raise PermanentFailure(message) if result.exit_code == BAD_DATA else TransientFailure(message)


def _rejection(value: Any, result: ProcessResult) -> dict[str, Any]:
    """Return what a program that rejects has said, in the shape of a verdict."""
    if isinstance(value, dict):
        return {**value, "passed": False}
    if isinstance(value, list):
        return {"passed": False, "issues": value}
    said = value if isinstance(value, str) and value.strip() else result.stderr_log.strip()[-STDERR_MAX:]
    return {"passed": False, "issues": [line for line in str(said).splitlines() if line.strip()]}


def _value(stdout: bytes, spec: ProcessSpec) -> Any:
    """Return what a program wrote to stdout as the value it means.

    Raises:
        PermanentFailure: it is not UTF-8.
    """
    try:
        text = stdout.decode()
    except UnicodeDecodeError as error:
        raise PermanentFailure(
            f"{spec.program} wrote bytes to stdout that are not UTF-8, at byte {error.start}; "
            f"have it write text, or files to {OUTPUTS}/"
        ) from error
    if not text.strip():
        return None
    try:
        return msgspec.json.decode(stdout)
    except (msgspec.DecodeError, RecursionError):
        return text.removesuffix("\n")


@contextmanager
def _disk_may_recover() -> Generator[None]:
    """Make a failure that is transient of an `ArtifactError` which comes from a lack of room."""
    try:
        yield
    except ArtifactError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and cause.errno in _PASSING:
            raise TransientFailure(str(error)) from error
        raise
