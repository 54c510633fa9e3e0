"""Transforms: what the transform steps of a step file do, in the words of the native form."""

import re
from typing import Final

from workflow_engine.spec.dialects.fields import Fields, Native, named, placed, several, spelled
from workflow_engine.spec.dialects.names import Reader
from workflow_engine.spec.dialects.references import Given
from workflow_engine.spec.dialects.text_nodes import expression, rewritten
from workflow_engine.spec.files.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, made, plain
from workflow_engine.spec.kinds import kind
from workflow_engine.spec.problems import did_you_mean, listed

FUNCTIONS: Final = {
    **dict.fromkeys(("merge", "combine", "object"), "merge"),
    **dict.fromkeys(("filter", "where"), "filter"),
    **dict.fromkeys(("concat", "concatenate", "join", "append"), "concat"),
    **dict.fromkeys(("select", "pick", "extract", "get"), "select"),
    **dict.fromkeys(("template", "format", "render"), "template"),
    **dict.fromkeys(("json", "json_parse", "parse_json", "json-parse", "parse-json", "from_json"), "json"),
}
"""Words for the native transforms."""

_PREDICATES: Final = ("where", "predicate", "expression", "filter", "condition")
"""Words for the condition of a filter; the last is one among the options, and beside them says when the step runs."""


def transform_of(native: Native, fields: Fields, given: tuple[Given, ...], reader: Reader) -> None:
    """Put what a transform step does into its *native* form.

    Args:
        native: the entries so far.
        fields: of the step; its inputs were taken.
        given: what it works on.
        reader: finds what its texts mean.
    """
    remarks = fields.remarks
    function = fields.take("function", "operation", "transform")
    holder = fields.node_of("options", "config", "params", "parameters")
    options = Fields(holder, "the options of a transform", remarks) if holder is not None else None
    if function is None and options is not None:
        function = options.take("function", "operation")
    if function is None:
        remarks.problem(fields.node, f"a transform step needs a function; write one of {listed(_NATIVE)}")
        return
    meant = FUNCTIONS.get(spelled(function.value).lower())
    if meant is None:
        word = spelled(function.value)
        fact = f"function {word!r} is not known{did_you_mean(word, FUNCTIONS)}; known are {listed(_NATIVE)}"
        remarks.problem(function.value, fact)
        return
    native["transform"] = named("transform", function, made(meant, function.value))
    maker = _Maker(native, fields, options, given, reader, function.value)
    getattr(maker, meant)()
    if options is not None:
        options.finish()


_NATIVE: Final = tuple(dict.fromkeys(FUNCTIONS.values()))


class _Maker:
    """Makes the input and options of one transform; its public methods are the native transforms."""

    def __init__(
        self,
        native: Native,
        fields: Fields,
        options: Fields | None,
        given: tuple[Given, ...],
        reader: Reader,
        function: Node,
    ) -> None:
        self._native = native
        self._fields = fields
        self._options = options
        self._given = given
        self._reader = reader
        self._function = function
        self._says = isinstance(fields.node, MappingNode) and bool({"inputs", "input"} & set(fields.node.entries))

    def merge(self) -> None:
        """See `FUNCTIONS`."""
        self._put(self._together())

    def concat(self) -> None:
        """See `FUNCTIONS`."""
        self._put(self._together(), "separator", self._option("separator", "delimiter", "sep"))

    def filter(self) -> None:
        """See `FUNCTIONS`."""
        where = self._option(*_PREDICATES[:-1]) or self._below(_PREDICATES[-1])
        if where is None and is_predicate(self._fields.node):
            where = self._fields.take("condition")
        self._put(self._alone(), "where", self._predicate(where) if where is not None else None)

    def select(self) -> None:
        """See `FUNCTIONS`."""
        path, keys = self._option("path", "json_path", "jsonpath"), self._option("keys", "fields", "field", "key")
        names = [one.name for one in self._given]
        if path is not None:
            first = spelled(path.value).removeprefix("$").lstrip(".").partition(".")[0].partition("[")[0]
            self._put(self._together() if first in names or len(names) != 1 else self._alone(), "path", path)
        elif keys is not None:
            words = [spelled(key) for key in several(keys.value)]
            whole = len(names) != 1 or names[0] in words
            listing = keys.value if isinstance(keys.value, ListNode) else ListNode(keys.value.span, (keys.value,))
            self._put(self._together() if whole else self._alone(), "keys", Entry(keys.key, listing))
        elif len(names) == 1:
            self._put(self._alone(), "path", placed("path", made("$", self._function)))
        else:
            self._put(self._together(), "keys", placed("keys", made(names, self._function)))

    def template(self) -> None:
        """See `FUNCTIONS`."""
        text = self._option("template", "text", "format") or self._fields.take("prompt")
        if text is None or not isinstance(text.value, ScalarNode):
            self._problem("a template step needs a template; write options.template")
            return
        if self._given:
            self._put(self._together())
        value = rewritten(text.value, self._reader, self._fields.remarks)
        self._native["prompt"] = named("prompt", text, value)

    def json(self) -> None:
        """See `FUNCTIONS`."""
        value = self._alone()
        if isinstance(value, ScalarNode) and isinstance(value.value, str) and value.value.startswith("{{"):
            code = value.value[2:-2].strip()  # what was read already, as a model's reply may be, is written again
            value = made(f"{{{{ {code} if {code} is string else {code} | tojson }}}}", value)
        self._put(value)

    def _put(self, value: Node | None, option: str = "", entry: Entry | None = None) -> None:
        if value is not None:
            self._native["input"] = placed("input", value)
        if entry is not None:
            options = MappingNode(entry.value.span, {option: named(option, entry)})
            self._native["options"] = placed("options", options)

    def _option(self, *names: str) -> Entry | None:
        below = self._below(*names)
        return self._fields.take(*names) or below

    def _below(self, *names: str) -> Entry | None:
        return self._options.take(*names) if self._options is not None else None

    def _predicate(self, where: Entry) -> Entry | None:
        if not isinstance(where.value, ScalarNode):
            fact = f"the condition of a filter is {kind(plain(where.value))}; write a text such as item.score > 3"
            self._fields.remarks.problem(where.value, fact)
            return None
        text = expression(where.value, self._reader, self._fields.remarks, items=True)
        return named("where", where, text)

    def _together(self) -> Node | None:
        if not self._given and not self._says:
            self._problem("a transform needs inputs; name the outputs that it works on")
            return None
        at = self._given[0].value if self._given else self._function
        return MappingNode(at.span, {one.name: placed(one.name, one.value) for one in self._given})

    def _alone(self) -> Node | None:
        if len(self._given) == 1:
            return self._given[0].value
        if self._says and not self._given:
            return None  # what is wrong with its inputs was said
        found = f"{len(self._given)} are given" if self._given else "none is given"
        self._problem(f"function {plain(self._function)!r} works on one input, and {found}; name one")
        return None

    def _problem(self, fact: str) -> None:
        self._fields.remarks.problem(self._function, fact)


def is_predicate(step: Node) -> bool:
    """Return whether the condition of a filter step is one over items, and does not say when the step runs."""
    entry = step.entries.get("condition") if isinstance(step, MappingNode) else None
    return entry is not None and re.search(r"\bitem\b|=>", spelled(entry.value)) is not None
