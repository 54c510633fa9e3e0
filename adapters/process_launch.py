"""Starting a program in such a way that it can be registered before it does anything."""

import errno
import subprocess

from workflow_engine.adapters.process_spec import ProcessSpec
from workflow_engine.errors import PermanentFailure, TransientFailure

GATE_KEY = b"\n"

# A shell that waits for one line on stdin, sets the limit and becomes the program.  If we die before we write the line,
# it reads the end of the file instead and never runs the program.  The shell reads a pipe byte by byte (POSIX, `read`),
# so the rest of stdin is the program's.  argv is passed as arguments and never parsed.
# A shell costs 0.8 ms, a Python that does the same 9 ms; preexec_fn would run our code between fork and exec of a
# process with threads, and cannot wait, since Popen does not return before exec.
_GATE = 'read -r workflow_engine_gate || exit; [ -z "$1" ] || ulimit -v "$1" || exit 126; shift; exec "$@"'
_GATE_NAME = "workflow-engine-launcher"  # the shell puts it before what it complains about
_GATE_FAILED = (126, 127)  # POSIX, "Exit Status for Commands": not executable, not found

_PASSING = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSPC)


def launched(spec: ProcessSpec) -> subprocess.Popen[bytes]:
    """Start a process that becomes the program of *spec* once `GATE_KEY` is written to its stdin.

    It leads a session and a process group of its own; all its standard streams are pipes.

    Raises:
        PermanentFailure: it can never be started.
        TransientFailure: the system has no room for another process just now.
    """
    limit_kib = "" if spec.memory_bytes is None else str(spec.memory_bytes // 1024)
    try:
        return subprocess.Popen(
            ["/bin/sh", "-c", _GATE, _GATE_NAME, limit_kib, *spec.argv],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=spec.cwd,
            env=dict(spec.env),
            start_new_session=True,
        )
    except OSError as error:
        if error.errno in _PASSING:
            raise TransientFailure(
                f"{spec.program} cannot be started now ({error.strerror}); run fewer at once"
            ) from error
        if error.errno == errno.E2BIG:
            raise PermanentFailure(
                f"{spec.program}: arguments and variables are too long; pass them over stdin"
            ) from error
        raise PermanentFailure(f"{spec.program} cannot be started in {spec.cwd or '.'} ({error.strerror})") from error


def check_passed_gate(spec: ProcessSpec, code: int, stderr: str) -> None:
    """Return if the shell did become the program.

    Raises:
        PermanentFailure: *code* and *stderr* are those of a shell that could not.
    """
    if code in _GATE_FAILED and stderr.startswith(_GATE_NAME):
        why = stderr.removeprefix(_GATE_NAME).strip(": \n")
        raise PermanentFailure(f"{spec.program} cannot be started ({why}); mend the file, its #! line or the limit")
