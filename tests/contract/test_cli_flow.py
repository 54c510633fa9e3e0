"""What the commands that look show of control flow: fan-outs, forks, feedback, stages, schedules."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_cli_commands import done
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskType
from workflow_engine.errors import PermanentFailure
from workflow_engine.forking import Fork
from workflow_engine.spec.model import WorkflowSpec

MANY = 300
"""Items of the fan-out that is over, more than any table shows."""

WORK = Phase(target_classification="double")
FANNED = {"items": "inputs", "max_concurrency": 50, "on_item_failure": "collect"}
WORKFLOWS = (
    WorkflowSpec(name="fan", phases=(Phase(target_classification="double", for_each=FANNED),)),
    WorkflowSpec(
        name="ask-each",
        phases=(Phase(id="ask", assigned_to=TaskType.HUMAN, prompt="Well?", for_each="inputs"),),
    ),
    WorkflowSpec(name="child", phases=(Phase(id="ask", assigned_to=TaskType.HUMAN, prompt="Go on?", assignee="ann"),)),
    WorkflowSpec(name="parent", phases=(Phase(target_classification="fork"),)),
    WorkflowSpec(
        name="reviewed",
        phases=(
            Phase(id="draft", target_classification="double"),
            Phase(
                id="lint",
                target_classification="lint",
                depends_on=("draft",),
                on_reject={"target": "draft", "max_attempts": 1, "then": "human"},
            ),
        ),
    ),
    WorkflowSpec(
        name="staged",
        phases=(Phase(id="ask", assigned_to=TaskType.HUMAN, prompt="Well?"),),
        states={"initial": "review", "transitions": {"review": ["done"]}},
    ),
    WorkflowSpec(
        name="nightly",
        phases=(WORK,),
        schedule={"cron": "30 4 * * *", "timezone": "Europe/Berlin", "catch_up": "once"},
    ),
)


async def double(task: Task) -> Any:
    """Do nothing, but fail with the last item."""
    if task.item == MANY - 1:
        raise PermanentFailure("no more")
    return {"item": task.item}


async def lint(task: Task) -> Any:
    """Reject whatever it is."""
    return {"passed": False, "issues": [{"message": "Too short"}]}


async def fork(task: Task) -> Any:
    """Wait for three tasks."""
    return await task.fork(*(Fork("child", {"n": number}) for number in range(3)))


async def prepare(data_dir: Path) -> None:
    """Have an engine take every task as far as it comes without a person."""
    engine = ECSWorkflowEngine(data_dir)
    for handler in (double, lint, fork):
        engine.register_handler(handler.__name__, handler)
    for spec in WORKFLOWS:
        engine.register_workflow(spec)
    async with engine:
        await engine.wait(await engine.submit_task(list(range(MANY)), "fan", task_id="f"))
        for name, data in (("ask-each", list(range(30))), ("parent", 1), ("reviewed", 1), ("staged", 1)):
            await engine.submit_task(data, name, task_id=name)
        while len((await engine.list_questions()).rows) < 30 + 3 + 1 + 1:
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data that tests only look at."""
    data_dir = tmp_path_factory.mktemp("still") / "data"
    asyncio.run(prepare(data_dir))
    return data_dir


def shown(task: str, data_dir: Path) -> Any:
    """Return all that is known of a task."""
    return json.loads(done("show", task, "--json", data_dir=data_dir))


def test_a_fan_out_that_is_over_is_shown_in_part_and_its_json_whole(still: Path) -> None:
    whole = shown("f", still)
    assert whole["output"] == whole["phases"]["double"]["output"]
    assert whole["output"][:2] == [{"item": 0}, {"item": 1}]
    assert whole["output"][-1] == {"error": "PermanentFailure", "message": "no more"}
    assert len(done("show", "f", data_dir=still).splitlines()) < 20


def test_the_items_of_a_fan_out_are_counted_and_not_listed(still: Path) -> None:
    text = done("show", "ask-each", data_dir=still)
    assert "\nRUN\tITEMS\tENDED\tFAILED\tUNDER WAY\nask-each/ask/1\t30\t0\t0\t30\n" in text
    assert "There are more: --json has them all.\n" in text
    assert "There are more: workflow-engine inbox --task ask-each has them all.\n" in text
    assert text.count("ask-each/ask/1.") < 2 * 20 + 1
    group, first, *_ = shown("ask-each", still)["runs"]
    assert group["fan_out"] == {"items": 30, "ended": 0, "failed": 0}
    assert (group["state"], group["item"]) == ("joining", None)
    assert (first["state"], first["item"], first["fan_out"]) == ("suspended", 0, None)


def test_a_fan_out_is_in_its_phase_once(still: Path) -> None:
    (row,) = json.loads(done("tasks", "--workflow", "ask-each", "--waiting", "human", "--json", data_dir=still))[
        "tasks"
    ]
    assert (row["phases"], row["classifications"], row["waiting"]) == (["ask"], ["ask"], ["human"])
    assert "for a person" not in done("why", "ask-each", data_dir=still)
    assert "; 30 wait for somebody to answer 'Well?' (question ask-each/ask/1." in done(
        "why", "ask-each", data_dir=still
    )


def test_forked_tasks_are_shown_with_what_they_wait_for(still: Path) -> None:
    parent = shown("parent", still)
    names = [child["id"] for child in parent["children"]]
    assert len(names) == 3
    assert parent["runs"][0]["forked"] == dict.fromkeys(names)
    assert [child["status"] for child in parent["children"]] == ["waiting_human"] * 3
    assert "\nChild tasks\nTASK\tSTATUS\tWORKFLOW\tSINCE\n" in done("show", "parent", data_dir=still)
    assert shown(names[0], still)["parent_run"] == "parent/fork/1"
    said = done("why", "parent", data_dir=still)
    assert "for 3 tasks that it forked: " in said
    assert said.count("for ann to answer 'Go on?'") == 3
    listed = json.loads(done("tasks", "--parent", "parent", "--json", data_dir=still))["tasks"]
    assert {row["id"] for row in listed} == set(names)


def test_what_a_person_decides_about_is_shown(still: Path) -> None:
    text = done("show", "reviewed", data_dir=still)
    assert "\nTo decide\nQUESTION\tWORK\tISSUES\n" in text
    assert "\tToo short\n" in text
    assert "for somebody to decide about the work that it rejected: Too short (question" in done(
        "why", "reviewed", data_dir=still
    )
    whole = shown("reviewed", still)
    assert whole["phases"]["lint"]["rejections"] == 1
    assert whole["phases"]["lint"]["issues"][0]["message"] == "Too short"
    assert "\tREJECTED\t" in text


def test_a_stage_is_shown_where_there_is_one(still: Path) -> None:
    assert shown("staged", still)["stage"]["name"] == "review"
    assert "\nstage\treview, since " in done("show", "staged", data_dir=still)
    head, row = done("tasks", "--workflow", "staged", data_dir=still).splitlines()
    assert head == "TASK\tSTATUS\tWORKFLOW\tSTAGE\tPHASE\tSUBMITTED\tSINCE\tABOUT"
    assert row.startswith("staged\twaiting_human\tstaged\treview\task\t")
    assert "STAGE" not in done("tasks", "--workflow", "fan", data_dir=still)
    (listed,) = json.loads(done("tasks", "--workflow", "fan", "--json", data_dir=still))["tasks"]
    assert listed["stage"] is None


def test_schedules_are_listed_without_an_engine(still: Path) -> None:
    (row,) = json.loads(done("schedules", "--json", data_dir=still))["schedules"]
    assert row["next"][11:16] in ("02:30", "03:30")
    assert {name: value for name, value in row.items() if name not in ("next", "last")} == {
        "workflow": "nightly", "cron": "30 4 * * *", "timezone": "Europe/Berlin", "catch_up": "once", "data": {},
    }  # fmt: skip
    head, line = done("schedules", data_dir=still).splitlines()
    assert head == "WORKFLOW\tCRON\tTIME ZONE\tNEXT\tUP TO\tCATCH-UP"
    assert line.startswith("nightly\t30 4 * * *\tEurope/Berlin\t")


def test_events_of_control_flow_are_one_line_each(still: Path) -> None:
    told = done("events", data_dir=still)
    assert f"\tFannedOut\trun=f/double/1 items={MANY}\n" in told
    assert "\tPhaseRejected\trun=reviewed/lint/1 target=draft message=" in told
    assert "\tTasksForked\trun=parent/fork/1 tasks=[" in told
    assert "\tItemFailed\t" in told
