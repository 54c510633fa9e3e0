"""Catch up in a process of its own, which leaves the interpreter of whoever starts it alone.

python -m workflow_engine.readmodel DIRECTORY
"""

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import Final

from workflow_engine.errors import EngineError
from workflow_engine.readmodel.read_model import ReadModel


def main() -> None:
    """Catch up, and print the number of the commit that was reached."""
    parser = argparse.ArgumentParser(
        prog="python -m workflow_engine.readmodel", description="Bring the index of a journal up to date."
    )
    parser.add_argument("directory", type=Path, help="the data directory")
    parser.add_argument("--rebuild", action="store_true", help="build it anew")
    arguments = parser.parse_args()
    os.nice(_NICENESS)
    gc.disable()  # millions of values without cycles; the process ends soon
    model = ReadModel(arguments.directory)
    try:
        print(model.reindex() if arguments.rebuild else model.catch_up())
    except (EngineError, OSError) as error:
        sys.exit(f"index of {arguments.directory}: {error}")


_NICENESS: Final = 10


if __name__ == "__main__":
    main()
