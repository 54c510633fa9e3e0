"""Draws what docs/architecture.md shows of the code, from the code: states, components and systems.

python docs/generate.py            # writes docs/architecture.md anew
python docs/generate.py --check    # fails where it is stale
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from workflow_engine.core import components
from workflow_engine.core.components import COMPONENTS, NAMES, TABLES, TaskState
from workflow_engine.core.core import SYSTEMS
from workflow_engine.core.lifecycle import RUN_TRANSITIONS, TRANSITIONS, Move

PAGE: Final = Path(__file__).with_name("architecture.md")

OF_A_RUN: Final = (
    components.Run,
    components.Attempt,
    components.Ready,
    components.Running,
    components.Backoff,
    components.Suspended,
    components.Question,
    components.Steps,
)
OF_A_DEFINITION: Final = (components.Definition,)


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
    rest = [kind for kind in kinds if kind not in OF_A_RUN and kind not in OF_A_DEFINITION]
    for title, members in (("a task", rest), ("a run", OF_A_RUN), ("a definition", OF_A_DEFINITION)):
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


SECTIONS: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "task states": task_states,
    "run states": run_states,
    "components": component_tables,
    "systems": system_table,
}


def rendered(page: str) -> str:
    """Return *page* with what stands between its markers drawn anew.

    Raises:
        AssertionError: a marker is missing.
    """
    for name, draw in SECTIONS.items():
        begin, end = f"<!-- {name}: made by docs/generate.py -->", f"<!-- end of {name} -->"
        drawn = "\n".join(draw()).strip()
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if len(pattern.findall(page)) != 1:
            raise AssertionError(f"the page has no place for {name}: {begin} ... {end}")
        before, after = pattern.split(page)
        page = f"{before}{begin}\n{drawn}\n{end}{after}"
    return page


def _first(kind: type[Any]) -> str:
    """Return the first sentence or paragraph of a docstring, on one line."""
    return " ".join((kind.__doc__ or "").split("\n\n")[0].split())


def main() -> int:
    """Write the page, or say whether it is stale."""
    page = PAGE.read_text(encoding="utf-8")
    new = rendered(page)
    if "--check" in sys.argv[1:]:
        if new != page:
            print(f"{PAGE} is stale; run: python docs/generate.py", file=sys.stderr)
        return int(new != page)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
