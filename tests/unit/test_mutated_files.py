"""Whatever happens to a workflow file, it loads or is refused with a line; nothing else is ever raised."""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest

from tests.unit.workflow_files import GOOD, REVIEW, graph
from workflow_engine.errors import SpecError
from workflow_engine.spec.files.diagnostics import Diagnostic
from workflow_engine.spec.loading import load_text

SECONDS_MAX = 5.0
"""Of processor time that a file may take; the worst of these takes a tenth of it."""

VALUES = [
    "3",
    "-1",
    "0",
    "true",
    "null",
    "[]",
    "{}",
    "[[1]]",
    "{a:1}",
    "x/y",
    '""',
    "'{{a'",
    "{{a}}",
    "1e400",
    "soon",
    "*x",
    "!!python/object:os.system",
    "!!binary",
    "&x",
    "&x[*x]",
    "@",
    "|",
    "2024-01-01",
    "[a",
    "'",
    ".nan",
    '"\\ud800"',
    "steps",
    ".inf",
    "-",
    "?",
    ":",
    ",",
    "%",
    "`",
    "0x",
    "0o8",
    "{?",
    "!",
]
MANY = range(2_000)
WRONG = {
    "nothing": "",
    "a tag": "name: !!python/object/apply:os.system [ls]\nphases: [{id: a}]",
    "a cycle": "name: w\nphases: [{id: a, depends_on: [b]}, {id: b, depends_on: [a]}]",
    "itself": "name: w\nphases: [{id: a, depends_on: [a]}]",
    "ten megabytes": "name: w\nphases:\n" + "  - id: a\n" * 1_000_000,
    "a long line": "name: " + "x" * 1_000_000,
    "flow levels": "[" * 10_000,
    "block levels": "- " * 10_000,
    "key levels": "? " * 10_000,
    "mapping levels": "{a: " * 10_000,
    "a megabyte of levels": "[a,{b:" * 170_000,
    "levels in a value": "name: w\nphases: " + "[" * 10_000,
    "a bomb": "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1},' * 9}]\n" for n in range(1, 20)),
    "a quadratic bomb": f"name: w\na: &a [{'x,' * 50_000}]\nb: [{'*a,' * 50_000}]",
    "a scalar": "hello",
    "a list": "- name: w",
    "two documents": "name: w\nphases: [{id: a}]\n---\n{}",
    "quotes": '"' * 100_000,
    "colons": ": " * 100_000,
    "unknown phases": "name: w\nphases:\n" + "".join(f"  - {{id: a{n}, depends_on: [b{n}]}}\n" for n in MANY),
    "unknown keys": "name: w\nphases:\n" + "".join(f"  - {{id: a{n}, depend_on: [b{n}]}}\n" for n in MANY),
    "one long line of problems": f"{{name: w, phases: [{'{id: a, depend_on: [b]}, ' * 4_000}]}}",
    "templates": f"name: w\nphases: [{{id: a, prompt: '{'{{ (' * 10_000}'}}]",
    "a condition": f"name: w\nphases: [{{id: a}}, {{id: b, when: '{'not ' * 10_000}x'}}]",
    "a schema": f"name: w\ninputs: {'{items: ' * 90}3{'}' * 90}\nphases: [{{id: a}}]",
    "a reference": "name: w\ninputs: {$ref: '#/nowhere', type: 3}\nphases: [{id: a}]",
}


def flips(text: str, draw: random.Random) -> bytes:
    data = bytearray(text.encode())
    for _ in range(draw.randint(1, 4)):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    return bytes(data)


def cut(text: str, draw: random.Random) -> bytes:
    return text.encode()[: draw.randrange(len(text))]


def line_lost(text: str, draw: random.Random) -> bytes:
    lines = text.splitlines(keepends=True)
    del lines[draw.randrange(len(lines))]
    return "".join(lines).encode()


def lines_swapped(text: str, draw: random.Random) -> bytes:
    lines = text.splitlines(keepends=True)
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines).encode()


def key_misspelt(text: str, draw: random.Random) -> bytes:
    key = draw.choice(list(re.finditer(r'"?\w+"?(?=:)', text)))
    at = draw.randrange(*key.span())
    return (text[:at] + text[at + 1 :]).encode()


def value_replaced(text: str, draw: random.Random) -> bytes:
    value = draw.choice(list(re.finditer(r"(?<=: )[^\n,}\]]+", text)))
    return (text[: value.start()] + draw.choice(VALUES) + text[value.end() :]).encode()


MUTATIONS: tuple[Callable[[str, random.Random], bytes], ...] = (
    flips, cut, line_lost, lines_swapped, key_misspelt, value_replaced,
)  # fmt: skip


def mutated() -> Iterator[bytes]:
    """Yield contents, the same ones each time."""
    for name, text in GOOD.items():
        for mutation in MUTATIONS:
            for seed in range(40):
                kind = mutation.__name__
                yield mutation(text, random.Random(f"{name} {kind} {seed}"))


def outcome(data: str | bytes) -> str:
    """Return how loading *data* ended."""
    before = time.process_time()
    refusal = refused(data)
    assert time.process_time() - before < SECONDS_MAX
    if refusal is None:
        return "loaded"
    said: Sequence[Diagnostic] = refusal.problems
    assert said
    assert min(one.line for one in said) >= 1
    assert min(one.column for one in said) >= 1
    assert len(str(refusal)) < 20_000
    return "refused"


def refused(data: str | bytes) -> SpecError | None:
    try:
        load_text(data, "w.yaml")
    except SpecError as refusal:
        return refusal
    return None


def test_a_mutated_file_loads_or_is_refused_with_a_line() -> None:
    ended = Counter(outcome(data) for data in mutated())
    assert ended["refused"] > 200
    assert ended["loaded"] > 0


@pytest.mark.parametrize("name", WRONG)
def test_a_hostile_file_is_refused_with_a_line(name: str) -> None:
    assert outcome(WRONG[name]) == "refused"


@pytest.mark.parametrize("name", GOOD)
def test_the_files_that_are_mutated_are_good(name: str) -> None:
    assert outcome(GOOD[name].encode()) == "loaded"


def test_a_graph_of_a_thousand_phases_loads() -> None:
    assert len(load_text(graph(1_000), "graph.yaml").spec.phases) == 1_000


def test_a_file_cut_anywhere_is_refused_or_loads() -> None:
    for length in range(0, len(REVIEW), 7):
        outcome(REVIEW.encode()[:length])
