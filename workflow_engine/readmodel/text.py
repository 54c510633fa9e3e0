"""The text by which a task is found: the words of what people and handlers wrote, without the names of fields."""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from workflow_engine.core.components import Failure, Identity
from workflow_engine.readmodel.batch import Value, array
from workflow_engine.readmodel.stored import OUTPUTS_MAX

TEXT_MAX: Final = 4096
"""Length of the text of a task, in characters; what it was submitted with comes before what it gave."""


def text_of(identity: Identity, failure: Failure | None, data: Value | None, outputs: Mapping[str, msgspec.Raw]) -> str:
    """Return the text of a task.

    Args:
        identity: of the task.
        failure: why it failed, if it did.
        data: its component of this name.
        outputs: entries of its table of progress, by phase.
    """
    words = [identity.id]
    if identity.labels:
        words += [word for label in identity.labels.items() for word in label]
    if failure is not None:
        words += (failure.error, failure.message[:TEXT_MAX])
    words.append(_words(data, outputs))
    return " ".join(words)[:TEXT_MAX]


class _Said(msgspec.Struct, frozen=True, gc=False):
    """What was said in the component of data, or in an entry of the table of progress."""

    value: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()


_FIELD: Final = re.compile(rb'"(?:[^"\\]|\\.)*"\s*:')
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_BYTES_MAX: Final = 4 * TEXT_MAX
_decode: Final = msgspec.json.Decoder(list[_Said]).decode


def _words(data: Value | None, outputs: Mapping[str, msgspec.Raw]) -> str:
    listed = [outputs[phase] for phase in sorted(outputs)[:OUTPUTS_MAX]]
    if type(data) is msgspec.Raw:
        listed.insert(0, data)
    parts: list[memoryview] = []
    left = _BYTES_MAX
    for said in _decode(array(listed)):
        for json in (memoryview(said.value), memoryview(said.output)):
            if json and left > 0:
                parts.append(json[:left])
                left -= len(json)
    text = _FIELD.sub(b" ", b" ".join(parts)).decode(errors="ignore")
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character of a JSON escape; a space for a break, a control character or half a character."""
    code = escape[1]
    if code in '"\\/':
        return code
    letter = chr(int(code[1:], 16)) if len(code) == 5 else " "
    return letter if letter.isprintable() else " "
