"""Stores a record as the artifact ``record.json``."""

import json
from pathlib import Path
from typing import Final

from workflow_engine.workflows.programs.given import give, task

NAME: Final = "record.json"


def main() -> None:
    """Do what the module says."""
    record = task()["input"]
    Path("outputs", NAME).write_text(json.dumps(record, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    give({"artifact": NAME, "number": record["number"]})


if __name__ == "__main__":
    main()
