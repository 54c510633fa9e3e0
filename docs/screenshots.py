"""Makes the pictures of the dashboard anew: each page in light colours, in dark ones, and on a phone.

python -m docs.screenshots            # all, into docs/images
python -m docs.screenshots task inbox # some

It needs what ``make e2e`` needs.  The tasks are the same each time, the times in the pictures are not.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.browsing import PHONE
from tests.e2e.conftest import FLAGS, NO_BROWSER, chromium
from tests.e2e.given import Project, let_in, stands
from tests.e2e.served import Served
from workflow_engine.client import Client
from workflow_engine.core.components import TaskState

IMAGES: Final = Path(__file__).parent / "images"

SCRATCH: Final = Path(tempfile.gettempdir(), "workflow-engine-screenshots")

BYTES_MAX: Final = 150 << 10
"""Of a picture; larger ones make a checkout heavy."""

WINDOW: Final = {"width": 1200, "height": 760}

LOOKS: Final[dict[str, dict[str, Any]]] = {
    "light": {"viewport": WINDOW, "color_scheme": "light"},
    "dark": {"viewport": WINDOW, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True},
}

READER: Final = {"locale": "en-GB", "timezone_id": "UTC", "reduced_motion": "reduce", "device_scale_factor": 1}

SERVED: Final = ("document-review", "ticket-triage", "release-checklist")
"""Ready-made workflows; orders, which fail, come from the tests."""

TICKETS: Final = ("I was charged twice for March", "My invoice has the wrong address", "The export stops half way")


def at(path: str) -> Callable[[Page], None]:
    """Return what leads to an address."""

    def go(page: Page) -> None:
        page.goto(path)

    return go


def editing(page: Page) -> None:
    """Write a workflow with a mistake."""
    page.goto("/workflows/order/edit")
    draft = page.get_by_role("button", name="Discard the draft")
    if draft.is_visible():  # of the picture before
        draft.click()
    text = page.get_by_role("textbox", name="Workflow file")
    text.fill(text.input_value().replace("depends_on: [charge]", "depends_on: [chrage]"))
    page.locator("[data-problems] a").first.click()
    expect(page.locator("[data-gutter] .error")).to_be_visible()


PAGES: Final[dict[str, Callable[[Page], None]]] = {
    "overview": at("/"),
    "inbox": at("/inbox"),
    "question": at("/inbox/tides/approve/2/1q0"),
    "tasks": at("/tasks"),
    "task": at("/tasks/tides"),
    "iterations": at("/tasks/tides?tab=iterations#tab"),
    "workflows": at("/workflows"),
    "workflow": at("/workflows/document-review"),
    "editor": editing,
    "failures": at("/failures"),
    "api": at("/api/v1/docs#submit_task"),
    "login": at("/login"),
}


def main(names: list[str]) -> None:
    """Make the pictures of these pages, or of all."""
    path = chromium()
    if path is None:
        sys.exit(NO_BROWSER)
    wanted = names or list(PAGES)
    if unknown := [name for name in wanted if name not in PAGES]:
        sys.exit(f"there is no page {unknown[0]!r}; there are {', '.join(PAGES)}")
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        with dashboard() as server:
            photograph(browser, server, [name for name in wanted if name != "login"])
        if "login" in wanted:
            with guarded() as server:
                photograph(browser, server, ["login"])
        browser.close()


def photograph(browser: Browser, server: Served, names: list[str]) -> None:
    """Make the pictures of some pages."""
    for look, options in LOOKS.items():
        context = browser.new_context(base_url=server.url, **READER, **options)
        page = context.new_page()
        for name in names:
            PAGES[name](page)
            page.evaluate("document.fonts.ready")
            file = IMAGES / f"{name}-{look}.png"
            page.screenshot(path=file, animations="disabled", caret="hide")
            size = file.stat().st_size
            print(f"{file.relative_to(IMAGES.parent.parent)}  {size >> 10} KiB")
            assert size <= BYTES_MAX, f"{file} has {size:,} bytes, more than {BYTES_MAX:,}"
        context.close()


@contextmanager
def dashboard() -> Generator[Served]:
    """Give a dashboard with work in it."""
    project = _project()
    names = {"LOGNAME": "ann", "USER": "ann"}
    with Served(SCRATCH / "data", *SERVED, str(project.folder / "order.yaml"), environment=names) as server:
        with Client(server.url) as client:
            _fill(client, project)
        yield server
    shutil.rmtree(SCRATCH)


@contextmanager
def guarded() -> Generator[Served]:
    """Give a dashboard that asks for a login."""
    project = _project()
    settings = SCRATCH / "engine.toml"
    settings.write_text("[ui]\nlogin = 'always'\n")
    let_in(SCRATCH / "data", "ann", "operator")
    with Served(SCRATCH / "data", "--config", str(settings), str(project.folder / "order.yaml")) as server:
        yield server
    shutil.rmtree(SCRATCH)


def _project() -> Project:
    shutil.rmtree(SCRATCH, ignore_errors=True)
    return Project(SCRATCH / "project")


def _fill(client: Client, project: Project) -> None:
    """Submit tasks until there is one in each state."""
    project.shut("charge")
    for number in range(1001, 1006):
        order = {"account": 70 + number % 2, "amount": 12 * (number - 990)}
        client.submit_task(order, "order", task_id=f"order-{number}", labels={"shop": "north"})
        stands(client, f"order-{number}", TaskState.FAILED)
    project.open("charge")
    for number in range(1006, 1009):
        client.submit_task({"account": 72, "amount": 95}, "order", task_id=f"order-{number}")
        client.wait(f"order-{number}", 20)
    for number, text in enumerate(TICKETS, 1):
        client.submit_task(
            {"from": f"customer{number}@example.org", "text": text}, "ticket-triage", task_id=f"ticket-{number}"
        )
        stands(client, f"ticket-{number}", TaskState.WAITING_HUMAN)
    for topic in ("harbours", "currents", "tides"):
        client.submit_task({"topic": topic}, "document-review", task_id=topic, labels={"desk": "science"})
        stands(client, topic, TaskState.WAITING_HUMAN)
    client.answer("harbours", {"decision": "approve"})
    client.cancel("currents", "the topic was taken")
    client.answer("tides", {"decision": "reject", "comment": "Say why there are two high waters a day."})
    stands(client, "tides", TaskState.WAITING_HUMAN)
    client.wait("harbours", 20)
    project.shut("ship")
    client.submit_task({"account": 72, "amount": 40}, "order", task_id="order-1009", priority=5)
    stands(client, "order-1009", TaskState.IN_PROGRESS)


if __name__ == "__main__":
    main(sys.argv[1:])
