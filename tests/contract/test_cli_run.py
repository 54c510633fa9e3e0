"""`workflow-engine run`, as its users have it: real processes, real terminals, interrupted in every way."""

import contextlib
import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_cli import WITHIN, Said, cli, engine_on, plain, terminal, until
from tests.contract.test_cli_commands import run as here

REVIEW = """
name: review
inputs: {type: object, required: [topic], properties: {topic: {type: string}}}
phases:
  - id: draft
    assigned_to: agentic
    prompt: "Write about {{ inputs.topic }}{% if feedback %}, mind {{ feedback }}{% endif %}"
  - id: approve
    depends_on: [draft]
    assigned_to: human
    prompt: Publish this?
    form: {type: object, required: [decision], properties: {decision: {enum: [approve, reject]}}}
    on_reject: {target: draft}
"""
GREET = """
name: greet
phases:
  - {id: greet, assigned_to: agentic, prompt: "Greet {{ inputs.name }}"}
  - {id: shout, target_classification: shout-it}
"""
SHOUT = "async def shout_it(task):\n    print('noise')\n    return task.outputs['greet'].upper()\n"
NOTICE = "the offline model replies, since no provider of models is set up\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def write(folder: Path, **files: str) -> Path:
    """Write files, by name with `_` for the dot, into *folder*; return the first."""
    paths = [folder / name.replace("_dot_", ".") for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    return paths[0]


def run(data: Path, *words: str, stdin: str = "") -> Said:
    return cli(data, "run", *words, stdin=stdin)


def run_json(data: Path, *words: str, code: int = 0) -> dict[str, Any]:
    said = run(data, *words, "--json")
    assert said.code == code, said.err
    found: dict[str, Any] = json.loads(said.out)
    return found


def commands(said: str) -> list[list[str]]:
    """Return the commands that were proposed, as words behind the program."""
    lines = [shlex.split(line) for line in said.splitlines() if line.startswith("  ")]
    return [words[words.index("workflow_engine") + 1 :] if "-m" in words else words[1:] for words in lines]


@contextlib.contextmanager
def running(data: Path, *words: str) -> Generator["subprocess.Popen[str]", None, None]:
    """Run a command that does not end by itself, and end it."""
    command = [sys.executable, "-m", "workflow_engine", "run", *words, "--data-dir", str(data), "--verbose"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def heard(process: "subprocess.Popen[str]", word: str) -> None:
    """Return once the command has said a line with *word* on stderr."""
    assert process.stderr is not None
    for line in process.stderr:
        if word in line:
            return
    raise AssertionError(f"it ended without {word!r}")


# ---------------------------------------------------------------- to the end


def test_a_text_is_printed_as_a_text_and_nothing_else_on_stdout(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, greet_dot_yaml=GREET, handlers_dot_py=SHOUT)
    said = run(data, str(file), "name=Ann")
    assert said == Said("[OFFLINE MODEL] GREET ANN\n", NOTICE + "noise\n", 0)


def test_a_short_workflow_takes_well_below_a_second(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, greet_dot_yaml=GREET, handlers_dot_py=SHOUT)
    took: list[float] = []
    for _ in range(3):
        start = time.monotonic()
        assert run(data, str(file), "name=Ann").code == 0
        took.append(time.monotonic() - start)
    assert min(took) < 1.5  # a busy machine


def test_everything_is_in_one_json_document(data: Path, tmp_path: Path) -> None:
    phases = (
        "[{id: a, transform: json, input: '\"x\"'}, {id: b, depends_on: [a], when: 'false', transform: json, input: y}]"
    )
    file = write(tmp_path, w_dot_yaml=f"name: w\nphases: {phases}\n")
    assert run_json(data, str(file), "--id", "t1") == {
        "task": "t1",
        "workflow": "w",
        "status": "completed",
        "output": None,  # that of the last phase, which was skipped
        "outputs": {"a": "x"},
        "skipped": ["b"],
        "failure": None,
        "question": None,
        "questions": [],
        "lacking": [],
        "cost": {"tokens": 0, "dollars": 0.0, "unpriced": 0, "extended_by": {"tokens": 0, "dollars": 0.0}},
    }


@pytest.mark.parametrize(
    "words",
    [
        ("name=Ann", "size=2"),
        ('{"name": "Ann", "size": 2}',),
        ("--input", "name=Ann", "--input", "size=2"),
        ("@input.json", "name=Ann"),
        ("--input", "@input.json", "--input", '{"name": "Ann"}'),
        ("-", "name=Ann"),
    ],
)
def test_input_comes_in_many_forms(data: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    write(tmp_path, input_dot_json='{"name": "Bob", "size": 2}')
    file = write(tmp_path, e_dot_yaml="name: e\nphases: [{id: echo}]\n")
    write(tmp_path, handlers_dot_py="HANDLERS = {'echo': lambda task: task.data}")
    said = run(data, str(file), *words, stdin='{"size": 2}')
    assert (json.loads(said.out), said.code) == ({"name": "Ann", "size": 2}, 0)


def test_a_value_that_is_to_be_a_text_stays_one(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW)
    found = run_json(data, str(file), "topic=123", code=3)
    assert found["outputs"] == {"draft": "[offline model] Write about 123"}


def test_replies_beside_the_file_are_the_model(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW)
    (tmp_path / "review.replies.yaml").write_text("draft: Tides come and go.\n")
    other = write(tmp_path, other_dot_yaml="draft: Something else.\n")
    assert run_json(data, str(file), "topic=x", code=3)["outputs"] == {"draft": "Tides come and go."}
    found = run(data, str(file), "topic=x", "--json", "--replies", str(other))
    assert json.loads(found.out)["outputs"] == {"draft": "Something else."}
    assert found.err.startswith(f"the offline model replies, as {other} says\n")
    assert commands(found.err)[-1][-2:] == ["--replies", str(other)]


def test_the_same_id_and_input_is_the_same_task(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, greet_dot_yaml=GREET, handlers_dot_py=SHOUT)
    first, second = (run_json(data, str(file), "name=Ann", "--id", "t1") for _ in range(2))
    assert first == second
    said = run(data, str(file), "name=Bob", "--id", "t1")
    assert (said.out, said.code) == ("", 2)
    assert "task t1 exists with other data" in said.err


def test_a_failure_is_one_sentence_and_how_to_retry(data: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        w_dot_yaml="name: w\nphases: [{id: a, retry: {max_attempts: 2, initial: 0.01}}]\n",
        handlers_dot_py="def a(task):\n    raise ValueError('no luck')\n",
    )
    said = run(data, str(file), "--id", "t1")
    assert (said.out, said.code) == ("", 1)
    assert said.err.startswith("Task t1 failed in phase 'a' at attempt 2: ValueError: no luck.\nRetry it from there:\n")
    (tmp_path / "handlers.py").write_text("def a(task):\n    return 'luck'\n")
    retry, resume = commands(said.err)
    assert cli(data, *retry).code == 0
    assert cli(data, *resume) == Said("luck\n", "", 0)


def test_a_failure_is_in_the_document_too(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, w_dot_yaml="name: w\nphases: [{id: a}]\n", handlers_dot_py="def a(task):\n    exit(3)\n")
    found = run_json(data, str(file), code=1)
    assert (found["status"], found["failure"]["phase"], found["output"]) == ("failed", "a", None)


def test_verbose_says_what_happens_without_a_terminal(data: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        w_dot_yaml="name: w\nphases: [{id: a, for_each: '[1, 2, 3]'}, {id: b, wait: 0.1s}]\n",
        handlers_dot_py="def a(task):\n    return task.item\n",
    )
    said = run(data, str(file), "--verbose").err.splitlines()
    assert [line.partition(" in ")[0] for line in said] == [
        "a: begins",
        "a: for each of 3 items",
        "a: done",
        "b: begins",
        "b: sleeps for 0.10 s",
        "b: done",
    ]
    assert said[2].endswith(", 3 of 3 items")


def test_max_concurrency_bounds_the_phases_of_a_task(data: Path, tmp_path: Path) -> None:
    phases = ", ".join(f"{{id: p{n}, depends_on: [], target_classification: work}}" for n in range(4))
    file = write(
        tmp_path,
        w_dot_yaml=f"name: w\nphases: [{phases}]\n",
        handlers_dot_py="""
import asyncio
busy = 0
async def work(task):
    global busy
    busy += 1
    seen = busy
    await asyncio.sleep(0.02)
    busy -= 1
    return seen
""",
    )
    assert set(run_json(data, str(file), "--max-concurrency", "1")["outputs"].values()) == {1}
    assert max(run_json(data, str(file))["outputs"].values()) > 1


def test_a_sub_workflow_is_found_beside_the_file_and_its_question_is_asked(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, outer_dot_yaml="name: outer\nphases: [{id: inner, workflow: review}]\n")
    write(tmp_path, review_dot_yaml=REVIEW, answers_dot_yaml="approve: {decision: approve}\n")
    parked = run_json(data, str(file), "topic=x", "--id", "t1", code=3)
    assert parked["question"]["id"].startswith("t1~inner")
    found = run_json(data, str(file), "--resume", "t1", "--answers", str(tmp_path / "answers.yaml"))
    assert found["output"] == {"decision": "approve"}


def test_a_ready_made_workflow_is_named_without_a_path(data: Path) -> None:
    said = run(data, "document-review", "topic=tides", "--json")
    assert said.code in (0, 3), said.err
    assert json.loads(said.out)["workflow"] == "document-review"


# ---------------------------------------------------------------- what somebody else has to bring


def test_a_question_that_nobody_answers_parks_the_task(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW)
    said = run(data, str(file), "topic=tides", "--id", "t1")
    assert (said.out, said.code) == ("", 3)
    assert "Task t1 waits in phase 'approve' for an answer to: Publish this?\n" in said.err
    answer, resume = commands(said.err)
    assert answer == ["answer", "t1/approve/1/1q0", "decision=approve"]
    assert cli(data, *answer).code == 0
    found = cli(data, *resume)
    assert (json.loads(found.out), found.err, found.code) == ({"decision": "approve"}, "", 0)


def test_the_question_is_in_the_document(data: Path, tmp_path: Path) -> None:
    found = run_json(data, str(write(tmp_path, review_dot_yaml=REVIEW)), "topic=x", "--id", "t1", code=3)
    assert (found["status"], found["question"]["id"], found["question"]["prompt"], found["output"]) == (
        "waiting_human",
        "t1/approve/1/1q0",
        "Publish this?",
        None,
    )


@pytest.mark.parametrize(
    "answers",
    [
        "approve: [{decision: reject}, {decision: approve}]",
        "Publish this?: [{decision: reject}, {decision: approve}]",
        "[{decision: reject}, {decision: approve}]",
        '{"approve": [{"decision": "reject"}, {"decision": "approve"}]}',
    ],
)
def test_a_file_answers_one_after_another(data: Path, tmp_path: Path, answers: str) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW, answers_dot_yaml=answers)
    found = run_json(data, str(file), "topic=x", "--answers", str(tmp_path / "answers.yaml"))
    assert (found["status"], found["output"]) == ("completed", {"decision": "approve"})


def test_a_handlers_question_is_answered_by_the_name_of_its_step(data: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        w_dot_yaml="name: w\nphases: [{id: a}]\n",
        handlers_dot_py="async def a(task):\n    return await task.ask_human('How many?', name='count')\n",
        answers_dot_yaml="count: 3\n",
    )
    assert run(data, str(file), "--answers", str(tmp_path / "answers.yaml")).out == "3\n"


def test_answers_that_run_out_park_the_task(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW, answers_dot_yaml="approve: [{decision: reject}]")
    found = run_json(data, str(file), "topic=x", "--answers", str(tmp_path / "answers.yaml"), code=3)
    assert found["question"]["id"].endswith("/approve/2/1q0")


def test_an_answer_that_does_not_fit_is_refused_and_the_task_kept(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW, answers_dot_yaml="approve: [{decision: maybe}]")
    answers = str(tmp_path / "answers.yaml")
    said = run(data, str(file), "topic=x", "--id", "t1", "--answers", answers)
    assert (said.out, said.code) == ("", 2)
    assert f"error: {answers}: approve, answer 1, to 'Publish this?': the answer does not fit" in said.err
    assert "decision: 'maybe' is not one of ['approve', 'reject']" in said.err
    (tmp_path / "answers.yaml").write_text("approve: {decision: approve}")
    [resume] = commands(said.err)
    assert cli(data, *resume, "--answers", answers).code == 0


def test_a_missing_handler_parks_every_task_that_needs_it(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, greet_dot_yaml=GREET)
    for task in ("t1", "t2"):  # the second finds the first waiting for the same
        said = run(data, str(file), "name=Ann", "--id", task)
        assert (said.out, said.code) == ("", 3)
        assert f"Task {task} waits in phase 'shout' for a handler for 'shout-it'; write it into handlers.py" in said.err
    write(tmp_path, handlers_dot_py=SHOUT)
    [resume] = commands(said.err)
    assert cli(data, *resume).out == "[OFFLINE MODEL] GREET ANN\n"


def test_a_timer_is_waited_for_though_a_question_is_open(data: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        w_dot_yaml="""
name: w
phases:
  - {id: ask, depends_on: [], assigned_to: human, prompt: Well?}
  - {id: nap, wait: 300ms}
  - {id: after, depends_on: [nap], transform: json, input: '1'}
""",
    )
    assert run_json(data, str(file), code=3)["outputs"] == {"nap": None, "after": 1}


def test_a_long_sleep_is_announced_and_left_after_the_timeout(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, w_dot_yaml="name: w\nphases: [{id: nap, wait: 1h}]\n")
    said = run(data, str(file), "--id", "t1", "--timeout", "0.3")
    assert (said.out, said.code) == ("", 3)
    assert "task t1 sleeps for 1 h, until " in said.err
    assert "It has not ended within 0.3 s; task t1 is kept. Go on with it:\n" in said.err
    assert commands(said.err) == [["run", str(file), "--resume", "t1"]]


# ---------------------------------------------------------------- interrupted


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A workflow whose second phase ends once there is a file."""
    code = f"""
import asyncio, pathlib
async def first(task):
    with open({str(tmp_path / "calls")!r}, "a") as calls:
        calls.write("first ")
    return 1
async def second(task):
    while not pathlib.Path({str(tmp_path / "go")!r}).exists():
        await asyncio.sleep(0.01)
    return "done"
"""
    return write(tmp_path, slow_dot_yaml="name: slow\nphases: [{id: first}, {id: second}]\n", handlers_dot_py=code)


def test_after_kill_9_it_goes_on_where_it_was(data: Path, slow: Path) -> None:
    with running(data, str(slow), "--id", "t1") as process:
        heard(process, "second: begins")
        process.kill()
    (slow.parent / "go").touch()
    assert run(data, str(slow), "--resume", "t1") == Said("done\n", "", 0)
    assert (slow.parent / "calls").read_text() == "first "


def test_ctrl_c_keeps_the_task_and_says_how_to_go_on(data: Path, slow: Path) -> None:
    with running(data, str(slow), "--id", "t1") as process:
        heard(process, "second: begins")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=WITHIN)
    assert (out, process.returncode) == ("", 130)
    assert "Stopped; task t1 is kept. Go on with it:\n" in err
    assert "Traceback" not in err
    (slow.parent / "go").touch()
    [resume] = commands(err)
    assert cli(data, *resume).out == "done\n"


def test_a_function_that_cannot_be_interrupted_does_not_hold_the_command_up(data: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        w_dot_yaml="name: w\nphases: [{id: a}]\n",
        handlers_dot_py="import time\ndef a(task):\n    time.sleep(60)\n",
    )
    with running(data, str(file), "--id", "t1") as process:
        heard(process, "a: begins")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=WITHIN)
    assert (commands(err), process.returncode) == ([["run", str(file), "--resume", "t1", "--data-dir", str(data)]], 130)
    assert run(data, str(file), "--resume", "t1", "--timeout", "0.1").code == 3


def test_an_answer_from_another_terminal_is_taken(data: Path, tmp_path: Path, slow: Path) -> None:
    text = (
        "name: w\nphases: [{id: second, depends_on: []}, {id: ask, depends_on: [], assigned_to: human, prompt: Well?}]"
    )
    file = write(tmp_path, w_dot_yaml=text)
    with running(data, str(file), "--id", "t1") as process:
        heard(process, "ask: waits for an answer")
        until(lambda: cli(data, "answer", "t1", "fine").code == 0)
        (slow.parent / "go").touch()
        assert process.wait(WITHIN) == 0


def test_data_that_another_engine_has_are_refused_with_the_remedy(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, greet_dot_yaml=GREET)
    with engine_on(data) as engine:
        said = run(data, str(file))
        assert said == Said(
            "",
            f"error: {data} is in use by process {engine.pid}; wait, stop it, or name other data with --data-dir DIR\n",
            2,
        )


# ---------------------------------------------------------------- a terminal


def test_on_a_terminal_questions_are_asked_until_the_answer_fits(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW)
    seen, code = terminal(data, "run", str(file), "topic=tides", typed="maybe\nreject\napprove\n")
    seen = plain(seen)
    assert code == 0, seen
    assert "choose one of approve, reject" in seen
    assert seen.count("Publish this?") >= 2
    assert "round 2" in seen
    assert '"decision": "approve"' in seen


def test_an_answer_that_breaks_the_form_is_asked_for_again(data: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        w_dot_yaml="""
name: w
phases: [{id: n, assigned_to: human, prompt: How many?, form: {type: integer, minimum: 3}}]
""",
    )
    seen, code = terminal(data, "run", str(file), typed="1\n5\n")
    assert (plain(seen).count("1 is less than the minimum of 3"), code) == (1, 0)


def test_ctrl_c_at_a_question_keeps_the_task(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW)
    seen, code = terminal(data, "run", str(file), "topic=tides", "--id", "t1", typed="\x04")
    assert code == 130, seen
    assert "task t1 is kept. Go on with it:" in plain(seen)
    seen, code = terminal(data, "run", str(file), "--resume", "t1", typed="approve\n")
    assert (code, "Publish this?" in plain(seen)) == (0, True)


def test_a_terminal_shows_every_phase_with_its_state(data: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path,
        w_dot_yaml="""
name: w
phases:
  - {id: many, for_each: '[1, 2, 3]'}
  - {id: once, depends_on: [many], when: 'false', transform: json, input: '1'}
""",
        handlers_dot_py="def many(task):\n    return task.item\n",
    )
    seen, code = terminal(data, "run", str(file))
    assert code == 0, seen
    assert "✓  many  done · 3/3" in plain(seen)
    assert "-  once  skipped" in plain(seen)


def test_what_a_task_says_does_not_command_the_terminal(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, w_dot_yaml="name: w\nphases: [{id: a}]\n")
    write(tmp_path, handlers_dot_py="def a(task):\n    return 'x\\x1b]0;title\\x07y'\n")
    seen, code = terminal(data, "run", str(file))
    assert (code, "\x1b]0;" in seen) == (0, False)


# ---------------------------------------------------------------- refused


def test_a_wrong_file_is_shown_at_the_line(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, w_dot_yaml="name: w\nphases: [{id: a, propmt: x}]\n")
    said = run(data, str(file))
    assert (said.out, said.code) == ("", 2)
    assert f"{file}:2:18: 'propmt' is not known here; did you mean 'prompt'?" in said.err
    assert not data.exists()


REFUSED = [
    (("nothing.yaml",), "there is no file nothing.yaml"),
    (("documnt-review",), "did you mean 'document-review'?"),
    (("review.yaml",), "workflow 'review' does not accept this: 'topic' is a required property"),
    (("review.yaml", '{"topic": 3}'), "topic: 3 is not of type 'string'"),
    (("review.yaml", '{"topic"'), "the data is not JSON"),
    (("review.yaml", "@gone.json"), "gone.json cannot be read"),
    (("review.yaml", "[1]", "topic=x"), "a list cannot be put together with other input"),
    (("review.yaml", "topic=x", "--input", "topic=y"), "'topic' is given twice"),
    (("review.yaml", "topic=x", "--id", "a/b"), "'a/b' cannot be a task id"),
    (("review.yaml", "topic=x", "--answers", "gone.yaml"), "'gone.yaml' does not exist"),
    (("review.yaml", "topic=x", "--answers", "word.yaml"), "word.yaml holds no answers"),
    (("review.yaml", "topic=x", "--answers", "torn.yaml"), "torn.yaml:1:"),
    (("review.yaml", "topic=x", "--replies", "word.yaml"), "word.yaml: it holds no replies by phase id"),
    (("review.yaml", "--resume", "t9"), "there is no task t9"),
    (("review.yaml", "--resume", "t9", "topic=x"), "INPUT is for a new task"),
    (("review.yaml", "--resume", "t9", "--id", "t8"), "--id is for a new task"),
    (("review.yaml", "--resume", "t9", "--max-concurrency", "2"), "--max-concurrency is for a new task"),
    (("review.yaml", "--max-concurrency", "0"), "0 is not in the range"),
    (("broken.yaml",), "broken_handlers.py:2: ZeroDivisionError: division by zero; mend the file"),
    (("syntax.yaml",), "syntax_handlers.py:1: SyntaxError"),
    (("table.yaml",), "HANDLERS is no mapping of functions"),
]


@pytest.mark.parametrize(("words", "why"), REFUSED, ids=lambda given: given if isinstance(given, str) else "")
def test_what_cannot_be_used_is_refused_with_a_reason(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    write(tmp_path, review_dot_yaml=REVIEW, word_dot_yaml="word", torn_dot_yaml="a: [b")
    for name, code in (("broken", "\n1 / 0\n"), ("syntax", "def\n"), ("table", "HANDLERS = [print]\n")):
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\nphases: [{{id: a}}]\n")
        (tmp_path / f"{name}_handlers.py").write_text(code)
    said = here("run", *words, data_dir=data)  # in this process: there are many
    assert (said.stdout, said.exit_code) == ("", 2)
    assert why in said.stderr


def test_a_task_of_another_workflow_is_not_resumed(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path, review_dot_yaml=REVIEW, greet_dot_yaml=GREET)
    assert run(data, str(file), "topic=x", "--id", "t1").code == 3
    said = run(data, "greet.yaml", "--resume", "t1")
    assert (said.out, said.code) == ("", 2)
    assert "task t1 is of the workflow 'review', and greet.yaml holds 'greet'" in said.err
