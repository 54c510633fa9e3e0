"""One sentence for what control flow adds: fan-outs, forks, feedback, parallel phases, stages, compensation."""

from typing import Any

import msgspec

from tests.unit.core_helpers import Driven, asks, defined, failed, raw, settled, sleeps
from workflow_engine.core.components import WaitKind
from workflow_engine.core.explain import brief, explain
from workflow_engine.core.inputs import Branch, Cancel, Declined, FanOut, Fork, Input, Serving, Suspend, Unfit
from workflow_engine.core.reasons import first_issue, some
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.parts import OnReject

NOON = 1_800_014_400.0
"""2027-01-15 12:00:00 UTC: when the task of these tests is submitted."""

OTHER = WorkflowSpec(name="other", phases=(Phase(id="b"),))

AT_NOON = "since 2027-01-15 12:00:00 UTC (11 min ago)"
SINCE = "since 2027-01-15 12:01:00 UTC (10 min ago)"


def why(driven: Driven, task: str = "t", *, serving: bool = True) -> str:
    """Return why a task waits eleven minutes past noon."""
    record = driven.core.record(task)
    assert record is not None

    def child(name: str) -> str | None:
        found = driven.core.record(name)
        return brief(found, NOON + 660, serving=serving) if found is not None else None

    return explain(record, NOON + 660, serving=serving, lacks=driven.core.lacks(task), child=child)


def told(*phases: Phase, **given: Any) -> Driven:
    """Return a core whose task t, of a workflow of which more is *given*, is under way since noon."""
    driven = Driven(*phases)
    if given:
        spec = WorkflowSpec(name="w", phases=phases, **given)
        driven.digest = spec.digest()
        driven.tick(0.0, defined(spec))
    driven.tick(NOON, driven.submit())
    return driven


def fanned(items: int, *inputs: Input, **for_each: Any) -> Driven:
    """Return a core whose task t fanned out a minute past noon, after which these inputs came."""
    driven = told(Phase(id="a", for_each={"items": "inputs", **for_each}))
    driven.tick(NOON + 60, FanOut("t/a/1", 1, raw(list(range(items)))))
    driven.tick(NOON + 60, *inputs)
    return driven


def test_a_fan_out_counts_its_items() -> None:
    driven = fanned(
        100,
        *(settled(f"t/a/1.{n}") for n in range(3)),
        *(failed(f"t/a/1.{n}", permanent=True) for n in (3, 4)),
        *(asks(f"t/a/1.{n}", assignee="ann") for n in (5, 6, 7)),
        failed("t/a/1.8", retry_after=720.0),
        sleeps(7_200.0, "t/a/1.9"),
        max_concurrency=10,
        on_item_failure="collect",
    )
    assert why(driven) == (
        f"Task t (w) has carried out 5 of 100 items of phase 'a', of which 2 failed, {SINCE}; 5 are under way; "
        "1 failed and is tried again, 2027-01-15 12:13:00 UTC (in 2 min); "
        "3 wait for a person: ann to answer 'Well?' (question t/a/1.5/1q0) and 2 more; "
        "1 sleeps, until 2027-01-15 14:01:00 UTC (in 1 h 50 min); 85 begin as others end."
    )


def test_a_fan_out_of_a_hundred_thousand_items_is_one_short_sentence() -> None:
    driven = fanned(100_000, max_concurrency=1_000)
    assert why(driven) == (
        f"Task t (w) has carried out 0 of 100000 items of phase 'a', {SINCE}; 1000 are under way; "
        "99000 begin as others end."
    )


def test_items_that_wait_for_what_is_not_registered_say_for_what() -> None:
    driven = fanned(2, Declined("t/a/1.0", 1, "a handler for 'a'"), Declined("t/a/1.1", 1, "a handler for 'a'"))
    assert why(driven) == (
        f"Task t (w) has carried out 0 of 2 items of phase 'a', {SINCE}; "
        "2 wait for a handler for 'a', which is not registered."
    )


def test_items_without_an_engine_say_so() -> None:
    driven = fanned(3, settled("t/a/1.0"))
    assert why(driven, serving=False) == (
        f"Task t (w) has carried out 1 of 3 items of phase 'a', {SINCE}; 2 were under way when the engine stopped."
    )


def test_the_last_item_is_told_as_one() -> None:
    driven = fanned(2, settled("t/a/1.0"), Suspend("t/a/1.1", 1, WaitKind.AGENT, prompt="Well?"))
    assert why(driven) == (
        f"Task t (w) has carried out 1 of 2 items of phase 'a', {SINCE}; "
        "1 waits for an agent to answer 'Well?' (question t/a/1.1/1q0)."
    )


def forked(count: int, *inputs: Input) -> Driven:
    """Return a core whose task t forked tasks a minute past noon, after which these inputs came."""
    driven = told(Phase(id="a"))
    driven.tick(NOON + 60, Fork("t/a/1", 1, "fork", 0, tuple(Branch(driven.digest) for _ in range(count))))
    driven.tick(NOON + 60, *inputs)
    return driven


def test_a_run_that_forked_tasks_says_what_they_wait_for() -> None:
    driven = forked(3, asks("t~a.1.1/a/1", assignee="ann"), settled("t~a.1.3/a/1"))
    assert why(driven) == (
        f"Task t (w) waits in phase 'a' {SINCE} for 2 of the 3 tasks that it forked: "
        f"t~a.1.1 (waits in phase 'a' {SINCE} for ann to answer 'Well?' (question t~a.1.1/a/1/1q0)) and "
        f"t~a.1.2 (is being carried out in phase 'a', {SINCE}); it goes on when all of them have ended."
    )


def test_of_many_forked_tasks_three_are_named() -> None:
    said = why(forked(40))
    assert "for 40 tasks that it forked: t~a.1.1 (is" in said
    assert "t~a.1.3 (is being carried out in phase 'a'" in said
    assert said.endswith(" and 37 more; it goes on when all of them have ended.")
    assert "t~a.1.4" not in said


def test_one_forked_task_is_told_as_one() -> None:
    assert why(forked(1)) == (
        f"Task t (w) waits in phase 'a' {SINCE} for 1 task that it forked: "
        f"t~a.1.1 (is being carried out in phase 'a', {SINCE}); it goes on when that has ended."
    )


def test_a_sub_workflow_with_a_time_limit_says_when_it_is_given_up() -> None:
    driven = told(Phase(id="a", workflow="other", timeout="1h"))
    driven.tick(NOON + 60, defined(OTHER), Fork("t/a/1", 1, "fork", 0, (Branch(OTHER.digest()),)))
    assert why(driven) == (
        f"Task t (w) waits in phase 'a' {SINCE} for 1 task that it forked: "
        f"t~a.1.1 (is being carried out in phase 'b', {SINCE}); it goes on when that has ended, "
        "and is given up 2027-01-15 13:01:00 UTC (in 50 min)."
    )


def reviewed(**on_reject: Any) -> Driven:
    """Return a core whose task t was rejected a minute past noon."""
    policy = OnReject(target="draft", **on_reject)
    driven = told(Phase(id="draft"), Phase(id="lint", depends_on=("draft",), on_reject=policy))
    driven.tick(NOON, settled("t/draft/1"))
    issues = raw([{"severity": "error", "message": "Too short.\nBy far.", "path": None}, {"message": "Dull"}])
    driven.tick(NOON + 60, settled("t/lint/1", issues=issues))
    return driven


def test_work_that_was_sent_back_says_by_whom_and_why() -> None:
    assert why(reviewed()) == (
        "Task t (w) is being carried out in phase 'draft' for the 2nd time (because 'lint' rejected it: "
        f"Too short. By far), {SINCE}; it has no time limit."
    )


def test_what_a_person_decides_about_is_told_without_the_prompt() -> None:
    driven = reviewed(max_attempts=1, then="human")
    driven.tick(NOON + 60, settled("t/draft/2"))
    driven.tick(NOON + 60, settled("t/lint/2", issues=raw([{"message": "Still too short"}])))
    assert why(driven) == (
        f"Task t (w) waits in phase 'lint' {SINCE} for somebody to decide about the work that it rejected: "
        "Still too short (question t/lint/2/1r2); it goes on with the answer, however long that takes."
    )


def graph(count: int) -> tuple[Phase, ...]:
    return tuple(Phase(id=f"p{number}", depends_on=()) for number in range(count))


def test_of_many_parallel_phases_those_that_wait_are_named_first() -> None:
    driven = told(*graph(8))
    driven.tick(NOON + 60, asks("t/p7/1"))
    assert why(driven) == (
        f"Task t (w) waits in phase 'p7' {SINCE} for somebody to answer 'Well?' (question t/p7/1/1q0); "
        "it goes on with the answer, however long that takes; "
        f"and is being carried out in phase 'p0', {AT_NOON}; it has no time limit; "
        f"and is being carried out in phase 'p1', {AT_NOON}; it has no time limit; and 5 more phases are under way."
    )


def test_phases_that_are_held_back_are_told() -> None:
    driven = told(*graph(3), max_concurrency=1)
    assert why(driven) == (
        f"Task t (w) is being carried out in phase 'p0', {AT_NOON}; it has no time limit; "
        "and phases 'p1' and 'p2' wait until others have ended (max_concurrency of the workflow)."
    )


def test_the_stage_stands_with_the_task() -> None:
    driven = told(Phase(id="a"), states={"initial": "new", "transitions": {"new": ["review"]}})
    assert why(driven).startswith("Task t (w, at stage 'new') is being carried out in phase 'a'")


def undone(*inputs: Input) -> Driven:
    """Return a core whose task t began to undo a minute past noon because of these inputs."""
    driven = told(Phase(id="pay", compensate="refund"), Phase(id="ship"))
    driven.tick(NOON, settled("t/pay/1"))
    driven.tick(NOON + 60, *inputs)
    return driven


def test_a_task_that_undoes_says_how_it_will_end() -> None:
    assert why(undone(failed("t/ship/1", permanent=True))) == (
        "Task t (w) fails because Boom: it broke; before that it undoes what it has done, phase 'pay' next: "
        f"it is being carried out in phase 'pay:compensate', {SINCE}; it has no time limit."
    )


def test_a_task_that_is_cancelled_and_undoes_says_so() -> None:
    assert why(undone(Cancel("t"))).startswith(
        "Task t (w) is cancelled; before that it undoes what it has done, phase 'pay' next: it is being"
    )


def test_a_child_that_has_ended_is_brief() -> None:
    driven = told(Phase(id="a"))
    driven.tick(NOON + 60, settled())
    record = driven.core.record("t")
    assert record is not None
    assert brief(record, NOON, serving=True) == "is completed"


def test_without_an_engine_a_ready_task_is_brief() -> None:
    driven = told(Phase(id="a"))
    driven.tick(NOON + 60, Serving(False))
    record = driven.core.record("t")
    assert record is not None
    assert brief(record, NOON, serving=False) == "was in phase 'a' when its engine stopped"


def test_names_are_counted_behind_the_third() -> None:
    assert [some(list("abcde"[:count])) for count in range(1, 6)] == [
        "a", "a and b", "a, b and c", "a, b, c and 1 more", "a, b, c and 2 more",
    ]  # fmt: skip


def test_an_issue_is_quoted_in_part() -> None:
    assert first_issue(raw([{"message": "x" * 300}])) == "x" * 199 + "…"
    assert first_issue(msgspec.Raw(b"[]")) == "no reason was given"


def test_an_output_that_did_not_fit_says_what_was_wrong() -> None:
    driven = told(Phase(id="a"))
    issues = raw([{"severity": "error", "message": "'stars' is missing.", "path": "stars"}])
    driven.tick(NOON + 60, Unfit("t/a/1", 1, issues, "the output does not fit"))
    assert why(driven) == (
        "Task t (w) is being carried out in phase 'a' once more (because its output did not fit: 'stars' is missing), "
        f"{SINCE}; it has no time limit."
    )


def test_items_that_fork_are_told_with_the_others() -> None:
    driven = fanned(3)
    driven.tick(NOON + 60, *(Fork(f"t/a/1.{n}", 1, "fork", 0, (Branch(driven.digest),)) for n in range(2)))
    assert why(driven) == (
        f"Task t (w) has carried out 0 of 3 items of phase 'a', {SINCE}; 1 is under way; "
        "2 wait for tasks that they forked."
    )
