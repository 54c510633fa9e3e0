"""E-mail: messages to people, by SMTP."""

import hashlib
import logging
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final

from workflow_engine.errors import PermanentFailure, TransientFailure
from workflow_engine.sinks.asked import Desk
from workflow_engine.sinks.notices import Notice, notice, one_line
from workflow_engine.sinks.port import EventRecord
from workflow_engine.sinks.references import resolved
from workflow_engine.sinks.settings import EmailSettings

LOG: Final = logging.getLogger(__name__)

SUBJECT_MAX: Final = 200
"""Characters of a subject, at most."""

PERSON: Final = "{person}"
"""What stands in a template of an address for who is asked."""


class EmailSink:
    """Sends one message for each event and recipient.

    Its Message-ID is made of event and recipient, so that servers and readers recognise a repeat.

    Args:
        settings: see there.
        desk: looks questions up.
    """

    def __init__(self, settings: EmailSettings, desk: Desk) -> None:
        self._settings = settings
        self._desk = desk
        self._sent: set[str] = set()  # ids of messages of a delivery that has failed half-way

    def deliver(self, events: Sequence[EventRecord]) -> None:
        """See `workflow_engine.sinks.port.Sink`."""
        for event in events:
            told = notice(event, self._desk)
            if told is None:
                continue
            recipients = self._recipients(told.people)
            if not recipients:
                LOG.warning("nobody has an address to be told of %s %s; give the sink `to`", event.event, event.id)
            self._send([letter(event, told, self._settings.sender, to) for to in recipients])
        self._sent.clear()

    def close(self) -> None:
        """Do nothing: each delivery has a connection of its own."""

    def _recipients(self, people: Sequence[str]) -> list[str]:
        found = [address for person in people for address in self._addresses(person)]
        return list(dict.fromkeys(found or [one for one in self._settings.to if PERSON not in one]))

    def _addresses(self, person: str) -> Iterator[str]:
        listed = self._settings.addresses.get(person)
        if listed is not None:
            yield from (listed,) if isinstance(listed, str) else listed
        elif _LOCAL.fullmatch(person):
            yield from (one.replace(PERSON, person) for one in self._settings.to if PERSON in one)

    def _send(self, letters: Sequence[EmailMessage]) -> None:
        """Send what was not sent before.

        Raises:
            PermanentFailure: the server refuses some of it; the rest is sent.
            TransientFailure: it cannot be sent now.
        """
        waiting = [one for one in letters if str(one["Message-ID"]) not in self._sent]
        if not waiting:
            return
        refused: list[str] = []
        try:
            with self._connected() as server:
                for one in waiting:
                    try:
                        server.send_message(one)
                    except _REFUSALS as error:
                        refused.append(_refusal(one, error))
                    else:
                        self._sent.add(str(one["Message-ID"]))
        except (OSError, smtplib.SMTPException) as error:
            raise TransientFailure(f"{self._settings.host} does not take messages: {_said(error)}") from error
        if refused:
            raise PermanentFailure(f"{self._settings.host} refuses messages: {'; '.join(refused)}")

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        context = ssl.create_default_context() if settings.security != "none" else None
        port = settings.port or _PORTS[settings.security]
        server: smtplib.SMTP
        if settings.security == "tls":
            server = smtplib.SMTP_SSL(settings.host, port, timeout=settings.timeout, context=context)
        else:
            server = smtplib.SMTP(settings.host, port, timeout=settings.timeout)
        try:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.username is not None and settings.password is not None:
                server.login(settings.username, resolved(settings.password))
        except BaseException:
            server.close()
            raise
        return server


def letter(event: EventRecord, told: Notice, sender: str, to: str) -> EmailMessage:
    """Return the message that tells one recipient of an event; the same whenever it is made."""
    made = EmailMessage()
    made["Subject"] = one_line(told.title)[:SUBJECT_MAX]
    made["From"] = _address(sender)
    made["To"] = _address(to)
    made["Date"] = format_datetime(datetime.fromisoformat(event.at))
    domain = parseaddr(sender)[1].rpartition("@")[2]
    made["Message-ID"] = f"<{event.n}.{event.i}.{_digest(event.id, event.at, event.task, to)}@{domain}>"
    question = event.data.get("question")
    if isinstance(question, str):  # all messages about one question are one thread
        made["References"] = f"<{_digest(question, to)}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content("\n\n".join([*told.lines, *([told.link] if told.link is not None else [])]) + "\n")
    return made


_REFUSALS: Final = (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException, smtplib.SMTPNotSupportedError)
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_LOCAL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
"""Names that can stand in an address as they are."""


def _address(address: str) -> Address:
    name, place = parseaddr(address)
    user, _, domain = place.rpartition("@")
    return Address(name, user, domain)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


def _refusal(one: EmailMessage, error: smtplib.SMTPException) -> str:
    """Return what a server says against a message.

    Raises:
        SMTPException: *error* itself, where it may pass, or is about all messages.
    """
    code = _code(error)
    if isinstance(error, smtplib.SMTPSenderRefused) or (code is not None and code < 500):
        raise error
    return f"{one['To']}: {_said(error)}"


def _code(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()))[0]
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else None


def _said(error: Exception) -> str:
    said: bytes | str = str(error) or type(error).__name__
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = next(iter(error.recipients.values()))[1]
    elif isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
    text = one_line(said.decode(errors="replace") if isinstance(said, bytes) else said)
    code = _code(error)
    return f"{code} {text}" if code is not None else text
