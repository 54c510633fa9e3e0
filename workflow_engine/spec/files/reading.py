"""Reading: the bytes of a workflow file as text that a parser may be given."""

import re
from typing import Final

from workflow_engine.spec.files.diagnostics import Source

BYTES_MAX: Final = 1024 * 1024

# What YAML 1.2 calls printable (section 5.1), without a byte order mark in the middle.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def read(data: str | bytes, name: str) -> Source:
    """Return what a file called *name* holds, as text that a parser may be given.

    Raises:
        SpecError: it is too long, or not text.
    """
    size = len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))
    if size > BYTES_MAX:
        start = Source(name, str(data[:80], "utf-8", "replace") if isinstance(data, bytes) else data[:80])
        fact = "the file is larger than 1 MiB, which no workflow needs; move data out of it"
        raise start.refused(fact, start.place(0))
    source = Source(name, (data if isinstance(data, str) else _decoded(data, name)).removeprefix("\ufeff"))
    wrong = _FORBIDDEN.search(source.text)
    if wrong:
        fact = f"the character U+{ord(wrong[0]):04X} is not allowed in a workflow file; remove it"
        raise source.refused(fact, source.place(wrong.start()))
    return source


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        source = Source(name, data.decode("utf-8", "replace"))
        before = data[: error.start].decode("utf-8")
        fact = f"byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8; save the file as UTF-8"
        raise source.refused(fact, source.place(len(before))) from error
