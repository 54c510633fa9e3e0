"""Keys of providers of models: from an argument or the environment, never shown."""

import os
from urllib.parse import urlsplit

from pydantic import SecretStr

from workflow_engine.adapter import Missing
from workflow_engine.agents.providers import LOCAL
from workflow_engine.errors import PermanentFailure


class MissingKey(Missing):
    """There is no key for a provider; the run waits until there is one.

    Attributes:
        provider: whose key.
        variable: the environment variable to set.
    """

    def __init__(self, provider: str, variable: str) -> None:
        super().__init__(f"a key for {provider}")
        self.args = (provider, variable)
        self.provider = provider
        self.variable = variable

    def __str__(self) -> str:
        return f"there is no key for {self.provider}; set {self.variable} in the environment of the engine"


def secret(key: "str | SecretStr | None") -> SecretStr | None:
    """Return a key as something that no `repr` shows."""
    return SecretStr(key) if isinstance(key, str) else key


def find_key(given: SecretStr | None, provider: str, variable: str, base_url: str | None) -> str:
    """Return the key to use.

    Args:
        given: the one that was passed, which goes first.
        provider: whose.
        variable: the environment variable that is looked at.
        base_url: where it is to be sent; servers on this machine need none.

    Raises:
        MissingKey: there is none.
        PermanentFailure: it cannot be a key.
    """
    key = (given.get_secret_value() if given is not None else os.environ.get(variable, "")).strip()
    if key and not (key.isascii() and key.isprintable()):
        raise PermanentFailure(f"the key for {provider} has characters that no key has; set {variable} anew")
    if not key and urlsplit(base_url or "").hostname in LOCAL:
        return "none"
    if not key:
        raise MissingKey(provider, variable)
    return key
