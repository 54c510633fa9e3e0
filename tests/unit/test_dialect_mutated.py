"""Damaged files of other dialects: each loads, or is refused as a file that is wrong; nothing else comes out."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from workflow_engine.errors import SpecError
from workflow_engine.spec.loading import load_text
from workflow_engine.spec.writing import to_yaml

FIXTURES: Final = Path(__file__).parents[1] / "fixtures" / "dialects"
FILES: Final = sorted(path for path in FIXTURES.iterdir() if path.suffix in (".yaml", ".json"))

VALUES: Final[tuple[Any, ...]] = (
    *(None, True, 3, -1, 0.5, "", "x", "\n", "a/b", "a.b.c", "$..", "é-b", "x" * 300, "prompts/x.md", "a\0b"),
    *("{{ a }}", "{{#if x}}", "{% x", "!a && b", "(", "!(", "'", "{{ ' }}", "steps", "outputs.", "steps.one", "-"),
    *([], {}, [1], ["x"], [None], [[]], {"a": 1}, {"id": None}, {"type": "nope"}, {"from": "a"}, [{"id": "x"}]),
)
KEYS: Final = (
    *("id", "steps", "agents", "dispatch", "on_fail", "output", "inputs", "options", "prompt", "condition", "retry"),
    *("depends_on", "function", "tools", "transitions", "aggregation", "state_machine", "path", "where", "strategy"),
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every mapping and list in *value*, with each of its keys or positions."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType, reportUnknownMemberType] - JSON
    for key, item in inner:  # pyright: ignore[reportUnknownVariableType] - JSON
        yield value, key
        yield from places(item)


def damaged(seed: int) -> tuple[str, Path]:
    """Return a file with one to three values put in wrong places, and the folder it is from."""
    chance = random.Random(seed)
    path = chance.choice(FILES)
    data: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    for _ in range(chance.randrange(1, 4)):
        holder, key = chance.choice(list(places(data)))
        if isinstance(holder, dict) and chance.random() < 0.3:
            key = chance.choice(KEYS)
        holder[key] = chance.choice(VALUES)
    return json.dumps(data), path.parent


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_file_loads_or_is_refused(seed: int) -> None:
    text, folder = damaged(seed)
    try:
        spec = load_text(text, "w.yaml", folder).spec
    except SpecError as error:
        assert error.problems  # noqa: PT017 - either outcome is right
    else:
        assert load_text(to_yaml(spec), "native.yaml").spec == spec
