"""Naming: outputs that have names are objects with these keys."""

from typing import Any

from workflow_engine.spec.kinds import kind


def named(value: Any, outputs: tuple[str, ...]) -> Any:
    """Return the output *value* under the names that its phase gives it.

    An object that has all names as keys stays as it is, with whatever else it holds; without names everything does.
    Where there is one name, any other value is kept under it.

    Args:
        value: what the phase gave, anything that can be JSON.
        outputs: the names; see `Phase.outputs`.

    Raises:
        ValueError: there are several names, and the value lacks some; the message is a sentence about "the output".
    """
    missing = _missing(value, outputs)
    if not missing:
        return value
    if len(outputs) == 1:
        return {outputs[0]: value}
    names = " and ".join(repr(name) for name in missing)
    fact = f"lacks {names}" if isinstance(value, dict) else f"is {kind(value)} and lacks {names}"
    raise ValueError(f"the output {fact}; return an object with the keys {', '.join(outputs)}")


def _missing(value: Any, outputs: tuple[str, ...]) -> list[str]:
    return [name for name in outputs if not isinstance(value, dict) or name not in value]
