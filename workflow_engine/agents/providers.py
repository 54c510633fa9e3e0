"""Providers of models by name, and which of them a phase is carried out with, and why."""

import os
import re
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Final, NamedTuple, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from workflow_engine.adapter import Missing
from workflow_engine.agents.provider import ModelProvider
from workflow_engine.agents.secret_references import resolved
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.errors import PermanentFailure, SpecError
from workflow_engine.plugins import loaded
from workflow_engine.spec.model import Phase

GROUP: Final = "workflow_engine.models"
"""The group of entry points; the name of each is a provider, its object one, or makes one without arguments."""

OFFLINE: Final = "offline"
"""The provider that needs nothing."""

LOCAL: Final = ("localhost", "127.0.0.1", "::1")
"""Hosts of servers on this machine, which need no key."""

NOBODY: Final = "since no provider of models is set up"
"""Why the offline model replies where nothing else is said."""


class BuiltIn(NamedTuple):
    """A provider that the package brings along.

    Attributes:
        key: the environment variable with its key.
        url: the environment variable that says where it is reached.
        models: what the names of its models look like.
        model: the one that is asked where neither phase nor settings say.
    """

    key: str
    url: str
    models: re.Pattern[str]
    model: str


BUILT_IN: Final[Mapping[str, BuiltIn]] = {
    "anthropic": BuiltIn("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", re.compile(r"claude"), "claude-sonnet-4-6"),
    "openai": BuiltIn("OPENAI_API_KEY", "OPENAI_BASE_URL", re.compile(r"(chat)?gpt|o\d"), "gpt-4o"),
}
"""The providers that the package brings along; of two whose keys there are, the first is taken."""


class Choice(NamedTuple):
    """Who runs the model of a phase.

    Attributes:
        provider: its name.
        model: the model that is asked first; "" where the phase names none and the provider has no default.
        why: the reason, in words that go on from "the model replies, ".
        lacks: what the provider that was asked for lacks, so that the offline model stands in; None where nothing.
    """

    provider: str
    model: str
    why: str
    lacks: str | None = None

    def __str__(self) -> str:
        who = "the offline model replies" if self.provider == OFFLINE else f"{self.model} of {self.provider} replies"
        return f"{who}, {self.why}"


class Providers:
    """The providers that an engine knows: registered ones first, then those of installed packages, then built-in ones.

    Args:
        settings: which is the default.
        environment: where keys are looked for.
    """

    def __init__(self, settings: AgentSettings | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.settings = settings or AgentSettings()
        self._environment = os.environ if environment is None else environment
        self._registered: dict[str, ModelProvider] = {}
        self._made: dict[str, ModelProvider] = {}

    def register(self, provider: ModelProvider) -> None:
        """Make a provider known under its name, in place of the one before.

        Raises:
            SpecError: it is none.
        """
        if not callable(getattr(provider, "reply", None)) or not isinstance(getattr(provider, "name", None), str):
            raise SpecError(
                f"the provider of models is a {type(provider).__name__} without `name` and "
                "`async def reply(request, on_text)`"
            )
        self._registered[provider.name] = provider

    def names(self) -> list[str]:
        """Return the names that phases may use."""
        return sorted({*self._registered, *BUILT_IN, OFFLINE, *(point.name for point in entry_points(group=GROUP))})

    def choose(self, phase: Phase) -> Choice:
        """Return who runs the model of *phase*, and why.

        Raises:
            Missing: the offline model may not stand in for a provider without a key.
        """
        if self.settings.offline == "always":
            return Choice(OFFLINE, OFFLINE, 'since the settings say agents.offline = "always"')
        wanted = self._wanted(phase)
        if wanted is None:
            return self._stand_in(" or ".join(one.key for one in BUILT_IN.values()), NOBODY)
        name, why = wanted
        variable = self._lacks(name)
        if variable is not None:
            return self._stand_in(variable, f"since there is no key for {name} in {variable}", variable)
        return Choice(name, self._model(name, phase), why)

    def provider(self, name: str) -> ModelProvider:
        """Return the provider of this name; the first time that may import a package, which takes a while.

        Raises:
            Missing: there is none.
            PermanentFailure: a package offers one that cannot be used.
        """
        found = self._registered.get(name) or self._made.get(name)
        if found is None:
            found = self._made[name] = _plugged(name) or self._built_in(name)
        return found

    def url(self, name: str) -> str | None:
        """Return where a provider is reached, None where that is its own address."""
        built_in = BUILT_IN.get(name)
        url = self.settings.base_urls.get(name)
        return url or (self._environment.get(built_in.url) if built_in is not None else None) or None

    def is_set(self, variable: str) -> bool:
        """Return whether a variable of the environment is set."""
        return bool(self._environment.get(variable))

    def has_key(self, name: str) -> bool:
        """Return whether a provider has what it needs, as far as can be seen from here."""
        return self._lacks(name) is None

    def _wanted(self, phase: Phase) -> tuple[str, str] | None:
        """Return which provider is to run the model, and why; None where nothing says."""
        if phase.provider is not None:
            return phase.provider, "since the phase says so"
        model = next(iter(phase.models), "")
        for name, built_in in BUILT_IN.items():
            if built_in.models.match(model):
                return name, f"since {model} is a model of {name}"
        if self.settings.default_provider is not None:
            return self.settings.default_provider, "since it is agents.default_provider in the settings"
        for name in self._registered:
            if name != OFFLINE:
                return name, "since the program has registered it"
        found = ((name, self._reason(name, built_in)) for name, built_in in BUILT_IN.items())
        return next(((name, why) for name, why in found if why is not None), None)

    def _stand_in(self, variable: str, why: str, lacks: str | None = None) -> Choice:
        if self.settings.offline == "never":
            raise Missing(f"a key for models in {variable}")
        return Choice(OFFLINE, OFFLINE, why, lacks)

    def _lacks(self, name: str) -> str | None:
        """Return the environment variable that a provider lacks, or None."""
        built_in = BUILT_IN.get(name)
        if built_in is None or name in self._registered or self._reason(name, built_in) is not None:
            return None
        return built_in.key

    def _reason(self, name: str, built_in: BuiltIn) -> str | None:
        """Return why a built-in provider can be asked, or None."""
        reference = self.settings.keys.get(name)
        if reference is not None and resolved(reference, self._environment) is not None:
            return f"since its key is in {reference}"
        if self._environment.get(built_in.key):
            return f"since {built_in.key} is set"
        host = urlsplit(self.url(name) or "").hostname
        return f"since its server is on this machine, at {host}" if host in LOCAL else None

    def _model(self, name: str, phase: Phase) -> str:
        if name == OFFLINE:
            return OFFLINE
        built_in = BUILT_IN.get(name)
        known = self.settings.default_models.get(name) or (built_in.model if built_in is not None else "")
        return next(iter(phase.models), known)

    def _built_in(self, name: str) -> ModelProvider:
        make = _MAKERS.get(name)
        if make is None:
            raise Missing(f"a provider of models {name!r}")
        reference = self.settings.keys.get(name)
        key = resolved(reference, self._environment) if reference is not None else None
        return make(self.settings.base_urls.get(name), key)


def _openai(base_url: str | None, key: SecretStr | None) -> ModelProvider:
    from workflow_engine.adapters.openai import OpenAIProvider

    return OpenAIProvider(base_url=base_url, api_key=key)


def _anthropic(base_url: str | None, key: SecretStr | None) -> ModelProvider:
    from workflow_engine.adapters.anthropic import AnthropicProvider

    return AnthropicProvider(base_url=base_url, api_key=key)


def _offline(base_url: str | None, key: SecretStr | None) -> ModelProvider:
    from workflow_engine.adapters.offline import OfflineModel

    return OfflineModel()


_MAKERS: Final[Mapping[str, Callable[[str | None, SecretStr | None], ModelProvider]]] = {
    "anthropic": _anthropic,
    "openai": _openai,
    OFFLINE: _offline,
}


def _plugged(name: str) -> ModelProvider | None:
    """Return the provider that an installed package has under this name, None where none has."""
    for point in entry_points(group=GROUP, name=name):
        try:
            return cast(ModelProvider, loaded(point, f"the provider of models {name!r}", "reply"))
        except SpecError as error:
            raise PermanentFailure(str(error)) from error
    return None
