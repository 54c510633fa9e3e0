"""``workflow-engine run``."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.errors import EngineError, EngineStopped, InputRefused, JournalLocked

STOP_GRACE: Final = 1.0
"""Seconds that a phase under way has when the command ends before its task; it is done again the next time."""

LOCK_WAIT: Final = 3.0
"""Seconds to wait for data that another command uses just now."""

PAUSE: Final = 0.05
"""Seconds between two tries."""

_file = click.Path(exists=True, dir_okay=False, path_type=Path)
