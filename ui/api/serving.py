"""Serving: what happens around every operation."""

import logging
from collections.abc import Callable, Iterator
from typing import Any, Final

from flask import Response, current_app, g, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException

from workflow_engine.errors import EngineError, EngineStopped
from workflow_engine.ui.api.operation import JSON, Answer, Operation
from workflow_engine.ui.api.reading import fingerprint, idempotency_key, read_body, read_request
from workflow_engine.ui.api.refusing import Refused, refused
from workflow_engine.ui.api.replays import Kept, Replays
from workflow_engine.ui.desk import desk
from workflow_engine.ui.security.current import record
from workflow_engine.ui.security.person import Person
from workflow_engine.ui.security.roles import needs

LOG: Final = logging.getLogger("workflow_engine")

REPLAYS: Final = "workflow_engine.replays"
"""The name under which an app has its `Replays`."""

REPLAYED: Final = "Idempotent-Replayed"
"""Header of an answer that was given before."""


def view_of(operation: Operation) -> Callable[..., Response]:
    """Return the view of an operation, marked with the role that it needs."""

    def view(**path: str) -> Response:
        try:
            answer = _served(operation, path)
        except (EngineError, TimeoutError) as error:
            _note(operation, path, f"{type(error).__name__}: {error}")
            return refused(error)
        except HTTPException:
            raise
        except Exception:
            LOG.exception("%s %s failed", request.method, request.path)
            return refused(Refused(500, "that is a defect of the server, whose log has the details"))
        return answer

    view.__name__ = operation.name
    view.__doc__ = operation.summary
    return needs(operation.role)(view)


def _served(operation: Operation, path: dict[str, str]) -> Response:
    person: Person = g.person
    raw = read_body(operation.body, desk().settings.body_max_bytes)
    key = idempotency_key(person) if operation.keyed else None
    if key is None:
        return _done(operation, path, person, raw)
    replays = _replays()
    asked = fingerprint(operation, raw)
    with replays.under_way(key):
        kept = replays.find(key, asked)
        if kept is not None:
            return Response(kept.body, kept.status, {**kept.headers, REPLAYED: "true"})
        answer = _done(operation, path, person, raw)
        try:
            replays.keep(key, asked, _kept(answer))
        except EngineStopped as error:  # what was asked for is done, and is to be told
            LOG.warning("the answer to %s is not kept for a repeat of the request: %s", operation.name, error)
    return answer


def _done(operation: Operation, path: dict[str, str], person: Person, raw: bytes) -> Response:
    answer = operation.view(read_request(operation, path, person, raw))
    if operation.method != "GET":
        _note(operation, path, "done")
    return _response(answer)


def _response(answer: Answer) -> Response:
    body = answer.body
    if body is None:
        response = Response(status=answer.status)
        del response.headers["Content-Type"]
    elif isinstance(body, BaseModel):
        response = Response(body.model_dump_json(), answer.status, mimetype=JSON)
    else:
        content: bytes | Iterator[bytes] = body
        response = Response(content, answer.status, content_type=answer.media_type)
    response.headers.update(answer.headers)
    return response


def _kept(answer: Response) -> Kept:
    names = ("Content-Type", "Location")
    headers = {name: answer.headers[name] for name in names if name in answer.headers}
    return Kept(answer.status_code, headers, answer.get_data())


def _replays() -> Replays:
    if REPLAYS not in current_app.extensions:
        current_app.extensions.setdefault(REPLAYS, Replays(desk().data_dir / "ui" / "replays.sqlite"))
    found: Replays = current_app.extensions[REPLAYS]
    return found


def _note(operation: Operation, path: dict[str, Any], outcome: str) -> None:
    """Note in the audit what was done, or refused."""
    if operation.method != "GET":
        record(operation.name, " ".join(path.values()), outcome)
