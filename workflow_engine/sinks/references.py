"""References in settings: ``${NAME}``, ``env:NAME`` or ``file:PATH`` in place of a secret."""

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

from workflow_engine.agents.secret_references import REFERENCE
from workflow_engine.agents.secret_references import resolved as found
from workflow_engine.errors import ConfigError

VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""A variable of the environment within a text."""

PATTERN: Final = rf"^(?:{VARIABLE.pattern}|{REFERENCE.pattern})$"
"""What stands in place of a secret as a whole."""


def resolved(reference: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return the secret that a reference names; it is looked up anew each time.

    Raises:
        ConfigError: there is none, or its file cannot be read.
    """
    variable = VARIABLE.fullmatch(reference)
    secret = found(f"env:{variable[1]}" if variable else reference, environment)
    if secret is None:
        raise ConfigError(f"{reference} is not set; set it for the process that runs the engine")
    return secret.get_secret_value()


def expanded(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return *text* with the variables that are named in it.

    Raises:
        ConfigError: one is not set.
    """
    return VARIABLE.sub(lambda name: resolved(name[0], environment), text)


def secrets_in(text: str, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Give the values of the references in a text, as far as there are any now."""
    whole = REFERENCE.fullmatch(text)
    for reference in [text] if whole else (f"env:{name}" for name in VARIABLE.findall(text)):
        try:
            secret = found(reference, environment)
        except ConfigError:
            continue  # whoever needs it says so
        if secret is not None:
            yield secret.get_secret_value()
