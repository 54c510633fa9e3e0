"""What tests of forms share: a page as a browser sees it, and what the browser sends."""

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import jinja2

from workflow_engine.ui.forms.fields import Form
from workflow_engine.ui.showing.visible import plain

TEMPLATES: Final = Path(__file__).parents[2] / "ui/templates"

_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_ENVIRONMENT.filters["plain"] = plain


def drawn(form: Form, draft: str = "", message: str = "") -> str:
    """Return the HTML of *form*."""
    module = _ENVIRONMENT.get_template("forms/form.html").module
    return str(module.render_form(form, "/send", "", "Send", draft, message))  # type: ignore[attr-defined] # a macro


class Page(HTMLParser):
    """A page as a browser sees it.

    Attributes:
        elements: tag and attributes of each, those in templates not among them.
        templates: how many templates there are.
        text: all text.
    """

    VOID: Final = frozenset({"input", "br", "option", "meta", "link"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.templates = 0
        self.text = ""
        self.open: list[str] = []
        self._posted: dict[str, list[str]] = {}
        self._area = ""
        self._first = False
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"left open: {self.open}"

    @property
    def posted(self) -> dict[str, list[str]]:
        """What is sent: of each control that would be, with the line ends that browsers send."""
        return {name: [text.replace("\n", "\r\n") for text in texts] for name, texts in self._posted.items()}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        given = {name: value or "" for name, value in attrs}
        if tag == "template":
            self.templates += 1
        if tag not in self.VOID:
            self.open.append(tag)
        if "template" in self.open:
            return
        self.elements.append((tag, given))
        if tag == "input" and self._sends(given):
            self._posted.setdefault(given["name"], []).append(given.get("value", ""))
        elif tag == "textarea":
            self._area, self._first = given["name"], True
            self._posted.setdefault(self._area, []).append("")
        elif tag == "select":
            self._select, self._options = given["name"], []
        elif tag == "option" and self._select:
            self._options.append((given.get("value", ""), "selected" in given))

    @staticmethod
    def _sends(given: Mapping[str, str]) -> bool:
        kind = given.get("type", "text")
        return kind != "file" and (kind not in ("radio", "checkbox") or "checked" in given)

    def handle_endtag(self, tag: str) -> None:
        """Note the end of an element."""
        if tag in self.VOID:
            return
        assert self.open.pop() == tag
        if "template" in self.open or tag == "template":
            return
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            chosen = [value for value, selected in self._options if selected] or [self._options[0][0]]
            self._posted.setdefault(self._select, []).append(chosen[-1])
            self._select = ""

    def handle_data(self, data: str) -> None:
        """Note text."""
        if "template" in self.open:
            return
        self.text += data
        if self._area:
            self._posted[self._area][-1] += data.removeprefix("\n") if self._first else data
            self._first = False

    def named(self, name: str) -> list[tuple[str, dict[str, str]]]:
        """Return the elements with this name."""
        return [(tag, given) for tag, given in self.elements if given.get("name") == name]
