"""People at browsers: windows on a served engine, and what their browsers complain of."""

import re
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, ViewportSize

from tests.e2e.served import Served

DESK: Final[ViewportSize] = {"width": 1280, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
NARROW: Final[ViewportSize] = {"width": 360, "height": 780}
"""Sizes of windows, in CSS pixels."""

WITHIN_MS: Final = 15_000.0
"""How long something may take until a person sees it, where it takes long."""

_REFUSED: Final = re.compile(r"Failed to load resource: .* status of (422|409)\b")


class Browsing:
    """Opens windows, each in a browser profile of its own, and notes what browsers complain of.

    A page that answers 409 or 422 to a form is no complaint: that is how a form comes back.

    Attributes:
        expected: regular expressions of complaints that a test brings about.
        complaints: what was written to consoles as an error, what scripts have thrown, and answers of 5xx.
    """

    def __init__(self, browser: Browser) -> None:
        self.expected: list[str] = []
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._sent_back: set[str] = set()

    def window(self, server: Served, path: str | None = None, **options: Any) -> Page:
        """Return a page of a new person, at *path* of the server, with Playwright's options of a context."""
        given: dict[str, Any] = {"viewport": DESK, "base_url": server.url, "reduced_motion": "reduce", **options}
        context = self._browser.new_context(**given)
        context.set_default_timeout(WITHIN_MS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._answered)
        if path is not None:
            page.goto(path)
        return page

    def unexpected(self) -> list[str]:
        """Return the complaints that no test has brought about."""
        return [one for one in self.complaints if not any(re.search(words, one) for words in self.expected)]

    def close(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            context.close()

    def _said(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        if _REFUSED.search(message.text) and message.location["url"] in self._sent_back:
            return
        self.complaints.append(f"{message.location['url']}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.request.is_navigation_request() and response.status in (409, 422):
            self._sent_back.add(response.url)
        if response.status >= 500:
            self.complaints.append(f"{response.url}: {response.status}")
