"""The world: what is changed is recorded once, and worlds do not see each other."""

import threading
from collections.abc import Iterator

import pytest

from tests.unit.core_helpers import Driven, raw, settled
from workflow_engine.core.components import (
    Attempt,
    Backoff,
    Context,
    PhaseProgress,
    Progress,
    Ready,
    Run,
    Running,
    Status,
    TaskState,
)
from workflow_engine.core.world import World
from workflow_engine.spec.model import Phase

RUN = Run("t", "a", 1, 1.0)
PENDING = Status(TaskState.PENDING, 1.0)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    with made.entered():
        yield made
    made.close()


def test_an_entity_is_recorded_with_its_components(world: World) -> None:
    world.spawn("r", RUN, Attempt(1))
    assert world.take_changes() == {"r": {"run": RUN, "attempt": Attempt(1)}}
    assert world.components("r") == {"run": RUN, "attempt": Attempt(1)}


def test_what_was_taken_is_not_given_again(world: World) -> None:
    world.spawn("r", RUN)
    world.take_changes()
    assert world.take_changes() == {}


def test_an_entity_that_comes_and_goes_between_two_commits_leaves_nothing(world: World) -> None:
    world.spawn("r", RUN)
    world.put("r", Ready(1.0))
    world.remove("r")
    assert (world.take_changes(), "r" in world, len(world)) == ({}, False, 0)


def test_the_removal_of_an_entity_that_is_journaled_is_recorded(world: World) -> None:
    world.load("r", RUN)
    world.put("r", Ready(1.0))
    world.remove("r")
    assert world.take_changes() == {"r": None}


def test_an_entity_that_was_journaled_by_an_earlier_commit_is_not_newborn_any_more(world: World) -> None:
    world.spawn("r", RUN)
    world.take_changes()
    world.remove("r")
    assert world.take_changes() == {"r": None}


def test_what_is_loaded_is_not_recorded(world: World) -> None:
    world.load("r", RUN, Attempt(2))
    assert (world.take_changes(), world.get("r", Attempt)) == ({}, Attempt(2))


def test_of_several_changes_of_a_component_the_last_is_recorded(world: World) -> None:
    world.load("r", RUN, Attempt(1))
    world.put("r", Attempt(2))
    world.put("r", Attempt(3))
    assert world.take_changes() == {"r": {"attempt": Attempt(3)}}


def test_a_dropped_component_is_recorded_as_gone(world: World) -> None:
    world.load("r", RUN, Ready(1.0))
    world.drop("r", Ready)
    assert (world.take_changes(), world.find("r", Ready)) == ({"r": {"ready": None}}, None)


def test_a_component_that_a_newborn_drops_was_never_there(world: World) -> None:
    world.spawn("r", RUN, Ready(1.0))
    world.drop("r", Ready)
    assert world.take_changes() == {"r": {"run": RUN}}


def test_a_component_that_is_dropped_and_put_again_is_recorded_as_there(world: World) -> None:
    world.load("r", RUN, Ready(1.0))
    world.drop("r", Ready)
    world.put("r", Ready(2.0))
    assert world.take_changes() == {"r": {"ready": Ready(2.0)}}


def test_a_turn_records_the_old_marker_as_gone_and_the_new_one(world: World) -> None:
    world.load("r", RUN, Running(1.0))
    world.turn("r", Running, Backoff(5.0, "it broke"))
    assert world.take_changes() == {"r": {"running": None, "backoff": Backoff(5.0, "it broke")}}


def test_a_turn_to_the_same_marker_records_the_new_one_alone(world: World) -> None:
    world.load("r", RUN, Running(1.0))
    world.turn("r", Running, Running(2.0))
    assert world.take_changes() == {"r": {"running": Running(2.0)}}


def test_a_table_records_the_new_entries_alone(world: World) -> None:
    world.load("t", PENDING, Context({"old": raw(1)}))
    world.put_entry("t", Context, "x", raw(2))
    world.put_entry("t", Context, "y", raw(3))
    world.put_entry("t", Context, "x", raw(4))
    assert world.take_changes() == {"t": {"context+": {"x": raw(4), "y": raw(3)}}}
    assert world.get("t", Context).entries == {"old": raw(1), "x": raw(4), "y": raw(3)}


def test_a_table_is_made_by_its_first_entry(world: World) -> None:
    world.load("t", PENDING)
    progress = PhaseProgress(1, "completed", 1.0, 2.0, 1)
    world.put_entry("t", Progress, "a", progress)
    assert world.take_changes() == {"t": {"progress+": {"a": progress}}}


def test_what_was_recorded_does_not_change_with_the_table(world: World) -> None:
    world.spawn("t", PENDING, Context({"x": raw(1)}))
    changes = world.take_changes()
    world.put_entry("t", Context, "y", raw(2))
    assert changes == {"t": {"status": PENDING, "context+": {"x": raw(1)}}}


def test_a_retired_entity_is_gone_from_here_and_stays_in_the_journal(world: World) -> None:
    world.load("t", PENDING)
    world.put("t", Status(TaskState.CANCELLED, 2.0))
    world.retire("t")
    assert world.take_changes() == {"t": {"status": Status(TaskState.CANCELLED, 2.0)}}
    assert "t" not in world


def test_a_purged_entity_is_recorded_as_gone_though_it_is_not_here(world: World) -> None:
    world.purge("t")
    assert world.take_changes() == {"t": None}


def test_what_is_not_there_is_not_found(world: World) -> None:
    world.load("r", RUN)
    assert (world.find("r", Ready), world.find("nobody", Run)) == (None, None)


def test_an_id_is_one_entity(world: World) -> None:
    world.spawn("r", RUN)
    with pytest.raises(AssertionError, match="entity r exists"):
        world.spawn("r", RUN)


def test_entities_come_oldest_first(world: World) -> None:
    for name in ("b", "a", "c"):
        world.spawn(name, Attempt(1))
    world.remove("a")
    world.spawn("a", Attempt(1))
    assert list(world.entities()) == ["b", "c", "a"]


def test_two_worlds_do_not_see_each_other() -> None:
    first, second = World(), World()
    with first.entered():
        first.spawn("r", RUN)
    with second.entered():
        assert "r" not in second
        second.spawn("r", Attempt(9))
    with first.entered():
        assert first.components("r") == {"run": RUN}
        assert (first.every(Attempt), len(first.every(Run))) == ([], 1)
    second.close()
    with first.entered():
        assert first.components("r") == {"run": RUN}
    first.close()


def test_a_closed_world_is_empty_and_may_be_closed_again() -> None:
    world = World()
    with world.entered():
        world.spawn("r", RUN)
    world.close()
    world.close()
    assert len(world) == 0


def test_cores_in_two_threads_decide_as_if_each_were_alone() -> None:
    def story() -> list[object]:
        driven = Driven(Phase(id="a"), Phase(id="b"))
        told: list[object] = []
        for number in range(200):
            name = f"t{number}"
            told.append(driven.tick(100.0 + number, driven.submit(name)))
            told.append(driven.tick(100.0 + number, settled(f"{name}/a/1", output=number)))
            told.append(driven.tick(100.0 + number, settled(f"{name}/b/1")))
        driven.core.close()
        return told

    alone = story()
    together: list[list[object]] = []
    threads = [threading.Thread(target=lambda: together.append(story())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [alone, alone]
