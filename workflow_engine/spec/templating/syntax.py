"""What a template may be made of: its tree is read, checked, guarded and compiled here."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.parser import Parser
from jinja2.visitor import NodeTransformer

from workflow_engine.spec.problems import did_you_mean, listed
from workflow_engine.spec.templating.faults import Faulty, handlebars, place_of
from workflow_engine.spec.templating.filters import FILTERS, takes
from workflow_engine.spec.templating.references import Path, dotted, references_in
from workflow_engine.spec.templating.run import Run, plain
from workflow_engine.spec.templating.sandbox import Sandbox
from workflow_engine.spec.templating.tests import TESTS
from workflow_engine.spec.templating.values import encodable, fits_json, room

SOURCE_MAX: Final = 64 * 1024  # characters
DEPTH_MAX: Final = 80  # Python compiles a hundred levels of brackets and blocks
LOOPS_MAX: Final = 2  # one in another
COMPILED_MAX: Final = 512
RESULT: Final = "result"

ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Assign),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Filter, nodes.Test, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow),
)
REFUSED: Final[dict[type[nodes.Node], str]] = {
    nodes.Call: "calls such as x() are not offered; filters are written with a bar: `x | upper`",
    nodes.AssignBlock: "a block of set is not offered; write {% set name = value %}",
    nodes.NSRef: "namespaces are not offered; write {% set name = value %}",
}
RESERVED: Final = frozenset(("self", "super", "caller", "varargs", "kwargs"))


class Compiled(NamedTuple):
    """A template that was checked and can be run.

    Attributes:
        code: what runs it; where it is a value alone, it leaves it as `RESULT`.
        alone: whether it is a value with no text around it, which keeps its type.
    """

    code: Template
    alone: bool

    def value_in(self, scope: Mapping[str, Any], lenient: bool) -> Any:
        """Return its value, or the text it makes, with the names in *scope*; where *lenient*, a missing key is null."""
        run = Run(sandbox(), scope, lenient)
        pieces, size = list[str](), 0
        for piece in self.code.root_render_func(run):
            pieces.append(piece)
            size += len(piece)
            room(size)
        return plain(run, run.vars[RESULT]) if self.alone else encodable("".join(pieces))


@lru_cache(maxsize=COMPILED_MAX)
def compiled(text: str, expression: bool) -> Compiled:
    """Return *text* ready to run; it is an expression if it is meant to be one, or is one ``{{ ... }}`` alone.

    Raises:
        Faulty: it cannot be compiled, or uses what is not offered.
    """
    with faults_of(text):
        tree = checked(text, expression)
        alone = only_value(tree) is not None
        body = Guard().visit(tree).body
        if alone:
            body = [nodes.Assign(nodes.Name(RESULT, "store"), body[0].nodes[0], lineno=1)]
        return Compiled(sandbox().from_string(nodes.Template(body, lineno=1)), alone)


@lru_cache(maxsize=COMPILED_MAX)
def read(text: str, expression: bool) -> tuple[Path, ...]:
    """Return the paths that *text* reads, without compiling it, which costs twice as much as all else.

    Raises:
        Faulty: it uses what is not offered, or is no template.
    """
    with faults_of(text):
        return references_in(checked(text, expression))


@contextmanager
def faults_of(text: str) -> Generator[None]:
    """Make a `Faulty` of whatever Jinja and Python find wrong with *text*."""
    try:
        yield
    except TemplateSyntaxError as error:
        raise handlebars(text) or Faulty(*place_of(text, error.lineno), f"{error.message}") from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise Faulty(0, 0, "it is nested too deeply; put parts of it into {% set name = ... %}") from error
    except ValueError as error:
        raise Faulty(0, 0, "a number in it has more digits than can be read") from error


@cache
def sandbox() -> Sandbox:
    """Return the one environment; it is not changed after it was made, so threads share it."""
    return Sandbox()


def checked(text: str, expression: bool) -> nodes.Template:
    """Return the tree of *text*, which uses only what is offered."""
    if len(text) > SOURCE_MAX:
        raise Faulty(0, 0, f"it has {len(text):,} characters, more than {SOURCE_MAX:,}; pass what is long as a value")
    tree = parsed_expression(text) if expression else Parser(sandbox(), text).parse()
    level = [(node, 0) for node in tree.iter_child_nodes()]
    for _depth in range(DEPTH_MAX):
        for node, loops in level:
            check(text, node, loops)
        level = [
            (child, loops + isinstance(node, nodes.For)) for node, loops in level for child in node.iter_child_nodes()
        ]
        if not level:
            return tree
    raise RecursionError


def parsed_expression(text: str) -> nodes.Template:
    """Return the tree of an expression, bare or as one ``{{ ... }}``."""
    start = text.lstrip()
    if start.startswith(("{{", "{%", "{#")):
        tree = Parser(sandbox(), text.strip()).parse()
        if only_value(tree) is None:
            raise Faulty(0, 0, "an expression is written bare, or as one {{ ... }} with nothing around it")
        return tree
    parser = Parser(sandbox(), text, state="variable")
    value = parser.parse_expression()
    if not parser.stream.eos:
        raise TemplateSyntaxError("there is something after the expression", parser.stream.current.lineno)
    return nodes.Template([nodes.Output([value], lineno=1)], lineno=1)


def only_value(tree: nodes.Template) -> nodes.Expr | None:
    """Return the one value that *tree* is about, with no text around it, or None."""
    match tree.body:
        case [nodes.Output(nodes=[value])] if not isinstance(value, nodes.TemplateData):
            return value
        case _:
            return None


def check(text: str, node: nodes.Node, loops: int) -> None:
    """Refuse *node* of template *text* unless it is offered; it stands in so many *loops*."""
    fact = refusal(node, loops)
    if fact is not None:
        word = getattr(node, "name", None)
        raise Faulty(*place_of(text, node.lineno, word if isinstance(word, str) else None), fact)


def refusal(node: nodes.Node, loops: int) -> str | None:
    """Return why *node* is not offered, or None if it is."""
    match node:
        case nodes.Filter() | nodes.Test():
            return unknown(node)
        case nodes.For(recursive=True):
            return "recursive loops are not offered"
        case nodes.For() if loops >= LOOPS_MAX:
            return f"loops stand at most {LOOPS_MAX} deep; prepare the values in a phase of their own"
        case nodes.Name(name=name, ctx=ctx) if name in RESERVED or (ctx != "load" and name in ("loop", "null")):
            return f"{name!r} is not a name that a template can use; choose another"
        case nodes.Const(value=int() | float() as value) if not fits_json(value):
            return "a number is too large for JSON"
        case _ if isinstance(node, ALLOWED):
            return None
        case _:
            word = type(node).__name__.lower()
            return REFUSED.get(
                type(node), f"{word!r} is not offered; a template has if, for and set, filters and tests"
            )


def unknown(node: nodes.Filter | nodes.Test) -> str | None:
    """Return what is wrong with the name or the arguments of a filter or test, or None."""
    kind, known = ("filter", FILTERS) if isinstance(node, nodes.Filter) else ("test", TESTS)
    if node.node is None:
        return "blocks of filters are not offered; filters are written with a bar: `x | upper`"
    if node.name not in known:
        return f"unknown {kind} {node.name!r}, known are {listed(sorted(known), 60)}{did_you_mean(node.name, known)}"
    names = [str(getattr(option, "key", "")) for option in node.kwargs]
    if node.dyn_args or node.dyn_kwargs or not takes(known[node.name], len(node.args), names):
        remedy = "; map takes attribute='key'" if node.name == "map" else ""
        return f"{kind} {node.name!r} does not take these arguments{remedy}"
    return None


class Guard(NodeTransformer):
    """Puts the guards of the sandbox where Jinja would go past it."""

    def visit_Getattr(self, node: nodes.Getattr) -> nodes.Expr:  # Jinja's name
        """Look a key up, and nothing else."""
        return guard("<look up>", self.visit(node.node), nodes.Const(node.attr), nodes.Const(dotted(node.node)))

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Expr:
        """Look a key or position up, or take a part."""
        owner = self.visit(node.node)
        if isinstance(node.arg, nodes.Slice):
            bounds = (node.arg.start, node.arg.stop, node.arg.step)
            return guard("<slice>", owner, *(nodes.Const(None) if end is None else self.visit(end) for end in bounds))
        return guard("<look up>", owner, self.visit(node.arg), nodes.Const(dotted(node.node)))

    def visit_Compare(self, node: nodes.Compare) -> nodes.Expr:
        """Compare within bounds."""
        rest = [part for operand in node.ops for part in (nodes.Const(operand.op), self.visit(operand.expr))]
        return guard("<compare>", self.visit(node.expr), *rest)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Expr:
        """Join texts within bounds."""
        return guard("<concatenate>", *map(self.visit, node.nodes))

    def visit_CondExpr(self, node: nodes.CondExpr) -> nodes.Expr:
        """Give null where there is no else."""
        parts = (node.test, node.expr1, node.expr2 or nodes.Const(None))
        return nodes.CondExpr(*map(self.visit, parts), lineno=node.lineno)

    def visit_For(self, node: nodes.For) -> nodes.For:
        """Count iterations, and what each costs."""
        steps = 1 + size(node)
        self.generic_visit(node)
        node.iter = guard("<repeat>", node.iter, nodes.Const(steps))
        return node

    def visit_Name(self, node: nodes.Name) -> nodes.Expr:
        """Know null, beside true and false."""
        return nodes.Const(None) if node.name == "null" else node


def guard(name: str, value: nodes.Node, *args: nodes.Node) -> nodes.Filter:
    """Return the application of the guard of that *name*."""
    return nodes.Filter(value, name, list(args), [], None, None, lineno=value.lineno)


def size(node: nodes.Node) -> int:
    """Return how many nodes there are below *node*."""
    return sum(1 + size(child) for child in node.iter_child_nodes())
