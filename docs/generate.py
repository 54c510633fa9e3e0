"""Draws what the documents show of the code, from the code: states, components, systems, events, workflow files.

python docs/generate.py            # writes the pages, and the schema that ships, anew
python docs/generate.py --check    # fails where one is stale
"""

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from workflow_engine.core import components
from workflow_engine.core.components import COMPONENTS, NAMES, TABLES, TaskState
from workflow_engine.core.core import SYSTEMS
from workflow_engine.core.events import Event
from workflow_engine.core.lifecycle import RUN_TRANSITIONS, TRANSITIONS, Move
from workflow_engine.sinks.schema import schema as event_schema
from workflow_engine.spec import model, parts
from workflow_engine.spec.schema import DURATION, schema

FOLDER: Final = Path(__file__).parent

SCHEMA: Final = FOLDER.parent / "workflows" / "workflow.schema.json"
EVENTS: Final = FOLDER / "reference" / "events.schema.json"

OF_A_RUN: Final = (
    components.Run,
    components.Attempt,
    components.Ready,
    components.Running,
    components.Backoff,
    components.Suspended,
    components.Joining,
    components.Question,
    components.Comments,
    components.Escalated,
    components.Feedback,
    components.Items,
    components.Results,
    components.Forking,
    components.Children,
    components.Steps,
)
OF_A_DEFINITION: Final = (components.Definition,)
OF_A_SCHEDULE: Final = (components.Timetable,)


def task_states() -> Iterator[str]:
    """Draw the transitions of a task; states that accept the same are drawn as one that holds them."""
    live = [state for state in TaskState if not state.terminal]
    moves = {state: {move: TRANSITIONS[state, move] for move in Move if (state, move) in TRANSITIONS} for state in live}
    if any(moves[state] != moves[live[0]] for state in live):
        raise AssertionError("live states differ in what they accept now; draw them one by one")
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield '    state "live: each of these may follow each other" as live {'
    yield from (f"        {state}" for state in live)
    yield "    }"
    yield f"    [*] --> {TaskState.PENDING}: submit"
    yield from (f"    live --> {target}: {move}" for move, target in moves[live[0]].items() if target.terminal)
    yield from (f"    {state} --> {target}: {move}" for (state, move), target in TRANSITIONS.items() if state.terminal)
    ends = [state for state in TaskState if state.terminal and not any(state is source for source, _ in TRANSITIONS)]
    yield from (f"    {state} --> [*]" for state in ends)
    yield "```"
    yield ""
    yield "| from | move | to |"
    yield "| --- | --- | --- |"
    yield from (f"| any live state | {move} | {target} |" for move, target in moves[live[0]].items())
    yield from (f"| {state} | {move} | {target} |" for (state, move), target in TRANSITIONS.items() if state.terminal)


def run_states() -> Iterator[str]:
    """Draw which marker of a run may replace which."""
    yield "```mermaid"
    yield "stateDiagram-v2"
    for old, allowed in RUN_TRANSITIONS.items():
        source = old.__name__ if old is not None else "[*]"
        yield from (f"    {source} --> {new.__name__}" for new in COMPONENTS if new in allowed)
    yield "```"


def component_tables() -> Iterator[str]:
    """List the components of each kind of entity."""
    kinds: list[type[Any]] = [*COMPONENTS, *TABLES]
    others = {"a run": OF_A_RUN, "a definition": OF_A_DEFINITION, "a schedule": OF_A_SCHEDULE}
    rest = [kind for kind in kinds if not any(kind in members for members in others.values())]
    for title, members in {"a task": rest, **others}.items():
        yield f"| of {title} | in the journal | what it says | fields |"
        yield "| --- | --- | --- | --- |"
        for kind in members:
            table = kind in TABLES
            fields = "grows by key" if table else ", ".join(f"`{name}`" for name in kind.__struct_fields__)
            yield f"| `{kind.__name__}` | `{NAMES[kind]}{'+' * table}` | {_first(kind)} | {fields} |"
        yield ""


def system_table() -> Iterator[str]:
    """List the systems in their order, with what their docstrings say they read, write and emit."""
    yield "| | system | what it does to a tick |"
    yield "| --- | --- | --- |"
    for number, system in enumerate(SYSTEMS, 1):
        name = system.__name__.removesuffix("System").lower()
        yield f"| {number} | {name} | {' '.join((system.__doc__ or '').split())} |"


def event_table() -> Iterator[str]:
    """List the events, with what each tells beside the task it is about."""
    yield "| event | what it tells | fields |"
    yield "| --- | --- | --- |"
    for kind in Event.__subclasses__():
        fields = ", ".join(f"`{name}`" for name in kind.__struct_fields__ if name != "task")
        yield f"| `{kind.__name__}` | {_first(kind)} | {fields} |"


def field_tables() -> Iterator[str]:
    """List the fields of a workflow file, model by model, in the order in which they name one another."""
    root = schema()
    models = {"WorkflowSpec": root, **root["$defs"]}
    names = ["WorkflowSpec"]
    for name in names:  # it grows
        definition = _as_mapping(models[name])
        yield f"## {_title(name)}"
        yield ""
        yield _meaning(name)
        yield ""
        yield "| field | type | default | meaning |"
        yield "| --- | --- | --- | --- |"
        for field, shape in definition["properties"].items():
            default = "required" if field in definition.get("required", ()) else _default(shape)
            yield f"| `{field}` | {_type(shape)} | {default} | {_in_markdown(shape['description'])} |"
        yield ""
        names += [found for found in _named(definition["properties"]) if found not in names]


def _as_mapping(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a model is as a mapping, where it may be written shorter, too."""
    return next(one for one in (definition, *definition.get("anyOf", ())) if "properties" in one)


def _named(definition: Any) -> list[str]:
    """Return the models that a definition names, in order."""
    return list(dict.fromkeys(re.findall(r"#/\$defs/(\w+)", json.dumps(definition))))


def _title(name: str) -> str:
    return "Workflow" if name == "WorkflowSpec" else name


def _link(name: str) -> str:
    return f"[{_title(name)}](#{_title(name).lower()})"


def _meaning(name: str) -> str:
    """Return what the docstring of a model says before its sections."""
    documented = getattr(model, name, None) or getattr(parts, name)
    return _in_markdown(re.split(r"\n\n(?:Attributes|Raises):", inspect.getdoc(documented) or "")[0])


def _default(shape: Mapping[str, Any]) -> str:
    default = shape.get("default", "")
    if default == "":
        return ""
    return "its defaults" if default and isinstance(default, dict) else f"`{json.dumps(default)}`"


def _in_markdown(text: str) -> str:
    """Return a text of a docstring with links to the models that it names, in the words of files."""
    linked = re.sub(r"(?<!`)`([A-Z]\w+)`(?!`)", lambda found: _link(found[1]), text)
    return re.sub(r"\bNone\b", "null", linked).replace("``", "`").replace("|", "\\|")


def _type(shape: Mapping[str, Any]) -> str:
    """Return what may be written for a field, in words."""
    if "$ref" in shape:
        return _link(_named(shape)[0])
    if "anyOf" in shape:
        if DURATION in shape["anyOf"]:
            return "[duration](#durations)"
        return " or ".join(dict.fromkeys(_type(choice) for choice in shape["anyOf"]))
    if "enum" in shape:
        return ", ".join(f"`{word}`" for word in shape["enum"])
    if isinstance(shape.get("type"), list):
        return " or ".join(_type({**shape, "type": kind}) for kind in shape["type"])
    return TYPES[shape.get("type", "")](shape)


def _many(shape: Mapping[str, Any]) -> str:
    """Return a type in the plural."""
    one = _type(shape)
    if one.startswith(("list ", "[name]")):
        return re.sub(r"^\W*\w+", r"\g<0>s", one)
    return one if one.startswith("[") else f"{one}s"


def _number(shape: Mapping[str, Any]) -> str:
    bounds = [f" {word} {shape[key]:,.0f}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in shape]
    return f"{'whole ' * (shape['type'] == 'integer')}number{''.join(bounds)}"


def _mapping(shape: Mapping[str, Any]) -> str:
    patterns: Mapping[str, Any] = shape.get("patternProperties", {})
    inner: Mapping[str, Any] | bool = next(iter(patterns.values()), shape.get("additionalProperties", True))
    return "mapping" if isinstance(inner, bool) else f"{_many(inner)} by name"


TYPES: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "": lambda _: "any JSON",
    "string": lambda shape: "[name](#names)" if "pattern" in shape else "text",
    "boolean": lambda _: "true or false",
    "integer": _number,
    "number": _number,
    "array": lambda shape: f"list of {_many(shape['items'])}" if shape.get("items") else "list",
    "object": _mapping,
}
"""How types of JSON Schema are put in words; the empty one is for a field that says none."""


PAGES: Final[dict[str, dict[str, Callable[[], Iterator[str]]]]] = {
    "architecture.md": {
        "task states": task_states,
        "run states": run_states,
        "components": component_tables,
        "systems": system_table,
        "events": event_table,
    },
    "reference/workflow-files.md": {"fields": field_tables},
}
"""What is drawn in which page, by the names of the markers around it."""


def rendered(name: str, page: str) -> str:
    """Return *page*, the text of the page of this *name*, with what stands between its markers drawn anew.

    Raises:
        AssertionError: a marker is missing.
    """
    for section, draw in PAGES[name].items():
        begin, end = f"<!-- {section}: made by docs/generate.py -->", f"<!-- end of {section} -->"
        drawn = "\n".join(draw()).strip()
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if len(pattern.findall(page)) != 1:
            raise AssertionError(f"the page has no place for {section}: {begin} ... {end}")
        before, after = pattern.split(page)
        page = f"{before}{begin}\n{drawn}\n{end}{after}"
    return page


def _first(kind: type[Any]) -> str:
    """Return the first sentence or paragraph of a docstring, on one line."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def schema_text() -> str:
    """Return the JSON Schema of workflow files, as it ships beside the ready-made ones for their editor hint."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def event_schema_text() -> str:
    """Return the JSON Schema of events, as its reference shows it."""
    return json.dumps(event_schema(), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the pages, or say which are stale."""
    stale = 0
    pages = [(FOLDER / name, name) for name in PAGES]
    drawn = [(path, rendered(name, path.read_text(encoding="utf-8"))) for path, name in pages]
    for path, new in [*drawn, (SCHEMA, schema_text()), (EVENTS, event_schema_text())]:
        page = path.read_text(encoding="utf-8") if path.exists() else ""
        if "--check" not in sys.argv[1:]:
            path.write_text(new, encoding="utf-8")
        elif new != page:
            print(f"{path} is stale; run: python docs/generate.py", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
