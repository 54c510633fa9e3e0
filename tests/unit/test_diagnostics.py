"""Diagnostics: the fact, and the line that has to change with a mark under it."""

from workflow_engine.spec.files.diagnostics import Diagnostic, Source, in_order, refusal, report
from workflow_engine.spec.files.nodes import Span


def test_a_diagnostic_shows_the_line_and_marks_what_is_meant() -> None:
    said = Diagnostic("review.yaml", 12, 18, "there is no phase 'drafft'", "    depends_on: [drafft]", 6)
    assert str(said) == (
        "review.yaml:12:18: there is no phase 'drafft'\n  12 |     depends_on: [drafft]\n     |                  ^^^^^^"
    )


def test_an_empty_line_is_shown_without_trailing_space() -> None:
    assert str(Diagnostic("w", 1, 1, "empty", "")) == "w:1:1: empty\n  1 |\n    | ^"


def test_a_long_line_is_cut_around_the_mark() -> None:
    said = Diagnostic("w", 1, 301, "wrong", "a" * 300 + "bad" + "c" * 300, 3)
    _, line, caret = str(said).split("\n")
    assert line == "  1 | ..." + "a" * 33 + "bad" + "c" * 64 + "..."
    assert caret == "    | " + " " * 36 + "^^^"


def test_a_mark_never_runs_past_what_is_shown() -> None:
    said = Diagnostic("w", 1, 1, "wrong", "a" * 1000, 1000)
    assert str(said).split("\n")[1:] == ["  1 | " + "a" * 100 + "...", "    | " + "^" * 100]


def test_wide_and_combining_characters_take_the_columns_of_a_terminal() -> None:
    assert str(Diagnostic("w", 1, 4, "wrong", "日e\u0301x", 1)).split("\n")[2] == "    | " + "   ^"


def test_characters_that_would_steer_a_terminal_are_replaced() -> None:
    assert str(Diagnostic("w", 1, 3, "wrong", "a\tb\x1b[2J")).split("\n")[1] == "  1 | a b\ufffd[2J"


def test_a_span_of_several_lines_is_marked_on_its_first() -> None:
    source = Source("w", "a: |  \n  b\n  c\n")
    assert source.diagnostic("wrong", Span(0, 3, 3, 0)) == Diagnostic("w", 1, 4, "wrong", "a: |  ", 1)


def test_a_place_after_the_end_is_the_end() -> None:
    assert Source("w", "a: 1\nbc").diagnostic("wrong", Span(9, 9, 9, 9)) == Diagnostic("w", 2, 3, "wrong", "bc", 1)


def test_lines_end_where_the_parser_says() -> None:
    assert Source("w", "a\r\nb\rc\u2028d\x85e").lines == ["a", "b", "c", "d", "e"]
    assert Source("w", "ab\ncd").place(4) == Span(1, 1, 1, 2)


def test_diagnostics_are_told_in_the_order_of_the_file_and_once() -> None:
    first, second = Diagnostic("w", 1, 1, "one", "x"), Diagnostic("w", 10, 1, "two", "y")
    assert in_order([second, first, second]) == (first, second)
    assert report([second, first]) == f"{first}\n{second}"


def test_a_report_stops_at_twenty_and_says_how_many_more_there_are() -> None:
    many = [Diagnostic("w", line, 1, "wrong", "x") for line in range(1, 31)]
    assert report(many).split("\n")[-1] == "and 10 more"
    assert report(many).count("wrong") == 20
    assert refusal(many).problems == tuple(many)
