"""Reading requests: path, query string and body as an operation takes them, or a refusal that says what is wrong."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from flask import request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from workflow_engine.ui.api.json_reading import read_json
from workflow_engine.ui.api.operation import JSON, Asked, BytesBody, Content, JsonBody, Operation
from workflow_engine.ui.api.query_reading import read_query
from workflow_engine.ui.api.refusing import Refused, misfit
from workflow_engine.ui.security.person import Person

KEY_MAX: Final = 255
"""Characters of an ``Idempotency-Key`` at most."""

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")


def read_request(operation: Operation, path: Mapping[str, str], person: Person, raw: bytes) -> Asked[Any, Any]:
    """Return what is asked for.

    Args:
        operation: which.
        path: the variable parts.
        person: who asks.
        raw: the body.

    Raises:
        Refused: something of it is not acceptable.
    """
    query = read_query(operation.query, request.args.to_dict(flat=False))
    key = idempotency_key(person) if operation.keyed else None
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Asked(path, query, _body(operation.body, raw), person, key, headers)


def read_body(body: JsonBody | BytesBody | None, most: int) -> bytes:
    """Return the bytes of a request's body.

    Args:
        body: what is expected.
        most: how many bytes the server takes.

    Raises:
        Refused: there are too many.
    """
    if body is None:
        most = 0
    elif body.bytes_max is not None:
        most = min(most, body.bytes_max)
    if (request.content_length or 0) <= most:
        try:
            raw = request.stream.read(most + 1)
        except HTTPException as error:
            raise Refused(error.code or 400, error.description or "the body cannot be read") from error
        if len(raw) <= most:
            return raw
    fact = f"the body has more than the {most:,} bytes that are taken here; send less" if most else "send no body here"
    raise Refused(413, fact)


def idempotency_key(person: Person) -> str | None:
    """Return what names the person and the key of the request, 40 hexadecimal digits; None without a key.

    Raises:
        Refused: the key is not acceptable.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    bare = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if not 1 <= len(bare) <= KEY_MAX or not bare.isascii() or not bare.isprintable():
        raise Refused(422, f"an Idempotency-Key has 1 to {KEY_MAX} printable ASCII characters; use a UUID")
    return hashlib.sha256(f"{len(person.name)}:{person.name}:{bare}".encode("utf-8", "backslashreplace")).hexdigest()[
        :40
    ]


def fingerprint(operation: Operation, raw: bytes) -> str:
    """Return a hash of all that a request says."""
    said = (operation.name.encode(), request.full_path.encode("utf-8", "backslashreplace"), raw)
    return hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in said)).hexdigest()


def _body(body: JsonBody | BytesBody | None, raw: bytes) -> Any:
    if body is None:
        return None
    if isinstance(body, BytesBody):
        return Content(raw, _media_type(body.media_types))
    if not raw and body.optional and body.model is not None:
        return body.model()
    if request.mimetype != JSON or request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refused(415, f"the body is {request.mimetype or 'of no known type'}; send {JSON}, in UTF-8")
    read_json(raw)
    if body.model is None:
        return raw
    try:
        return body.model.model_validate_json(raw)
    except ValidationError as error:
        raise misfit(error, "body") from error


def _media_type(accepted: tuple[str, ...]) -> str | None:
    """Return the media type of a request's body, without parameters."""
    found = request.mimetype
    if not accepted:
        if found and not _MEDIA_TYPE.fullmatch(found):
            raise Refused(415, f"{found[:200]!a} is no media type; write it as text/plain")
        return found or None
    if found not in accepted:
        raise Refused(415, f"the body is {found[:200]!a}; send {' or '.join(accepted)}")
    return found
