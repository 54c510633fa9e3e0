"""Trying a sink out: one made-up event."""

import time
from pathlib import Path

from workflow_engine.errors import EngineError, TransientFailure
from workflow_engine.sinks.asked import Desk
from workflow_engine.sinks.envelopes import moment
from workflow_engine.sinks.index import Index
from workflow_engine.sinks.making import make
from workflow_engine.sinks.notices import TEST
from workflow_engine.sinks.port import EventRecord
from workflow_engine.sinks.redaction import Redaction
from workflow_engine.sinks.settings import SinkSettings


def try_out(name: str, settings: SinkSettings, data_dir: Path, public_url: str | None = None) -> None:
    """Deliver one made-up event to a sink, once, and return when it is delivered.

    Raises:
        EngineError: it was not; the sentence says why.
    """
    redaction = Redaction(references=settings.references())
    sink = make(settings, data_dir, Desk(Index(data_dir).model, redaction, public_url))
    data = {"sink": name, "message": "This is a test of a sink; nothing has happened."}
    try:
        sink.deliver([EventRecord("0.0", 0, 0, moment(time.time()), TEST, "test", None, None, data)])
    except EngineError as error:
        raise type(error)(redaction.text(str(error))) from error
    except Exception as error:  # other people's code
        raise TransientFailure(redaction.text(f"the test was not delivered: {error!r}")) from error
    finally:
        sink.close()
