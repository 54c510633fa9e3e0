"""The shell: what stands around every page."""

from typing import Any, Final, NamedTuple

from flask import g, request, url_for

from workflow_engine import __version__
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.person import Person


class Tab(NamedTuple):
    """An entry of the bar.

    Attributes:
        name: what people read.
        endpoint: where it leads.
        key: the letter that leads there, after a ``g``.
    """

    name: str
    endpoint: str
    key: str

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.endpoint)

    @property
    def current(self) -> bool:
        """Whether the page belongs to it."""
        return request.blueprint == self.endpoint.partition(".")[0]


TABS: Final = (
    Tab("Overview", "overview.show", "o"),
    Tab("Inbox", "inbox.show", "i"),
    Tab("Tasks", "tasks.show", "t"),
    Tab("Workflows", "workflows.show", "w"),
    Tab("Failures", "failures.show", "f"),
)


def shell() -> dict[str, Any]:
    """Return what templates know beside what their page passes: tabs, who looks, how many questions wait."""
    person: Person | None = g.get("person")
    asks = person is not None and not g.get("failed")
    return {
        "tabs": TABS if person is not None else (),
        "person": person,
        "questions": _questions(person) if person is not None and asks else 0,
        "version": __version__,
    }


def _questions(person: Person) -> int:
    """Return how many questions wait for somebody; where nobody logs in, all of them do."""
    counts = desk().badge.of((person.name, *person.groups))
    if counts is None:
        return 0
    return counts.all.n if person.via == "loopback" else counts.groups.n
