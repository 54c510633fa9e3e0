"""Options that all tests share."""

import os

import pytest

for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"):
    os.environ.pop(variable, None)  # no test asks a real provider, whatever the shell has set


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--seeds`: simulation tests read it with `pytestconfig.getoption("seeds")` and try the seeds below it."""
    parser.addoption(
        "--seeds", type=int, default=300, metavar="N", help="seeds that each simulation tries (default: 300)"
    )
