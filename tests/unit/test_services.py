"""What begins and ends with the serving of a session."""

import logging

import pytest

from workflow_engine.runtime.services import Services


class Noted:
    """Notes what is done with it."""

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
    """Cannot be closed."""

    async def close(self) -> None:
        """Fail."""
        raise OSError("it jams")


async def test_services_are_started_once_and_closed_in_the_opposite_order() -> None:
    notes: list[str] = []
    current: list[object] = [Noted("a", notes), object()]
    services = Services(lambda: current)
    await services.start()
    current.append(Noted("b", notes))
    current.append(current[0])
    await services.start()
    await services.close()
    await services.close()
    assert notes == ["start a", "start b", "close b", "close a"]


async def test_a_service_that_fails_to_close_does_not_keep_the_others_from_it(caplog: pytest.LogCaptureFixture) -> None:
    notes: list[str] = []
    services = Services(lambda: [Noted("a", notes), Failing("b", notes)])
    await services.start()
    await services.close()
    assert notes[-1] == "close a"
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.ERROR, "Failing failed to close")
    ]
