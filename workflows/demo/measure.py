"""Measures the file of a demo task.  A program: it reads the task as JSON on stdin and prints what it found as JSON."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Final

HEADINGS_MAX: Final = 50
"""Most headings that are listed."""


def measured(path: Path) -> dict[str, Any]:
    """Return the measures of a text file: bytes, lines, words, characters of its longest line, headings, SHA-256."""
    digest = hashlib.sha256()
    size = lines = words = longest = 0
    headings: list[str] = []
    in_code = False
    with path.open("rb") as file:
        for raw in file:
            digest.update(raw)
            line = raw.decode(errors="replace").rstrip("\r\n")
            size += len(raw)
            lines += 1
            words += len(line.split())
            longest = max(longest, len(line))
            in_code ^= line.lstrip().startswith("```")
            if line.startswith("#") and not in_code and len(headings) < HEADINGS_MAX:
                headings.append(line.lstrip("#").strip())
    return {
        "bytes": size,
        "lines": lines,
        "words": words,
        "longest_line": longest,
        "headings": headings,
        "sha256": digest.hexdigest(),
    }


def main() -> None:
    """Do what the module says."""
    given = json.load(sys.stdin)
    name = given["data"]["file"]
    print(f"measuring {name}", file=sys.stderr, flush=True)
    json.dump(measured(Path(given["artifacts"][name])), sys.stdout)


if __name__ == "__main__":
    main()
