"""Logs of programs as pages, as files, and live: a stream that follows what a program writes."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from flask import Response, abort, render_template, request

from workflow_engine.adapters.program_log import log_path, read_log
from workflow_engine.core.plan import UNDO
from workflow_engine.core.record import TaskRecord
from workflow_engine.errors import EngineError
from workflow_engine.spec.model import Phase
from workflow_engine.ui.desk import Desk, desk
from workflow_engine.ui.pages.task_attachment import attachment
from workflow_engine.ui.pages.task_log_files import (
    TEXT_MAX,
    LogFile,
    LogName,
    log_files,
    log_name,
    readable,
    whole_part,
)
from workflow_engine.ui.pages.task_seen import Seen, seen
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.streaming.messages import HEARTBEAT

LOOK_SECONDS: Final = 0.3
"""How often a live log looks for more."""

QUIET_SECONDS: Final = 5.0
"""After which a stream is sent something, so that it is found out whether anybody still listens."""

LISTED: Final = 200
"""Logs that are listed."""

HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class ShownLog:
    """A log on a page.

    Attributes:
        name: which it is.
        text: the last of it, readable.
        cut: whether there is more before.
        position: bytes of the output that were read, from which a stream goes on.
        live: whether the program still runs.
    """

    def __init__(self, at: Desk, task: str, name: LogName, *, live: bool) -> None:
        part = read_log(_path(at, task, name))
        text = readable(part.text)
        self.name = name
        self.text = text[-TEXT_MAX:]
        self.cut = len(text) > TEXT_MAX
        self.position = part.position
        self.live = live


def logs_of(found: Seen, path: str | None) -> tuple[list[LogFile], ShownLog | None]:
    """Return the logs of a task, and the one that *path* names, or else the newest."""
    files = log_files(desk().data_dir, found.record.id, [name for phase in found.phases for name in _names(phase)])
    name = log_name(path) if path is not None else files[0].name if files else None
    if name is None:
        return files[:LISTED], None
    return files[:LISTED], ShownLog(desk(), found.record.id, name, live=_runs(found.record, name))


@needs(Role.VIEWER)
def log(task: str, path: str) -> Response:
    """Show a log on a page of its own, or give it as a file with ``?whole=1``."""
    found, name = seen(task), log_name(path) or abort(404)
    if request.args.get("whole") == "1":
        part = read_log(_path(desk(), task, name))
        return attachment(part.text, f"{name.phase}-{name.visit}-{name.attempt}.log", "text/plain")
    shown = ShownLog(desk(), task, name, live=_runs(found.record, name))
    return Response(render_template("task/log_page.html", seen=found, log=shown))


@needs(Role.VIEWER)
def live_log(task: str, path: str) -> Response:
    """Stream what a program writes, from a place in its output on, until it has ended."""
    name = log_name(path) or abort(404)
    seen(task)  # a task that is not there is refused before the stream begins
    desk().streams.check_room()
    begin = _offset(request.headers.get("Last-Event-ID") or request.args.get("after"))
    return Response(_followed(desk(), task, name, begin), mimetype="text/event-stream", headers=HEADERS)


def _followed(at: Desk, task: str, name: LogName, position: int) -> Iterator[bytes]:
    """Give what is written, as messages whose id is the place behind it; the last says that the program has ended."""
    path, seen_before, quiet = _path(at, task, name), None, 0.0
    with at.streams.opened(task, None):  # counts as one of the streams that may be open
        yield b"retry: 2000\n\n"
        while True:
            running = _still_runs(at, task, name)  # before the look: what is written at the end is not missed
            state = _state(path)
            if state != seen_before or not running:
                part = read_log(path, position)
                text = whole_part(part.text) if running else part.text
                if text:
                    position = part.position - len(part.text[len(text) :].encode())
                    yield _message("log", readable(text), position)
                    quiet = 0.0
                seen_before = state
            if not running:
                yield _message("over", "", position)
                return
            time.sleep(LOOK_SECONDS)
            quiet += LOOK_SECONDS
            if quiet >= QUIET_SECONDS:
                quiet = 0.0
                yield HEARTBEAT


def _message(event: str, text: str, position: int) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (position, event.encode(), json.dumps(text).encode())


def _state(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when something is written."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _still_runs(at: Desk, task: str, name: LogName) -> bool:
    try:
        record: TaskRecord = at.ask.inspect(task).record
    except EngineError:  # it is gone, or the engine is about to stop
        return False
    return _runs(record, name)


def _runs(record: TaskRecord, name: LogName) -> bool:
    run = record.runs.get(f"{record.id}/{name.phase}/{name.visit}")
    return run is not None and "running" in run and run["attempt"].number == name.attempt


def _path(at: Desk, task: str, name: LogName) -> Path:
    return log_path(at.data_dir, task, name.phase, name.visit, name.attempt)


def _names(phase: Phase) -> tuple[str, ...]:
    """Return the ids under which a phase may leave logs: its own, and that of what undoes it."""
    return (phase.id, phase.id + UNDO) if phase.compensate is not None else (phase.id,)


def _offset(given: str | None) -> int:
    """Return a place in an output; from the beginning where none is given, or it cannot be understood."""
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 16 else 0
