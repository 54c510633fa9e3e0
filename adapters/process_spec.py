"""What to run as a subprocess, and how far it may go."""

import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from workflow_engine.errors import PermanentFailure

PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ALLOWED_ALWAYS = ("PATH", "HOME", "LANG", "LC_*", "TZ", "TMPDIR")

# Base Definitions of POSIX, 8.1: the shell through which a process is launched drops names of any other form.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def allowed_environment(allow: Iterable[str] = (), extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment for a child: of ours only what is allowed, then *extra*.

    Args:
        allow: names, or patterns such as ``AWS_*``, besides `ALLOWED_ALWAYS`.
        extra: variables to add or replace.
    """
    patterns = (*ALLOWED_ALWAYS, *allow)
    passed = {
        name: value
        for name, value in os.environ.items()
        if _VARIABLE.fullmatch(name) and any(fnmatchcase(name, pattern) for pattern in patterns)
    }
    return {"PATH": PATH_DEFAULT, "LANG": "C.UTF-8"} | passed | dict(extra or {})


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """One program to run, with its input and its limits.

    Attributes:
        argv: program and arguments; no shell parses them.  A program without a slash is found by the ``PATH`` of *env*.
        stdin: what the program reads.
        cwd: working directory; None for the engine's.
        env: all variables of the child, see `allowed_environment`; some shells add ``PWD``, ``SHLVL``, ``_``.
        timeout: seconds until the program is stopped; None for no limit.
        memory_bytes: address space of each process (``RLIMIT_AS``), rounded down to KiB; None for no limit.
        output_bytes: length of stdout that is kept for the result; a program that writes more is stopped.
        log_bytes: what is kept of stdout and of stderr each as a log, half from the beginning and half from the end.
        grace: seconds between SIGTERM and SIGKILL when the program is stopped.

    Raises:
        PermanentFailure: a value can never be run.
    """

    argv: Sequence[str]
    stdin: bytes = field(default=b"", repr=False)
    cwd: Path | None = None
    env: Mapping[str, str] = field(default_factory=allowed_environment, repr=False)
    timeout: float | None = None
    memory_bytes: int | None = None
    output_bytes: int = 16 << 20
    log_bytes: int = 64 << 10
    grace: float = 5.0

    def __post_init__(self) -> None:
        if isinstance(self.argv, str):
            raise PermanentFailure(
                f"the command {self.argv!r} is one string; give a list of program and arguments, no shell will split it"
            )
        if not self.argv or not self.argv[0]:
            raise PermanentFailure("the command is empty; give a list that begins with a program")
        if any("\0" in value for value in (*self.argv, *self.env.values())):
            raise PermanentFailure(f"{self.argv[0]}: an argument or variable holds a NUL character; pass it over stdin")
        if misnamed := [name for name in self.env if not _VARIABLE.fullmatch(name)]:
            raise PermanentFailure(
                f"{self.argv[0]}: the variable {misnamed[0]!r} cannot be passed; use letters, digits and _ only"
            )
        if self.memory_bytes is not None and self.memory_bytes < 1024:
            raise PermanentFailure(f"{self.argv[0]}: no program runs in {self.memory_bytes} bytes; raise memory_bytes")

    @property
    def program(self) -> str:
        """The program as it was named."""
        return self.argv[0]


def check_startable(spec: ProcessSpec) -> None:
    """Return if program and working directory exist and may be used.

    Raises:
        PermanentFailure: one of them does not, in words that say which; the system's own say only "not found".
    """
    cwd = spec.cwd or Path()
    if not cwd.is_dir():
        fact = "is not a directory" if cwd.exists() else "does not exist"
        raise PermanentFailure(f"{spec.program}: the working directory {cwd} {fact}; create it, or name another as cwd")
    if "/" not in spec.program:
        path = spec.env.get("PATH", PATH_DEFAULT)
        if shutil.which(spec.program, path=path) is None:
            raise PermanentFailure(
                f"{spec.program}: there is no such program in PATH ({path}); install it, or name it by its full path"
            )
        return
    program = cwd / spec.program
    if not program.is_file():
        raise PermanentFailure(f"{spec.program}: there is no such file (looked for {program}); mend the path")
    if not os.access(program, os.X_OK):
        raise PermanentFailure(
            f"{spec.program}: the file is not executable; chmod +x it, or name its interpreter first"
        )
