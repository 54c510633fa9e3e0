"""Publishes an approved text: leaves it as the artifact ``document.md``."""

import hashlib
from pathlib import Path
from typing import Final

from workflow_engine.workflows.programs.given import give, task

NAME: Final = "document.md"


def main() -> None:
    """Do what the module says."""
    content = str(task()["input"]["text"]).encode()
    Path("outputs", NAME).write_bytes(content)
    give({"artifact": NAME, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()})


if __name__ == "__main__":
    main()
