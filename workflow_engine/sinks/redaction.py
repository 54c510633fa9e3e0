"""Redaction: what every event goes through before any sink sees it."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from workflow_engine.redacting import MASK, Redactor, is_secret_name
from workflow_engine.sinks.references import secrets_in
from workflow_engine.sinks.settings import RedactSettings


class Redaction:
    """Takes secrets out: those known, those that look like one, and what the settings name.

    Args:
        settings: keys and patterns.
        references: texts of other settings in which secrets are referred to.
        secrets: further ones.
        environment: whose variables with a secret's name are secrets.
    """

    def __init__(
        self,
        settings: RedactSettings | None = None,
        references: Iterable[str] = (),
        secrets: Iterable[str] = (),
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        settings = settings or RedactSettings()
        known = [value for name, value in environment.items() if is_secret_name(name)]
        for text in (*settings.secrets, *references):
            known += secrets_in(text, environment)
        self._redactor = Redactor(dict.fromkeys([*known, *secrets]))
        self._keys = frozenset(key.casefold() for key in settings.keys)
        self._patterns = settings.patterns

    def leaves(self, values: Iterable[Any]) -> bool:
        """Whether nothing is taken out of these JSON values, as one look tells; False also where that is not sure.

        Nearly all events are without secrets, and looking at each of their texts costs ten times as much.
        """
        texts: list[str] = []
        if self._patterns or not all(self._gathered(value, texts) for value in values):
            return False  # a pattern may mean the beginning or the end of a text
        joined = "\n".join(texts)
        return self._redactor.text(joined) == joined

    def text(self, text: str) -> str:
        """Return a text without the secrets in it."""
        text = self._redactor.text(text)
        for pattern in self._patterns:
            text = pattern.sub(MASK, text)
        return text

    def value(self, value: Any) -> Any:
        """Return a JSON value without the secrets in it."""
        found = self._redactor.value(value)
        return self._further(found) if self._keys or self._patterns else found

    def _gathered(self, value: Any, texts: list[str]) -> bool:
        """Add the texts of a value to *texts*; return whether none stands under the name of a secret."""
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            entries: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON
            texts += entries
            return all(
                not is_secret_name(name) and name.casefold() not in self._keys and self._gathered(entry, texts)
                for name, entry in entries.items()
            )
        elif isinstance(value, list):
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON
            return all(self._gathered(item, texts) for item in items)
        return True

    def _further(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            entries: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON
            return {self.text(name): self._entry(name, entry) for name, entry in entries.items()}
        if isinstance(value, list):
            items: list[Any] = value  # pyright: ignore[reportUnknownVariableType] - JSON
            return [self._further(item) for item in items]
        return value

    def _entry(self, name: str, value: Any) -> Any:
        if name.casefold() not in self._keys:
            return self._further(value)
        return value if value is None or isinstance(value, bool) or value == "" else MASK
