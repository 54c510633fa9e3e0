"""Settings of sinks: ``[sinks.<name>]`` in a settings file, one table a sink, told apart by ``type``."""

import difflib
import re
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, AliasChoices, BaseModel, ConfigDict, Field, model_validator

from workflow_engine.core.events import Event
from workflow_engine.sinks.references import PATTERN, VARIABLE

NAME: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
"""What names of sinks look like: they are names of files, too."""

QUESTIONS: Final = ("QuestionAsked", "QuestionAssigned", "QuestionDelegated", "QuestionOverdue", "QuestionEscalated")
"""Events that somebody is notified of."""


def known_events() -> list[str]:
    """Return the names of all events, sorted."""
    return sorted(kind.__name__ for kind in Event.__subclasses__())


def _event(name: str) -> str:
    known = known_events()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        raise ValueError(f"there is no event of this name; did you mean {close[0] if close else ', '.join(known)}?")
    return name


def _address(address: str) -> str:
    if not _ADDRESS.fullmatch(parseaddr(address)[1]) or not address.isprintable():
        raise ValueError("this is no e-mail address")
    return address


def _url(url: str) -> str:
    if VARIABLE.search(url):
        return url  # judged when it is known
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError("an address begins with https:// or http:// and a host")
    return url


_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")

EventName = Annotated[str, AfterValidator(_event)]
SinkName = Annotated[str, Field(pattern=NAME)]
Address = Annotated[str, AfterValidator(_address)]
Url = Annotated[str, AfterValidator(_url)]
SecretReference = Annotated[str, Field(pattern=PATTERN)]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Sending(_Settings):
    """What every sink can be told.

    Attributes:
        events: names of the events it gets; empty for all.
        workflows: names of the workflows it gets events of; empty for all.
        begin: (``from``) where a sink that is new begins: with what happens from "now" on, or at the "beginning".
        batch: events at most that are delivered at once.
        retry_initial: seconds before the second try of a delivery; each further pause is twice as long.
        retry_max: seconds of the longest pause.
        refusals_max: how often events are tried that the receiver refuses, before they are set aside; 0 for ever.
    """

    events: tuple[EventName, ...] = ()
    workflows: tuple[str, ...] = ()
    begin: Literal["now", "beginning"] = Field(default="now", validation_alias=AliasChoices("from", "begin"))
    batch: Annotated[int, Field(ge=1, le=1_000)] = 100
    retry_initial: Seconds = 1.0
    retry_max: Seconds = 300.0
    refusals_max: Annotated[int, Field(ge=0)] = 8

    def references(self) -> Iterator[str]:
        """Give the texts that secrets are referred to in."""
        return iter(())


class ConsoleSettings(Sending):
    """Lines of JSON on the output of the process.

    Attributes:
        type: see `SinkSettings`.
        stream: which output.
    """

    type: Literal["console"]
    stream: Literal["stdout", "stderr"] = "stdout"


class FileSettings(Sending):
    """Lines of JSON in a file, which is followed by a new one when it has grown.

    Attributes:
        type: see `SinkSettings`.
        path: of the file; relative to the data directory.
        size_mib: size from which on it is followed by a new one, in MiB.
        keep: how many older files there are at most: ``<path>.1``, the newest of them, to ``<path>.<keep>``.
    """

    type: Literal["file"]
    path: Annotated[str, Field(min_length=1)]
    size_mib: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 64
    keep: Annotated[int, Field(ge=0, le=10_000)] = 8
    batch: Annotated[int, Field(ge=1, le=1_000)] = 1_000


class _Http(Sending):
    url: Url
    timeout: Seconds = 20.0
    headers: dict[str, str] = Field(default_factory=dict)

    def references(self) -> Iterator[str]:
        yield self.url
        yield from self.headers.values()


class WebhookSettings(_Http):
    """Signed requests.

    Attributes:
        type: see `SinkSettings`.
        url: where they are sent; ``${NAME}`` in it stands for a variable of the environment.
        secret: reference to what they are signed with; None for no signature.
        previous_secret: reference to a second one, while receivers change over to *secret*.
        timeout: seconds that an attempt may take.
        headers: further ones, by name; ``${NAME}`` in their values stands for a variable of the environment.
    """

    type: Literal["webhook"]
    secret: SecretReference | None = None
    previous_secret: SecretReference | None = None

    @model_validator(mode="after")
    def _pair(self) -> "WebhookSettings":
        if self.previous_secret is not None and self.secret is None:
            raise ValueError("previous_secret needs a secret; give the one secret as secret")
        return self

    def references(self) -> Iterator[str]:
        """See `Sending`."""
        yield from super().references()
        yield from filter(None, (self.secret, self.previous_secret))


class SlackSettings(_Http):
    """Messages in a chat, by an incoming webhook as Slack, Mattermost and others have it.

    Attributes:
        type: see `SinkSettings`.
        url: of the webhook; it is a secret, so name a variable: ``${SLACK_URL}``.
        timeout: seconds that an attempt may take.
        headers: further ones, by name.
    """

    type: Literal["slack"]
    events: tuple[EventName, ...] = QUESTIONS
    batch: Annotated[int, Field(ge=1, le=1)] = 1


class EmailSettings(Sending):
    """Messages to people, by SMTP.

    Attributes:
        type: see `SinkSettings`.
        host: of the server that takes them.
        port: of that server; None for the usual one.
        security: "starttls", "tls" from the first byte, or "none".
        username: to log in with; None not to.
        password: reference to the password.
        sender: whom messages come from: ``Workflows <workflows@example.org>``.
        to: whom they go to where a question is for nobody in *addresses*; ``{person}`` stands for who is asked.
        addresses: one or more for each person or group that is asked, by name.
        timeout: seconds that the server may take for each of its replies.
    """

    type: Literal["email"]
    events: tuple[EventName, ...] = QUESTIONS
    batch: Annotated[int, Field(ge=1, le=1)] = 1
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretReference | None = None
    sender: Address
    to: tuple[Address, ...] = ()
    addresses: dict[str, Address | tuple[Address, ...]] = Field(default_factory=dict)
    timeout: Seconds = 30.0

    @model_validator(mode="after")
    def _whole(self) -> "EmailSettings":
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together; give both or neither")
        if not self.to and not self.addresses:
            raise ValueError("nobody would get a message; give to, addresses or both")
        return self

    def references(self) -> Iterator[str]:
        """See `Sending`."""
        yield from filter(None, (self.password,))


class CustomSettings(Sending):
    """A sink that an installed package brings along.

    Attributes:
        type: see `SinkSettings`.
        sink: name of its entry point in the group ``workflow_engine.sinks``.
        options: what it is made with, by name.
    """

    type: Literal["custom"]
    sink: str
    options: dict[str, Any] = Field(default_factory=dict)

    def references(self) -> Iterator[str]:
        """See `Sending`."""
        yield from (value for value in self.options.values() if isinstance(value, str))


SinkSettings = Annotated[
    ConsoleSettings | FileSettings | WebhookSettings | SlackSettings | EmailSettings | CustomSettings,
    Field(discriminator="type"),
]
"""The settings of one sink."""


class RedactSettings(_Settings):
    """What is taken out of events beside what is taken out anyway: known secrets, and what looks like one.

    Attributes:
        keys: names under which secrets stand, whatever their case.
        patterns: regular expressions of secrets.
        secrets: references to further secrets.
    """

    keys: tuple[str, ...] = ()
    patterns: tuple[re.Pattern[str], ...] = ()
    secrets: tuple[SecretReference, ...] = ()
