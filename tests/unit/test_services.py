"""What begins and ends with the serving of a session."""

import logging

import pytest

from workflow_engine.adapter import Adapter, Output
from workflow_engine.ecs_workflow import Phase, Task
from workflow_engine.runtime.services import Services


class Plain:
    """Holds nothing."""

    async def execute(self, task: Task, phase: Phase) -> Output:
        """Do nothing."""
        return Output(None)


class Noted(Plain):
    """Notes when it is started and closed."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name = name
        self.notes = notes

    async def start(self) -> None:
        """Note it."""
        self.notes.append(f"start {self.name}")

    async def close(self) -> None:
        """Note it."""
        self.notes.append(f"close {self.name}")


class Failing(Noted):
    """Can neither be started nor closed the first time."""

    jams = True

    async def start(self) -> None:
        """Fail once."""
        await super().start()
        self._jam()

    async def close(self) -> None:
        """Fail."""
        self.jams = True
        self._jam()

    def _jam(self) -> None:
        jams, self.jams = self.jams, False
        if jams:
            raise OSError("it jams")


async def test_services_are_started_once_and_closed_in_the_opposite_order() -> None:
    notes: list[str] = []
    adapters: dict[str, Adapter] = {"a": Noted("a", notes), "plain": Plain()}
    services = Services(adapters, [Noted("chore", notes)])
    await services.start()
    adapters |= {"b": Noted("b", notes), "also a": adapters["a"]}
    await services.start()
    assert services.ready == adapters
    await services.close()
    await services.close()
    assert notes == ["start chore", "start a", "start b", "close b", "close a", "close chore"]


async def test_an_adapter_in_place_of_another_is_ready_once_it_is_started() -> None:
    notes: list[str] = []
    first, second = Noted("a", notes), Failing("b", notes)
    adapters: dict[str, Adapter] = {"x": first}
    services = Services(adapters)
    await services.start()
    adapters |= {"x": second, "y": Plain()}
    with pytest.raises(OSError, match="it jams"):
        await services.start()
    assert services.ready == {"x": first, "y": adapters["y"]}
    await services.start()
    assert services.ready == adapters
    assert notes == ["start a", "start b", "start b"]


async def test_a_service_that_fails_to_close_does_not_keep_the_others_from_it(caplog: pytest.LogCaptureFixture) -> None:
    notes: list[str] = []
    failing = Failing("b", notes)
    failing.jams = False
    services = Services({"a": Noted("a", notes), "b": failing})
    await services.start()
    await services.close()
    assert notes[-1] == "close a"
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "Failing failed to close")
    ]
