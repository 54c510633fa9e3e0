"""The desk: what pages and the API work with.

It asks the engine by its blocking methods, and the index for lists.  It never touches the world.
"""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flask import current_app

from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.readmodel.projector import Projector
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.ui.badge import Badge
from workflow_engine.ui.forms.drafts import Drafts
from workflow_engine.ui.library import Library
from workflow_engine.ui.security.audit import Audit
from workflow_engine.ui.security.people import People
from workflow_engine.ui.streaming.streams import Streams
from workflow_engine.ui_settings import UiSettings

if TYPE_CHECKING:
    from workflow_engine.sinks.running import Sinks

LOG: Final = logging.getLogger("workflow_engine")

DESK: Final = "workflow_engine.desk"
"""The name under which an app has its desk."""

FOLDER: Final = "ui"
"""Where the dashboard keeps what is its own, below the data directory: drafts, sessions, the audit log."""


class Desk:
    """One engine's data, as requests see it, each in a thread of its own.

    Attributes:
        engine: takes commands; its loop runs in another thread.
        ask: its methods, for threads that wait: ``desk().ask.answer(...)``.
        model: answers lists and searches from the index, which the projector keeps current in a process of its own.
        streams: live events.
        settings: of the dashboard.
        people: who may log in.
        audit: the record of who did what.
        drafts: what people have typed and not sent.
        badge: how many questions wait for whom.
        library: workflow files that are saved in the dashboard.
        sinks: where events go, or None where nothing delivers them.
    """

    def __init__(self, engine: ECSWorkflowEngine, settings: UiSettings, sinks: "Sinks | None" = None) -> None:
        folder = engine.data_dir / FOLDER
        self.engine = engine
        self.ask: Any = engine.blocking
        self.model = ReadModel(engine.data_dir)
        self.streams = Streams(engine, self.model)
        self.settings = settings
        self.people = People(settings.users_path(engine.data_dir))
        self.audit = Audit(folder / "audit.jsonl")
        self.drafts = Drafts(folder / "drafts")
        self.badge = Badge(self.model)
        self.library = Library(engine)
        self.sinks = sinks
        self._projector = Projector(engine.data_dir)

    @property
    def data_dir(self) -> Path:
        """Where the engine keeps everything."""
        return self.engine.data_dir

    def open(self) -> None:
        """Register saved workflows, and let the index follow the journal.  The engine has its data open."""
        self.library.register_all()
        self.model.catch_up()
        self._projector.start()
        self.streams.start()

    def close(self) -> None:
        """End what `open` began."""
        self.streams.close()
        self._projector.close()

    def settle(self) -> None:
        """Wait, two seconds at most, until lists show what was durable at the call: what a person did just now."""
        if not self._projector.settled(self.engine.commits):
            LOG.warning("the index of %s is behind; what was done shows a little later", self.data_dir)


def desk() -> Desk:
    """Return the desk of the app whose request is being answered."""
    found: Desk = current_app.extensions[DESK]
    return found
