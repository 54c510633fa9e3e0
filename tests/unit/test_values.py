"""The JSON boundary: how deep a value may be."""

from typing import Any

import pytest

from workflow_engine.errors import InputRefused
from workflow_engine.values import DEPTH_MAX, to_json


def nested(depth: int, within: Any = 1) -> Any:
    """Return lists and objects in each other, so many levels of them."""
    for level in range(depth):
        within = [within] if level % 2 else {"in": within}
    return within


@pytest.mark.parametrize("size", [1, 5_000])
def test_a_value_may_be_nested_so_deep_and_no_deeper(size: int) -> None:
    assert bytes(to_json(nested(DEPTH_MAX, "x" * size), "it"))
    with pytest.raises(InputRefused, match=r"it is nested more than 256 deep; flatten it"):
        to_json(nested(DEPTH_MAX + 1, "x" * size), "it")


def test_brackets_in_texts_and_side_by_side_are_not_depth() -> None:
    side: list[dict[str, list[int]]] = [{"a": []}] * 1_000
    assert bytes(to_json({"texts": ['[{"\\' * 400] * 10, "side": side}, "it"))
