"""Handlers that stand in a Python file beside a workflow file."""

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from workflow_engine.errors import ConfigError
from workflow_engine.handlers import Handler
from workflow_engine.spec.model import WorkflowSpec

HANDLERS: Final = "HANDLERS"
"""The variable that names handlers by classification."""


def load_handlers(path: Path, workflows: Iterable[WorkflowSpec]) -> dict[str, Handler]:
    """Return the handlers in the Python file at *path*, by classification.

    They are what its ``HANDLERS`` names, or else its public functions with the names of classifications that the
    workflows have, where a ``-`` may be a ``_``.

    Raises:
        ConfigError: the file cannot be imported, or ``HANDLERS`` is no mapping of functions.
    """
    module = _imported(path)
    named = getattr(module, HANDLERS, None)
    if named is None:
        return dict(_by_name(module, workflows))
    if not isinstance(named, Mapping) or not all(callable(handler) for handler in named.values()):  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType] - users' code
        raise ConfigError(f"{path}: {HANDLERS} is no mapping of functions; write {HANDLERS} = {{'draft': draft}}")
    return {str(name): handler for name, handler in named.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType] - as above


def _by_name(module: ModuleType, workflows: Iterable[WorkflowSpec]) -> Iterable[tuple[str, Handler]]:
    functions: dict[str, Any] = {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    for workflow in workflows:
        for phase in workflow.phases:
            name = phase.target_classification
            handler = functions.get(name.replace("-", "_"))
            if handler is not None:
                yield name, handler


def _imported(path: Path) -> ModuleType:
    """Run the file as a module that finds its neighbours, as a program in its folder would."""
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None  # it ends in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where dataclasses and pickle look for it
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(f"{_place(path, error)}: {type(error).__name__}: {error}; mend the file") from error
    return module


def _place(path: Path, error: Exception) -> str:
    """Return the line of the file that failed."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return f"{error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    return f"{path}:{lines[-1]}" if lines else str(path)
