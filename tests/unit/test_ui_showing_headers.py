"""Headers of artifacts: whatever they are called and say that they are."""

import re
import urllib.parse

import pytest
from flask import Flask, Response, request

from tests.unit import hostile_strings
from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.ui.showing.headers import INLINE, SANDBOX, artifact_headers, content_disposition, file_name

HASH = "ab" * 32


def reference(name: str = "a.bin", media_type: str = "application/octet-stream") -> ArtifactRef:
    return ArtifactRef(name, HASH, 3, media_type)


def test_the_headers_of_a_text() -> None:
    assert artifact_headers(reference("notes/draft.md", "text/markdown"), inline=True) == {
        "Content-Type": "text/plain; charset=utf-8",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": 'inline; filename="draft.md"',
        "Content-Security-Policy": SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "private, max-age=31536000, immutable",
        "ETag": f'"{HASH}"',
    }


@pytest.mark.parametrize(
    ("media_type", "inline", "served", "disposition"),
    [
        ("image/png", True, "image/png", "inline"),
        ("image/png", False, "image/png", "attachment"),
        ("IMAGE/PNG; x=y", True, "image/png", "inline"),
        ("image/svg+xml", True, "image/svg+xml", "inline"),
        ("application/pdf", True, "application/pdf", "inline"),
        ("text/html", True, "text/html; charset=utf-8", "inline"),
        ("text/html", False, "application/octet-stream", "attachment"),
        ("text/javascript", True, "text/plain; charset=utf-8", "inline"),
        ("application/xhtml+xml", True, "application/octet-stream", "attachment"),
        ("application/x-shockwave-flash", True, "application/octet-stream", "attachment"),
        ("multipart/x-mixed-replace", True, "application/octet-stream", "attachment"),
        ("text/html\r\nX-Evil: 1", True, "application/octet-stream", "attachment"),
        ("", True, "application/octet-stream", "attachment"),
    ],
)
def test_a_media_type_comes_from_the_list(media_type: str, inline: bool, served: str, disposition: str) -> None:
    headers = artifact_headers(reference(media_type=media_type), inline=inline)
    assert headers["Content-Type"] == served
    assert headers["Content-Disposition"].partition(";")[0] == disposition


def test_a_media_type_that_is_not_known_is_what_the_name_suggests() -> None:
    assert artifact_headers(reference("a.png"), inline=True)["Content-Type"] == "image/png"
    assert artifact_headers(reference("a"), inline=True)["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("media_type", sorted(INLINE - {"application/pdf"}))
def test_all_that_is_shown_but_a_pdf_is_in_a_sandbox_without_scripts(media_type: str) -> None:
    policy = artifact_headers(reference(media_type=media_type), inline=True)["Content-Security-Policy"]
    directives = [part.strip() for part in policy.split(";")]
    assert directives[0] == "sandbox"
    assert "default-src 'none'" in directives
    assert "script-src" not in policy


def test_a_pdf_is_outside_of_the_sandbox_only_where_it_is_shown() -> None:
    pdf = reference("a.pdf", "application/pdf")
    shown = artifact_headers(pdf, inline=True)["Content-Security-Policy"]
    assert shown == "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    assert artifact_headers(pdf, inline=False)["Content-Security-Policy"] == SANDBOX


@pytest.mark.parametrize("name", hostile_strings.ALL)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    text = hostile_strings.ALL[name]
    headers = artifact_headers(reference(text), inline=False)
    response = Response(b"x", headers=headers)  # refuses line ends itself
    assert response.headers["Content-Disposition"] == headers["Content-Disposition"]
    found = re.fullmatch(
        r"attachment; filename=\"([ -~]{1,150})\"(?:; filename\*=UTF-8''([A-Za-z0-9!#$&+^_`|~.%-]+))?",
        headers["Content-Disposition"],
    )
    assert found is not None
    names = [found[1], urllib.parse.unquote(found[2] or found[1], errors="strict")]
    for saved in names:
        assert not set(saved) & set('"/\\\r\n\0:*?<>|;')
        assert not saved.startswith((".", " "))
        assert not saved.endswith((".", " "))
        assert len(saved.encode()) <= 200


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("charts/a.png", "a.png"),
        ("../../../etc/passwd", "passwd"),
        ("..\\..\\cmd.exe", "cmd.exe"),
        ("...", "artifact"),
        ("", "artifact"),
        ("folder/", "artifact"),
        (".bashrc", "bashrc"),
        ("con.txt", "_con.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\r\nb.txt", "ab.txt"),
        ("a.exe. . .", "a.exe"),
        ("Z\u00fcrich.txt", "Z\u00fcrich.txt"),
        ("x" * 5_000 + ".txt", "x" * 120 + ".txt"),
    ],
)
def test_what_a_file_is_saved_as(name: str, saved: str) -> None:
    assert file_name(name) == saved


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.txt", 'attachment; filename="a b.txt"'),
        ("Z\u00fcrich.txt", "attachment; filename=\"Zurich.txt\"; filename*=UTF-8''Z%C3%BCrich.txt"),
        ("\u65e5\u672c.pdf", "attachment; filename=\"artifact.pdf\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.pdf"),
        ("50%.txt", "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt"),
    ],
)
def test_a_name_is_given_in_ascii_and_in_full(name: str, header: str) -> None:
    assert content_disposition(name, inline=False) == header


def test_a_hash_that_is_none_does_not_leave_its_header() -> None:
    headers = artifact_headers(ArtifactRef("a", 'x"\r\nab', 1), inline=False)
    assert headers["ETag"] == '"ab"'


def test_flask_answers_who_has_the_content_already_with_nothing() -> None:
    app = Flask("test")

    @app.get("/a")
    def serve() -> Response:
        response = Response(b"abc", headers=artifact_headers(reference("a.txt", "text/plain"), inline=True))
        response.make_conditional(request)
        return response

    client = app.test_client()
    assert client.get("/a").data == b"abc"
    assert client.get("/a", headers={"If-None-Match": f'"{HASH}"'}).status_code == 304
