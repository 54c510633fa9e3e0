"""How a subprocess ended, in fields and in words."""

import signal
from dataclasses import dataclass

from workflow_engine.adapters.process_spec import ProcessSpec

_OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "Cannot allocate memory", "out of memory", "OutOfMemoryError")


@dataclass(frozen=True)
class ProcessResult:
    """How a program ended.

    Attributes:
        exit_code: None if a signal ended it.
        signal: number of the signal that ended it, or None.
        stdout: what it wrote, up to `ProcessSpec.output_bytes`.
        stdout_log: head and tail of stdout as text.
        stderr_log: head and tail of stderr as text.
        duration: seconds.
        timed_out: whether it was stopped because of `ProcessSpec.timeout`.
        stdout_truncated: whether it was stopped because it wrote more than `ProcessSpec.output_bytes`.
        message: all this as a sentence.
    """

    exit_code: int | None
    signal: int | None
    stdout: bytes
    stdout_log: str
    stderr_log: str
    duration: float
    timed_out: bool
    stdout_truncated: bool
    message: str

    @property
    def ok(self) -> bool:
        """Whether it exited with 0 and was not stopped."""
        return self.exit_code == 0 and not self.timed_out and not self.stdout_truncated


def ending(spec: ProcessSpec, code: int, stderr: str, *, timed_out: bool, truncated: bool) -> str:
    """Return how the program of *spec* ended, as a sentence with a remedy where there is one.

    Args:
        spec: what was run.
        code: exit code, or minus the number of the signal that ended it.
        stderr: its log.
        timed_out: see `ProcessResult`.
        truncated: see `ProcessResult.stdout_truncated`.
    """
    if timed_out:
        return f"{spec.program} was stopped after {spec.timeout:g} seconds, its timeout; give it more time or less work"
    if truncated:
        return (
            f"{spec.program} was stopped because it wrote more than {spec.output_bytes} bytes to stdout; "
            "have it write files, or raise output_bytes"
        )
    end = f"exited with {code}" if code >= 0 else f"was ended by {_signal_name(-code)}"
    if spec.memory_bytes is not None and (code < 0 or (code > 0 and any(words in stderr for words in _OUT_OF_MEMORY))):
        return f"{spec.program} {end}; its memory_bytes are limited to {spec.memory_bytes}, raise that if it needs more"
    if code == -signal.SIGKILL:
        return f"{spec.program} {end}, which the engine did not send: most likely the system ran out of memory"
    return f"{spec.program} {end}"


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in signal.valid_signals() else f"signal {number}"
