"""What tests in a browser share: Chromium, servers to look at, and windows on them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browsing import WITHIN_MS, Browsing
from tests.e2e.given import Project, Stocked, let_in
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

expect.set_options(timeout=WITHIN_MS)


def chromium() -> str | None:
    """Return the path of a Chromium that is on the machine."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give a Chromium that is on the machine."""
    found = chromium()
    if found is None:
        pytest.fail(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def browsing(browser: Browser) -> Iterator[Browsing]:
    """Give what opens windows; no browser may complain of anything: a script, a refused resource, the CSP."""
    browsing = Browsing(browser)
    yield browsing
    browsing.close()
    assert browsing.unexpected() == []


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give workflow files and their handlers."""
    return Project(tmp_path / "project")


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
def server(serve: Callable[..., Served], project: Project) -> Served:
    """Give a server with the workflows of the project."""
    return serve(str(project.folder))


@pytest.fixture
def guarded(serve: Callable[..., Served], project: Project, tmp_path: Path) -> Served:
    """Give a server on which everybody has to log in: vera, who looks, and otto, who does things."""
    settings = tmp_path / "engine.toml"
    settings.write_text("[ui]\nlogin = 'always'\n")
    let_in(tmp_path / "data", "vera", "viewer")
    let_in(tmp_path / "data", "otto", "operator")
    return serve("--config", str(settings), str(project.folder))


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    """Give a server with a task in each state.  Tests look at it, and change nothing."""
    folder = tmp_path_factory.mktemp("stocked")
    with Stocked(folder) as stocked:
        yield stocked


@pytest.fixture
def page(browsing: Browsing, server: Served) -> Page:
    """Give a window on the server."""
    return browsing.window(server)
