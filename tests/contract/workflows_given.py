"""What tests of the workflows pages share: workflow files, and sites on which they are known."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from tests.contract.ui_given import Answer, Browser, Form, Site, site
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.spec.loading import load_text
from workflow_engine.ui_settings import UiSettings

REVIEW: Final = """\
name: review
version: "{version}"
description: A text is written and looked at.
inputs:
  type: object
  required: [topic]
  properties:
    topic: {{type: string, minLength: 3, description: what it is about}}
    tone: {{enum: [warm, dry], default: dry}}
    paper: {{type: string, format: artifact}}
phases:
  - id: write
    assigned_to: human
    prompt: Write about {{{{ inputs.topic }}}}.
  - id: {second}
    assigned_to: human
    prompt: Is it good?
    due: 2d
"""
ONE: Final = REVIEW.format(version="one", second="look")
TWO: Final = REVIEW.format(version="two", second="look").replace("Is it good?", "Is it very good?")
OTHERWISE: Final = REVIEW.format(version="three", second="check").replace("id: write", "id: compose")
PLAIN: Final = "name: plain\nphases:\n  - id: ask\n    assigned_to: human\n    prompt: Well?\n"


def register(*texts: str) -> Any:
    """Return what registers workflows with an engine."""

    def prepare(engine: ECSWorkflowEngine) -> None:
        for text in texts:
            engine.register_workflow(load_text(text, "the file").spec)

    return prepare


@contextmanager
def site_of(data_dir: Path, *texts: str) -> Generator[Site]:
    """Serve an engine with these workflows; whoever looks at it is an admin."""
    with site(data_dir, register(*texts)) as found:
        yield found


@contextmanager
def site_for(data_dir: Path, role: Literal["viewer", "operator", "admin"], *texts: str) -> Generator[Browser]:
    """Serve the same to somebody of this role."""
    settings = UiSettings(port=0, login="always", proxy_header="X-Who", trusted_proxies=("127.0.0.1",), proxy_role=role)
    with site(data_dir, register(*texts), settings) as found:
        yield found.another({"X-Who": "ann"})


def csrf(page: Answer) -> str:
    """Return the token that the forms of a page carry."""
    return next(value for form in page.forms for name, value in form.fields if name == "csrf_token")


def hidden(page: Answer, name: str) -> str:
    """Return what the field of this name holds."""
    return next(value for form in page.forms for key, value in form.fields if key == name)


def form_with(page: Answer, field: str) -> Form:
    """Return the form that has a field of this name."""
    return next(form for form in page.forms if any(name == field for name, _ in form.fields))
