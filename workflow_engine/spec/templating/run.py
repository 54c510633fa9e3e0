"""One rendering of a template: its scope, what it may still do, and how it looks at values.

A value is JSON: None, bool, int, float, str, list, or a mapping with texts as keys, which may decode its values when
they are looked up.  What is not there is `Missing` in a template and `Null` in a condition.
"""

import functools
import itertools
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context, LoopContext, StrictUndefined
from jinja2.utils import missing

from workflow_engine.errors import TemplateFailed
from workflow_engine.spec.problems import did_you_mean, listed
from workflow_engine.spec.templating.values import (
    elements,
    encodable,
    is_list,
    is_mapping,
    is_number,
    kind,
    number,
    room,
    shortened,
)

if TYPE_CHECKING:
    from jinja2 import Environment

CHARACTERS_MAX: Final = 16 << 20  # of all texts that one rendering copies into values: four values of the largest size
ITERATIONS_MAX: Final = 100_000
STEPS_MAX: Final = 10_000_000  # about two seconds of the slowest things a step stands for
CHARACTERS_PER_STEP: Final = 32  # of texts that are read
CHARACTERS_MADE_PER_STEP: Final = 8  # of texts that are made, which also takes memory
NODE_STEPS: Final = 4  # to copy one value of JSON
NAMES_MAX: Final = 200  # among which a message looks for the one that was meant
LOOP_KEYS: Final = frozenset(
    ("index", "index0", "revindex", "revindex0", "first", "last", "length", "previtem", "nextitem")
)


class Missing(StrictUndefined):
    """What a template finds where a key is missing: only `default` and `is defined` do not refuse it."""

    @property
    def _undefined_message(self) -> str:
        # Made when it is refused and not before: a `default` in a loop meets many that never are.
        if self._undefined_obj is missing:
            return self._undefined_hint or f"{self._undefined_name!r} is not set here"
        return absence(self._undefined_obj, self._undefined_name, self._undefined_hint or "")


class Null(Undefined):
    """What a condition finds where a key is missing, and everything finds below null: null, but not defined."""


class Run(Context):
    """One rendering.

    Attributes:
        scope: the names that the template may read.
        lenient: whether a missing key is null.
        steps: how much work is left; a step is about a microsecond.
        iterations: how many more times the bodies of its loops may run.
        characters: how much text it may still copy into values.
    """

    def __init__(self, environment: "Environment", scope: Mapping[str, Any], lenient: bool) -> None:
        super().__init__(environment, {}, None, {})
        self.scope = scope
        self.lenient = lenient
        self.steps = STEPS_MAX
        self.iterations = ITERATIONS_MAX
        self.characters = CHARACTERS_MAX

    def resolve_or_missing(self, key: str) -> Any:
        """Return what *key* stands for; called by the compiled template for every name that it does not set itself."""
        if key in self.vars:
            return self.vars[key]
        return self.look(self.scope, key, "")

    def spend(self, steps: int) -> None:
        """Take *steps* off what is left.

        Raises:
            TemplateFailed: that is too much.
        """
        self.steps -= steps
        if self.steps < 0:
            raise TemplateFailed("this is too much work for a template; do it in a phase of its own")

    def repeat(self, steps: int) -> None:
        """Begin one more iteration of a loop, whose body is *steps* long."""
        self.iterations -= 1
        if self.iterations < 0:
            raise TemplateFailed(
                f"its loops run more than {ITERATIONS_MAX:,} times in all; give it less, or do it in a phase of its own"
            )
        self.spend(steps)

    def made(self, text: str) -> str:
        """Return *text*, which was made on the way.

        Raises:
            TemplateFailed: it is too long, or too much was made.
        """
        room(len(text))
        self.spend(len(text) // CHARACTERS_MADE_PER_STEP)
        return text

    def copy(self, text: str) -> str:
        """Return *text*, for a value that is made.

        Raises:
            TemplateFailed: there is too much of it.
        """
        self.characters -= len(text)
        if self.characters < 0:
            raise TemplateFailed(f"its values hold more than {CHARACTERS_MAX:,} characters; give it less")
        return encodable(text)

    def look(self, owner: Any, key: Any, path: str) -> Any:
        """Return what *owner*, which the template calls *path*, has under *key*."""
        owner = owner if isinstance(owner, Missing) else settled(owner)
        if isinstance(owner, Missing):
            return owner  # so that a `default` may stand at the end of a path
        if owner is None:
            return Null(name=path)
        if not isinstance(key, str | int):
            raise TemplateFailed(f"{kind(key)} cannot be looked up; keys are texts, and positions whole numbers")
        if isinstance(owner, LoopContext):
            return getattr(owner, key) if isinstance(key, str) and key in LOOP_KEYS else self.absent(owner, key, path)
        try:
            return owner[key] if fits(owner, key) else self.absent(owner, key, path)
        except LookupError:
            return self.absent(owner, key, path)

    def absent(self, owner: Any, key: Any, path: str) -> Undefined:
        """Return what stands for *key*, which *owner* does not have."""
        if self.lenient:
            return Null(name=path)
        return Missing(hint=path, obj=owner, name=key)


def offered(function: Callable[..., Any], raw: bool = False) -> Callable[..., Any]:
    """Return filter or test *function* as a template calls it: refusing what is missing, unless *raw* is its job."""

    @pass_context  # which also keeps Jinja from computing it while it compiles, without bounds
    @functools.wraps(function)
    def wrapper(run: Run, value: Any, *args: Any, **options: Any) -> Any:
        run.spend(1)
        named = {name: settled(option) for name, option in options.items()}
        return function(run, value if raw else settled(value), *map(settled, args), **named)

    return wrapper


def absence(owner: Any, key: Any, path: str) -> str:
    """Say that *owner*, which the template calls *path*, has no *key*, and what to do about it."""
    key = shortened(key) if isinstance(key, str) else key
    remedy = " Where it may be missing, write `| default(...)`."
    if isinstance(owner, LoopContext):
        return f"'loop' has no {key!r}, only {listed(sorted(LOOP_KEYS))}{did_you_mean(str(key), LOOP_KEYS)}"
    if is_list(owner):
        return f"{path or 'the list'} is a list of {len(owner)} and has no {key!r}.{remedy}"
    if not is_mapping(owner):
        return f"{path or 'it'} is {kind(owner)} and has no {key!r}; filters are written with a bar: `| upper`"
    known = [shortened(str(name)) for name in itertools.islice(owner, NAMES_MAX)]
    fact = f"{path} has no {key!r}" if path else f"there is no {key!r}"
    return f"{fact}, only {listed(known) or 'no keys at all'}{did_you_mean(str(key), known) or '.'}{remedy}"


def fits(owner: Any, key: Any) -> bool:
    """Return whether *key* is one to look up in *owner*: a text in a mapping, a position in a list or a text."""
    if is_mapping(owner):
        return isinstance(key, str)
    return (is_list(owner) or isinstance(owner, str)) and isinstance(key, int) and not isinstance(key, bool)


def settled(value: Any) -> Any:
    """Return *value*, or None for what is null.

    Raises:
        UndefinedError: it is missing.
    """
    if isinstance(value, Missing):
        bool(value)  # raises, with the sentence
    return None if isinstance(value, Undefined) else value


def copied(run: Run, value: Any) -> list[Any]:
    """Return what a loop over *value* goes through, as a list of its own."""
    items = elements(value)
    run.spend(len(items))
    return list(items)


def plain(run: Run, value: Any) -> Any:
    """Return *value* as a copy made of dicts, lists and scalars.

    Raises:
        TemplateFailed: it is no JSON, or too large.
    """
    value = settled(value)
    if isinstance(value, str):
        run.spend(NODE_STEPS + len(value) // CHARACTERS_PER_STEP)
        return run.copy(value)
    run.spend(NODE_STEPS)
    if value is None or isinstance(value, bool):
        return value
    if is_list(value):
        return [plain(run, item) for item in value]
    if is_mapping(value):
        return {key_of(run, key): plain(run, item) for key, item in value.items()}
    if is_number(value):
        return number(value)
    raise TemplateFailed(f"{type(value).__name__} is no JSON value; `loop` has numbers such as loop.index to show")


def key_of(run: Run, key: object) -> str:
    """Return *key* of a mapping that is made."""
    if not isinstance(key, str):
        raise TemplateFailed(f"a key of an object is {kind(key)}; keys are texts")
    return run.copy(key)


def text_of(run: Run, value: Any) -> str:
    """Return *value* as it stands in a text: a text as it is, null as nothing, everything else as JSON."""
    value = settled(value)
    if isinstance(value, str):
        run.spend(1 + len(value) // CHARACTERS_PER_STEP)
        return value
    return "" if value is None else run.made(json.dumps(plain(run, value), ensure_ascii=False))
