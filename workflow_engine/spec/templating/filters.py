"""The filters that templates may use behind a bar, and nothing else: each is bounded in time and size by its `Run`."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any, Final

from jinja2 import Undefined

from workflow_engine.spec.templating import lists, texts
from workflow_engine.spec.templating.run import Run, copied, offered, text_of

Filter = Callable[..., Any]


def default(run: Run, value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    """Return *default_value* where *value* is missing or null; with *boolean*, where it is empty or false too."""
    absent = value is None or isinstance(value, Undefined)
    return default_value if absent or (boolean and not value) else value


def takes(function: Filter, positional: int, names: Iterable[str]) -> bool:
    """Return whether *function* can be given so many values after the first, and options of these *names*."""
    try:
        inspect.signature(function).bind(None, None, *[None] * positional, **dict.fromkeys(names))
    except TypeError:
        return False
    return True


_SETTLED: Final[dict[str, Filter]] = {
    "abs": texts.absolute,
    "capitalize": texts.capitalize,
    "count": lists.length,
    "first": lists.first,
    "float": texts.real,
    "indent": texts.indent,
    "int": texts.integer,
    "items": lists.pairs,
    "join": lists.join,
    "keys": lists.keys,
    "last": lists.last,
    "length": lists.length,
    "list": copied,
    "lower": texts.lower,
    "map": lists.mapped,
    "max": lists.greatest,
    "min": lists.least,
    "reject": lists.reject,
    "rejectattr": lists.rejectattr,
    "replace": texts.replace,
    "reverse": lists.backwards,
    "round": texts.rounded,
    "select": lists.select,
    "selectattr": lists.selectattr,
    "sort": lists.sort,
    "string": text_of,
    "sum": lists.total,
    "title": texts.title,
    "tojson": texts.tojson,
    "trim": texts.trim,
    "truncate": texts.truncate,
    "unique": lists.unique,
    "upper": texts.upper,
    "values": lists.values,
    "wordcount": texts.wordcount,
}
FILTERS: Final[dict[str, Filter]] = {
    "default": offered(default, raw=True),
    "d": offered(default, raw=True),
    **{name: offered(function) for name, function in _SETTLED.items()},
}
"""What may stand behind a bar."""
