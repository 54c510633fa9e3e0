"""Summarises one text file: lines, words, and its first line that is not empty."""

from pathlib import Path
from typing import Any

from workflow_engine.workflows.programs.given import give, refuse, task


def summarised(text: str) -> dict[str, Any]:
    """Return the summary of a text."""
    lines = text.splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    return {"lines": len(lines), "words": len(text.split()), "first": first[:100]}


def main() -> None:
    """Do what the module says."""
    path = Path(task()["item"])
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"{path.name} cannot be read as text: {error}")
    give({"file": path.name, **summarised(text)})


if __name__ == "__main__":
    main()
