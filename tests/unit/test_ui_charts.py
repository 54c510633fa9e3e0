"""Charts: bars that are as high as what they count."""

import re

import pytest

from workflow_engine.ui.charts import BOTTOM, HEIGHT, TOP, Series, bars, scale

BELOW = ("then", "between", "now")


def heights(drawn: str, kind: str) -> list[float]:
    """Return how high the bars of a series are."""
    return [float(height) for height in re.findall(rf'class="{kind}"[^>]*height="([\d.]+)"', drawn)]


def test_bars_are_stacked_and_as_high_as_what_they_count() -> None:
    drawn = str(bars([Series("good", "good", [1, 0]), Series("bad", "bad", [3, 5])], ["a", "b"], BELOW, "about"))
    room = HEIGHT - TOP - BOTTOM
    assert heights(drawn, "good") == [round(room / 5, 1)]
    assert heights(drawn, "bad") == [round(room * 3 / 5, 1), room]
    assert "<title>a: 1 good, 3 bad</title>" in drawn
    assert "<title>b: 0 good, 5 bad</title>" in drawn


def test_nothing_at_all_is_a_chart_too() -> None:
    drawn = str(bars([Series("good", "good", [])], [], BELOW, "about"))
    assert heights(drawn, "good") == []
    assert ">then<" in drawn


def test_what_somebody_wrote_is_text_in_a_chart() -> None:
    drawn = str(bars([Series("<b>", "good", [1])], ['"><script>'], BELOW, '"><script>'))
    assert "<script>" not in drawn
    assert "<b>" not in drawn


@pytest.mark.parametrize(("most", "top"), [(0, 1), (1, 1), (3, 5), (5, 5), (7, 10), (11, 20), (12_000, 20_000)])
def test_the_scale_ends_at_a_round_number(most: float, top: float) -> None:
    assert scale(most) == top
