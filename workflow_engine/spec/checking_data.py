"""The data in a workflow: schemas are schemas, schedules name moments, what is passed through can be journaled."""

import json
from collections.abc import Iterator
from typing import Any

from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.problems import Place, Problem, did_you_mean, listed
from workflow_engine.spec.schedules import schedule_fault

BUILTIN_TOOLS = ("filesystem", "http", "subprocess")
"""Tools that need no declaration."""


def data_problems(spec: WorkflowSpec) -> Iterator[Problem]:
    """Return what is wrong with the values in *spec*."""
    yield from _schema(spec.inputs, "inputs", "inputs", ())
    for index, phase in enumerate(spec.phases):
        yield from _phase(phase, ("phases", index), spec)
    if spec.schedule is not None:
        fault = schedule_fault(spec.schedule)
        if fault is not None:
            field, fact = fault
            yield Problem(("schedule", field), fact)
        yield from _json(spec.schedule.data, "data", "the schedule", ("schedule",))
    try:
        spec.stored()
    except ValueError as error:
        yield Problem((), f"the workflow cannot be stored: {error}")


def _phase(phase: Phase, place: Place, spec: WorkflowSpec) -> Iterator[Problem]:
    named = f"phase {phase.id!r}"
    for name in ("form", "output"):
        yield from _schema(getattr(phase, name), name, f"{name} of {named}", place)
    for name in ("form", "options", "input", "show", "output"):
        yield from _json(getattr(phase, name), name, named, place)
    if phase.for_each is not None:
        yield from _json(phase.for_each.items, "for_each", named, place)
    known = (*(tool.id for tool in spec.tools), *BUILTIN_TOOLS)
    for position, tool in enumerate(phase.tools):
        one_of = any(tool.startswith(f"{name}_") for name in known)  # a single thing that a tool offers
        if tool not in (*known, "*") and not one_of and spec.tools and did_you_mean(tool, known):
            # Else it may be registered by the program, which the file does not know.
            fact = f"{named} uses the tool {tool!r}, which is not declared; known are {listed(dict.fromkeys(known))}"
            yield Problem((*place, "tools", position), fact + did_you_mean(tool, known))


def _schema(schema: Any, name: str, what: str, place: Place) -> Iterator[Problem]:
    if schema is None:
        return
    import jsonschema  # loaded where it is used: it costs 60 ms

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        inside = tuple(error.absolute_path)
        yield Problem((*place, name, *inside), f"{what} is no JSON Schema: {error.message}; mend it, or leave it out")
    except RecursionError:
        yield Problem((*place, name), f"{what} is nested too deeply")


def _json(value: Any, name: str, what: str, place: Place) -> Iterator[Problem]:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        fact = f"{name} of {what} is not JSON ({error}); use plain dicts, lists, strings and numbers"
        yield Problem((*place, name), fact)
