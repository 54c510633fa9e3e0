"""Limits of conversations: what is counted, and when that is too much."""

import pytest

from workflow_engine.agents.limits import Taken
from workflow_engine.agents.messages import Message, ModelReply, Usage
from workflow_engine.ecs_workflow import Phase
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.parts import AgentLimits


def taken(**limits: float) -> Taken:
    return Taken(Phase(id="p", limits=AgentLimits.model_validate(limits)))


REPLY = ModelReply(Message("assistant", "x"), "end", Usage(6, 4, cost=0.5), seconds=2.0)


@pytest.mark.parametrize(
    ("limits", "reached"),
    [({"turns": 2}, "turns, 2"), ({"tokens": 20}, "tokens, 20"), ({"cost": 1}, "cost, 1"), ({"time": 4}, "time, 4")],
)
def test_the_turn_after_the_one_that_reaches_a_limit_may_not_begin(limits: dict[str, float], reached: str) -> None:
    found = taken(**limits)
    found.count_turn(REPLY)
    found.check_turn()
    found.count_turn(REPLY)
    with pytest.raises(PermanentFailure, match=rf"its limit of {reached},"):
        found.check_turn()


def test_tool_calls_beyond_the_limit_are_refused_before_they_are_made() -> None:
    found = taken(tool_calls=2)
    found.count_calls(2)
    with pytest.raises(PermanentFailure, match="its limit of tool_calls, 2,"):
        found.count_calls(1)


def test_the_time_of_tool_calls_counts() -> None:
    found = taken(time=3)
    found.count_seconds(3.0)
    with pytest.raises(PermanentFailure, match="its limit of time, 3,"):
        found.check_turn()


def test_what_costs_nobody_knows_how_much_counts_as_nothing() -> None:
    found = taken(cost=0.1)
    found.count_turn(ModelReply(Message("assistant", "x"), "end", Usage(6, 4)))
    found.check_turn()
