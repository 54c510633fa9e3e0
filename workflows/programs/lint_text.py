"""Checks a text: a title, no filler, nothing left to do, not too long."""

import re
from collections.abc import Iterator
from typing import Final

from workflow_engine.workflows.programs.given import give, reject, task

FILLER: Final = ("basically", "actually", "very", "in order to")


def faults(text: str, words_max: int) -> Iterator[str]:
    """Yield what is wrong with *text*, each a sentence."""
    if not text.lstrip().startswith("# "):
        yield "the first line is no title; begin it with '# '"
    for word in FILLER:
        if re.search(rf"\b{word}\b", text, re.IGNORECASE):
            yield f"{word!r} says nothing; leave it out"
    if "TODO" in text:
        yield "there is a TODO left"
    words = len(text.split())
    if words > words_max:
        yield f"it has {words} words; {words_max} are enough"


def main() -> None:
    """Do what the module says."""
    given = task()["input"]
    text = str(given["text"])
    found = list(faults(text, given["words_max"]))
    if found:
        reject(found)
    give({"passed": True, "words": len(text.split())})


if __name__ == "__main__":
    main()
