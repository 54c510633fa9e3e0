"""Whatever happens to a workflow file, it loads or is refused with a line; nothing else is ever raised."""

import random
import re
import time
from collections.abc import Callable, Iterator

import pytest

from tests.unit.workflow_files import GOOD, REVIEW, graph
from workflow_engine.errors import SpecError
from workflow_engine.spec.diagnostics import Diagnostic
from workflow_engine.spec.loading import load_text

VALUES = (
    "3", "-1", "0", "true", "null", "[]", "{}", "[[1]]", "{a: 1}", "x/y", '""', "'{{ a'", "{{ a }}", "1e400", "soon", "*x",
    "!!python/object:os.system x", "!!binary aGk=", "&x", "&x [*x]", "@", "|", "2024-01-01", "[a", "'", ".nan", '"\\ud800"',
)  # fmt: skip
WRONG = {
    "nothing": b"",
    "a tag": b"name: !!python/object/apply:os.system [ls]\nphases: [{id: a}]",
    "a cycle": b"name: w\nphases: [{id: a, depends_on: [b]}, {id: b, depends_on: [a]}]",
    "itself": b"name: w\nphases: [{id: a, depends_on: [a]}]",
    "ten megabytes": b"name: w\nphases:\n" + b"  - id: a\n" * 1_000_000,
    "a long line": b"name: " + b"x" * 1_000_000,
    "flow levels": b"[" * 10_000,
    "block levels": b"- " * 10_000,
    "key levels": b"? " * 10_000,
    "mapping levels": b"{a: " * 10_000,
    "a megabyte of levels": b"[a,{b:" * 170_000,
    "levels in a value": b"name: w\nphases: " + b"[" * 10_000,
    "a bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [%s]\n" % (n, n, b",".join([b"*%c" % (n - 1)] * 9)) for n in range(98, 110)),
    "a quadratic bomb": b"name: w\na: &a [" + b"x," * 50_000 + b"]\nb: [" + b"*a," * 50_000 + b"]",
    "a scalar": b"hello",
    "a list": b"- name: w",
    "two documents": b"name: w\nphases: [{id: a}]\n---\n{}",
    "utf-16": "name: w".encode("utf-16"),
    "quotes": b'"' * 100_000,
    "colons": b": " * 100_000,
    "unknown phases": b"name: w\nphases:\n" + b"".join(b"  - {id: a%d, depends_on: [b%d]}\n" % (n, n) for n in range(400)),
    "unknown keys": b"name: w\nphases:\n" + b"".join(b"  - {id: a%d, depend_on: [b%d]}\n" % (n, n) for n in range(400)),
    "one long line of problems": b"{name: w, phases: [" + b"{id: a, depend_on: [b]}, " * 4_000 + b"]}",
    "templates": b"name: w\nphases: [{id: a, prompt: '" + b"{{ (" * 10_000 + b"'}]",
    "a condition": b"name: w\nphases: [{id: a}, {id: b, when: '" + b"not " * 10_000 + b"x'}]",
    "a schema": b"name: w\ninputs: " + b"{items: " * 90 + b"3" + b"}" * 90 + b"\nphases: [{id: a}]",
    "a reference": b"name: w\ninputs: {$ref: '#/nowhere', type: 3}\nphases: [{id: a}]",
}  # fmt: skip


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


def mutated() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents, the same ones each time."""
    for name, text in GOOD.items():
        for mutation in MUTATIONS:
            for seed in range(40):
                kind = mutation.__name__
                yield f"{name} {kind} {seed}", mutation(text, random.Random(f"{name} {kind} {seed}"))


def outcome(data: bytes) -> tuple[str, float]:
    """Return how loading *data* ended, and after how many seconds."""
    before = time.perf_counter()
    try:
        load_text(data, "w.yaml")
    except SpecError as refusal:
        assert refusal.problems
        assert all(isinstance(said, Diagnostic) and said.line >= 1 and said.column >= 1 for said in refusal.problems)
        assert len(str(refusal)) < 20_000
        return "refused", time.perf_counter() - before
    return "loaded", time.perf_counter() - before


def test_a_mutated_file_loads_or_is_refused_with_a_line() -> None:
    ended = {name: outcome(data) for name, data in mutated()}
    refused = sum(result == "refused" for result, _ in ended.values())
    slowest = max(ended, key=lambda name: ended[name][1])
    print(f"{len(ended)} files, {refused} refused; slowest: {slowest}, {ended[slowest][1]:.3f} s")
    assert refused > 200
    assert refused < len(ended)


@pytest.mark.parametrize("name", WRONG)
def test_a_hostile_file_is_refused_with_a_line(name: str) -> None:
    result, seconds = outcome(WRONG[name])
    print(f"{name}: {seconds:.4f} s")
    assert result == "refused"


@pytest.mark.parametrize("name", GOOD)
def test_the_files_that_are_mutated_are_good(name: str) -> None:
    assert outcome(GOOD[name].encode())[0] == "loaded"


def test_a_graph_of_a_thousand_phases_loads() -> None:
    text = graph(1_000)
    before = time.perf_counter()
    assert len(load_text(text, "graph.yaml").spec.phases) == 1_000
    print(f"1,000 phases: {time.perf_counter() - before:.3f} s")


def test_a_file_cut_anywhere_is_refused_or_loads() -> None:
    for length in range(0, len(REVIEW), 7):
        outcome(REVIEW.encode()[:length])
