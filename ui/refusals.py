"""What a refusal of the engine is in HTTP."""

from typing import Final

from workflow_engine.errors import (
    AnswerRefused,
    ArtifactError,
    ConfigError,
    DuplicateTask,
    EngineStopped,
    IllegalTransition,
    InputRefused,
    JournalError,
    SpecError,
    UnknownTask,
)

STATUSES: Final[tuple[tuple[type[Exception], int], ...]] = (
    (UnknownTask, 404),
    (AnswerRefused, 409),
    (DuplicateTask, 409),
    (IllegalTransition, 409),
    (InputRefused, 422),
    (SpecError, 422),
    (ArtifactError, 404),
    (EngineStopped, 503),
    (JournalError, 503),
    (ConfigError, 503),
    (TimeoutError, 504),
)
"""The first that fits counts."""


def status_of(error: Exception) -> int:
    """Return the HTTP status that says what *error* says, 500 where there is none."""
    return next((status for kind, status in STATUSES if isinstance(error, kind)), 500)
