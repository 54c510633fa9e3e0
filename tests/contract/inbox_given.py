"""What tests of the inbox share: workflows that ask people, people who log in, and files in forms."""

import urllib.parse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.contract.ui_given import Answer, Browser, Form, Site
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task
from workflow_engine.spec.parts import OnReject
from workflow_engine.ui.security.passwords import Cost
from workflow_engine.ui.security.people import People
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui_settings import UiSettings

PASSWORD: Final = "seven grey herons"
LOGIN: Final = UiSettings(port=0, login="always")

FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["decision"],
    "properties": {
        "decision": {"enum": ["approve", "reject"]},
        "comment": {"type": "string"},
        "publish_on": {"type": "string", "format": "date"},
    },
}
RICH: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["name", "team"],
    "properties": {
        "name": {"type": "string", "minLength": 3},
        "team": {"enum": ["billing", "editors"]},
        "hours": {"type": "integer", "minimum": 1, "maximum": 40},
        "urgent": {"type": "boolean"},
        "address": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
        "lines": {"type": "array", "items": {"type": "string"}},
        "receipt": {"type": "string", "format": "binary"},
    },
}
FIRST: Final = "Version 2.4 makes search blazingly fast. Nothing changes in how you use it."
SECOND: Final = "Version 2.4 makes search three times faster. Nothing changes in how you use it."


def asks(engine: ECSWorkflowEngine, name: str = "w", **phase: Any) -> None:
    """Register a workflow of one phase, for a person."""
    given: dict[str, Any] = {"id": "approve", "assigned_to": "human", "prompt": "Publish?", "form": FORM, "show": "It."}
    engine.register_workflow(name, [Phase(**{**given, **phase})])


def reviews(engine: ECSWorkflowEngine) -> None:
    """Register a workflow that drafts and has the draft reviewed."""

    async def draft(task: Task) -> dict[str, str]:
        text = SECOND if task.feedback else FIRST
        await task.add_artifact("notes.md", f"# Notes\n\n{text}\n")
        return {"text": text}

    engine.register_handler("draft", draft)
    engine.register_workflow(
        "review",
        [
            Phase(id="draft", target_classification="draft"),
            Phase(
                id="approve",
                assigned_to="human",
                prompt="Publish?",
                form=FORM,
                show={"text": "{{ phases.draft.output.text }}"},
                on_reject=OnReject(target="draft", max_attempts=2),
            ),
        ],
    )


def submitted(site: Site, *tasks: str, workflow: str = "w") -> None:
    """Submit tasks, and wait until the list shows their questions."""
    for task in tasks:
        site.engine.blocking.submit_task({}, workflow_name=workflow, task_id=task)
    listed(site, *tasks)


def listed(site: Site, *tasks: str) -> None:
    """Wait until the list shows a question of each task."""

    def look() -> set[str]:
        return {row.task for row in site.engine.blocking.list_questions().rows}

    site.until(look, lambda found: found >= set(tasks))
    site.dashboard._desk.settle()  # pyright: ignore[reportPrivateUsage] - the list follows in a process of its own


def question_of(task: str, visit: int = 1, phase: str = "approve") -> str:
    """Return the id of a question."""
    return f"{task}/{phase}/{visit}/1q0"


def page_of(browser: Browser, question: str, query: str = "") -> Answer:
    """Return the page of a question."""
    return browser.get(f"/inbox/{urllib.parse.quote(question)}{query}")


def answer_form(page: Answer) -> Form:
    """Return the form for the answer."""
    return next(form for form in page.forms if any(name == "shown" for name, _ in form.fields))


def fields(form: Form) -> dict[str, str]:
    """Return what the fields of a form hold, by name."""
    return dict(form.fields)


def tend(browser: Browser, page: Answer, word: str, **values: str) -> Answer:
    """Send one of the small forms of a page."""
    form = next(form for form in page.forms if form.action.startswith(f"/inbox/{word}/"))
    return browser.send(page, form, values)


def send_files(
    browser: Browser, page: Answer, values: Mapping[str, str], files: Mapping[str, tuple[str, bytes]]
) -> Answer:
    """Send the form for the answer with files."""
    form = answer_form(page)
    parts: list[tuple[str, str | None, bytes]] = [
        (name, None, value.encode()) for name, value in {**fields(form), **values}.items()
    ]
    parts += [(name, file, content) for name, (file, content) in files.items()]
    border = "border-of-parts"
    body = b"".join(_part(border, *part) for part in parts) + f"--{border}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={border}"}
    return browser.request("POST", urllib.parse.urljoin(page.path, form.action), body=body, headers=headers)


def _part(border: str, name: str, file: str | None, content: bytes) -> bytes:
    named = f'; filename="{file}"' if file is not None else ""
    head = f'--{border}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def with_people(data_dir: Path, people: Iterable[tuple[str, Role, tuple[str, ...]]]) -> None:
    """Add people who can log in."""
    known = People(data_dir / "users.json", cost=Cost(4, 1, 1))
    for name, role, groups in people:
        known.add(name, role, groups, PASSWORD)


def logged_in(site: Site, name: str) -> Browser:
    """Return a browser in which somebody has logged in."""
    browser = site.another()
    page = browser.get("/login")
    done = browser.send(page, page.form("/login"), {"name": name, "password": PASSWORD}, follow=False)
    assert done.status == 303, done.words
    return browser
