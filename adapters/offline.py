"""The offline model: what answers in place of a language model where none is set up, always the same."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from workflow_engine.adapter import Output, Suspend
from workflow_engine.adapters.schema_example import example
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, ToolCall, Usage
from workflow_engine.agents.provider import ModelProvider, OnText
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
    """A provider that replies as a script says, and with a labelled text of its own where it says nothing.

    Without a script for a phase, the reply is the beginning of its prompt behind `LABEL`; the smallest value that
    satisfies its ``output`` schema, if it has one; such a text for each of its ``outputs``; and an approval, if it
    reviews (``on_reject``).

    A reply is a text; an object, which is said as JSON; ``{"calls": [{"name": "...", "arguments": {...}}]}``, which
    has tools called; or a list of these, one for each turn of the conversation, of which the last is repeated.

    It can be registered as the adapter of agentic phases, too; they then have no other provider, and no tools.

    Args:
        replies: by phase id: a reply to everything; or a list of replies, one for each visit of a task to the phase, or
            for each item of a fan-out, and where a conversation goes on, one for each turn, of which the last is
            repeated; or a list of rules ``{"match": "a regular expression", "reply": ...}``, of which the first that is
            found in the prompt holds.

    Raises:
        ConfigError: a script cannot be used.
    """

    name = "offline"

    def __init__(self, replies: Mapping[str, Any] | None = None) -> None:
        for phase, script in (replies or {}).items():
            if fact := _mistake(script):
                raise ConfigError(f"the replies for phase {phase!r} {fact}")
        self._replies = dict(replies or {})

    def of(self, phase: Phase) -> ModelProvider:
        """Return what replies for *phase*."""
        return _Speaker(self, phase)

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `workflow_engine.agents.provider.ModelProvider`; the phase is known by the key alone."""
        phase = Phase(id=_place(request.key)[0] or "phase", prompt=request.messages[0].text, system=request.system)
        return await self.of(phase.model_copy(update={"output": request.schema})).reply(request, on_text)

    def says(self, phase: Phase, key: str, turn: int = 0) -> Any:
        """Return what the model says in *phase*, anything that can be JSON; mostly a text.

        Args:
            phase: with its texts rendered.
            key: of the attempt or of the turn: it tells the visit, or the item of a fan-out.
            turn: how often the model has spoken in the conversation.
        """
        script = self._replies.get(phase.id)
        if not isinstance(script, list):
            return canned(phase) if script is None else script
        replies: list[Any] = script  # pyright: ignore[reportUnknownVariableType] - checked when it was made
        if not _is_rule(replies[0]):
            position = _place(key)[1]
            reply = _at(replies, position)
            return _in_turn(reply if isinstance(reply, list) else _at(replies, position + turn), turn)
        fitting = [rule["reply"] for rule in replies if re.search(rule["match"], phase.prompt or "")]
        return _in_turn(fitting[0], turn) if fitting else canned(phase)

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        from workflow_engine.agents.agent import AgentAdapter
        from workflow_engine.agents.caller import LimitedCaller
        from workflow_engine.agents.no_tools import NoTools
        from workflow_engine.agents.prices import Prices
        from workflow_engine.agents.settings import AgentSettings

        caller = LimitedCaller(AgentSettings(), Prices())
        return await AgentAdapter(self.of(phase), self.name, caller, NoTools()).execute(task, phase)


class _Speaker:
    """The offline model in one phase."""

    name = OfflineModel.name

    def __init__(self, model: OfflineModel, phase: Phase) -> None:
        self._model = model
        self._phase = phase

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `workflow_engine.agents.provider.ModelProvider`."""
        turn = sum(message.role == "assistant" for message in request.messages)
        said = self._model.says(self._phase, request.key, turn)
        calls = _calls(said, turn)
        text = "" if calls else said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        if on_text is not None and text:
            on_text(text)
        heard = sum(len(one.text) + sum(len(result.content) for result in one.results) for one in request.messages)
        return ModelReply(
            Message("assistant", text, calls),
            "tools" if calls else "end",
            Usage(_tokens(heard + len(request.system or "")), _tokens(len(text)), cost=0.0),
            self.name,
        )


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


def _place(key: str) -> tuple[str, int]:
    """Return the phase of a key such as ``task/phase/2.0/turn``, and how many visits, or items, came before it."""
    parts = key.split("/")
    if len(parts) < _KEY_PARTS:
        return "", 0
    visit, _, item = parts[2].partition(".")
    return parts[1], int(item) if item else int(visit) - 1


_KEY_PARTS: Final = 4


def _at(replies: list[Any], position: int) -> Any:
    return replies[min(position, len(replies) - 1)]


def _in_turn(reply: Any, turn: int) -> Any:
    """Return what is said at this turn, where a reply is a list of what is said."""
    turns: Any = reply
    return _at(turns, turn) if isinstance(reply, list) and turns else turns


def _calls(said: Any, turn: int) -> tuple[ToolCall, ...]:
    """Return the calls of tools that a reply asks for; none where it is something else."""
    if not isinstance(said, dict) or set(said) != {"calls"} or not isinstance(said["calls"], list):  # pyright: ignore[reportUnknownArgumentType] - of anything
        return ()
    calls: list[Any] = said["calls"]  # pyright: ignore[reportUnknownVariableType] - of anything
    if not all(isinstance(call, dict) and "name" in call for call in calls):
        return ()
    return tuple(
        ToolCall(f"call-{turn + 1}-{number}", str(call["name"]), call.get("arguments") or {})
        for number, call in enumerate(calls, 1)
    )


def _tokens(characters: int) -> int:
    """Return about how many tokens a text has."""
    return -(-characters // 4)


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
