"""What a person was shown: a digest by which an answer says what it is an answer to."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from workflow_engine.core.components import Question

ASIDE: Final = "transcripts/"
"""How the names of artifacts begin that nobody decides on: an agent in another phase may add one at any time."""


def shown_digest(question: Question, artifacts: Mapping[str, msgspec.Raw]) -> str:
    """Return the digest of what is shown to whoever answers: 64 hexadecimal digits; see `shown_parts`.

    Args:
        question: as it is.
        artifacts: references of all artifacts of its task, by name.
    """
    return digest_of(shown_parts(question, artifacts))


def shown_parts(question: Question, artifacts: Mapping[str, msgspec.Raw]) -> dict[str, str]:
    """Return the SHA-256 of each part of what is shown, by its name.

    The parts are ``prompt`` (a text), ``form`` and ``show`` (where there is such), ``picks`` (a list, where there is a
    choice), and ``artifact:<name>`` for each artifact of the task but transcripts of agents.  An artifact's hash is
    that of its content; of all else it is that of its canonical JSON: keys sorted, no whitespace, UTF-8.
    """
    parts = {"prompt": _hash(question.prompt)}
    if isinstance(question.form, msgspec.Raw):
        parts["form"] = _hash_json(question.form)
    if isinstance(question.show, msgspec.Raw):
        parts["show"] = _hash_json(question.show)
    if question.picks:
        parts["picks"] = _hash(question.picks)
    for name in to_be_seen(artifacts):
        parts[f"artifact:{name}"] = _hash_artifact(artifacts[name])
    return parts


def to_be_seen(artifacts: Iterable[str]) -> list[str]:
    """Return the names of the artifacts that belong to what is decided on, sorted."""
    return sorted(name for name in artifacts if not name.startswith(ASIDE))


def digest_of(parts: Mapping[str, str]) -> str:
    """Return the digest of parts by name: the SHA-256 of their canonical JSON, an object."""
    return _hash(parts)


class _Reference(msgspec.Struct, frozen=True):
    sha256: str


_decode_reference: Final = msgspec.json.Decoder(_Reference).decode


def _hash(value: Any) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _hash_json(written: msgspec.Raw) -> str:
    try:
        return _hash(msgspec.json.decode(written))
    except (msgspec.DecodeError, RecursionError):
        # An imported task may hold what cannot be read as a value: then its bytes count.
        return hashlib.sha256(bytes(written)).hexdigest()


def _hash_artifact(reference: msgspec.Raw) -> str:
    try:
        return _decode_reference(reference).sha256
    except msgspec.DecodeError:
        return _hash_json(reference)
