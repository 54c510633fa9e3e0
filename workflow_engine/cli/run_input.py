"""The input of a task from the words of a command: JSON, @files and key=value pairs, put together."""

from collections.abc import Mapping, Sequence
from typing import Any

from workflow_engine.cli.given import given_data, is_pair, pairs
from workflow_engine.errors import InputRefused


def given_input(words: Sequence[str], schema: Mapping[str, Any] | None) -> Any:
    """Return what *words* mean together: documents first, then the pairs, of which each sets or replaces a key.

    Args:
        words: JSON, @file, - for stdin, or key=value; several documents must be objects.
        schema: JSON Schema of the input, which says where a value is a text though it looks like JSON.

    Raises:
        InputRefused: they are none of these, or do not go together.
    """
    documents = [given_data((word,)) for word in words if not is_pair(word)]
    named = pairs([word for word in words if is_pair(word)], schema or {})
    if len(documents) == 1 and not named:
        return documents[0]
    made: dict[str, Any] = {}
    for document in documents:
        if not isinstance(document, dict):
            kind = type(document).__name__
            raise InputRefused(f"a {kind} cannot be put together with other input; give one document, or objects")
        made.update(document)  # pyright: ignore[reportUnknownArgumentType] - JSON
    return {**made, **named}
