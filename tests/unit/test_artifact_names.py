"""What an artifact may be called."""

import pytest

from workflow_engine.artifacts.names import checked_name
from workflow_engine.errors import ArtifactError

COMPOSED, DECOMPOSED = "caf\u00e9.txt", "cafe\u0301.txt"


@pytest.mark.parametrize(
    "name",
    ["report.txt", "charts/a.png", "a", ".hidden", "...", "a b.txt", "C:", "-rf", "a" * 255, "/".join(["a" * 204] * 5)],
)
def test_a_plain_relative_name_is_accepted_as_it_is(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("", "is empty"),
        ("/etc/passwd", "is absolute"),
        ("../a", "part . or .."),
        ("a/../b", "part . or .."),
        ("a/./b", "part . or .."),
        (".", "part . or .."),
        ("..", "part . or .."),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a\\b", "backslash"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("a\x1b[2Jb", "control character"),
        ("a\x85b", "control character"),
        ("a\udc80b", "surrogate"),
        ("a" * 256, "more than 255 bytes"),
        ("\u00e9" * 128, "more than 255 bytes"),
        ("/".join(["a" * 204] * 5) + "a", "more than 1024 bytes"),
    ],
)
def test_a_name_that_could_lead_elsewhere_is_refused_with_the_reason(name: str, fact: str) -> None:
    with pytest.raises(ArtifactError, match=fact):
        checked_name(name)


def test_names_that_differ_only_in_normalisation_are_one_name() -> None:
    assert checked_name(DECOMPOSED) == checked_name(COMPOSED) == COMPOSED


def test_the_length_counts_after_normalisation() -> None:
    assert checked_name("e\u0301" * 127) == "\u00e9" * 127


def test_a_refusal_shows_the_name_without_letting_it_steer_the_terminal() -> None:
    with pytest.raises(ArtifactError) as caught:
        checked_name("a\x1b[2J" + "b" * 1000)
    assert str(caught.value).startswith("artifact name 'a\\x1b[2Jbbb")
    assert len(str(caught.value)) < 250
