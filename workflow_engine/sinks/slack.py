"""Chats: messages by an incoming webhook, as Slack has it and others understand it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from workflow_engine.sinks.asked import Desk
from workflow_engine.sinks.notices import Notice, notice
from workflow_engine.sinks.port import EventRecord
from workflow_engine.sinks.posting import Poster
from workflow_engine.sinks.settings import SlackSettings

TITLE_MAX: Final = 150
"""Characters of a title, at most."""

TEXT_MAX: Final = 2_500
"""Characters of a text before it is escaped, at most: a block may have 3,000."""


class SlackSink:
    """Posts one message for each event that people are told of.

    Args:
        settings: see there.
        desk: looks questions up.
    """

    def __init__(self, settings: SlackSettings, desk: Desk) -> None:
        self._poster = Poster(settings.url, settings.headers, settings.timeout)
        self._desk = desk

    def deliver(self, events: Sequence[EventRecord]) -> None:
        """See `workflow_engine.sinks.port.Sink`."""
        for event in events:
            told = notice(event, self._desk)
            if told is not None:
                self._poster.post(msgspec.json.encode(message(told)), {})

    def close(self) -> None:
        """Do nothing: each message has a connection of its own."""


def message(told: Notice) -> dict[str, Any]:
    """Return a message: its text for what shows only that, and its blocks."""
    title = escaped(_shortened(told.title, TITLE_MAX))
    blocks: list[dict[str, Any]] = [_section(f"*{title}*")]
    if told.lines:
        blocks.append(_section(escaped(_shortened("\n".join(told.lines), TEXT_MAX))))
    if told.link is not None:
        blocks.append(_section(f"<{escaped(told.link)}|Open in the dashboard>"))
    text = title if told.link is None else f"{title} {escaped(told.link)}"
    return {"text": text, "blocks": blocks}


def escaped(text: str) -> str:
    """Return *text* with the three characters that command something written as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
