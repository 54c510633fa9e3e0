"""The server of the dashboard: pages and the API over HTTP, in threads beside the engine's loop.

::

    async with engine:
        with Dashboard(engine, UiSettings(port=8080)) as dashboard:
            print(dashboard.url)
            await asyncio.Event().wait()
"""

import contextlib
import logging
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import ConfigError
from workflow_engine.ui.app import create_app
from workflow_engine.ui.desk import Desk
from workflow_engine.ui.security import check_binding
from workflow_engine.ui.security.headers import HEADERS, PRIVATE
from workflow_engine.ui.streaming.streams import OPEN_MAX
from workflow_engine.ui_settings import UiSettings

if TYPE_CHECKING:
    from workflow_engine.sinks.running import Sinks

LOG: Final = logging.getLogger("workflow_engine")

CONNECTIONS_MAX: Final = 1_000
"""Open connections; browsers keep some for a while."""

HEADERS_BYTES_MAX: Final = 32 << 10
"""Length of the headers of a request."""


class Dashboard:
    """Serves the dashboard and the API of an engine whose data is open.

    Args:
        engine: whose loop runs in some thread.
        settings: where to listen, and who may come in.
        sinks: what delivers events elsewhere, to be shown; None where nothing does.

    Raises:
        ConfigError: the address needs a login that nobody has, or cannot be listened on.
    """

    def __init__(
        self, engine: ECSWorkflowEngine, settings: UiSettings | None = None, sinks: "Sinks | None" = None
    ) -> None:
        self._settings = settings or UiSettings()
        self._desk = Desk(engine, self._settings, sinks)
        self._server: Any = None
        self._thread: threading.Thread | None = None
        check_binding(self._settings, self._desk.people)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        host, port = self._address()
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{port}/"

    def start(self) -> None:
        """Begin to answer; the port is open when this returns.  It blocks: under an event loop, use a thread.

        Raises:
            ConfigError: the address cannot be listened on.
        """
        self._desk.open()
        try:
            self._server = _listening(self._desk, self._settings)
        except BaseException:
            self._desk.close()
            raise
        self._thread = threading.Thread(target=self._serve, name="workflow-engine-dashboard", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Answer nothing more; what is being answered has a second.  It blocks."""
        self._desk.streams.close()
        if self._server is not None:
            self._server.task_dispatcher.shutdown(timeout=1.0)  # before its sockets: what ends may want to say so
            self._server.close()
        if self._thread is not None:
            self._thread.join(1.0)
        self._desk.close()

    def __enter__(self) -> Self:
        """Begin to answer."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Answer nothing more."""
        self.close()

    def _address(self) -> tuple[str, int]:
        if self._server is None:
            return self._settings.host, self._settings.port
        listening = getattr(self._server, "effective_listen", None)  # of a name with several addresses
        port = listening[0][1] if listening else self._server.effective_port
        return self._settings.host, int(port)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # its sockets are closed under it when it is to end
            self._server.run()


def _listening(desk: Desk, settings: UiSettings) -> Any:
    """Return a server that listens and is not running yet."""
    sockets: dict[int, Any] = {}
    try:
        server = create_server(
            create_app(desk),
            sockets,
            host=settings.host,
            port=settings.port,
            threads=settings.threads + OPEN_MAX,
            connection_limit=CONNECTIONS_MAX,
            max_request_header_size=HEADERS_BYTES_MAX,
            max_request_body_size=settings.body_max_mib << 20,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,  # whom to believe what is for the guard to say
            ident=None,
        )
    except OSError as error:
        raise ConfigError(
            f"the dashboard cannot listen on {settings.host} port {settings.port}: {error.strerror or error}; "
            "name another with --port, or stop what is listening there"
        ) from error
    for one in sockets.values():
        if isinstance(one, BaseWSGIServer):
            one.channel_class = _Channel
    return server


class _Refusal(ErrorTask):
    """What is no HTTP, or too large, is refused before the app sees it: under the headers that all answers have."""

    def execute(self) -> None:
        """See `ErrorTask.execute`."""
        self.response_headers = [*HEADERS.items(), ("Cache-Control", PRIVATE)]
        super().execute()


class _Channel(HTTPChannel):
    error_task_class = _Refusal
