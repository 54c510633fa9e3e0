"""Catch up in a process of its own, which leaves the interpreter of whoever starts it alone.

python -m workflow_engine.readmodel DIRECTORY [--follow]
"""

import argparse
import gc
import os
import signal
import sys
from pathlib import Path
from typing import Final

from workflow_engine.errors import EngineError
from workflow_engine.readmodel.following import follow
from workflow_engine.readmodel.read_model import ReadModel


def main() -> None:
    """Catch up, and print the number of the commit that was reached; or go on until standard input is at its end."""
    parser = argparse.ArgumentParser(
        prog="python -m workflow_engine.readmodel", description="Bring the index of a journal up to date."
    )
    parser.add_argument("directory", type=Path, help="the data directory")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--rebuild", action="store_true", help="build it anew")
    how.add_argument(
        "--follow",
        action="store_true",
        help="keep it up to date until standard input is at its end; a line there means now, and is answered",
    )
    arguments = parser.parse_args()
    os.nice(_NICENESS)
    gc.disable()  # millions of values without cycles; the process ends soon, or collects where it is idle
    model = ReadModel(arguments.directory)
    try:
        if arguments.follow:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for whoever started it, whose end is this one's
            follow(model, sys.stdin.fileno(), sys.stdout.fileno())
        else:
            print(model.reindex() if arguments.rebuild else model.catch_up())
    except BrokenPipeError:
        os._exit(0)  # nobody is there to be told anything
    except (EngineError, OSError) as error:
        sys.exit(f"index of {arguments.directory}: {error}")


_NICENESS: Final = 10


if __name__ == "__main__":
    main()
