"""Running one subprocess: all of it is fed, heard, limited, ended and, after a crash of ours, found again."""

import asyncio
import signal
import subprocess
from collections.abc import Callable
from typing import Literal

from workflow_engine.adapters.process_group import ProcessGroup
from workflow_engine.adapters.process_launch import GATE_KEY, check_passed_gate, launched
from workflow_engine.adapters.process_log import BoundedLog
from workflow_engine.adapters.process_pipes import InputPipe, OutputPipe
from workflow_engine.adapters.process_registry import ProcessRegistry
from workflow_engine.adapters.process_result import ProcessResult, ending
from workflow_engine.adapters.process_spec import ProcessSpec, allowed_environment, check_startable
from workflow_engine.errors import TransientFailure

__all__ = ["OnOutput", "ProcessRegistry", "ProcessResult", "ProcessSpec", "allowed_environment", "run_process"]

OnOutput = Callable[[Literal["stdout", "stderr"], bytes], None]


async def run_process(
    spec: ProcessSpec,
    *,
    on_output: OnOutput | None = None,
    registry: ProcessRegistry | None = None,
    owner: str = "",
) -> ProcessResult:
    """Run *spec* to its end, in a session and process group of its own, and leave none of the group running.

    Whether the end is an exit, a timeout, too much output, a cancellation or an exception of *on_output*, no process of
    the group outlives this call.  A process that left the group is not waited for, even if it holds the pipes.

    Args:
        spec: what to run.
        on_output: is handed each piece as it comes, on the event loop; what it raises stops the program and is raised.
        registry: notes the child before the program starts, until it is gone.
        owner: whose work it is, for *registry*.

    Raises:
        PermanentFailure: the program cannot be started.
        TransientFailure: the system has no room for another process just now.
    """
    check_startable(spec)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    output = _Output(spec, on_output)
    child = launched(spec)
    group = ProcessGroup(child)
    stdin, pipes = _connected(child, spec, output)
    try:
        if registry is not None:
            _register(registry, child.pid, spec, owner)
        stdin.start()  # opens the gate
        done, _ = await asyncio.wait([group.exit, output.enough], timeout=spec.timeout, return_when="FIRST_COMPLETED")
    finally:
        try:
            await group.end(spec.grace)
        finally:
            for pipe in pipes:
                pipe.close()
            if registry is not None and child.returncode is not None:
                registry.remove(child.pid)
    if output.failure is not None:
        raise output.failure
    return _result(spec, child.returncode, output, duration=loop.time() - begun, timed_out=not done)


class _Output:
    """What the program writes, within the limits of its spec.

    Attributes:
        enough: done when the program is to be stopped because of what it wrote.
        failure: what the caller's callback raised.
    """

    def __init__(self, spec: ProcessSpec, on_output: OnOutput | None) -> None:
        self.stdout = bytearray()
        self.stdout_log = BoundedLog(spec.log_bytes)
        self.stderr_log = BoundedLog(spec.log_bytes)
        self.enough: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.failure: Exception | None = None
        self._stdout_max = spec.output_bytes
        self._on_output = on_output

    @property
    def is_truncated(self) -> bool:
        return self.stdout_log.size > len(self.stdout)

    def hear_stdout(self, piece: bytes) -> None:
        self.stdout_log.add(piece)
        self.stdout += piece[: self._stdout_max - len(self.stdout)]
        if self.is_truncated:
            self._stop()
        self._tell("stdout", piece)

    def hear_stderr(self, piece: bytes) -> None:
        self.stderr_log.add(piece)
        self._tell("stderr", piece)

    def _tell(self, stream: Literal["stdout", "stderr"], piece: bytes) -> None:
        if self._on_output is None or self.failure is not None:
            return
        try:
            self._on_output(stream, piece)
        except Exception as failure:  # whatever it is: the event loop, which called us, would only log it
            self.failure = failure
            self._stop()

    def _stop(self) -> None:
        if not self.enough.done():
            self.enough.set_result(None)


def _connected(
    child: subprocess.Popen[bytes], spec: ProcessSpec, output: _Output
) -> tuple[InputPipe, tuple[InputPipe | OutputPipe, ...]]:
    """Return our end of stdin, and all three."""
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise AssertionError(f"process {child.pid} was started without pipes")
    stdin = InputPipe(child.stdin, GATE_KEY + spec.stdin)
    return stdin, (stdin, OutputPipe(child.stdout, output.hear_stdout), OutputPipe(child.stderr, output.hear_stderr))


def _register(registry: ProcessRegistry, pid: int, spec: ProcessSpec, owner: str) -> None:
    try:
        registry.add(pid, tuple(spec.argv), owner)
    except OSError as error:
        raise TransientFailure(f"{spec.program} was not started: it cannot be registered ({error.strerror})") from error


def _result(
    spec: ProcessSpec, returncode: int | None, output: _Output, *, duration: float, timed_out: bool
) -> ProcessResult:
    code = -signal.SIGKILL if returncode is None else returncode  # None if it outlives even SIGKILL, waiting for a disk
    stderr = output.stderr_log.text()
    check_passed_gate(spec, code, stderr)
    return ProcessResult(
        exit_code=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        stdout=bytes(output.stdout),
        stdout_log=output.stdout_log.text(),
        stderr_log=stderr,
        duration=duration,
        timed_out=timed_out,
        stdout_truncated=output.is_truncated,
        message=ending(spec, code, stderr, timed_out=timed_out, truncated=output.is_truncated),
    )
