"""A world in which tasks, people and workflows are full of hostile texts, wherever they may have one."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.contract.walls_given import Reply, World, prepare, standing, walled
from tests.contract.walls_looking import EVIL, complaints
from tests.unit.hostile_strings import ATTRIBUTES, BIDI, HEADERS, HTML, INVISIBLE, LOGS, MARKDOWN, SCRIPTS, URLS
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, WorkflowSpec
from workflow_engine.registry import TASK_ID
from workflow_engine.spec.strict import NAME
from workflow_engine.ui.security.roles import Role

TEXTS: Final = {
    f"{kind}: {name}": text
    for kind, texts in (
        *(("html", HTML), ("attribute", ATTRIBUTES), ("script", SCRIPTS), ("bidi", BIDI), ("invisible", INVISIBLE)),
        *(("header", HEADERS), ("log", LOGS), ("url", dict(list(URLS.items())[::4]))),
    )
    for name, text in texts.items()
}
"""Texts that stand in all places; those of Markdown stand in files and prompts."""

NUMBERS: Final = {name: number for number, name in enumerate(TEXTS)}

ENDINGS: Final = ("html", "svg", "md", "json", "txt", "xml", "csv", "pdf", "png")


def storable(text: str) -> str:
    """Return a text as the engine takes it: without halves of pairs and NUL."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def evil(text: str) -> str:
    """Return a text that breaks out where nothing is escaped."""
    return EVIL + storable(text)


def named_so(text: str) -> str:
    """Return a text as near as the name of a workflow or phase can be to it."""
    bare = storable(evil(text)).replace("/", "\u2215").replace("#", "")
    bare = "".join(letter for letter in bare if letter >= " " and letter != "\x7f")[:190].strip()
    return bare if NAME.fullmatch(bare) else f"w{abs(hash(text))}"


def task_id(text: str, number: int) -> str:
    """Return a text as near as the id of a task can be to it."""
    bare = f"{number}\"'><x-evil>" + "".join(letter for letter in storable(text) if TASK_ID.fullmatch(letter))[:80]
    return bare if TASK_ID.fullmatch(bare) else f"t{number}"


def workflow_of(name: str) -> WorkflowSpec:
    """Return a workflow that asks with a hostile text wherever it can say something."""
    text = TEXTS[name]
    form = {
        "type": "object",
        "title": evil(text),
        "description": evil(text),
        "required": ["decision"],
        "properties": {
            "decision": {"enum": [evil(text), "reject"], "title": evil(text)},
            evil(text): {"type": "string", "title": text if storable(text) == text else "t", "description": evil(text)},
            "choice": {"oneOf": [{"const": evil(text), "title": evil(text)}, {"const": 2, "title": "two"}]},
            "default": {"type": "string", "default": evil(text), "examples": [evil(text)], "format": "markdown"},
            "file": {"type": "string", "format": "binary", "title": evil(text)},
        },
    }
    asking = Phase(
        id=named_so(text), assigned_to="human", prompt="{{ inputs.text }}", form=form,
        show={evil(text): "{{ inputs }}"},
        candidates=[evil(text)] if storable(text).isprintable() else [], target_classification=named_so(text),
    )  # fmt: skip
    inputs = {"type": "object", "title": evil(text), "properties": {"text": {"type": "string", "title": evil(text)}}}
    return WorkflowSpec(
        name=named_so(text),
        description=storable(evil(text)),
        version=named_so(text)[:40],
        phases=(asking,),
        inputs=inputs,
    )


@contextmanager
def hostile(folder: Path) -> Generator[World]:
    """Serve an engine that is full of hostile texts."""

    def ready(engine: ECSWorkflowEngine) -> None:
        prepare(engine)
        for name in TEXTS:
            engine.register_workflow(workflow_of(name))

    with walled(folder, ready) as found:
        standing(found)
        _stored(found)
        yield found


def _stored(world: World) -> None:
    """Submit tasks with every text wherever a task may have one, and wait for all."""
    files: dict[str, str] = {}
    for number, text in enumerate([*TEXTS.values(), *list(MARKDOWN.values())[::3]]):
        ending = ENDINGS[number % len(ENDINGS)]
        files[f"{number}.{ending}"] = evil(text) if number % 2 else storable(text)
    for name, number in NUMBERS.items():
        text = TEXTS[name]
        data = {
            "text": evil(text),
            evil(text): storable(text),
            "list": [{evil(text): evil(text)}],
            "prompt": evil(text),
        }
        labels = {storable(evil(text))[:100]: storable(evil(text))[:100]}
        world.ask.submit_task(data, named_so(text), task_id=task_id(text, number), labels=labels)
        failing = {"message": storable(evil(text)) if number % 2 else storable(text) or "x", **data}
        world.ask.submit_task(failing, "fails", task_id=f"f{number}")
        world.ask.submit_task(data, "asks", task_id=f"c{number}")
    wide = {
        "output": [storable(text) for text in TEXTS.values()],
        "context": {storable(evil(t)): t for t in map(storable, TEXTS.values())},
    }
    world.ask.submit_task({"files": files, **wide}, "works", task_id="files")
    for word in ("talks", "logs"):
        world.ask.submit_task({"text": "\n".join(map(evil, TEXTS.values())), "prompt": "p"}, word, task_id=word)
    for task in ("files", "talks", "logs", *(f"f{number}" for number in NUMBERS.values())):
        assert world.ask.wait(task, timeout=20).status.terminal, task
    for name, number in NUMBERS.items():
        question = question_of(world, task_id(TEXTS[name], number))
        world.ask.comment_question(question, storable(evil(TEXTS[name])), "anna")
        world.ask.cancel(f"c{number}", storable(evil(TEXTS[name])), by="anna")
    world.desk.settle()


def question_of(world: World, task: str) -> str:
    """Return the id of the question of a task."""
    return str(world.site.until(lambda: _questions(world, task), bool)[0])


def _questions(world: World, task: str) -> list[str]:
    runs = world.ask.inspect(task).record.runs.values()
    return [run["question"].id for run in runs if "question" in run]


def look(world: World, path: str, *statuses: int) -> Reply:
    """Return a page that is harmless."""
    found = world.send("GET", path, browser=world.browsers[Role.ADMIN])
    assert found.status in (statuses or (200,)), (path, found.status, found.page.words[:300])
    assert complaints(found) == [], path
    return found
