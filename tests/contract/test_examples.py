"""Examples, and the programs in the documents, do what they say."""

import ast
import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, RetryPolicy, Task

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = ROOT / "examples"
WITHIN: Final = 30.0
"""Seconds that a program of these tests has."""

PRINTS: Final = {
    "agent_budget": """Task ID (article) waits in phase 'write' since TIME for somebody to answer 'The budget of \
the task is 250 tokens, of which 10 tokens are used, and the next turn may take up to 267 tokens. Extend it, or stop?' \
(question ID/write/1/1q1); it goes on with the answer, however long that takes.
completed: The moon pulls, the sun too.
""",
    "agent_with_tools": """Task ID (help) waits in phase 'help' since TIME for somebody to answer 'May the model call \
refund?' (question ID/help/1/1q3); it goes on with the answer, however long that takes.
paying back 20 EUR under the key ID/help/1/0.1/call-2-1
20 EUR for order 17 are on their way back to you.
""",
    "artifacts": """note.txt: 12 bytes, text/plain, from None
tables/squares.csv: 10427 bytes, text/csv, from export
1000 rows, and a note: please check
""",
    "classifier": """refund: paid back the order of 'a refund, please'
question: answered 'when do you open?'
""",
    "compensation": """booked the flight
booked the hotel
gave back hotel-17
gave back flight-17
failed: the card was declined
""",
    "conditions": """50.00 EUR, through order, invoice
180.00 EUR, through order, discount, invoice
""",
    "define_workflow": """shout-and-count: 6
define_workflow: the workflow 'harm' cannot be defined: phase 'remove' has a command, which data may not bring \
along; name a registered handler
shout-and-count: 3
""",
    "durable_steps": """handler called
charging 20 EUR
handler called
shipped, receipt-1
""",
    "fan_out": """{'page': 0, 'words': 2}
{'error': 'PermanentFailure', 'message': 'page 1 is empty'}
{'page': 2, 'words': 1}
3 words on 2 pages; page 1 is empty
""",
    "feedback_loop": """draft 1, asked to mend: []
draft 2, asked to mend: ['draft 1 is dull']
draft 3, asked to mend: ['draft 2 is dull']
'review' has rejected the work of 'draft' 3 times. Accept it as it is, send it back once more, or stop the task?
published draft 3
""",
    "first_program": "completed: Hello Ann!\n",
    "fork_and_join": """told: ['priced', 'counted']
merged: {'currency': 'EUR', 'customer': 'Ann', 'price': 20, 'stock': 3}
conflict: forked tasks have left different values: 'price' is 20 by offer-1~offer.1.3 and 15 by \
offer-1~offer.1.4; fork with on_conflict='human', or use other names
""",
    "gates": """require all: failed, phase 'verdict' rejected the work: a typing error in line 3
require any: completed
require 2: completed
""",
    "hooks": "completed: paid 20 EUR\nfailed: that is more than 100 EUR\n",
    "human_approval": """Task ID (page) waits in phase 'approve' since TIME for ann to answer 'Publish this?' \
(question ID/approve/1/1q0); due TIME, after that it is overdue and keeps waiting.
refused: question ID/approve/1/1q0: the answer does not fit its form: \
decision: 'aprove' is not one of ['approve', 'reject']
published
""",
    "output_schema": """handed back: score: 'seven' is not of type 'integer'
completed: {'score': 7}
failed: the output of phase 'insist' is not what it is to be: score: 11 is greater than the maximum of 10
""",
    "parallel_phases": """outline on nothing
layout on outline, pictures, prices, text
at most 2 at once
""",
    "priorities_and_limits": """the boss's page (under way: 1)
an old page (under way: 1)
a newer page (under way: 1)
a draft (under way: 1)
""",
    "retries": """attempt 1 under the key retries-t1/fetch/1/1
attempt 2 under the key retries-t1/fetch/1/2
attempt 3 under the key retries-t1/fetch/1/3
retries-t1 completed: fetched
retries-t2 failed: the file is not a spreadsheet
""",
    "routing": "wrote back about 'how do I log in?'\ncalled about 'the site is down!'\n",
    "routing_in_a_graph": """triage, refund, pay, close -> close: money back!
triage, advice, close -> close: which way up?
""",
    "schedule": """report@2026-11-20T08:00Z: sales
stopped on Friday, started on Wednesday
report@2026-11-23T08:00Z: sales
report@2026-11-24T08:00Z: sales
report@2026-11-25T08:00Z: sales
""",
    "stages": """looking at a paper that is in review
completed at 'archived': filed
looking at a paper that is in review
looking at a paper that is in review
failed at 'sent back': phase 'look' rejected the work 2 times, the last time: rejected without a reason
looking at a paper that is in review
failed at 'accepted': a task at stage 'accepted' may not go to 'received'; mend states.transitions
""",
    "subprocess_phase": "{'words': 4}\n['brown', 'fox', 'quick', 'the']\n",
    "subworkflow": """['Tides in Danish, proofread', 'Tides in French, proofread']
book-1~languages.1.0.1, translation: Tides in French, proofread
""",
    "support_pipeline": """classify: {'topic': 'billing', 'urgent': True}
answer: You were charged twice; the second payment of 20 EUR is on its way back.
review: {'decision': 'approve'}
""",
    "suspend_resume": "got 2 parcels\nwaiting_human\nwent on with ['/archive']\n",
    "threads": "completed: HELLO\n",
    "timers": """invited
stopped
reminded Ann
""",
    "two_researchers": """cost: A heat pump in the river costs 4 million.
law: The river may be warmed by 1.5 degrees.
report: It can be done, for 4 million, if it warms by 1.5.
""",
    "typed_hand_over": """the output of phase 'read' is no Job: 2 validation errors for Job
3 of tea, express
""",
    "workflow_file": """Hello Ann!
HELLO BEN! HELLO CEM!
workflow 'greeting' does not accept this: names: 'Ann' is not of type 'array'
greeting.yaml:4:5: 'for_eech' is not known here; did you mean 'for_each'?
  4 |     for_eech: inputs.names
    |     ^^^^^^^^
""",
}
"""What each example prints."""

TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \([^)]+\)")
ID: Final = re.compile(r"[0-9a-z]{12}-[0-9a-z]+")


def run(words: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with *words* in *directory*."""
    return subprocess.run(
        [sys.executable, *words], cwd=directory, capture_output=True, text=True, timeout=WITHIN, check=False
    )


def blocks(page: str) -> list[str]:
    """Return the Python in a page of the documents."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def programs(page: str) -> list[str]:
    """Return the blocks of a page that are whole programs."""
    return [block for block in blocks(page) if "asyncio.run(main())" in block]


def test_every_example_is_tested() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(PRINTS)


@pytest.mark.parametrize("name", PRINTS)
def test_an_example_prints_what_a_reader_expects(name: str, tmp_path: Path) -> None:
    done = run([str(EXAMPLES / f"{name}.py")], tmp_path)
    printed = ID.sub("ID", TIME.sub("TIME", done.stdout))
    assert (printed, done.stderr, done.returncode) == (PRINTS[name], "", 0)


def test_an_example_can_be_run_again(tmp_path: Path) -> None:
    for _ in range(2):
        assert run([str(EXAMPLES / "retries.py")], tmp_path).stdout == PRINTS["retries"]


@pytest.mark.parametrize("name", PRINTS)
def test_an_example_begins_with_one_sentence(name: str) -> None:
    program = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert re.match(r'"""[A-Z][^.\n]*\.("""|\n\n)', program)


def test_the_first_program_of_the_readme_runs(tmp_path: Path) -> None:
    (program,) = programs("README.md")
    done = run(["-c", program], tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("completed: Hello Ann!\n", "", 0)


async def test_the_steps_of_the_readme_work(tmp_path: Path) -> None:
    (handler,) = (block for block in blocks("README.md") if block.startswith("async def order(task)"))
    charged: list[int] = []
    names: dict[str, Any] = {"charge": charged.append}
    exec(handler.replace("days=3", "seconds=0.01"), names)
    async with ECSWorkflowEngine(tmp_path) as engine:
        engine.register_handler("order", names["order"])
        task = await engine.submit_task({"amount": 20}, classification="order")
        task = await answered(engine, task, value=True)
    assert (charged, task.output) == ([20], {"receipt": None})


async def answered(engine: ECSWorkflowEngine, task: Task, value: object) -> Task:
    """Answer the question that a task comes to, and return it when it has ended."""
    async with asyncio.timeout(WITHIN):
        while task.status != "waiting_human":
            await asyncio.sleep(0.01)
            task = await engine.get_task(task)
    await engine.answer(task.id, value)
    return await engine.wait(task, WITHIN)


@pytest.mark.parametrize("page", sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md")))
def test_python_in_the_documents_compiles(page: str) -> None:
    for block in blocks(page):
        compile(block, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)  # pieces of handlers stand by themselves


def test_the_tests_in_the_documents_pass() -> None:
    names: dict[str, Any] = {}
    for block in blocks("docs/how-to/test-with-the-simulation.md"):
        exec(block, names)
    tests: list[Callable[[], None]] = [call for name, call in names.items() if name.startswith("test_")]
    assert len(tests) == 3
    for test in tests:
        test()


async def test_the_program_of_the_documents_reads_and_leaves_what_they_say(tmp_path: Path) -> None:
    phase, program = blocks("docs/how-to/run-a-program.md")
    names: dict[str, Any] = {"Phase": Phase}
    declared = eval(phase, names).model_copy(update={"command": ("{python}", "-c", program)})
    async with ECSWorkflowEngine(tmp_path) as engine:
        engine.register_workflow("w", [declared.model_copy(update={"retry": RetryPolicy(max_attempts=1)})])
        task = await engine.wait(await engine.submit_task({"text": "one two"}, "w"), WITHIN)
        assert await engine.read_artifact(task, "words.txt") == b"one\ntwo"
    assert task.output == {"words": 2}


# ------------------------------------------------------------ the tutorial


@contextmanager
def press(directory: Path, output: Path) -> Generator[subprocess.Popen[bytes]]:
    """Run the program of the tutorial, with less patience, for the length of a ``with``."""
    (program,) = programs("docs/tutorial.md")
    program = program.replace("sleep(2)", "sleep(0.1)").replace("sleep(10)", "sleep(1.5)")
    (directory / "press.py").write_text(program, encoding="utf-8")
    with output.open("wb") as file, subprocess.Popen([sys.executable, "press.py"], cwd=directory, stdout=file) as child:
        try:
            yield child
        finally:
            child.kill()


def cli(directory: Path, *words: str) -> str:
    """Return what the command prints, on either channel."""
    done = run(["-m", "workflow_engine", *words], directory)
    return done.stdout + done.stderr


def until(condition: Callable[[], bool]) -> None:
    """Return as soon as *condition* holds."""
    deadline = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_the_tutorial_goes_as_it_says(tmp_path: Path) -> None:
    said = tmp_path / "said"
    with press(tmp_path, said) as child:
        until(lambda: (tmp_path / "workflow_data" / "journal").is_dir())
        task = cli(tmp_path, "submit", "--workflow", "article", "topic=Tides").strip()
        until(lambda: "composing" in said.read_text())
        os.kill(child.pid, signal.SIGKILL)
    assert said.read_text() == "looking up Tides ...\ncomposing ...\n"
    assert "it is taken up again when an engine runs" in cli(tmp_path, "why", task)
    with press(tmp_path, said) as child:
        until(lambda: "for ann to answer 'Publish this?'" in cli(tmp_path, "why", task))
        assert said.read_text() == "composing ...\n"
        assert f"{task}/approve/1/1q0\tann" in cli(tmp_path, "inbox")
        assert "'aprove' is not one of ['approve', 'reject']" in cli(tmp_path, "answer", task, "decision=aprove")
        cli(tmp_path, "answer", task, "decision=approve")
        until(lambda: "published: Tides come twice a day. Tides follow the moon." in said.read_text())
        until(lambda: "status\tcompleted" in cli(tmp_path, "show", task))
        events = cli(tmp_path, "events", task)
        assert events.count(f"PhaseStarted\trun={task}/draft/1") == 2
        assert events.count(f"PhaseCompleted\trun={task}/draft/1") == 1
        child.send_signal(signal.SIGINT)
        assert child.wait(WITHIN) == 0
