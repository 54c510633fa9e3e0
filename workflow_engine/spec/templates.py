"""Templates and conditions of workflow files: Jinja in a sandbox that runs for a bounded time in bounded memory.

The same sandbox serves texts with ``{{ ... }}`` in them and bare expressions.  Jinja is imported when the first of them
is met.  The modules ``template_*`` beside this one hold the parts: syntax, filters, tests, and the bounds of one run.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from workflow_engine.errors import TemplateFailed
from workflow_engine.spec.templating.faults import Fault, Faulty

if TYPE_CHECKING:
    from workflow_engine.spec.templating.syntax import Compiled

__all__ = ["Fault", "check_expression", "check_template", "evaluate", "is_template", "references", "render"]

QUOTED_MAX: Final = 80  # characters of a template that an error shows


def is_template(text: str) -> bool:
    """Return whether *text* has template syntax, so that rendering may change it."""
    return "{{" in text or "{%" in text or "{#" in text


def check_template(text: str) -> Fault | None:
    """Return what is wrong with a text that has templates in it, or None."""
    return _fault(text, expression=False) if is_template(text) else None


def check_expression(text: str) -> Fault | None:
    """Return what is wrong with an expression, bare or as one ``{{ ... }}``, or None."""
    return _fault(text, expression=True)


def references(text: str, *, expression: bool = False) -> tuple[tuple[str, ...], ...]:
    """Return the paths that *text* reads from its scope, in order, each once.

    A path ends where it is continued by what is known only later: ``phases[inputs.which].output`` gives ``("phases",)``
    and ``("inputs", "which")``.  A text with a fault gives none.
    """
    if not expression and not is_template(text):
        return ()
    try:
        return _read(text, expression)
    except Faulty:
        return ()


def evaluate(text: str, scope: Mapping[str, Any]) -> Any:
    """Return the value of an expression, as JSON; a key that is missing is null, and so is everything below null.

    Raises:
        TemplateFailed: it has a fault, cannot be evaluated with these values, or takes too much time or memory.
    """
    return _run(text, scope, expression=True)


def render(value: Any, scope: Mapping[str, Any]) -> Any:
    """Return a JSON value with the texts in it rendered; keys are left alone, and what came out is not rendered again.

    A text that is one ``{{ ... }}`` alone keeps the type of its value.  In longer texts null gives nothing, and what is
    not a text is written as JSON.

    Raises:
        TemplateFailed: as for `evaluate`, and when a key is missing in an object that is there.
    """
    try:
        return _rendered(value, scope)
    except RecursionError as error:
        raise TemplateFailed("a value with templates in it is nested too deeply; make it flatter") from error


def _rendered(value: Any, scope: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        return _run(value, scope, expression=False) if is_template(value) else value
    if isinstance(value, Mapping):
        return {key: _rendered(inner, scope) for key, inner in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
    if isinstance(value, list | tuple):
        return [_rendered(inner, scope) for inner in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - JSON
    return value


def _compiled(text: str, expression: bool) -> "Compiled":
    from workflow_engine.spec.templating.syntax import compiled

    return compiled(text, expression)


def _read(text: str, expression: bool) -> tuple[tuple[str, ...], ...]:
    from workflow_engine.spec.templating.syntax import read

    return read(text, expression)


def _fault(text: str, *, expression: bool) -> Fault | None:
    try:
        _read(text, expression)
    except Faulty as faulty:
        return faulty.fault
    return None


def _run(text: str, scope: Mapping[str, Any], *, expression: bool) -> Any:
    from jinja2 import TemplateError

    try:
        template = _compiled(text, expression)
        return template.value_in(scope, lenient=expression)
    except Faulty as faulty:
        raise TemplateFailed(f"{_quoted(text, expression)}: {faulty.fault.fact}") from faulty
    except (TemplateFailed, TemplateError) as error:
        raise TemplateFailed(f"{_quoted(text, expression)}: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise TemplateFailed(f"{_quoted(text, expression)}: its values are nested too deeply") from error
    except (ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError) as error:
        shown = str(error)[:QUOTED_MAX]  # of Python, so it may quote values
        raise TemplateFailed(f"{_quoted(text, expression)}: {shown}") from error


def _quoted(text: str, expression: bool) -> str:
    line = " ".join(text.split())
    shown = line if len(line) <= QUOTED_MAX else f"{line[: QUOTED_MAX - 3]}..."
    return f"{'expression' if expression else 'template'} {shown!r}"
