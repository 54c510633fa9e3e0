"""What a question may be made of, checked before it is asked: nobody could mend it afterwards."""

from collections.abc import Iterable
from typing import Any

from workflow_engine.core.components import Json, WaitKind
from workflow_engine.errors import InputRefused
from workflow_engine.forms import check_form
from workflow_engine.values import to_json_if, to_text


def wait_kind(kind: object) -> WaitKind:
    """Return the kind of wait that *kind* names.

    Raises:
        InputRefused: it names none.
    """
    for known in WaitKind:
        if kind == known:
            return known
    raise InputRefused(f"a wait of kind {kind!r} is not known; use human, agent or io")


def on_due_of(on_due: object) -> str:
    """Return *on_due* if it is "notify" or "fail".

    Raises:
        InputRefused: it is neither.
    """
    if on_due not in ("notify", "fail"):
        raise InputRefused(f'on_due is "notify" or "fail", not {on_due!r}')
    return str(on_due)


def to_names(names: Any, what: str) -> tuple[str, ...]:
    """Return several texts as a tuple.

    Raises:
        InputRefused: they are none.
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InputRefused(f"{what} are several strings, not {names!r}")
    several: Iterable[object] = names  # pyright: ignore[reportUnknownVariableType] - of anything
    return tuple(to_text(name, f"one of {what}") for name in several)


def to_form(form: Any) -> Json:
    """Return a JSON Schema as JSON, or absent where it is None.

    Raises:
        InputRefused: it is no JSON Schema.
    """
    raw = to_json_if(form, "the form")
    problem = check_form(form) if form is not None else None
    if problem is not None:
        raise InputRefused(f"{problem}; mend it, or leave it out to accept any JSON")
    return raw
