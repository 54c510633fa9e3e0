"""What tests in a browser share: Chromium, and servers to look at."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.served import Served

NO_BROWSER: Final = (
    "there is no Chromium on this machine; install it (Debian: apt-get install chromium), then try again"
)

FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""No network but ours; the sandbox needs rights that root in a container does not have."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a Chromium that is on the machine."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )
    if found is None:
        pytest.fail(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Give what starts servers, which end with the test."""
    servers: list[Served] = []

    def start(*arguments: str, data: str = "data", environment: dict[str, str] | None = None) -> Served:
        server = Served(tmp_path / data, *arguments, environment=environment)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a page in a browser profile of its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
