"""What people type, as JSON."""

import io
from pathlib import Path
from typing import Any

import pytest

from workflow_engine.cli.given import given_answer, given_data, labels
from workflow_engine.errors import InputRefused

FORM = {"type": "object", "properties": {"zip": {"type": "string"}, "stars": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ([], {}),
        (['{"a": "x=1"}'], {"a": "x=1"}),
        (["[1, 2]"], [1, 2]),
        (['"a=b"'], "a=b"),
        (["42"], 42),
        (["null"], None),
        (["a=1"], {"a": 1}),
        (["a=x", "b=true", 'c={"d": 1}', "e="], {"a": "x", "b": True, "c": {"d": 1}, "e": ""}),
        (["a=b=c"], {"a": "b=c"}),
        (['a="1"'], {"a": "1"}),
        (["a=NaN"], {"a": "NaN"}),
    ],
)
def test_data_is_json_or_pairs(words: list[str], meant: Any) -> None:
    assert given_data(words) == meant


def test_data_comes_from_a_file_or_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a=b.json").write_text('{"from": "file"}')
    monkeypatch.setattr("sys.stdin", io.StringIO('{"from": "stdin"}'))
    assert given_data([f"@{tmp_path}/a=b.json"]) == {"from": "file"}
    assert given_data(["-"]) == {"from": "stdin"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hello"], "the data is not JSON: "),
        (["{a: 1}"], 'write {"key": "value"}, key=value, @file, or - for stdin'),
        (["NaN"], "JSON has no NaN"),
        (["[" * 100_000], "the data is not JSON: "),
        (["a=1", "b"], "'b' is no key=value"),
        (["=1"], "'=1' is no key=value"),
        (["a=1", "a=2"], "'a' is given twice; for a list write a='[1, 2]'"),
        (["@gone.json"], "gone.json cannot be read: No such file"),
    ],
)
def test_what_is_no_data_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(InputRefused) as refused:
        given_data(words)
    assert said in str(refused.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(InputRefused, match="is not text in UTF-8"):
        given_data([f"@{tmp_path}/x"])


@pytest.mark.parametrize(
    ("words", "form", "meant"),
    [
        (["approve"], {}, "approve"),
        (["7"], {}, 7),
        (["7"], {"type": "string"}, "7"),
        (["a=b"], {"type": "string"}, "a=b"),
        (["zip=01234", "stars=5"], FORM, {"zip": "01234", "stars": 5}),
        (["zip=5"], FORM, {"zip": "5"}),
        (['{"zip": "="}'], FORM, {"zip": "="}),
    ],
)
def test_an_answer_follows_its_form(words: list[str], form: dict[str, Any], meant: Any) -> None:
    assert given_answer(words, form) == meant


def test_labels_are_pairs_of_words() -> None:
    assert labels(["team=sea", "n=1", "empty="]) == {"team": "sea", "n": "1", "empty": ""}
    with pytest.raises(InputRefused, match="the label 'team' is no key=value"):
        labels(["team"])
