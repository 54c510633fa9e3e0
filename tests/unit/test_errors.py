"""Errors travel: between processes, into journals and back."""

import inspect
import pickle
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from workflow_engine import errors
from workflow_engine.errors import EngineError


def tree(root: type[EngineError]) -> Iterator[type[EngineError]]:
    """Yield *root* and every error of the engine below it."""
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


ERRORS = list(tree(EngineError))


def sample(name: str, hint: Any) -> Any:
    """Return a value for the constructor argument *name*, another one for each name, so that a swap shows."""
    if isinstance(hint, types.UnionType):
        return sample(name, get_args(hint)[0])
    if get_origin(hint) in (tuple, Sequence):
        return (sample(name, get_args(hint)[0]),)
    if get_origin(hint) is Mapping:
        return {f"key of {name}": sample(name, get_args(hint)[1])}
    number = sum(name.encode())
    makers: dict[Any, Any] = {str: f"some {name}", Any: f"any {name}", int: number, float: number / 4}
    return makers[hint]


def made(error: type[EngineError]) -> EngineError:
    """Return an instance of *error* with every argument given."""
    if error.__init__ is Exception.__init__:
        return error("some message")
    hints = get_type_hints(error.__init__)
    parameters = list(inspect.signature(error).parameters.values())
    values = {parameter.name: sample(parameter.name, hints[parameter.name]) for parameter in parameters}
    places = [values.pop(parameter.name) for parameter in parameters if parameter.kind is not parameter.KEYWORD_ONLY]
    return error(*places, **values)


def travelled(error: EngineError) -> EngineError:
    """Return *error* as it arrives in another process."""
    arrived: EngineError = pickle.loads(pickle.dumps(error))
    return arrived


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_keeps_its_message_and_attributes_when_pickled(error: type[EngineError]) -> None:
    before = made(error)
    after = travelled(before)
    assert type(after) is error
    assert (str(after), after.args, vars(after)) == (str(before), before.args, vars(before))
    assert str(after)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_the_tree_in_the_module_docstring_names_every_error(error: type[EngineError]) -> None:
    assert error.__name__ in str(errors.__doc__).split()


def test_an_error_that_hides_its_arguments_would_be_seen() -> None:
    class Hiding(EngineError):
        def __init__(self, task: str) -> None:
            super().__init__(f"task {task} is lost")
            self.task = task

    Hiding.__qualname__ = Hiding.__name__  # pickle looks classes up by this name
    globals()["Hiding"] = Hiding
    assert str(travelled(Hiding("t1"))) != str(Hiding("t1"))
