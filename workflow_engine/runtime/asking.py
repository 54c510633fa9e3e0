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


def when_due(on_due: object, escalate_to: Any) -> tuple[str, tuple[str, ...]]:
    """Return what happens when a question is due, and who is asked then, if that is to "escalate" it.

    Raises:
        InputRefused: it is none of what can happen, or it is not said who is asked, or that is said in vain.
    """
    if on_due not in ("notify", "fail", "escalate"):
        raise InputRefused(f'on_due is "notify", "fail" or "escalate", not {on_due!r}')
    names = to_names(escalate_to, "those of escalate_to")
    if on_due == "escalate" and not names:
        raise InputRefused('on_due is "escalate", and escalate_to names nobody; say who is asked then')
    if names and on_due != "escalate":
        raise InputRefused(f'escalate_to is given, and on_due is {on_due!r}; use on_due="escalate"')
    return str(on_due), names


def to_name(name: object, what: str) -> str:
    """Return the name of a person or a group.

    Raises:
        InputRefused: it is no text, or an empty one.
    """
    text = to_text(name, what)
    if not text.strip():
        raise InputRefused(f"{what} is empty; pass a name")
    return text


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
