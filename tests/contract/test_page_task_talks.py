"""Transcripts on the page of a task: kept ones, those of earlier visits, and what is said at the moment."""

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.agent_helpers import LOOK, Looking, Tools
from tests.contract.page_task_given import tab
from tests.contract.ui_given import WITHIN, Site, site
from tests.unit.hostile_strings import HTML
from workflow_engine.agents.agent import AgentAdapter
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, Usage
from workflow_engine.agents.provider import OnText
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, TaskType, WorkflowSpec
from workflow_engine.testing.scripted_model import PlainCaller, ScriptedModel

LONG = f"the end {''.join(HTML.values())} " + "word " * 400


class Held(ScriptedModel):
    """A model that says something, and ends its second turn when it may."""

    def __init__(self) -> None:
        super().__init__(_script)
        self.may_end = threading.Event()

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider.reply`."""
        import asyncio

        while len(request.messages) > 1 and not self.may_end.is_set():
            if on_text is not None:
                on_text("live words ")
            await asyncio.sleep(0.01)
        return await super().reply(request, None)


def _script(request: ModelRequest) -> ModelReply:
    if len(request.messages) == 1:
        return ModelReply(Message("assistant", "I look it up.", calls=(LOOK,)), "tools", Usage(1200, 35), "m-1")
    return ModelReply(Message("assistant", LONG), "end", Usage(2200, 500, cost=0.5), "m-1")


@pytest.fixture
def model() -> Held:
    return Held()


@pytest.fixture
def at(tmp_path: Path, model: Held) -> Iterator[Site]:
    def prepare(engine: ECSWorkflowEngine) -> None:
        engine.register_adapter(TaskType.AGENTIC, AgentAdapter(model, "small", PlainCaller(0.0), Tools(Looking())))
        phases = (Phase(id="write", assigned_to="agentic", prompt="Write.", system="Be terse."),)
        engine.register_workflow(WorkflowSpec(name="w", phases=phases))

    with site(tmp_path, prepare) as found:
        found.engine.blocking.submit_task({}, "w", task_id="t")
        try:
            yield found
        finally:
            model.may_end.set()


def test_a_transcript_shows_turns_calls_results_and_what_they_cost(at: Site, model: Held) -> None:
    model.may_end.set()
    at.engine.blocking.wait("t", timeout=WITHIN)
    page: Any = at.until(lambda: tab(at, "t", "transcript"), lambda answer: "Be terse." in answer.words)
    assert "Write." in page.words
    assert "Model m-1 1,200 tokens read, 35 written" in page.words
    assert "calls look at tides" in page.words
    assert "look gave all about tides" in page.words
    assert "2,200 tokens read, 500 written" in page.words
    assert "3,935 tokens" in page.words
    ids = [given["id"] for _, given in page.elements if "id" in given]
    assert len(ids) == len(set(ids))
    assert "<script>alert" not in page.text


def test_turns_that_are_recorded_are_shown_while_the_agent_works(at: Site) -> None:
    page: Any = at.until(lambda: tab(at, "t", "transcript"), lambda answer: "look gave all about tides" in answer.words)
    assert "I look it up." in page.words
    (pre,) = [given for _, given in page.elements if "data-said" in given]
    assert (pre["data-said"], pre["data-attempt"], pre["aria-live"]) == ("t/write/1", "1", "off")


def test_what_is_said_reaches_an_open_page(at: Site) -> None:
    connection = http.client.HTTPConnection(at.browser.host, at.browser.port, timeout=WITHIN)
    try:
        connection.request("GET", "/live/tasks/t")
        response = connection.getresponse()
        while response.readline() != b"event: said\n":
            pass
        said = json.loads(response.readline().removeprefix(b"data: "))
    finally:
        connection.close()
    assert (said["run"], said["attempt"]) == ("t/write/1", 1)
    assert said["text"].startswith("live words ")


def test_a_transcript_that_is_none_is_only_saved(at: Site, model: Held) -> None:
    at.engine.blocking.add_artifact_text("t", "transcripts/write-1.json", "no JSON")
    page: Any = at.until(lambda: tab(at, "t", "transcript"), lambda answer: "Save it" in answer.words)
    assert page.status == 200
