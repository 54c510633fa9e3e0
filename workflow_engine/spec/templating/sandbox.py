"""The Jinja environment of workflow files: no globals, no attributes, no calls, every operation bounded.

Jinja's own sandbox keeps a template from Python's insides.  It does not keep it from filling the memory, from running
for hours or from finding methods where keys are meant; the guards here do.  They are filters under names that no
template can spell, and `workflow_engine.spec.templating.syntax` puts them where Jinja would go past its sandbox.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, NoReturn, TypeGuard

from jinja2 import pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from workflow_engine.errors import TemplateFailed
from workflow_engine.spec.templating.filters import FILTERS
from workflow_engine.spec.templating.lexer import DashLexer
from workflow_engine.spec.templating.run import CHARACTERS_MADE_PER_STEP, Missing, Run, offered, settled, text_of
from workflow_engine.spec.templating.tests import TESTS, compare
from workflow_engine.spec.templating.values import elements, is_list, is_number, kind, number, room

Number = int | float
EXPONENT_MAX: Final = 64  # of whole numbers: more gives more than 64 bits, or a number that needs no power
OPERATORS: Final = ("+", "-", "*", "/", "//", "%", "**")


class Sandbox(ImmutableSandboxedEnvironment):
    """Compiles checked templates into functions that a `Run` bounds."""

    intercepted_binops = frozenset(OPERATORS)
    intercepted_unops = frozenset("+-")

    def __init__(self) -> None:
        super().__init__(
            undefined=Missing,
            finalize=shown,
            autoescape=False,
            optimized=False,
            cache_size=0,
            keep_trailing_newline=True,
        )
        self.globals.clear()
        self.filters = {**FILTERS, **GUARDS}
        self.tests = dict(TESTS)
        self.dash_lexer = DashLexer(self)

    @property
    def lexer(self) -> DashLexer:
        """What reads templates."""
        return self.dash_lexer

    def getattr(self, obj: Any, attribute: str) -> NoReturn:
        """Refuse: lookups go through the guard."""
        raise TemplateFailed(f"{attribute!r} is out of reach of a template")

    def getitem(self, obj: Any, argument: Any) -> NoReturn:
        """Refuse: lookups go through the guard."""
        raise TemplateFailed(f"{argument!r} is out of reach of a template")

    def is_safe_callable(self, obj: Any) -> bool:
        """Return that nothing is."""
        return False

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return the result of an arithmetic operator."""
        assert isinstance(context, Run)
        return calculated(context, operator, settled(left), settled(right))

    def call_unop(self, context: Context, operator: str, arg: Any) -> Number:
        """Return a number with its sign."""
        value = number(settled(arg))
        return number(-value) if operator == "-" else value


def calculated(run: Run, name: str, left: Any, right: Any) -> Any:
    """Return what the operator of that *name* makes of two numbers, of two texts or lists, or of one and a number.

    Raises:
        TemplateFailed: they do not go together, or what they give is too large.
    """
    run.spend(1)
    if is_number(left) and is_number(right):
        if name == "**" and isinstance(left, int) and isinstance(right, int) and abs(right) > EXPONENT_MAX:
            raise TemplateFailed(f"an exponent is at most {EXPONENT_MAX}")
        return number(Sandbox.default_binop_table[name](left, right))
    if name == "+" and isinstance(left, str) and isinstance(right, str):
        room(len(left) + len(right))
        return run.made(left + right)
    if name == "+" and is_list(left) and is_list(right):
        room(len(left) + len(right))
        run.spend(len(left) + len(right))
        return [*left, *right]
    if name == "*" and isinstance(left, str) and is_whole(right):
        room(len(left) * right)
        return run.made(left * right)
    hint = "; write `~` to join texts" if isinstance(left, str) or isinstance(right, str) else ""
    raise TemplateFailed(f"{kind(left)} {name} {kind(right)} is not defined{hint}")


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether *value* is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


@pass_context  # which also keeps Jinja from computing constants while it compiles, without bounds
def shown(context: Run, value: Any) -> str:
    """Return *value* as it stands in the text."""
    return text_of(context, value)


def looked_up(run: Run, owner: Any, key: Any, path: str) -> Any:
    """Return what is under a key, attribute or position."""
    run.spend(1)
    return run.look(owner, settled(key), path)


def compared(run: Run, left: Any, *rest: Any) -> bool:
    """Return what a chain of comparisons gives; *rest* is operator, value, operator, value ..."""
    for name, right in zip(rest[::2], rest[1::2], strict=True):
        if not compare(run, name, left, right):
            return False
        left = right
    return True


def concatenated(run: Run, *values: Any) -> str:
    """Return the values as one text."""
    texts, size = list[str](), 0
    for value in values:
        texts.append(text_of(run, value))
        size += len(texts[-1])
        room(size)
    return run.made("".join(texts))


def repeated(run: Run, value: Any, steps: int) -> Iterator[Any]:
    """Yield what a loop goes through, whose body is *steps* long."""
    for item in elements(value):
        run.repeat(steps)
        yield item


def sliced(run: Run, value: Any, start: Any, stop: Any, step: Any) -> Any:
    """Return a part of a list or text; null has none."""
    if value is None:
        return None
    if not (is_list(value) or isinstance(value, str)):
        raise TemplateFailed(f"{kind(value)} has no parts to take by position")
    run.spend(1 + len(value) // (CHARACTERS_MADE_PER_STEP if isinstance(value, str) else 1))
    return value[start:stop:step]


GUARDS: Final[dict[str, Callable[..., Any]]] = {
    "<look up>": offered(looked_up, raw=True),
    "<compare>": offered(compared),
    "<concatenate>": offered(concatenated),
    "<repeat>": offered(repeated),
    "<slice>": offered(sliced),
}
"""Filters under names that no template can spell."""
