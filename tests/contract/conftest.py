"""What tests of providers share."""

from collections.abc import AsyncGenerator

import pytest

from tests.contract.wire import Wire, serving


@pytest.fixture
async def wire() -> AsyncGenerator[Wire]:
    async with serving() as served:
        yield served
