"""Making sinks of their settings, and of what installed packages bring along.

    [project.entry-points."workflow_engine.sinks"]
    kafka = "kafka_sink:KafkaSink"

makes ``type = "custom"`` with ``sink = "kafka"`` work wherever that package is installed.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final, assert_never

from workflow_engine.errors import ConfigError
from workflow_engine.sinks.asked import Desk
from workflow_engine.sinks.port import Sink
from workflow_engine.sinks.settings import (
    ConsoleSettings,
    CustomSettings,
    EmailSettings,
    FileSettings,
    SinkSettings,
    SlackSettings,
    WebhookSettings,
)

GROUP: Final = "workflow_engine.sinks"
"""The group of entry points; the object of each makes a `Sink` of the options in the settings."""


def make(settings: SinkSettings, data_dir: Path, desk: Desk) -> Sink:
    """Return the sink that *settings* describe.

    Raises:
        ConfigError: it is to be made by a package that does not do so.
    """
    match settings:
        case ConsoleSettings():
            from workflow_engine.sinks.console import ConsoleSink

            return ConsoleSink(settings.stream)
        case FileSettings():
            from workflow_engine.sinks.file import FileSink

            path = Path(data_dir) / Path(settings.path).expanduser()
            return FileSink(path, int(settings.size_mib * 1024 * 1024), settings.keep)
        case WebhookSettings():
            from workflow_engine.sinks.webhook import WebhookSink

            return WebhookSink(settings)
        case SlackSettings():
            from workflow_engine.sinks.slack import SlackSink

            return SlackSink(settings, desk)
        case EmailSettings():
            from workflow_engine.sinks.mail import EmailSink

            return EmailSink(settings, desk)
        case CustomSettings():
            return plugged_sink(settings.sink, settings.options)
        case _ as never:
            assert_never(never)


def plugged_sink(name: str, options: Mapping[str, Any]) -> Sink:
    """Return the sink that an installed package makes of *options*.

    Raises:
        ConfigError: there is none of this name, or it cannot be made.
    """
    points = entry_points(group=GROUP)
    for point in points.select(name=name):
        try:
            made: Any = point.load()(**options)
        except Exception as error:  # other people's code
            raise ConfigError(
                f"the sink {name!r} ({point.value}) cannot be made: {error!r}; mend its options or its package"
            ) from error
        for method in ("deliver", "close"):
            if not callable(getattr(made, method, None)):
                raise ConfigError(f"the sink {name!r} ({point.value}) has no method `{method}`; mend its package")
        sink: Sink = made
        return sink
    there = ", ".join(sorted(point.name for point in points)) or "none"
    raise ConfigError(f"no installed package has a sink {name!r}; there are: {there}")
