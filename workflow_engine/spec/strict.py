"""The base of everything that people write: frozen models in which a key that is not known is an error."""

import re
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core.core_schema import ValidationInfo

from workflow_engine.errors import SpecError

NAME: Final = re.compile(r"[^\s/#\x00-\x1f\x7f]([^/#\x00-\x1f\x7f]{0,198}[^\s/#\x00-\x1f\x7f])?")
"""Names of workflows, phases and classifications: 1 to 200 characters; ``/`` and ``#`` separate parts of ids."""

Name = Annotated[str, Field(pattern=f"^(?:{NAME.pattern})$")]

COLLECT: Final = "collect"
"""Key of the validation context under which a caller asks for pydantic's own error, with all places."""


class Strict(BaseModel):
    """Base of the models.

    Raises:
        SpecError: a value is not what the model asks for; the message names each place, fact and remedy.
    """

    # Models are built when they are first used: most programs use few of them, and building costs 0.1 ms a field.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @model_validator(mode="wrap")
    @classmethod
    def _refuse(cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: ValidationInfo) -> Self:
        if collects(info):
            return handler(value)
        try:
            return handler(value)
        except ValidationError as error:
            raise SpecError(sentence(cls.__name__, error)) from error


def collects(info: ValidationInfo) -> bool:
    """Return whether a caller asks for all that is wrong; see `COLLECT`."""
    context: Any = info.context
    return isinstance(context, dict) and COLLECT in context


def sentence(model: str, error: ValidationError) -> str:
    """Return what is wrong as one sentence: each place with its fact."""
    problems: list[str] = []
    for problem in error.errors(include_url=False):
        place = ".".join(str(part) for part in problem["loc"])
        fact = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            fact = "is not known here; remove it or mend its spelling"
        problems.append(f"{place}: {fact}" if place else fact)
    return f"{model}: " + "; ".join(problems)
