"""Open questions, as a person and the groups of that person see them, against a plain look at all of them."""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.readmodel_given import Written, components, folded, story
from workflow_engine.core.components import Identity, Run, Status, TaskState
from workflow_engine.journal.port import Commit
from workflow_engine.readmodel import counting
from workflow_engine.readmodel.read_model import ReadModel
from workflow_engine.readmodel.rows import Counted, QuestionCounts, QuestionQuery


def asked(commits: Iterable[Commit]) -> list[dict[str, Any]]:
    """Return all open questions in the order of an inbox, as journals have them, with where they were asked."""
    entities = folded(commits)
    found: list[dict[str, Any]] = []
    for run, parts in entities.items():
        if "/" in run and "question" in parts:
            task = run.partition("/")[0]
            about: dict[str, Any] = {
                "assignee": None,
                "claimed_by": None,
                "owner": None,
                "candidates": [],
                "overdue": False,
            }
            place = {"task": task, "workflow": entities[task]["identity"]["workflow"], "visit": parts["run"]["visit"]}
            found.append(about | parts["question"] | place)
    return sorted(found, key=lambda one: (one.get("due") or 1e18, one["asked_at"], one["id"]))


def named(question: dict[str, Any], people: Iterable[str]) -> bool:
    """Whether *question* names one of *people*."""
    return bool({question["assignee"], question["claimed_by"], *question["candidates"]} & set(people))


def fits(query: QuestionQuery, question: dict[str, Any]) -> bool:
    """Whether *question* is one that *query* asks for."""
    nobody = question["assignee"] is None and not question["candidates"]
    equal = ("assignee", "task", "kind", "overdue", "claimed_by", "workflow")
    return all(
        (
            all(getattr(query, name) in (None, question[name]) for name in equal),
            query.candidate is None or query.candidate in question["candidates"],
            not query.people or named(question, query.people),
            query.unassigned in (None, nobody),
            query.text is None or query.text.lower() in question["prompt"].lower(),
        )
    )


def all_pages(model: ReadModel, given: dict[str, Any]) -> list[str]:
    """Return the ids that a query lists, page by page."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = model.questions(QuestionQuery(**given, limit=3, after=after))
        found += [row.id for row in page.rows]
        after = page.next
        if after is None:
            return found


@pytest.mark.parametrize("seed", range(3))
async def test_every_filter_lists_what_a_plain_look_finds(tmp_path: Path, seed: int) -> None:
    questions = asked(await story(tmp_path, seed))
    model = ReadModel(tmp_path)
    dice = random.Random(seed)
    assert len(questions) > 10
    people = ("ann", "bob", "eve", "legal", "nobody")
    for _ in range(100):
        filters: list[dict[str, Any]] = [
            {"assignee": dice.choice(people)},
            {"candidate": dice.choice(people)},
            {"claimed_by": dice.choice(people)},
            {"people": tuple(dice.sample(people, dice.randint(1, 3)))},
            {"task": dice.choice(questions)["task"]},
            {"kind": dice.choice(("human", "agent"))},
            {"overdue": dice.random() < 0.5},
            {"unassigned": dice.random() < 0.5},
            {"workflow": dice.choice(("review", "print", "none"))},
            {"text": dice.choice(("SURE", "100%", "_", "of it?", "\u00e9clair", "'"))},
        ]
        given: dict[str, Any] = {}
        for chosen in dice.sample(filters, dice.randint(0, 3)):
            given |= chosen
        expected = [one["id"] for one in questions if fits(QuestionQuery(**given), one)]
        assert all_pages(model, given) == expected, given


@pytest.mark.parametrize("seed", range(3))
async def test_the_badge_counts_what_an_inbox_lists(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = asked(await story(tmp_path, seed))
    model = ReadModel(tmp_path)
    everybody = Counted(len(questions))
    assert model.question_counts(()) == QuestionCounts(
        Counted(0), Counted(0), everybody, Counted(sum(one["overdue"] for one in questions))
    )
    for people in (("ann",), ("ann", "legal"), ("legal", "bob", "eve"), ("nobody",)):
        theirs = [one for one in questions if named(one, people)]
        assert model.question_counts(people) == QuestionCounts(
            Counted(sum(named(one, people[:1]) for one in questions)),
            Counted(len(theirs)),
            everybody,
            Counted(sum(one["overdue"] for one in theirs)),
        )
    monkeypatch.setattr(counting, "COUNTED_MAX", 2)
    assert model.question_counts(("ann", "bob", "eve")).groups == Counted(2, True)


async def test_a_row_says_whose_a_question_is(tmp_path: Path) -> None:
    commits = await story(tmp_path, 5)
    rows = {row.id: row for row in ReadModel(tmp_path).questions(QuestionQuery(limit=1_000)).rows}
    for one in asked(commits):
        row = rows[one["id"]]
        said = (row.claimed_by, row.owner, row.escalate_to, row.visit, row.workflow, row.overdue)
        escalated = tuple(one.get("escalate_to", ()))
        assert said == (one["claimed_by"], one["owner"], escalated, one["visit"], one["workflow"], one["overdue"])


async def test_a_question_goes_with_its_task_to_another_workflow(tmp_path: Path) -> None:
    written = await Written(tmp_path).open()
    question = {"id": "t1/ask/1/1q0", "kind": "human", "prompt": "Sure?", "asked_at": 1.0}
    await written.commit(
        {
            "t1": components(Identity("t1", "sorting", "d1", 1.0), Status(TaskState.WAITING_HUMAN, 1.0)),
            "t1/ask/1": {**components(Run("t1", "ask", 1, 1.0)), "question": question},
        }
    )
    model = ReadModel(tmp_path)
    model.catch_up()
    assert all_pages(model, {"workflow": "sorting"}) == ["t1/ask/1/1q0"]
    await written.commit({"t1": components(Identity("t1", "review", "d1", 1.0))})
    model.catch_up()
    assert all_pages(model, {"workflow": "sorting"}) == []
    assert all_pages(model, {"workflow": "review"}) == ["t1/ask/1/1q0"]
    assert [row.name for row in model.workflows()] == ["review"]
    await written.close()
