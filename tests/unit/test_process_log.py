"""The beginning and the end of an output that may be endless."""

import pytest

from workflow_engine.adapters.process_log import BoundedLog


def log_of(*chunks: bytes, limit: int) -> BoundedLog:
    log = BoundedLog(limit)
    for chunk in chunks:
        log.add(chunk)
    return log


def test_a_short_output_is_kept_whole() -> None:
    assert log_of(b"", b"abc", b"def", limit=6).text() == "abcdef"


def test_of_a_long_output_the_middle_is_dropped_and_counted() -> None:
    log = log_of(b"abc", b"def", b"ghi", limit=4)
    assert log.text() == "ab\n[… 5 bytes dropped …]\nhi"
    assert log.size == 9


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_pieces_in_which_it_came_do_not_matter(size: int) -> None:
    output = bytes(range(32, 127)) * 10
    pieces = [output[start : start + size] for start in range(0, len(output), size)]
    assert log_of(*pieces, limit=100).text() == log_of(output, limit=100).text()


def test_a_character_cut_in_two_is_replaced() -> None:
    assert log_of(b"\xc3", limit=4).text() == "\N{REPLACEMENT CHARACTER}"
