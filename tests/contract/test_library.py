"""The ready-made workflows, found as a person finds them, run to their ends with the real engine and no keys."""

import asyncio
import json
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.contract.engine_helpers import WITHIN, engine_on
from workflow_engine.adapters.offline import OfflineModel, load_replies
from workflow_engine.cli.main import program
from workflow_engine.cli.run_handlers import load_handlers
from workflow_engine.cli.workflow_file import companions, find_workflow_file, library
from workflow_engine.core.events import PhaseStarted, QuestionAsked
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Task, TaskState, TaskType
from workflow_engine.errors import InputRefused
from workflow_engine.runtime.local import Committed
from workflow_engine.spec.loading import load_workflow
from workflow_engine.spec.schema import HINT

APPROVE = {"decision": "approve"}


def prepared(name: str, data_dir: Path) -> ECSWorkflowEngine:
    """Return an engine that knows a ready-made workflow, with what is beside its file."""
    path = find_workflow_file(name)
    spec, beside = load_workflow(path).spec, companions(path)
    engine = engine_on(data_dir)
    engine.register_workflow(spec)
    if beside.replies is not None:
        engine.register_adapter(TaskType.AGENTIC, OfflineModel(load_replies(beside.replies)))
    if beside.handlers is not None:
        for classification, handler in load_handlers(beside.handlers, [spec]).items():
            engine.register_handler(classification, handler)
    return engine


class Ended:
    """How a task of a ready-made workflow ended, and which of its phases began, in order."""

    def __init__(self, task: Task, begun: list[str], files: dict[str, str]) -> None:
        self.task = task
        self.begun = begun
        self.files = files

    @property
    def failure(self) -> str:
        """Why it failed."""
        assert self.task.failure is not None
        return self.task.failure.message


async def ran(name: str, data: dict[str, Any], data_dir: Path, answers: Sequence[dict[str, Any]] = ()) -> Ended:
    """Take *data* through a ready-made workflow; its questions are answered one after the other."""
    engine = prepared(name, data_dir / "data")
    begun: list[str] = []
    questions: asyncio.Queue[str] = asyncio.Queue()

    def watch(committed: Committed) -> None:
        for event in committed.events:
            match event:
                case PhaseStarted():
                    begun.append(event.run.split("/")[1])
                case QuestionAsked():
                    questions.put_nowait(event.question)
                case _:
                    pass

    engine.watch(watch)
    async with engine, asyncio.timeout(WITHIN):
        task = await engine.submit_task(data, name)
        for answer in answers:
            await engine.answer(await questions.get(), answer)
        ended = await engine.wait(task)
        files = {made: (await engine.read_artifact(ended, made)).decode() for made in ended.artifacts}
    return Ended(ended, begun, files)


# ---------------------------------------------------------------- all of them


def test_the_library_holds_these() -> None:
    assert list(library()) == [
        "data-extraction",
        "document-review",
        "map-reduce-files",
        "parallel-research",
        "release-checklist",
        "ticket-triage",
    ]


@pytest.mark.parametrize("name", library())
def test_a_file_is_named_like_its_workflow_and_says_how_to_run_it(name: str) -> None:
    text = library()[name].read_text()
    assert text.startswith(HINT + "\n")
    assert f"#   workflow-engine run {name} " in text
    loaded = load_workflow(library()[name])
    assert (loaded.spec.name, loaded.dialect, loaded.warnings) == (name, "native", ())
    assert loaded.spec.inputs is not None
    assert loaded.spec.inputs["required"] != []
    assert "null" not in loaded.spec.stored().decode()  # what a comma in an unquoted text leaves behind


@pytest.mark.parametrize("name", library())
def test_the_command_in_a_file_works_when_it_is_pasted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    [command] = re.findall(r"^#   workflow-engine (run .*)$", library()[name].read_text(), re.MULTILINE)
    words = shlex.split(os.path.expandvars(command.replace("/tmp/site", str(tmp_path / "site"))))
    (tmp_path / "answers.json").write_text(json.dumps({"approve": APPROVE, "decide": APPROVE}))
    result = CliRunner().invoke(program, [*words, "--answers", "answers.json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", library())
async def test_what_lacks_its_inputs_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="does not accept this"):
        await ran(name, {}, tmp_path)


# ---------------------------------------------------------------- each of them


async def test_a_document_is_written_again_when_the_program_rejects_it(tmp_path: Path) -> None:
    ended = await ran("document-review", {"topic": "tides"}, tmp_path, [APPROVE])
    assert ended.task.status is TaskState.COMPLETED
    assert ended.begun == ["draft", "lint", "draft", "lint", "review", "approve", "publish"]
    assert ended.files["document.md"].startswith("# Why the sea comes and goes\n")


async def test_a_document_on_any_topic_passes_and_says_that_no_model_wrote_it(tmp_path: Path) -> None:
    ended = await ran("document-review", {"topic": "bees", "notes": "They dance."}, tmp_path, [APPROVE])
    assert "No model is set up" in ended.files["document.md"]


async def test_a_document_that_a_person_rejects_four_times_fails(tmp_path: Path) -> None:
    answers = [{"decision": "reject", "comment": "No."}] * 4
    ended = await ran("document-review", {"topic": "tides"}, tmp_path, answers)
    assert ended.task.status is TaskState.FAILED
    assert ended.failure == "phase 'approve' rejected the work 4 times, the last time: No."


async def test_a_ticket_on_billing_goes_that_way_alone(tmp_path: Path) -> None:
    ticket = {"from": "ann@example.org", "text": "I was charged twice for March"}
    ended = await ran("ticket-triage", ticket, tmp_path, [APPROVE])
    assert ended.begun == ["classify", "billing", "answer", "approve", "send"]
    assert ended.task.outputs["billing"]["total"] == 40
    assert "To: ann@example.org\n" in ended.files["answer.eml"]
    assert "March was charged twice" in ended.files["answer.eml"]


@pytest.mark.parametrize(("text", "way"), [("An error comes up", "technical"), ("Where do you sit?", "other")])
async def test_other_tickets_go_other_ways(text: str, way: str, tmp_path: Path) -> None:
    ended = await ran("ticket-triage", {"from": "a@b", "text": text}, tmp_path, [APPROVE])
    assert ended.begun[1] == way
    assert ended.task.status is TaskState.COMPLETED


async def test_an_answer_that_a_person_rejects_is_drafted_again(tmp_path: Path) -> None:
    answers = [{"decision": "reject", "comment": "too curt"}, APPROVE]
    ended = await ran("ticket-triage", {"from": "a@b", "text": "An error"}, tmp_path, answers)
    assert ended.begun == ["classify", "technical", "answer", "approve", "answer", "approve", "send"]
    assert "sorry for the trouble" in ended.files["answer.eml"]


async def test_research_is_done_side_by_side_and_joined(tmp_path: Path) -> None:
    ended = await ran("parallel-research", {"question": "Heat?", "depth": "full"}, tmp_path)
    assert sorted(ended.begun[1:4]) == ["cost", "law", "technology"]
    assert ended.files["report.md"].startswith("# Heat?\n\n## Technology\n\nA heat pump")
    assert ended.task.output == {
        "figures": ["2", "3", "1,500", "40", "20"],
        "sources": ["a neighbouring town", "water act"],
        "artifact": "report.md",
    }


async def test_short_research_leaves_the_law_out(tmp_path: Path) -> None:
    ended = await ran("parallel-research", {"question": "Heat?", "depth": "short"}, tmp_path)
    assert "## Law\n\nLeft out.\n" in ended.files["report.md"]
    assert ended.task.output["sources"] == ["a neighbouring town"]


async def test_files_are_summarised_one_by_one_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n\none two\n")
    (folder / "b.md").write_bytes(b"\xff\xfe\x00")
    (folder / "c.md").write_text("three\n")
    (folder / "d.txt").write_text("not asked for\n")
    ended = await ran("map-reduce-files", {"folder": str(folder), "pattern": "*.md"}, tmp_path)
    assert ended.task.output == {"files": 2, "lines": 4, "words": 5, "unreadable": ["b.md"]}
    assert ended.files["report.md"] == (
        "# 5 words in 2 files\n\n| file | lines | words |\n|---|--:|--:|\n"
        "| a.md | 3 | 4 |\n| c.md | 1 | 1 |\n\n- b.md could not be read\n"
    )


async def test_a_folder_without_such_files_makes_an_empty_report(tmp_path: Path) -> None:
    ended = await ran("map-reduce-files", {"folder": str(tmp_path), "pattern": "*.md"}, tmp_path)
    assert ended.task.output == {"files": 0, "lines": 0, "words": 0, "unreadable": []}


async def test_a_folder_that_is_not_there_fails_at_once(tmp_path: Path) -> None:
    ended = await ran("map-reduce-files", {"folder": "/no/such/folder", "pattern": "*"}, tmp_path)
    assert ended.begun == ["list"]
    assert "/no/such/folder is no folder" in ended.failure


async def test_figures_that_do_not_fit_are_asked_for_once_more(tmp_path: Path) -> None:
    ended = await ran("data-extraction", {"text": "Invoice 17: 2 lamps at 30, 1 cable at 5"}, tmp_path)
    assert ended.begun == ["extract", "extract", "check", "store"]
    assert json.loads(ended.files["record.json"]) == {
        "number": "17",
        "currency": "EUR",
        "total": 65,
        "items": [{"name": "lamp", "count": 2, "price": 30}, {"name": "cable", "count": 1, "price": 5}],
    }


async def test_figures_that_do_not_add_up_are_extracted_again(tmp_path: Path) -> None:
    ended = await ran("data-extraction", {"text": "Invoice 18, rounded"}, tmp_path)
    assert ended.begun == ["extract", "check", "extract", "check", "store"]
    assert json.loads(ended.files["record.json"])["total"] == 28.5


async def test_a_reply_that_never_fits_fails_the_task(tmp_path: Path) -> None:
    ended = await ran("data-extraction", {"text": "(illegible)"}, tmp_path)
    assert ended.begun == ["extract", "extract"]
    assert ended.failure.startswith("the output of phase 'extract' is not what it is to be: ")


def release(site: Path, channel: str = "mail") -> dict[str, Any]:
    return {"version": "1.4.0", "site": str(site), "channel": channel}


async def test_a_release_that_is_cleared_is_announced(tmp_path: Path) -> None:
    site = tmp_path / "site"
    ended = await ran("release-checklist", release(site), tmp_path, [APPROVE])
    assert ended.task.status is TaskState.COMPLETED
    assert (site / "log.txt").read_text().split() == ["tag", "1.4.0", "upload", "1.4.0", "announce", "1.4.0"]
    assert (site / "mail.txt").read_text() == "Version 1.4.0 is out.\n"


@pytest.mark.parametrize(
    ("channel", "answer", "why"),
    [
        ("mail", {"decision": "reject", "comment": "not today"}, "phase 'cleared' rejected the work: not today"),
        ("fax", APPROVE, "there is no channel 'fax'; there are: mail"),
    ],
)
async def test_a_release_that_fails_late_is_undone_the_last_step_first(
    channel: str, answer: dict[str, Any], why: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    ended = await ran("release-checklist", release(site, channel), tmp_path, [answer])
    assert ended.task.status is TaskState.FAILED
    assert ended.failure.endswith(why)
    steps = [line.split()[0] for line in (site / "log.txt").read_text().splitlines()]
    assert steps == ["tag", "upload", "withdraw", "untag"]
    assert [path.name for path in site.rglob("*") if path.is_file()] == ["log.txt"]
