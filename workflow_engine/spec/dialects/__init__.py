"""Dialects: workflow files in other words, translated to the native form before they are checked."""

from typing import Final

from workflow_engine.spec.dialects import pipelines, steps
from workflow_engine.spec.files.translation import Dialect

DIALECTS: Final[tuple[Dialect, ...]] = (
    Dialect("steps", "steps", steps.translate),
    Dialect("pipeline", "agents", pipelines.translate),
)
"""Beside the native one.  A file is in the first whose key it has."""
