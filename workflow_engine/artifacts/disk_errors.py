"""Turning what the disk says into what the caller can act on."""

from collections.abc import Generator
from contextlib import contextmanager

from workflow_engine.errors import ArtifactError


@contextmanager
def translated(fact: str) -> Generator[None, None, None]:
    """Raise an `OSError` of the body as an `ArtifactError` that says *fact* and the system's reason."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArtifactError(f"{fact}: it is missing; restore it from a backup") from error
    except OSError as error:
        raise ArtifactError(f"{fact}: {error.strerror}; mend the disk, its permissions or its free space") from error
