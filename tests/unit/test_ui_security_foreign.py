"""Requests to the API from programs of this machine, and from pages that want to pass for one."""

import pytest

from workflow_engine.ui.security.foreign import from_program


def test_what_a_program_sends_is_told_from_what_a_browser_sends() -> None:
    assert from_program({"Host": "127.0.0.1:5000", "Content-Type": "application/json", "User-Agent": "curl"})


@pytest.mark.parametrize("name", ["Cookie", "Origin", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode"])
def test_what_has_a_header_that_browsers_add_is_from_a_browser(name: str) -> None:
    assert not from_program({"Host": "127.0.0.1:5000", name: "x"})
