"""The webhook: signed requests, as the Standard Webhooks specification 1.0.0 has them."""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Sequence

from workflow_engine.errors import ConfigError
from workflow_engine.sinks.port import EventRecord, encoded
from workflow_engine.sinks.posting import Poster
from workflow_engine.sinks.references import resolved
from workflow_engine.sinks.settings import WebhookSettings


class WebhookSink:
    """Posts ``{"events": [...]}``, signed.

    The id of a request is made of those of its first and last event, so it stays the same when the request is repeated.
    After a crash the first events may come in another request; their own ids tell that.

    Args:
        settings: see there.
        clock: gives seconds since the epoch.
    """

    def __init__(self, settings: WebhookSettings, clock: Callable[[], float] = time.time) -> None:
        self._references = [one for one in (settings.secret, settings.previous_secret) if one is not None]
        self._poster = Poster(settings.url, settings.headers, settings.timeout)
        self._clock = clock

    def deliver(self, events: Sequence[EventRecord]) -> None:
        """See `workflow_engine.sinks.port.Sink`."""
        body = b'{"events":[' + b",".join(map(encoded, events)) + b"]}"
        name = f"{_word(events[0])}-{_word(events[-1])}"
        at = int(self._clock())
        headers = {"webhook-id": name, "webhook-timestamp": str(at)}
        if self._references:
            secrets = [resolved(reference) for reference in self._references]
            headers["webhook-signature"] = " ".join(signature(secret, name, at, body) for secret in secrets)
        self._poster.post(body, headers)

    def close(self) -> None:
        """Do nothing: each request has a connection of its own."""


def signature(secret: str, name: str, at: int, body: bytes) -> str:
    """Return how a request is signed: ``v1,`` and base64 of HMAC-SHA256 over ``name.at.body``.

    Args:
        secret: ``whsec_`` and base64 of the key, or the key itself as text.
        name: id of the request, without dots.
        at: seconds since the epoch.
        body: what is sent.

    Raises:
        ConfigError: what stands behind ``whsec_`` is not base64.
    """
    digest = hmac.digest(_key(secret), f"{name}.{at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _key(secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise ConfigError("the secret begins with whsec_, and what follows is not base64; copy it once more") from error


def _word(event: EventRecord) -> str:
    return f"{event.n}_{event.i}"  # a dot would be taken for the end of the id in what is signed
