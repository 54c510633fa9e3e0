"""The side of another process: finds the engine that runs on a data directory, and has it do something.

engine = find_engine(Path("workflow_data"))
if engine is not None:
    with engine:
        engine.call("cancel", task="t7", reason="superseded")
"""

import contextlib
import socket
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec

from workflow_engine.control.messages import LINE_BYTES_MAX, decode_reply, encode, error_of
from workflow_engine.control.place import paths
from workflow_engine.errors import EngineStopped, InputRefused

REPLY_WITHIN: Final = 30.0
"""Seconds that an engine has for a reply, unless the call says otherwise."""


def find_engine(data_dir: Path) -> "ControlClient | None":
    """Return a connection to the engine that runs on *data_dir*, or None where none does."""
    if not hasattr(socket, "AF_UNIX"):
        return None
    for path in paths(data_dir.absolute()):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(REPLY_WITHIN)
        try:
            connection.connect(str(path))
        except OSError:  # none was started, it is dead, or the path is too long to be one
            connection.close()
        else:
            return ControlClient(connection, data_dir)
    return None


class ControlClient:
    """A connection to a running engine; for one thread."""

    def __init__(self, connection: socket.socket, data_dir: Path) -> None:
        self._connection = connection
        self._replies = connection.makefile("rb")
        self._data_dir = data_dir

    def call(self, name: str, reply_within: float | None = REPLY_WITHIN, **arguments: Any) -> Any:
        """Have the engine do the call *name*; see `workflow_engine.control.calls` for names, arguments and results.

        Args:
            name: of the call, or ``status``.
            reply_within: seconds to wait for the reply; None for as long as it takes.
            **arguments: anything that can be JSON.

        Raises:
            EngineError: the engine refused; of the class it refused with.
            TimeoutError: what the engine was to wait for took longer.
            EngineStopped: the engine does not answer.
        """
        return self.send(name, encode(arguments), reply_within)

    def send(self, name: str, arguments: bytes, reply_within: float | None = REPLY_WITHIN) -> Any:
        """Do as `call`, with arguments that are JSON already."""
        line = b'{"call":%b,"arguments":%b}\n' % (encode(name), arguments)
        if len(line) > LINE_BYTES_MAX:
            raise InputRefused(
                f"the call has {len(line):,} bytes, more than the {LINE_BYTES_MAX:,} an engine reads at once"
            )
        try:
            self._connection.settimeout(reply_within)
            self._connection.sendall(line)
            received = self._replies.readline()
        except TimeoutError as error:
            raise EngineStopped(
                f"the engine on {self._data_dir} has not answered within {reply_within:g} s; "
                f"whether it does {name} is not known"
            ) from error
        except OSError as error:
            raise self._lost(name) from error
        if not received.endswith(b"\n"):
            raise self._lost(name)
        reply = decode_reply(received)
        if reply.error is not msgspec.UNSET:
            raise error_of(reply.error)
        return reply.result

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._replies.close()
        self._connection.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        self.close()

    def _lost(self, name: str) -> EngineStopped:
        return EngineStopped(
            f"the engine on {self._data_dir} stopped before it answered; whether it did {name} is not known"
        )
