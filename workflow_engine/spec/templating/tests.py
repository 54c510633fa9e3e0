"""The tests that templates may use behind `is`, and comparison."""

import operator
from collections.abc import Callable
from typing import Any, Final

from jinja2 import Undefined

from workflow_engine.errors import TemplateFailed
from workflow_engine.spec.problems import did_you_mean
from workflow_engine.spec.templating.run import CHARACTERS_PER_STEP, NODE_STEPS, Run, offered, plain, settled
from workflow_engine.spec.templating.values import elements, is_list, is_mapping, is_number, kind, number, shortened

Test = Callable[..., bool]
ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}


def passes(run: Run, value: Any, test: Any, args: tuple[Any, ...]) -> bool:
    """Return whether *value* passes the test of that name, or is true where none is named."""
    run.spend(1)
    if test is None:
        return bool(settled(value))
    if not isinstance(test, str):
        raise TemplateFailed(f"the name of a test is a text, not {kind(test)}")
    if test not in TESTS:
        raise TemplateFailed(f"unknown test {shortened(test)!r}{did_you_mean(shortened(test), TESTS)}")
    return TESTS[test](run, value, *args)


def compare(run: Run, name: str, left: Any, right: Any) -> bool:
    """Return what comparing with the operator of that *name* gives; values of different kinds are not equal."""
    if name in ("in", "notin"):
        return contains(run, right, left) is (name == "in")
    if name in ("eq", "ne"):
        return equal(run, left, right) is (name == "eq")
    if not ((is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))):
        raise TemplateFailed(
            f"only two numbers or two texts have an order, not {kind(left)} and {kind(right)}; "
            "`| int` makes a number, `| default(0)` replaces null"
        )
    if isinstance(left, str):
        run.spend(len(left) // CHARACTERS_PER_STEP)
    return ORDERS[name](left, right)


def equal(run: Run, left: Any, right: Any) -> bool:
    """Return whether two values are the same JSON."""
    run.spend(NODE_STEPS)
    if isinstance(left, str) and isinstance(right, str):
        run.spend(min(len(left), len(right)) // CHARACTERS_PER_STEP)
        return left == right
    if (is_list(left) and is_list(right)) or (is_mapping(left) and is_mapping(right)):
        return bool(plain(run, left) == plain(run, right))
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return (left is None and right is None) or (is_number(left) and is_number(right) and left == right)


def contains(run: Run, container: Any, item: Any) -> bool:
    """Return whether a list holds *item*, an object has that key, or a text that part; nothing is in null."""
    if isinstance(container, str):
        run.spend(1 + len(container) // CHARACTERS_PER_STEP)
        return isinstance(item, str) and item in container
    if is_mapping(container):
        return isinstance(item, str) and item in container
    return any(equal(run, item, settled(other)) for other in elements(container))


def compares(name: str) -> Test:
    """Return the test that compares with the operator of that *name*."""

    def test(run: Run, value: Any, other: Any) -> bool:
        return compare(run, name, value, other)

    return test


def of(check: Callable[[Any], bool]) -> Test:
    """Return the test that asks *check* about the value alone."""

    def test(run: Run, value: Any) -> bool:
        return check(value)

    return test


def divisible(run: Run, value: Any, num: Any) -> bool:
    """Return whether the number can be divided by *num* without remainder."""
    return number(value) % number(num) == 0


TESTS: Final[dict[str, Test]] = {
    "defined": offered(of(lambda value: not isinstance(value, Undefined)), raw=True),
    "undefined": offered(of(lambda value: isinstance(value, Undefined)), raw=True),
    "none": offered(of(lambda value: value is None)),
    "null": offered(of(lambda value: value is None)),
    "true": offered(of(lambda value: value is True)),
    "false": offered(of(lambda value: value is False)),
    "boolean": offered(of(lambda value: isinstance(value, bool))),
    "string": offered(of(lambda value: isinstance(value, str))),
    "number": offered(of(is_number)),
    "integer": offered(of(lambda value: is_number(value) and isinstance(value, int))),
    "float": offered(of(lambda value: isinstance(value, float))),
    "mapping": offered(of(is_mapping)),
    "sequence": offered(of(lambda value: is_list(value) or is_mapping(value) or isinstance(value, str))),
    "iterable": offered(of(lambda value: is_list(value) or is_mapping(value) or isinstance(value, str))),
    "even": offered(of(lambda value: number(value) % 2 == 0)),
    "odd": offered(of(lambda value: number(value) % 2 == 1)),
    "divisibleby": offered(divisible),
    "in": offered(compares("in")),
    **{
        alias: offered(compares(name))
        for name, aliases in {
            "eq": ("eq", "equalto", "=="),
            "ne": ("ne", "!="),
            "lt": ("lt", "lessthan", "<"),
            "lteq": ("le", "<="),
            "gt": ("gt", "greaterthan", ">"),
            "gteq": ("ge", ">="),
        }.items()
        for alias in aliases
    },
}
"""What may stand behind `is`."""
