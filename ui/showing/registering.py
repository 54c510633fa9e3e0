"""What templates need: filters, and the macros of ``showing/`` beside them."""

from collections.abc import Callable
from typing import Any, Final

from flask import Flask

from workflow_engine.ui.showing.markdown import markdown
from workflow_engine.ui.showing.numbers import duration, money, number, size
from workflow_engine.ui.showing.sentences import sentence
from workflow_engine.ui.showing.times import ago, moment
from workflow_engine.ui.showing.visible import marked, plain, shortened, visible
from workflow_engine.ui.showing.words import kind, ordinal, outcome, status

FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "visible": visible,  # a stranger's text within a line
    "marked": marked,  # within an element that has dir="auto"
    "plain": plain,  # in an attribute or title
    "shortened": shortened,
    "markdown": markdown,
    "moment": moment,
    "ago": ago,
    "duration": duration,
    "number": number,
    "money": money,
    "size": size,
    "ordinal": ordinal,
    "status_words": status,
    "kind_words": kind,
    "outcome_words": outcome,
    "sentence": sentence,
}


def register(app: Flask) -> None:
    """Add the filters to an app.  Macros are imported from ``showing/shown.html`` and ``showing/sentence.html``."""
    for name, function in FILTERS.items():
        app.add_template_filter(function, name)
