"""The offline model: what answers in place of a language model where none is set up, always the same."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from workflow_engine.adapter import Output, Suspend
from workflow_engine.adapters.replies import understood
from workflow_engine.adapters.schema_example import example
from workflow_engine.errors import ConfigError
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task
from workflow_engine.verdicts import DENYING, SAYING, verdict

LABEL: Final = "[offline model]"
"""What every text begins with that nobody has scripted."""

PROMPT_MAX: Final = 200
"""Most characters of the prompt in such a text."""

_RULE: Final = {"match", "reply"}


class OfflineModel:
    """Replies as a script says, and with a labelled text of its own where it says nothing; an adapter, too.

    Without a script for a phase, the reply is the beginning of its prompt behind `LABEL`; the smallest value that
    satisfies its ``output`` schema, if it has one; such a text for each of its ``outputs``; and an approval, if it
    reviews (``on_reject``).

    Args:
        replies: by phase id: a text or an object, the reply to everything; or a list of replies, one for each visit of
            a task to the phase, or for each item of a fan-out, of which the last is repeated; or a list of rules
            ``{"match": "a regular expression", "reply": ...}``, of which the first that is found in the prompt holds.

    Raises:
        ConfigError: a script cannot be used.
    """

    def __init__(self, replies: Mapping[str, Any] | None = None) -> None:
        for phase, script in (replies or {}).items():
            if fact := _mistake(script):
                raise ConfigError(f"the replies for phase {phase!r} {fact}")
        self._replies = dict(replies or {})

    def reply(self, task: Task, phase: Phase) -> Any:
        """Return what the model says to the prompt of *phase*, anything that can be JSON; mostly a text."""
        script = self._replies.get(phase.id)
        if not isinstance(script, list):
            return canned(phase) if script is None else script
        replies: list[Any] = script  # pyright: ignore[reportUnknownVariableType] - checked when it was made
        if not _is_rule(replies[0]):
            return replies[min(_position(task.key), len(replies) - 1)]
        fitting = [rule["reply"] for rule in replies if re.search(rule["match"], phase.prompt or "")]
        return fitting[0] if fitting else canned(phase)

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        return Output(understood(self.reply(task, phase), phase))


def load_replies(path: Path) -> dict[str, Any]:
    """Return the replies in a YAML or JSON file, by phase id; see `OfflineModel`.

    Raises:
        ConfigError: it cannot be read, or does not hold replies.
    """
    import yaml  # loaded where it is used

    try:
        text = path.read_text(encoding="utf-8")
        found: Any = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
        OfflineModel(replies := _by_phase(found))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); name a file of replies") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is neither YAML nor JSON: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return replies


def _by_phase(found: Any) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ConfigError("it holds no replies by phase id; write `draft: the reply`")
    replies: dict[Any, Any] = found  # pyright: ignore[reportUnknownVariableType] - of anything
    for phase in replies:
        if not isinstance(phase, str):
            raise ConfigError(f"the phase id {phase!r} is no text; put it into quotes")
    return replies


def canned(phase: Phase) -> Any:
    """Return what the offline model says for *phase* where nothing is scripted."""
    prompt = phase.prompt or phase.system or phase.id
    text = f"{LABEL} {prompt[:PROMPT_MAX]}{'…' if len(prompt) > PROMPT_MAX else ''}"
    if phase.output is not None:
        value = example(phase.output, LABEL)
        return _approving(value, phase.output) if phase.on_reject is not None else value
    named = dict.fromkeys(phase.outputs, text)
    return {**named, **_APPROVAL} if phase.on_reject is not None else named or text


_APPROVAL: Final[Mapping[str, Any]] = {"decision": "approve", "issues": []}


def _approving(value: Any, schema: dict[str, Any]) -> Any:
    """Return an example of *schema* as one that approves, as far as the schema leaves room for that."""
    if not isinstance(value, dict):
        return value
    said: dict[str, Any] = {**value}
    for key in SAYING:
        passing = [one for one in _options(schema, key) if verdict({key: one}) is None]
        if passing:
            said[key] = passing[0]
    said.update({key: False for key in DENYING if said.get(key) is True})
    if said.get("decision") == LABEL:
        said["decision"] = _APPROVAL["decision"]
    return said if schema.get("additionalProperties") is False else {**_APPROVAL, **said}


def _options(schema: dict[str, Any], key: str) -> list[Any]:
    """Return what a property may be, where that is a list."""
    try:
        return list(schema["properties"][key]["enum"])
    except (KeyError, TypeError):
        return []


def _position(key: str) -> int:
    """Return how many visits, or items of a fan-out, came before the attempt of this key: ``task/phase/2.0/1``."""
    visit, _, item = key.rsplit("/", 2)[-2].partition(".")
    return int(item) if item else int(visit) - 1


def _is_rule(one: Any) -> bool:
    return isinstance(one, dict) and set(one) == _RULE  # pyright: ignore[reportUnknownArgumentType] - of anything


def _mistake(script: Any) -> str | None:
    """Return what is wrong with the script of a phase, as the end of a sentence, or None."""
    if not isinstance(script, list):
        return None
    items: list[Any] = script  # pyright: ignore[reportUnknownVariableType] - of anything
    if not items:
        return "are an empty list; write one reply at least"
    rules = [one for one in items if _is_rule(one)]
    if rules and len(rules) < len(items):
        return "mix rules with replies; give every one `match` and `reply`, or none"
    for rule in rules:
        try:
            re.compile(rule["match"])
        except (re.error, TypeError) as error:
            return f"match {rule['match']!r}, which is no regular expression ({error})"
    return None
