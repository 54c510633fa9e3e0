"""Guessing a media type from a name."""

import pytest

from workflow_engine.artifacts.media_types import guessed_media_type


@pytest.mark.parametrize(
    ("name", "text", "media_type"),
    [
        ("charts/a.png", False, "image/png"),
        ("data.json", True, "application/json"),
        ("notes", True, "text/plain"),
        ("notes", False, "application/octet-stream"),
        ("report.csv.gz", False, "application/gzip"),
        ("report.csv.xz", False, "application/octet-stream"),
    ],
)
def test_the_extension_decides_then_whether_it_is_text(name: str, text: bool, media_type: str) -> None:
    assert guessed_media_type(name, text=text) == media_type
