"""Functions as tools: what a model has to know of them is in their type hints and docstrings."""

import asyncio
import functools
import inspect
import logging
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, ParamSpec, TypeVar, overload

from pydantic import BaseModel, ConfigDict, Field, PydanticSchemaGenerationError, PydanticUserError, ValidationError
from pydantic import create_model as new_model

from workflow_engine.agents.messages import ToolSpec
from workflow_engine.agents.toolbox.docstrings import described
from workflow_engine.agents.tools import Policy, ToolContext, ToolError
from workflow_engine.errors import EngineError, SpecError

LOG: Final = logging.getLogger("workflow_engine")

POLICIES: Final = ("allow", "ask", "deny")
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What providers accept as the name of a tool."""

P = ParamSpec("P")
R = TypeVar("R")


class FunctionTool(Generic[P, R]):
    """A function as a tool, and still a function.

    Its name, its docstring (Google style) and its type hints tell the model what it does and takes.  Arguments are
    checked and converted to what the hints say; one that is hinted as `ToolContext` is filled in here, and the model
    does not see it.  A plain function is run in a thread.  What it raises is told to the model, except for errors of
    the engine (`TransientFailure`, `PermanentFailure`), which end the attempt.

    Args:
        function: async or plain.
        name: what models call it; the function's name unless given.
        description: what models are told; its docstring unless given.
        policy: what holds where workflow and phase say nothing.

    Raises:
        SpecError: it cannot be a tool.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        description: str | None = None,
        policy: Policy = "allow",
    ) -> None:
        if not callable(function):
            raise SpecError(f"a tool is a function, not a {type(function).__name__}")
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self._description = description
        self.name = name or str(getattr(function, "__name__", type(function).__name__))
        if NAME.fullmatch(self.name) is None:
            raise SpecError(f"{self.name!r} cannot be the name of a tool; use up to 64 letters, digits, _ and -")
        if policy not in POLICIES:
            raise SpecError(f"the policy of tool {self.name!r} is {policy!r}; use one of {', '.join(POLICIES)}")
        self._policy: Policy = policy
        said = described(inspect.getdoc(function))
        self._context, self._arguments = _arguments(self.name, function, said.arguments)
        self._specs = (
            ToolSpec(self.name, said.text if description is None else description, _schema(self._arguments)),
        )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function as if it were no tool."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"FunctionTool({self.name!r})"

    def named(self, name: str) -> "FunctionTool[P, R]":
        """Return the same tool under another name."""
        return FunctionTool(self.function, name=name, description=self._description, policy=self._policy)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """See `workflow_engine.agents.tools.Tool`."""
        return self._specs

    async def call(self, name: str, arguments: dict[str, Any], context: ToolContext) -> Any:
        """See `workflow_engine.agents.tools.Tool`."""
        passed = self._converted(arguments)
        if self._context is not None:
            passed[self._context] = context
        try:
            return await _called(self.function, passed)
        except (ToolError, EngineError):
            raise
        except Exception as error:  # other people's code
            LOG.warning("tool %s failed: %r", self.name, error, exc_info=error)
            raise ToolError(f"{self.name} failed: {type(error).__name__}: {error}") from error

    def policy(self, name: str) -> Policy:
        """See `workflow_engine.agents.tools.Tool`."""
        return self._policy

    def _converted(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return *arguments* as the type hints have them.

        Raises:
            ToolError: they do not fit.
        """
        try:
            model = self._arguments.model_validate(dict(arguments))
        except ValidationError as error:
            faults = (f"{'.'.join(map(str, one['loc'])) or 'arguments'}: {one['msg']}" for one in error.errors())
            raise ToolError(f"the arguments of {self.name} do not fit: {'; '.join(faults)}") from error
        fields = type(model).model_fields
        return {fields[field].alias or field: getattr(model, field) for field in model.model_fields_set}


@overload
def tool(function: Callable[P, R], /) -> FunctionTool[P, R]: ...
@overload
def tool(
    *, name: str | None = None, description: str | None = None, policy: Policy = "allow"
) -> Callable[[Callable[P, R]], FunctionTool[P, R]]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    policy: Policy = "allow",
) -> Any:
    """Make a function a tool: ``@tool`` or ``@tool(policy="ask")``; see `FunctionTool`."""
    if function is not None:
        return FunctionTool(function)
    return functools.partial(FunctionTool, name=name, description=description, policy=policy)


async def _called(function: Callable[..., Any], passed: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004 - not whether it can be called, but how
        return await function(**passed)
    result = await asyncio.to_thread(function, **passed)
    return await result if inspect.isawaitable(result) else result


def _arguments(name: str, function: Callable[..., Any], texts: Mapping[str, str]) -> tuple[str | None, type[BaseModel]]:
    """Return which parameter takes the context, if any, and a model of the others."""
    hints, parameters = _signature(name, function)
    context: str | None = None
    fields: dict[str, Any] = {}
    for position, parameter in enumerate(parameters):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise SpecError(
                f"tool {name!r}: {parameter} cannot be passed by name; give each argument a name of its own"
            )
        hint: Any = hints.get(parameter.name, Any)
        if hint is ToolContext:
            context = parameter.name
            continue
        default: Any = ... if parameter.default is parameter.empty else parameter.default
        # The field has a name of ours: theirs may begin with _, or be an attribute of pydantic's models.
        said = Field(default, alias=parameter.name, description=texts.get(parameter.name))
        fields[f"argument_{position}"] = (hint, said)
    try:
        config = ConfigDict(extra="forbid", arbitrary_types_allowed=False)
        return context, new_model(f"{name} arguments", __config__=config, **fields)
    except (PydanticSchemaGenerationError, PydanticUserError, TypeError) as error:
        raise SpecError(f"tool {name!r}: its type hints cannot be JSON: {str(error).splitlines()[0]}") from error


def _signature(name: str, function: Callable[..., Any]) -> tuple[dict[str, Any], list[inspect.Parameter]]:
    routine = inspect.unwrap(function)
    if not (inspect.isfunction(routine) or inspect.ismethod(routine) or isinstance(routine, type)):
        routine = getattr(routine, "__call__", routine)  # noqa: B004 - an object with hints on its method
    routine = routine.func if isinstance(routine, functools.partial) else routine
    try:
        hints = typing.get_type_hints(routine, include_extras=True)
        return hints, list(inspect.signature(function).parameters.values())
    except (NameError, TypeError, ValueError) as error:
        raise SpecError(f"tool {name!r}: its type hints cannot be read: {error}") from error


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a model's fields, without the titles that pydantic makes up."""
    try:
        schema = model.model_json_schema()
    except PydanticUserError as error:
        raise SpecError(
            f"tool {model.__name__.split()[0]!r}: its type hints cannot be JSON: {error.message}"
        ) from error
    schema.pop("title", None)
    for said in schema.get("properties", {}).values():
        said.pop("title", None)
    return {**schema, "properties": schema.get("properties", {})}
