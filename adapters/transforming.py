"""The transform adapter: what a phase makes of its input without anybody's help."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from workflow_engine.adapter import Output, Suspend
from workflow_engine.adapters.json_path import at
from workflow_engine.adapters.json_text import json_within
from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.kinds import kind
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task


class TransformAdapter:
    """Carries out the phase's ``transform`` on its ``input``, as its ``options`` say; see `TRANSFORMS`."""

    async def execute(self, task: Task, phase: Phase) -> Output | Suspend:
        """See `workflow_engine.adapter.Adapter`."""
        if phase.transform == "template":
            return Output(phase.prompt or "")
        transform = TRANSFORMS.get(phase.transform or "")
        if transform is None:
            raise PermanentFailure(
                f"phase {phase.id!r} has no transform; name one of {', '.join(TRANSFORMS)}, template"
            )
        try:
            return Output(await asyncio.to_thread(transform, phase.input, phase.options))  # inputs may be large
        except (LookupError, ValueError) as error:
            said = error.args[0]
            raise PermanentFailure(f"phase {phase.id!r} cannot {phase.transform} its input: {said}") from error


def merge(value: Any, options: Mapping[str, Any]) -> Any:
    """Make one object of several, where later ones win, or one list of several.

    Args:
        value: an object of named values, or a list.  Nulls among objects and lists are left out; named values that are
            not all objects stay the object that they are.
        options: none.

    Raises:
        ValueError: a list holds neither objects alone nor lists alone.
    """
    given = _present(value)
    kinds = list(dict.fromkeys(kind(one) for one in given))
    if kinds == ["an object"]:
        return {name: item for one in given for name, item in one.items()}
    if kind(value) == "an object":
        return value
    if kinds in ([], ["a list"]):
        return _chained(given)
    raise ValueError(f"the list holds {' and '.join(kinds)}; give objects alone, or lists alone")


def concat(value: Any, options: Mapping[str, Any]) -> Any:
    """Join texts, or lists.

    Args:
        value: a list, or an object of named values; nulls are left out.  Lists alone become one list; among texts,
            other values stand as JSON.
        options: ``separator``: stands between texts, a line break unless given.

    Raises:
        ValueError: it is neither, or the separator is no text.
    """
    separator = options.get("separator", "\n")
    if not isinstance(separator, str):
        raise ValueError(f"options.separator is {kind(separator)}; give a text")
    given = _present(value)
    if {kind(one) for one in given} == {"a list"}:
        return _chained(given)
    return separator.join(one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in given)


def keep(value: Any, options: Mapping[str, Any]) -> Any:
    """Keep some items of a list.

    Args:
        value: a list, or ``{"items": [...]}``.
        options: ``where``: an expression over ``item`` and ``index`` that is true for what is kept; without it all that
            is neither null nor empty.

    Raises:
        ValueError: it is no list, or the expression is no text.
        TemplateFailed: the expression cannot be evaluated.
    """
    items: Any = value.get("items") if kind(value) == "an object" else value
    if kind(items) != "a list":
        raise ValueError(f'it is {kind(value)} without a list of items; give a list, or {{"items": [...]}}')
    where = options.get("where")
    if where is None:
        return [item for item in items if item not in (None, "", [], {})]
    if not isinstance(where, str):
        raise ValueError(f"options.where is {kind(where)}; give an expression such as item.score > 3")
    from workflow_engine.spec.templates import evaluate  # loaded where it is used: it brings a template engine

    return [item for index, item in enumerate(items) if evaluate(where, {"item": item, "index": index})]


def select(value: Any, options: Mapping[str, Any]) -> Any:
    """Take a part of a value.

    Args:
        value: anything; with ``keys``, an object or a list of objects.
        options: ``path``: where the part stands, such as ``$.a.b[0]``; or ``keys``: those of an object that are kept,
            as far as it has them.

    Raises:
        LookupError: nothing stands at the path.
        ValueError: the options do not say what to take.
    """
    path: Any = options.get("path")
    keys: Any = options.get("keys")
    if (path is None) is (keys is None):
        raise ValueError("it takes options.path, such as $.a.b[0], or options.keys, a list of keys; give one of them")
    if path is not None:
        return at(value, str(path))
    if kind(keys) != "a list":
        raise ValueError(f"options.keys is {kind(keys)}; give a list of keys")
    return [_only(one, keys) for one in value] if kind(value) == "a list" else _only(value, keys)


def parse(value: Any, options: Mapping[str, Any]) -> Any:
    """Read a text that is JSON, or holds one object or list, in a fence or between words.

    Args:
        value: the text.
        options: none.

    Raises:
        ValueError: it is none; the message names line and column.
    """
    if not isinstance(value, str):
        raise ValueError(f"it is {kind(value)}, not a text; give a text that holds JSON")
    try:
        return json_within(value)
    except ValueError as error:
        raise ValueError(f"the text is no JSON: {error}; give a text that holds one JSON value") from error


TRANSFORMS: Final[Mapping[str, Callable[[Any, Mapping[str, Any]], Any]]] = {
    "merge": merge,
    "filter": keep,
    "concat": concat,
    "select": select,
    "json": parse,
}
"""By name, what is called with the input and the options; "template" gives the rendered prompt."""


def _only(value: Any, keys: list[Any]) -> dict[str, Any]:
    if kind(value) != "an object":
        raise ValueError(f"it is {kind(value)}, which has no keys; give an object, or a list of objects")
    return {key: value[key] for key in keys if key in value}


def _present(value: Any) -> list[Any]:
    """Return the items of a list, or the values of an object, without nulls.

    Raises:
        ValueError: it is neither.
    """
    if kind(value) not in ("a list", "an object"):
        raise ValueError(f"it is {kind(value)}; give a list, or an object of named values")
    items: Any = value.values() if kind(value) == "an object" else value
    return [one for one in items if one is not None]


def _chained(lists: list[list[Any]]) -> list[Any]:
    return [item for one in lists for item in one]
