"""The text by which a task is found: the words of what people and handlers wrote, without the names of fields."""

import re
from collections.abc import Iterable, Mapping
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
    words.append(_words(_jsons(data, outputs)))
    return " ".join(words)[:TEXT_MAX]


class _Data(msgspec.Struct, frozen=True, gc=False):
    value: msgspec.Raw


class _Output(msgspec.Struct, frozen=True, gc=False):
    output: msgspec.Raw = msgspec.Raw()


_FIELD: Final = re.compile(rb'"(?:[^"\\]|\\.)*"\s*:')
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_decode_data: Final = msgspec.json.Decoder(_Data).decode
_decode_outputs: Final = msgspec.json.Decoder(list[_Output]).decode


def _jsons(data: Value | None, outputs: Mapping[str, msgspec.Raw]) -> Iterable[bytes]:
    if type(data) is msgspec.Raw:
        yield bytes(_decode_data(data).value)
    if outputs:
        entries = array(outputs[phase] for phase in sorted(outputs)[:OUTPUTS_MAX])
        yield from (bytes(entry.output) for entry in _decode_outputs(entries))


def _words(jsons: Iterable[bytes]) -> str:
    parts: list[bytes] = []
    left = TEXT_MAX
    for json in jsons:
        parts.append(json[: 4 * left])
        left -= len(json)
        if left <= 0:
            break
    text = _FIELD.sub(b" ", b" ".join(parts)).decode(errors="ignore")
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character of a JSON escape; a space for a break, a control character or half a character."""
    code = escape[1]
    if code in '"\\/':
        return code
    letter = chr(int(code[1:], 16)) if len(code) == 5 else " "
    return letter if letter.isprintable() else " "
