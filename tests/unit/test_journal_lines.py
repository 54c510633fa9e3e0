"""Lines: what is sealed, what verifies, and how the end of a file is judged."""

import msgspec
import pytest

from workflow_engine.journal.lines import BLOCK_BYTES, GROUP_BYTES_MAX, Lines, Rest, encode_commit, rest_of, verified
from workflow_engine.journal.port import Commit


def line(n: int, padding: int = 40) -> bytes:
    return encode_commit(Commit(n, 1700000000.123, {f"t{n}": {"x": "y" * padding}}))


def rest(data: bytes) -> Rest:
    lines = Lines(data)
    for _ in lines:
        pass
    return rest_of(data, lines.offset)


def test_a_line_is_a_json_object_that_ends_with_its_checksum() -> None:
    written = encode_commit(Commit(17, 1700000000.125, {"t1": None}, ended=("t1",), events=({"task": "t1"},)))
    assert written == (
        b'{"n":17,"at":1700000000.125,"changes":{"t1":null},"ended":["t1"],"events":[{"task":"t1"}],"crc":"8070b4df"}\n'
    )
    assert msgspec.json.decode(written)["n"] == 17


def test_what_is_empty_is_left_out() -> None:
    assert b"ended" not in line(1)
    assert b"events" not in line(1)


def test_every_single_flipped_bit_is_noticed() -> None:
    written = line(1)[:-1]
    for bit in range(8 * len(written)):
        flipped = bytearray(written)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not verified(bytes(flipped))


def test_a_file_of_whole_lines_is_clean() -> None:
    assert rest(line(1) + line(2)) is Rest.CLEAN
    assert rest(b"") is Rest.CLEAN


def test_the_unwritten_rest_of_a_preallocated_file_is_clean() -> None:
    assert rest(line(1) + bytes(1000)) is Rest.CLEAN


def test_a_line_that_lacks_its_newline_is_told_from_a_torn_one() -> None:
    for cut in range(1, len(line(2))):
        expected = Rest.UNENDED if cut == len(line(2)) - 1 else Rest.TORN
        assert rest(line(1) + line(2)[:cut]) is expected
        assert rest(line(1) + line(2)[:cut] + bytes(5000)) is expected


@pytest.mark.parametrize("bit", range(8))
def test_a_newline_that_became_another_byte_is_damage(bit: int) -> None:
    stray = bytes([ord("\n") ^ 1 << bit])
    for tail in (b"", bytes(4000), line(2)[:20], line(2)):
        assert rest(line(1)[:-1] + stray + tail) is Rest.DAMAGED


def test_a_block_that_was_not_written_is_torn() -> None:
    data = line(1) + line(2, 3 * BLOCK_BYTES) + line(3)
    holed = data[:BLOCK_BYTES] + bytes(BLOCK_BYTES) + data[2 * BLOCK_BYTES :]
    assert rest(holed) is Rest.TORN


def test_a_block_that_kept_the_end_of_the_write_before_is_torn() -> None:
    first = line(1)
    data = first + line(2, BLOCK_BYTES) + line(3)
    assert rest(first + bytes(BLOCK_BYTES - len(first)) + data[BLOCK_BYTES:]) is Rest.TORN


def test_nuls_within_a_line_are_damage() -> None:
    damaged = line(1).replace(b"yyyy", b"yy\0\0")
    assert rest(damaged + line(2)) is Rest.DAMAGED


def test_an_unwritten_block_farther_back_than_one_write_reaches_is_damage() -> None:
    hole = line(1)[:20] + bytes(BLOCK_BYTES) + b"\n"
    assert rest(hole + line(2)) is Rest.TORN
    assert rest(hole + line(2, GROUP_BYTES_MAX)) is Rest.DAMAGED


def test_a_line_within_a_line_does_not_confuse() -> None:
    nested = encode_commit(Commit(1, 0.0, {"t1": {"x": msgspec.Raw(line(7)[:-1])}}))
    assert rest(nested + nested[:-5]) is Rest.TORN
