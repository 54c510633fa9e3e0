"""Settings of tools: the ``config`` of a declaration, read into a frozen model."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from workflow_engine.errors import PermanentFailure
from workflow_engine.spec.strict import COLLECT, Strict, sentence

S = TypeVar("S", bound=Strict)


def read_settings(model: type[S], config: Mapping[str, Any], tool: str) -> S:
    """Return the *config* of *tool* as a *model*.

    Raises:
        PermanentFailure: it does not fit; the message names each place.
    """
    try:
        return model.model_validate(dict(config), context={COLLECT: True})
    except ValidationError as error:
        raise PermanentFailure(sentence(f"the config of tool {tool!r}", error)) from error
