"""Secret references: where a key is found, in place of the key: ``env:NAME`` or ``file:PATH``."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from workflow_engine.errors import ConfigError

REFERENCE: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
"""What a reference looks like.  A key itself does not belong into settings, which are shown and kept."""


def resolved(reference: str, environment: Mapping[str, str] = os.environ) -> SecretStr | None:
    """Return the secret that a reference names, None where there is none; it is looked up anew each time.

    Raises:
        ConfigError: it names a file that cannot be read.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        found = environment.get(place, "")
    else:
        try:
            found = Path(place).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"the key in {place} cannot be read: {error}; mend agents.keys of the settings"
            ) from error
    return SecretStr(found.strip()) if found.strip() else None
