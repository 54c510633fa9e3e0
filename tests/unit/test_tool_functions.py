"""Functions as tools: what models are told of them, and what arguments become of what models write."""

import asyncio
import threading
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from tests.unit.tool_given import call
from workflow_engine.agents.messages import ToolSpec
from workflow_engine.agents.toolbox.docstrings import described
from workflow_engine.agents.toolbox.functions import FunctionTool, tool
from workflow_engine.agents.tools import ToolContext, ToolError
from workflow_engine.errors import PermanentFailure, SpecError, TransientFailure


class Size(Enum):
    """How large."""

    SMALL = "s"
    LARGE = "l"


class Place(BaseModel):
    """Where."""

    city: str
    postcode: int = 0


@dataclass
class Point:
    """A place on a map."""

    x: int
    y: int


def weather(city: str, days: int = 3, unit: Literal["C", "F"] = "C") -> str:
    """Say what the weather will be.

    Asks nobody.

    Args:
        city: where, in
            English.
        days (int): how many
          days ahead.
        unit: of the temperature

    Returns:
        words: not for models
    """
    return f"{city} {days} {unit}"


async def made(function: Any, arguments: dict[str, Any]) -> Any:
    """Return what a function gives for what a model wrote."""
    one = FunctionTool(function)
    return await one.call(one.name, arguments, call())


def test_a_model_is_told_name_docstring_and_type_hints_of_a_function() -> None:
    (spec,) = FunctionTool(weather).specs
    assert spec == ToolSpec(
        "weather",
        "Say what the weather will be.\n\nAsks nobody.",
        {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "where, in English."},
                "days": {"type": "integer", "default": 3, "description": "how many days ahead."},
                "unit": {"enum": ["C", "F"], "type": "string", "default": "C", "description": "of the temperature"},
            },
            "required": ["city"],
            "additionalProperties": False,
        },
    )


def test_a_function_without_docstring_and_arguments_is_a_tool() -> None:
    def bare() -> None: ...

    assert FunctionTool(bare).specs == (
        ToolSpec("bare", "", {"type": "object", "properties": {}, "additionalProperties": False}),
    )


def test_a_docstring_of_one_line_has_no_arguments() -> None:
    assert described("Does it.") == ("Does it.", {})
    assert described(None) == ("", {})
    assert described("Args:\n    a: one\n    b (int, optional): two\n        more\n\nRaises:\n    c: no") == (
        "",
        {"a": "one", "b": "two more"},
    )


async def test_arguments_become_what_the_type_hints_say() -> None:
    def take(day: date, size: Size, place: Place, point: Point, tags: set[str], maybe: int | None = None) -> Any:
        return [day, size, place, point, tags, maybe]

    written = {"day": "2026-11-20", "size": "l", "place": {"city": "Rome"}, "point": {"x": 1, "y": 2}, "tags": ["a"]}
    assert await made(take, written) == [date(2026, 11, 20), Size.LARGE, Place(city="Rome"), Point(1, 2), {"a"}, None]


@pytest.mark.parametrize(
    ("arguments", "fact"),
    [
        ({}, "city: Field required"),
        ({"city": 5}, "city: Input should be a valid string"),
        ({"city": "Rome", "days": "many"}, "days: Input should be a valid integer"),
        ({"city": "Rome", "unit": "K"}, "unit: Input should be 'C' or 'F'"),
        ({"city": "Rome", "country": "it"}, "country: Extra inputs are not permitted"),
        ({"argument_0": "Rome"}, "city: Field required"),
    ],
)
async def test_a_model_is_told_which_argument_does_not_fit(arguments: dict[str, Any], fact: str) -> None:
    with pytest.raises(ToolError) as caught:
        await made(weather, arguments)
    assert str(caught.value).startswith("the arguments of weather do not fit: ")
    assert fact in str(caught.value)


async def test_names_of_arguments_may_be_those_of_methods_of_models() -> None:
    def odd(schema: str, model_config: str, copy: str, _private: str, json: str = "j") -> list[str]:
        return [schema, model_config, copy, _private, json]

    assert await made(odd, {"schema": "s", "model_config": "m", "copy": "c", "_private": "p"}) == list("smcpj")


async def test_the_context_is_filled_in_and_hidden_from_the_model() -> None:
    def who(context: ToolContext, name: str) -> str:
        return f"{name} {context.task.id} {context.key}"

    one = FunctionTool(who)
    assert list(one.specs[0].parameters["properties"]) == ["name"]
    assert await one.call("who", {"name": "Ann"}, call("t9", "k1")) == "Ann t9 k1"
    with pytest.raises(ToolError, match="context: Extra inputs"):
        await one.call("who", {"name": "Ann", "context": {}}, call())


async def test_a_plain_function_is_run_in_a_thread_and_an_async_one_on_the_loop() -> None:
    def plain() -> int:
        return threading.get_ident()

    async def on_loop() -> int:
        return threading.get_ident()

    class Later:
        """A thing that is called."""

        async def __call__(self) -> int:
            return threading.get_ident()

    assert await made(plain, {}) != threading.get_ident()
    assert await made(on_loop, {}) == threading.get_ident()
    assert await made(Later(), {}) == threading.get_ident()


async def test_what_a_function_raises_is_told_to_the_model() -> None:
    def broken() -> None:
        raise KeyError("nothing of the kind")

    with pytest.raises(ToolError, match="broken failed: KeyError: 'nothing of the kind'"):
        await made(broken, {})


@pytest.mark.parametrize("error", [TransientFailure("later"), PermanentFailure("never"), ToolError("no")])
async def test_errors_of_the_engine_pass(error: Exception) -> None:
    async def broken() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        await made(broken, {})
    assert caught.value is error


async def test_a_cancelled_call_is_cancelled() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    under_way = asyncio.create_task(made(forever, {}))
    await asyncio.sleep(0)
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way


def test_a_decorated_function_is_a_tool_and_still_a_function() -> None:
    @tool
    def double(number: int) -> int:
        """Double."""
        return 2 * number

    @tool(name="triple-it", policy="ask", description="Thrice.")
    def triple(number: Annotated[int, Field(gt=0)]) -> int:
        """Triple."""
        return 3 * number

    assert (double(2), triple(2)) == (4, 6)
    assert (double.name, double.policy("double"), triple.policy("triple-it")) == ("double", "allow", "ask")
    assert triple.specs[0].name == "triple-it"
    assert triple.specs[0].description == "Thrice."
    assert triple.specs[0].parameters["properties"]["number"] == {"exclusiveMinimum": 0, "type": "integer"}
    assert triple.named("other").specs[0].description == "Thrice."


async def test_what_an_object_holds_does_not_stand_in_for_what_the_tool_says() -> None:
    class Bribed:
        """Do it."""

        def __init__(self) -> None:
            self.policy = self.call = "allow"

        def __call__(self) -> str:
            return "done"

    one = FunctionTool(Bribed(), policy="deny")
    assert (one.policy("Bribed"), await one.call("Bribed", {}, call())) == ("deny", "done")


def test_a_method_is_a_tool_without_its_self() -> None:
    class Shop:
        def price(self, item: str) -> int:
            """Say a price."""
            return len(item)

    (spec,) = FunctionTool(Shop().price).specs
    assert (spec.name, list(spec.parameters["properties"])) == ("price", ["item"])


def variadic(*names: str) -> None: ...
def keywords(**names: str) -> None: ...
def positional(name: str, /) -> None: ...
def unknown(name: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType]
def opaque(lock: threading.Thread) -> None: ...


IMPOSSIBLE: list[tuple[Any, str]] = [
    (variadic, "cannot be passed by name"),
    (keywords, "cannot be passed by name"),
    (positional, "cannot be passed by name"),
    (unknown, "its type hints cannot be read"),
    (opaque, "its type hints cannot be JSON"),
    (lambda: None, "'<lambda>' cannot be the name of a tool"),
    (5, "a tool is a function, not a int"),
]


@pytest.mark.parametrize(("function", "fact"), IMPOSSIBLE)
def test_what_no_model_can_call_is_refused(function: Any, fact: str) -> None:
    with pytest.raises(SpecError, match=fact):
        FunctionTool(function)


def test_an_unknown_policy_is_refused() -> None:
    policy: Any = "maybe"
    with pytest.raises(SpecError, match="the policy of tool 'weather' is 'maybe'; use one of allow, ask, deny"):
        FunctionTool(weather, policy=policy)
