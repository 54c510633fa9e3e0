"""Files of other tools run unchanged: from the file to the end of a task, in a real engine with the offline model."""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract.engine_helpers import done, engine_on
from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.ecs_workflow import Task, TaskState, TaskType
from workflow_engine.spec.loading import load_text, load_workflow
from workflow_engine.spec.writing import to_yaml

CASES: Final = Path(__file__).resolve().parents[3] / "shared" / "cases"
"""Beside the checkout, where there are any."""

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "dialects"
SAID: Final = "[offline model]"

FILES: Final = (
    [path for folder in (CASES, FIXTURES) for path in sorted(folder.glob("*")) if path.suffix in (".yaml", ".json")]
    if CASES.is_dir()
    else sorted(path for path in FIXTURES.glob("*") if path.suffix in (".yaml", ".json"))
)
DATA: Final = {
    "name": "Alice",
    "topic": "tides",
    "letter": "My parcel is late",
    "scores": [{"name": "Ann", "score": 5}, {"name": "Cid", "score": 9}, {"name": "Di", "score": 1}],
    "event": "chess",
}
"""What any of the files may ask for."""

REPLIED: Final = {
    "summarize": {"summary": f"{SAID} Summarize for Alice"},
    "translate": {"translation": f"{SAID} Translate: {SAID} Summarize for Alice"},
}


async def ended(tmp_path: Path, path: Path, data: Any, replies: dict[str, Any] | None = None) -> Task:
    """Return the task of a workflow file once it has ended."""
    async with engine_on(tmp_path) as engine:
        engine.register_adapter(TaskType.AGENTIC, OfflineModel(replies))
        spec = engine.register_workflow(load_workflow(path).spec)
        return await done(engine, await engine.submit_task(data, spec.name))


def case(name: str) -> Path:
    """Return a case, where there is one."""
    if not (CASES / name).is_file():
        pytest.skip("there are no cases beside this checkout")
    return CASES / name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
async def test_a_file_runs_to_its_end(path: Path, tmp_path: Path) -> None:
    task = await ended(tmp_path, path, DATA)
    assert (task.status, task.failure) == (TaskState.COMPLETED, None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_may_be_written_in_the_native_form(path: Path) -> None:
    spec = load_workflow(path).spec
    again = load_text(to_yaml(spec), "native.yaml")
    assert (again.dialect, again.spec, again.spec.digest()) == ("native", spec, spec.digest())


async def test_a_step_is_left_out_where_its_condition_is_false(tmp_path: Path) -> None:
    task = await ended(tmp_path, case("conditions-and-retries.yaml"), {"name": "Alice"})
    merged = {"merged_result": {"summary": f"{SAID} Summarize for Alice", "translation": None}}
    assert task.outputs == {"summarize": REPLIED["summarize"], "both": merged}


async def test_a_step_is_carried_out_where_its_condition_is_true(tmp_path: Path) -> None:
    task = await ended(tmp_path, case("conditions-and-retries.yaml"), {"name": "Alice", "enable": True})
    assert task.outputs == {**REPLIED, "both": {"merged_result": {**REPLIED["summarize"], **REPLIED["translate"]}}}


@pytest.mark.parametrize(
    "rejection",
    ["FAIL: too long", {"issues": ["too long"]}, '{"passed": false, "issues": [{"message": "too long"}]}'],
)
async def test_a_producer_mends_what_a_reviewer_rejects(rejection: Any, tmp_path: Path) -> None:
    replies = {"reviewer_agent": [rejection, "PASS"]}
    task = await ended(tmp_path, case("pipeline.yaml"), {"topic": "tides"}, replies)
    first = f'{SAID} Input:\n{{"topic": "tides"}}'
    assert (task.status, task.stage) == (TaskState.COMPLETED, "complete")
    assert task.outputs["producer_agent"] == f"{first}\n\nYour work so far:\n{first}\n\nIssues to resolve:\n- too long"
    assert task.outputs["reviewer_agent"] == "PASS"


async def test_work_that_is_rejected_too_often_fails_its_task(tmp_path: Path) -> None:
    task = await ended(tmp_path, case("pipeline.yaml"), {"topic": "tides"}, {"reviewer_agent": "FAIL: too long"})
    assert task.status is TaskState.FAILED
    assert task.failure is not None
    assert task.failure.message == "phase 'reviewer_agent' rejected the work 3 times, the last time: too long"


async def test_a_gate_that_two_of_three_open_has_the_work_mended_first(tmp_path: Path) -> None:
    replies = {"facts": ['{"passed": false, "issues": ["wrong year"]}', "pass"], "style": ["FAIL: dull", "ok"]}
    task = await ended(tmp_path, FIXTURES / "newsroom.yaml", {"topic": "tides"}, replies)
    assert (task.status, task.stage) == (TaskState.COMPLETED, "published")
    assert task.outputs["writer"].endswith("Issues to resolve:\n- wrong year\n- dull")
    assert task.outputs["aggregation"]["passed"] is True


async def test_one_reviewer_of_two_opens_a_gate(tmp_path: Path) -> None:
    task = await ended(tmp_path, FIXTURES / "either.yaml", {}, {"judge-a": "FAIL: no"})
    assert task.status is TaskState.COMPLETED
    assert task.outputs["aggregation"]["passed"] is True
    assert task.output == {name: task.outputs[name] for name in ("left", "right")}


async def test_a_rejection_that_aborts_fails_its_task_at_once(tmp_path: Path) -> None:
    task = await ended(tmp_path, FIXTURES / "gatekeeper.yaml", {}, {"gatekeeper": "Rejected: empty"})
    assert (task.status, task.stage) == (TaskState.FAILED, "refused")
    assert "publisher" not in task.outputs


@pytest.mark.parametrize(
    ("reply", "items"),
    [('["a", "b"]', ["a", "b"]), ({"tasks": ["a"]}, ["a"]), ("one text", ["one text"]), ([], [])],
)
async def test_work_is_shared_out_item_by_item(reply: Any, items: list[str], tmp_path: Path) -> None:
    replies = {"planner": reply if reply != [] else "[]", "writer": "done"}
    task = await ended(tmp_path, FIXTURES / "research.yaml", {"q": "why"}, replies)
    assert task.outputs["researcher"] == [
        f'{SAID} Input:\n{{"q": "why"}}\n\nItem {number}:\n{item}' for number, item in enumerate(items, 1)
    ]


async def test_transforms_carry_one_value_through(tmp_path: Path) -> None:
    scores = '[{"name": "Ann", "score": 5}, {"name": "Cid", "score": 9}, {"name": "Di", "score": 1}]'
    task = await ended(tmp_path, FIXTURES / "transforms.yaml", {"scores": scores, "event": "chess"})
    assert task.output == {"report": {"line": "Ann leads 1 for chess", "slim": [{"name": "Ann"}]}}


@pytest.mark.parametrize(("urgent", "reply"), [(True, "Answer at once, in en: Hi"), (False, "As the team")])
async def test_one_of_two_steps_answers_by_an_input_with_a_default(urgent: bool, reply: str, tmp_path: Path) -> None:
    data = {"letter": "Hi", "urgent": True} if urgent else {"letter": "Hi"}
    task = await ended(tmp_path, FIXTURES / "support-triage.yaml", data)
    assert task.output["letter_text"].startswith(f"{SAID} Which team is this for: Hi | {SAID} {reply}")
