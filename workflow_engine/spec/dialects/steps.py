"""Step files: ``steps:`` of type ``llm`` or ``transform``, which form a graph by ``depends_on``."""

from pathlib import Path
from typing import Final

from workflow_engine.spec.dialects.attempts import defaults_of, retry_of, timeout_in
from workflow_engine.spec.dialects.fields import (
    Fields,
    Native,
    Remarks,
    copied,
    named,
    placed,
    put_id,
    several,
    spelled,
    with_id,
)
from workflow_engine.spec.dialects.inputs import defaults_in, names_in, schema_of
from workflow_engine.spec.dialects.names import Names, Reader
from workflow_engine.spec.dialects.references import Given, given_in
from workflow_engine.spec.dialects.text_nodes import expression, rewritten
from workflow_engine.spec.dialects.transforms import is_predicate, transform_of
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, made, plain
from workflow_engine.spec.files.translation import Translation
from workflow_engine.spec.kinds import kind
from workflow_engine.spec.problems import did_you_mean, listed

TYPES: Final = {
    **dict.fromkeys(("llm", "agent", "agentic", "ai", "prompt", "chat", "completion"), "agentic"),
    "human": "human",
    "transform": "transform",
}
"""Words for what carries a step out."""

_SAMPLING: Final = ("top_p", "top_k", "stop", "stop_sequences", "seed", "presence_penalty", "frequency_penalty")
"""Settings of models that an adapter may know; they are passed on as options."""

_DEPENDS: Final = ("depends_on", "dependsOn", "needs")
_OUTPUT: Final = ("output", "outputs")


def translate(root: MappingNode, folder: Path | None) -> Translation:
    """Return the native form of a step file."""
    remarks = Remarks()
    fields = Fields(root, "a step file", remarks)
    native: Native = {}
    copied(native, fields, ("name", "version", "description", "max_concurrency concurrency max_parallel"))
    inputs = fields.take("inputs", "input")
    schema = schema_of(inputs.value, remarks) if inputs is not None else None
    if inputs is not None and schema is not None:
        native["inputs"] = named("inputs", inputs, schema)
    _put_defaults(native, fields, remarks)
    written = fields.node_of("steps")
    steps = _listed(written, remarks) if written is not None else []
    names = Names(
        {step: _outputs(node) for step, node in steps},
        {step: _waits_for(node) for step, node in steps},
        names_in(schema) if schema is not None else None,
        defaults_in(schema) if schema is not None else None,
    )
    phases = tuple(_phase(step, node, names, remarks) for step, node in steps)
    native["phases"] = placed("phases", ListNode((written or root).span, phases))
    fields.finish()
    return Translation(MappingNode(root.span, native), tuple(remarks.problems), tuple(remarks.warnings))


def _put_defaults(native: Native, fields: Fields, remarks: Remarks) -> None:
    holder = fields.take("defaults", "config", "settings")
    below = Fields(holder.value if holder is not None else made({}, fields.node), "the defaults", remarks)
    found = defaults_of(below, remarks, fields)
    below.finish()
    if found:
        at = holder.value if holder is not None else fields.node
        native["defaults"] = placed("defaults", MappingNode(at.span, found))


def _listed(node: Node, remarks: Remarks) -> list[tuple[str, Node]]:
    """Return the steps by their ids; a mapping of them is taken for a list whose keys are ids."""
    if isinstance(node, MappingNode):
        return [(key, with_id(entry)) for key, entry in node.entries.items()]
    if not isinstance(node, ListNode):
        remarks.problem(node, f"steps is {kind(plain(node))}; write a list of steps")
        return []
    found: list[tuple[str, Node]] = []
    for position, step in enumerate(node.items, 1):
        name = next((_text(step, key) for key in ("id", "name") if _text(step, key)), None)
        if name is None and isinstance(step, MappingNode):
            remarks.problem(step, f"step {position} has no id; give it one")
        found.append((name or f"step-{position}", step))
    return found


def _outputs(step: Node) -> tuple[str, ...]:
    """Return the names of the values that a step gives."""
    node = _first(step, _OUTPUT)
    if isinstance(node, MappingNode):
        schema: object = node.entries["properties"].value if "properties" in node.entries else node
        return tuple(schema.entries) if isinstance(schema, MappingNode) else ()
    return tuple(spelled(item) for item in several(node)) if node is not None else ()


def _waits_for(step: Node) -> tuple[str, ...]:
    node = _first(step, _DEPENDS)
    return tuple(spelled(item) for item in several(node)) if node is not None else ()


def _first(step: Node, keys: tuple[str, ...]) -> Node | None:
    entries = step.entries if isinstance(step, MappingNode) else {}
    return next((entries[key].value for key in keys if key in entries), None)


def _text(step: Node, key: str) -> str | None:
    node = _first(step, (key,))
    return node.text if isinstance(node, ScalarNode) and node.value is not None else None


def _phase(step: str, node: Node, names: Names, remarks: Remarks) -> Node:
    """Return the phase that a step is."""
    fields = Fields(node, f"step {step!r}", remarks)
    native: Native = {}
    put_id(native, fields, step)
    kind_of = _type(fields, step)
    reader = Reader(names, step)
    given = _given(fields, reader, kind_of)
    reader.own = tuple(one.name for one in given)
    if kind_of == "transform":
        transform_of(native, fields, given, reader)
        fields.take("provider", "model", "system", "temperature", "max_tokens")  # of no use to a transform
    else:
        _put_asking(native, fields, given, reader, kind_of)
    condition = fields.take("condition", "when", "if")
    filters = "transform" in native and spelled(native["transform"].value) == "filter"
    if condition is not None and not (filters and is_predicate(node)):
        native["when"] = named("when", condition, _condition(condition.value, reader, remarks))
    _put_outputs(native, fields)
    retry, timeout = fields.take("retry", "retry_policy"), timeout_in(fields)
    if retry is not None:
        native["retry"] = retry_of(retry, remarks)
    if timeout is not None:
        native["timeout"] = timeout
    native["depends_on"] = _depends_on(fields, reader, names)
    fields.finish()
    for word in reader.guessed:
        remarks.warning(_first(node, ("prompt", "template", "id")) or node, _guess(word, step))
    return MappingNode(node.span, native)


def _guess(word: str, step: str) -> str:
    return f"step {step!r} reads {word!r}, which no step gives; it is taken for inputs.{word}"


def _type(fields: Fields, step: str) -> str:
    """Return what carries a step out: ``agentic``, ``human`` or ``transform``; the empty text where it is not known."""
    entry = fields.take("type")
    if entry is None:
        entries = fields.node.entries if isinstance(fields.node, MappingNode) else {}
        if "prompt" in entries or "function" not in entries:
            return "agentic"
        return "transform"
    word = spelled(entry.value).lower()
    if word not in TYPES:
        known = ("llm", "transform", "human")
        fact = f"the type {word!r} of step {step!r} is not known{did_you_mean(word, TYPES)}; known are {listed(known)}"
        fields.remarks.problem(entry.value, fact)
    return TYPES.get(word, "")


def _given(fields: Fields, reader: Reader, kind_of: str) -> tuple[Given, ...]:
    """Return what a step is given; a transform that does not say is given what the steps before it gave."""
    node = fields.node_of("inputs", "input")
    function = spelled(_first(fields.node, ("function",)) or made("", fields.node))
    whole = function in ("merge", "combine", "select", "pick", "extract")
    if node is not None:
        return given_in(node, reader, fields.remarks, whole)
    before = _first(fields.node, _DEPENDS) if kind_of == "transform" else None
    return given_in(before, reader, fields.remarks, whole) if before is not None else ()


def _put_asking(native: Native, fields: Fields, given: tuple[Given, ...], reader: Reader, kind_of: str) -> None:
    """Put what a model or a person is asked into the native form."""
    native["assigned_to"] = placed("assigned_to", made(kind_of, fields.node))
    copied(native, fields, ("provider", "model", "temperature", "max_tokens", "tools"))
    options: Native = {}
    copied(options, fields, _SAMPLING)
    if options:
        native["options"] = placed("options", MappingNode(fields.node.span, options))
    if given:
        values = {one.name: placed(one.name, one.value) for one in given}
        native["input"] = placed("input", MappingNode(given[0].value.span, values))
    for name, words in (
        ("system", ("system", "system_prompt")),
        ("prompt", ("prompt", "user_prompt", "template", "message")),
    ):
        entry = fields.take(*words)
        if entry is not None:
            native[name] = named(name, entry, rewritten(entry.value, reader, fields.remarks))
    if kind_of and "prompt" not in native and "system" not in native:
        fields.remarks.problem(fields.node, f"step {reader.step!r} asks nothing; give it a prompt")


def _condition(node: Node, reader: Reader, remarks: Remarks) -> Node:
    if isinstance(node, ScalarNode):
        return expression(node, reader, remarks)
    remarks.problem(node, f"a condition is {kind(plain(node))}; write an expression such as inputs.enable == true")
    return made("true", node)


def _put_outputs(native: Native, fields: Fields) -> None:
    """Put the names of what a step gives into the native form; a JSON Schema says more than names."""
    schema = fields.take("output_schema", "schema")
    written = fields.take(*_OUTPUT)
    names = _outputs(fields.node)
    if written is not None and names:
        value = written.value if isinstance(written.value, ListNode) else made(list(names), written.value)
        native["outputs"] = named("outputs", written, value)
    is_schema = written is not None and isinstance(written.value, MappingNode) and "properties" in written.value.entries
    if schema is not None or (written is not None and is_schema):
        native["output"] = named("output", schema or written)  # type: ignore[arg-type]  # one of them is there


def _depends_on(fields: Fields, reader: Reader, names: Names) -> Entry:
    """Return what a step waits for: what it says, and every step whose output it reads."""
    entry = fields.take(*_DEPENDS)
    items = several(entry.value) if entry is not None else ()
    before = (reader.step, *(spelled(item) for item in items), *names.upstream(reader.step))
    at = entry.value if entry is not None else fields.node
    read = tuple(made(step, at) for step in reader.read if step not in before)
    listing = ListNode(at.span, (*items, *read))
    return named("depends_on", entry, listing) if entry is not None else placed("depends_on", listing)
