"""Due times: earliest first, one a key."""

from workflow_engine.core.timers import Timers


def timers(**due: float) -> Timers:
    made = Timers()
    for key, at in due.items():
        made.set(key, at)
    return made


def test_what_is_due_comes_earliest_first_and_equal_times_by_key() -> None:
    assert list(timers(d=4.0, b=2.0, a=2.0, c=1.0).pop(3.0)) == ["c", "a", "b"]


def test_a_time_is_due_at_its_moment_and_not_before() -> None:
    made = timers(a=2.0)
    assert list(made.pop(1.999)) == []
    assert list(made.pop(2.0)) == ["a"]


def test_what_was_taken_out_is_gone() -> None:
    made = timers(a=1.0, b=2.0)
    assert list(made.pop(1.0)) == ["a"]
    assert (made.next(), len(made)) == (2.0, 1)
    assert list(made.pop(9.0)) == ["b"]
    assert (made.next(), len(made)) == (None, 0)


def test_a_new_time_takes_the_place_of_the_old_one() -> None:
    made = timers(a=1.0)
    made.set("a", 5.0)
    assert (made.next(), list(made.pop(4.0)), list(made.pop(5.0))) == (5.0, [], ["a"])
    made.set("a", 9.0)
    made.set("a", 6.0)
    assert (made.next(), list(made.pop(9.0))) == (6.0, ["a"])


def test_what_was_dropped_never_comes() -> None:
    made = timers(a=1.0, b=2.0)
    made.drop("a")
    made.drop("nobody")
    assert (made.next(), list(made.pop(9.0))) == (2.0, ["b"])


def test_what_is_dropped_while_what_is_due_is_worked_off_does_not_come() -> None:
    made = timers(a=1.0, b=2.0, c=3.0)
    came: list[str] = []
    for key in made.pop(9.0):
        came.append(key)
        made.drop("b")
    assert came == ["a", "c"]


def test_replaced_times_do_not_pile_up() -> None:
    made = timers(rare=1e9)
    for number in range(100_000):
        made.set("often", float(number))
    assert len(made) == 2
    assert list(made.pop(1e8)) == ["often"]
    assert made.next() == 1e9
