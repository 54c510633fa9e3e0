"""Files that are written once, whole: snapshots and archives.

A header line, any number of lines, and a last line that counts them.  Such a file appears under its name only when it
is complete and durable.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from workflow_engine.errors import JournalDamaged
from workflow_engine.journal.disk import Disk
from workflow_engine.journal.layout import unfinished
from workflow_engine.journal.lines import encode_line, verified
from workflow_engine.journal.segments import check_format


class End(msgspec.Struct, frozen=True):
    """The last line of a sealed file.

    Attributes:
        end: how many lines stand between the header and this one.
    """

    end: int


def write_sealed(path: Path, header: msgspec.Struct, rows: Iterable[msgspec.Struct], disk: Disk) -> None:
    """Write the file *path* and make it durable, its name included.

    Raises:
        OSError: it cannot be written; a file under the temporary name may be left.
    """
    temporary = unfinished(path)
    with temporary.open("wb", buffering=_BUFFER_BYTES) as file:
        file.write(encode_line(header))
        count = 0
        for row in rows:
            file.write(encode_line(row))
            count += 1
        file.write(encode_line(End(count)))
        file.flush()
        disk.sync(file.fileno())
    disk.rename(temporary, path)
    disk.sync_directory(path.parent)


def read_sealed(path: Path) -> Iterator[bytes]:
    """Give the lines of the file *path*, header first, without their newlines and without the last one, the count.

    Raises:
        JournalDamaged: the file is not what was written.
        JournalError: it is of a newer format.
    """
    number = offset = 0
    held: bytes | None = None  # one line back, because the last one is not given
    with path.open("rb", buffering=_BUFFER_BYTES) as file:
        for ended in file:
            number += 1
            line = ended[:-1]
            if ended[-1:] != b"\n" or not verified(line):
                raise JournalDamaged(str(path), number, offset, "the line is not what was written")
            if number == 1:
                check_format(line, path)
            offset += len(ended)
            if held is not None:
                yield held
            held = line
    if held is None or _count(held) != number - 2:
        raise JournalDamaged(str(path), number, offset, "the file ends too early")


_BUFFER_BYTES: Final = 1 << 20
_decode_end = msgspec.json.Decoder(End).decode


def _count(line: bytes) -> int | None:
    try:
        return _decode_end(line).end
    except msgspec.DecodeError:
        return None
