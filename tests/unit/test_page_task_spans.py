"""Spans: what the timeline of a task shows is what its events say, and nothing else."""

from typing import Any

from workflow_engine.core.components import PhaseProgress, Progress
from workflow_engine.core.record import TaskRecord
from workflow_engine.readmodel.rows import EventRow
from workflow_engine.ui.pages.task_gantt import timeline
from workflow_engine.ui.pages.task_spans import Item, Lane, Span, lanes, with_progress


def told(*events: tuple[float, str, dict[str, Any]]) -> tuple[Lane, ...]:
    """Return the lanes of events: when, name, fields."""
    rows = (
        EventRow(n, 0, at, "t", {"event": name, "task": "t", **fields})
        for n, (at, name, fields) in enumerate(events, 1)
    )
    return lanes(rows)


def spans(*events: tuple[float, str, dict[str, Any]]) -> list[tuple[str, float, float | None]]:
    """Return kind, start and end of the spans of the one lane of *events*."""
    (lane,) = told(*events)
    return [(span.kind, span.start, span.end) for span in lane.spans]


A = {"run": "t/a/1"}


def test_attempts_and_the_pauses_between_them_are_told_apart() -> None:
    assert spans(
        (1.0, "PhaseStarted", A),
        (2.0, "AttemptFailed", {**A, "attempt": 1, "error": "Busy", "message": "later"}),
        (2.0, "RetryScheduled", {**A, "until": 5.0}),
        (5.0, "PhaseStarted", {**A, "attempt": 2}),
        (6.0, "PhaseCompleted", A),
    ) == [("failed", 1.0, 2.0), ("pending", 2.0, 5.0), ("completed", 5.0, 6.0)]


def test_waiting_has_the_colour_of_whom_it_waits_for() -> None:
    assert spans(
        (1.0, "PhaseStarted", A),
        (2.0, "QuestionAsked", {**A, "question": "q", "kind": "human"}),
        (9.0, "QuestionAnswered", {**A, "question": "q"}),
        (9.0, "PhaseCompleted", A),
    ) == [("in_progress", 1.0, 2.0), ("waiting_human", 2.0, 9.0), ("completed", 9.0, 9.0)]


def test_a_timer_is_a_wait_for_a_system() -> None:
    assert spans((1.0, "PhaseStarted", A), (2.0, "TimerSet", {**A, "until": 9.0})) == [
        ("in_progress", 1.0, 2.0),
        ("waiting_io", 2.0, None),
    ]


def test_a_review_that_sends_work_back_is_red_and_the_next_visit_has_a_lane_of_its_own() -> None:
    found = told(
        (1.0, "PhaseStarted", A),
        (2.0, "PhaseRejected", {**A, "target": "a"}),
        (2.0, "PhaseStarted", {"run": "t/a/2"}),
        (3.0, "PhaseCompleted", {"run": "t/a/2"}),
    )
    assert [(lane.phase, lane.visit, lane.kind, lane.end) for lane in found] == [
        ("a", 1, "failed", 2.0),
        ("a", 2, "completed", 3.0),
    ]
    assert found[0].spans == (Span("failed", 1.0, 2.0, "sent the work back"),)


def test_the_end_of_the_task_ends_what_is_under_way() -> None:
    assert spans((1.0, "PhaseStarted", A), (4.0, "TaskCancelled", {})) == [("cancelled", 1.0, 4.0)]
    assert spans((1.0, "PhaseStarted", A), (2.0, "PhaseCompleted", A), (4.0, "TaskFailed", {})) == [
        ("completed", 1.0, 2.0)
    ]


def test_an_attempt_that_comes_again_after_a_crash_begins_a_new_span() -> None:
    assert spans((1.0, "PhaseStarted", A), (7.0, "PhaseStarted", A)) == [
        ("in_progress", 1.0, 7.0),
        ("in_progress", 7.0, None),
    ]


def test_items_of_a_fan_out_are_in_one_lane() -> None:
    (lane,) = told(
        (1.0, "PhaseStarted", A),
        (1.0, "FannedOut", {**A, "items": 3}),
        (1.0, "PhaseStarted", {"run": "t/a/1.0"}),
        (1.0, "PhaseStarted", {"run": "t/a/1.1"}),
        (2.0, "PhaseCompleted", {"run": "t/a/1.0"}),
        (3.0, "ItemFailed", {"run": "t/a/1.1", "error": "Empty", "message": "no page"}),
    )
    assert (lane.size, lane.end) == (3, None)
    assert lane.items == (
        Item(0, "completed", 1.0, 2.0),
        Item(1, "failed", 1.0, 3.0, 1, "Empty: no page"),
    )


def test_undoing_a_phase_is_a_lane_of_the_phase() -> None:
    (lane,) = told((1.0, "PhaseStarted", {"run": "t/a:compensate/1"}))
    assert (lane.phase, lane.undoes) == ("a", True)


def test_what_only_the_record_knows_is_shown_too() -> None:
    entry = PhaseProgress(visits=2, started=1.0, ended=3.0)
    record = TaskRecord("t", {"progress": Progress({"a": entry, "b": PhaseProgress(outcome="skipped")})}, {})
    known = told((5.0, "PhaseStarted", {"run": "t/c/1"}))
    assert [(lane.phase, lane.visit, lane.start) for lane in with_progress(known, record)] == [
        ("a", 2, 1.0),
        ("c", 1, 5.0),
    ]


def test_events_that_are_not_known_or_not_whole_change_nothing() -> None:
    assert (
        told((1.0, "SomethingNew", {"run": "t/a/x"}), (1.0, "SomethingNew", {"run": 7}), (1.0, "PhaseSkipped", {}))
        == ()
    )


def test_bars_stand_on_one_scale_and_are_never_too_narrow_to_be_seen() -> None:
    found = told(
        (0.0, "PhaseStarted", A),
        (1.0, "PhaseCompleted", A),
        (1.0, "PhaseStarted", {"run": "t/b/1"}),
    )
    line = timeline(found, now=1_000.0)
    assert (line.start, line.end, line.total) == (0.0, 1_000.0, 2)
    assert 'class="completed" x="0.0" y="0" width="4.0"' in line.bars[0].svg
    assert 'class="in_progress" x="1.0" y="0" width="999.0"' in line.bars[1].svg
    assert [bar.took for bar in line.bars] == [1.0, 999.0]


def test_a_timeline_has_pages_and_a_page_that_is_not_there_is_the_nearest() -> None:
    many = told(*((float(n), "PhaseStarted", {"run": f"t/p{n}/1"}) for n in range(250)))
    assert [len(timeline(many, 300.0, page).bars) for page in (0, 1, 3, 99)] == [100, 100, 50, 50]
    assert timeline((), 1.0).bars == ()


def test_only_failed_items_are_listed_where_that_is_asked_for() -> None:
    items = tuple(Item(n, "failed" if n % 2 else "completed", 0.0, 1.0) for n in range(200))
    lane = Lane("a", 1, False, 1, (Span("in_progress", 0.0, None, "200 items"),), 200, items)
    (bar,) = timeline([lane], 1.0, failed_only=True).bars
    assert (bar.done, bar.failed, len(bar.items)) == (100, 100, 50)
    assert {item.kind for item in bar.items} == {"failed"}
