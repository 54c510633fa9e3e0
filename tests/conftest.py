"""Options that all tests share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--seeds`: simulation tests read it with `pytestconfig.getoption("seeds")` and try the seeds below it."""
    parser.addoption(
        "--seeds", type=int, default=300, metavar="N", help="seeds that each simulation tries (default: 300)"
    )
