"""The commands that are about workflow files: validate, graph, schema, convert, init."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workflow_engine.cli.main import program
from workflow_engine.cli.workflow_file import companions, find_workflow_file, workflow_files
from workflow_engine.errors import InputRefused
from workflow_engine.spec.loading import load_text, load_workflow
from workflow_engine.spec.model import Phase, WorkflowSpec
from workflow_engine.spec.schema import HINT, schema

GOOD = "name: review\nphases:\n  - {id: draft, assigned_to: ai, prompt: Hi}\n  - {id: approve, assigned_to: human}\n"
WRONG = "name: review\nphases:\n  - id: draft\n    promt: Hi\n"
FACT = "'promt' is not known here; did you mean 'prompt'?"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(program, words, input=stdin, catch_exceptions=False)


def done(*words: str, stdin: str = "") -> str:
    result = run(*words, stdin=stdin)
    assert (result.stderr, result.exit_code) == ("", 0)
    return result.stdout


def written(path: str, text: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    return path


# ---------------------------------------------------------------- names of files


def test_a_name_is_a_path_before_it_is_a_ready_made_workflow(here: Path) -> None:
    assert find_workflow_file("document-review").name == "document-review.yaml"
    written("document-review", GOOD)
    assert find_workflow_file("document-review") == Path("document-review")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "document-revew",
            "there is no file document-revew; did you mean 'document-review'?",
        ),
        ("gone.yaml", "there is no file gone.yaml; name a workflow file, or a ready-made one: data-extraction, "),
        (".", ". is a folder; name a workflow file in it"),
    ],
)
def test_a_name_that_means_no_file_is_refused(name: str, said: str) -> None:
    with pytest.raises(InputRefused) as refused:
        find_workflow_file(name)
    assert str(refused.value).startswith(said)


def test_replies_schemas_and_hidden_folders_hold_no_workflows(here: Path) -> None:
    for name in ("b.yml", "a.yaml", "a.replies.yaml", "x.schema.json", ".git/c.yaml", "sub/d.json", "notes.md"):
        written(name, GOOD)
    assert workflow_files(Path(".")) == [Path("a.yaml"), Path("b.yml"), Path("sub/d.json")]


def test_what_belongs_to_a_file_has_its_name(here: Path) -> None:
    assert companions(Path("a-b.yaml")) == (None, None)
    written("handlers.py", "")
    assert companions(Path("a-b.yaml")) == (None, Path("handlers.py"))
    written("a_b_handlers.py", "")
    written("a-b.replies.json", "{}")
    assert companions(Path("a-b.yaml")) == (Path("a-b.replies.json"), Path("a_b_handlers.py"))


# ---------------------------------------------------------------- validate


def test_a_good_file_is_one_line() -> None:
    assert done("validate", written("review.yaml", GOOD)) == "review.yaml: review 1: 2 phases, ok\n"


def test_a_file_on_stdin_is_checked() -> None:
    assert done("validate", "-", stdin=GOOD) == "stdin: review 1: 2 phases, ok\n"


def test_what_is_wrong_comes_before_what_is_good() -> None:
    result = run("validate", written("good.yaml", GOOD), written("wrong.yaml", WRONG), "gone.yaml")
    assert (result.stderr, result.exit_code) == ("", 2)
    first, rest = result.stdout.split("\n", 1)
    assert first == f"wrong.yaml:4:5: {FACT}"
    assert "there is no file gone.yaml" in rest
    assert result.stdout.endswith("good.yaml: review 1: 2 phases, ok\n")


def test_json_has_every_problem_with_its_place() -> None:
    result = run("validate", "--json", written("good.yaml", GOOD), written("wrong.yaml", WRONG), "gone.yaml")
    assert result.exit_code == 2
    good, wrong, gone = json.loads(result.stdout)
    assert good == {"file": "good.yaml", "ok": True, "dialect": "native", "problems": [], "warnings": []}
    problem = {"line": 4, "column": 5, "fact": FACT, "source": "    promt: Hi"}
    assert wrong == {"file": "wrong.yaml", "ok": False, "dialect": None, "problems": [problem], "warnings": []}
    assert [problem["line"] for problem in gone["problems"]] == [None]


def test_in_a_folder_only_workflow_files_are_looked_at() -> None:
    written("w/a.yaml", GOOD)
    written("w/deep/b.json", json.dumps({"name": "b", "phases": [{"id": "x"}]}))
    written("w/package.json", '{"name": "not a workflow"}')
    written("w/compose.yaml", "services:\n  phases: 1\n")
    assert done("validate", "w") == "w/a.yaml: review 1: 2 phases, ok\nw/deep/b.json: b 1: 1 phase, ok\n"


def test_a_folder_without_workflow_files_is_refused() -> None:
    Path("empty").mkdir()
    result = run("validate", "empty")
    assert result.exception is not None
    assert "there is no workflow file in empty" in result.stderr


# ---------------------------------------------------------------- graph, schema


def test_a_workflow_is_drawn_as_mermaid_or_by_the_end_of_the_file_as_svg(here: Path) -> None:
    written("review.yaml", GOOD)
    drawn = done("graph", "review.yaml")
    assert drawn.startswith("flowchart TD\n")
    assert done("graph", "review.yaml", "-o", "review.mmd") == ""
    assert (here / "review.mmd").read_text() == drawn
    assert done("graph", "review.yaml", "-o", "review.svg") == ""
    assert (here / "review.svg").read_text() == done("graph", "-", "--format", "svg", stdin=GOOD)
    assert (here / "review.svg").read_text().startswith("<svg ")


def test_a_ready_made_workflow_is_drawn_by_its_name() -> None:
    assert "ticket" not in done("graph", "release-checklist")


def test_more_than_mermaid_draws_is_warned_of() -> None:
    many = "".join(f"  - {{id: p{number}}}\n" for number in range(501))
    result = run("graph", "-", stdin=f"name: many\nphases:\n{many}")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: 502 edges and ")
    assert run("graph", "-", "--format", "svg", stdin=f"name: many\nphases:\n{many}").stderr == ""


def test_the_schema_is_printed_or_written(here: Path) -> None:
    assert json.loads(done("schema")) == schema()
    done("schema", "-o", "workflow.schema.json")
    assert json.loads((here / "workflow.schema.json").read_text()) == schema()


def test_a_file_that_cannot_be_written_is_named() -> None:
    result = run("schema", "-o", "gone/x.json")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert result.stderr == "error: gone/x.json: No such file or directory\n"


# ---------------------------------------------------------------- convert


def test_a_workflow_is_printed_in_the_native_form() -> None:
    printed = done("convert", "-", stdin=json.dumps({"phases": [{"id": "a", "wait": 90}], "name": "w"}))
    assert printed.startswith(HINT + "\nname: w\n")
    assert load_text(printed, "printed").spec == WorkflowSpec(name="w", phases=[Phase(id="a", wait=90)])


def test_a_file_of_another_dialect_becomes_a_native_one() -> None:
    written("old.yaml", "name: old\nsteps:\n  - {id: one, type: llm, prompt: Say hello}\n")
    done("convert", "old.yaml", "-o", "new.yaml")
    old, new = (json.loads(done("validate", "--json", name))[0] for name in ("old.yaml", "new.yaml"))
    assert (old["dialect"], new["dialect"]) == ("steps", "native")
    assert load_workflow("new.yaml").spec == load_workflow("old.yaml").spec


def test_files_beside_a_workflow_are_named_so_that_they_are_found_from_where_it_is_put(here: Path) -> None:
    written("checks/lint.py", "")
    written("review.yaml", 'name: w\nphases:\n  - {id: lint, command: ["{python}", checks/lint.py]}\n')
    assert '["{python}", checks/lint.py]' in done("convert", "review.yaml")
    Path("elsewhere").mkdir()
    done("convert", "review.yaml", "-o", "elsewhere/review.yaml")
    assert load_workflow("elsewhere/review.yaml").spec.phases[0].command == ("{python}", str(here / "checks/lint.py"))


# ---------------------------------------------------------------- init


def test_a_new_project_runs_at_once_with_the_commands_of_its_readme(here: Path) -> None:
    done("init")
    commands = re.findall(r"^\$ workflow-engine (.*)$", (here / "README.md").read_text(), re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["validate", "run", "graph"]
    written("answers.json", '{"approve": {"decision": "approve"}}')
    for command in commands:
        words = shlex.split(command)
        result = run(*words, *(["--answers", "answers.json"] if words[0] == "run" else []))
        assert result.exit_code == 0, result.output
    [task] = json.loads(done("tasks", "--json"))["tasks"]
    assert (task["workflow"], task["status"]) == ("greeting", "completed")
    shown = json.loads(done("show", task["id"], "--json"))
    assert "greeting.txt" in str(shown)
    assert (here / "workflow.svg").read_text().startswith("<svg ")


def test_a_new_project_is_what_it_says(here: Path) -> None:
    said = done("init", "my new")
    assert said.splitlines()[-2:] == ["  cd 'my new'", "  workflow-engine run workflow.yaml name=Ann"]
    files = sorted(path.name for path in (here / "my new").iterdir())
    assert files == [
        *(".gitignore", "README.md", "handlers.py", "workflow.replies.yaml", "workflow.schema.json", "workflow.yaml"),
    ]
    assert json.loads((here / "my new/workflow.schema.json").read_text()) == schema()
    assert done("validate", "my new") == "my new/workflow.yaml: greeting 1: 4 phases, ok\n"


def test_a_new_project_overwrites_nothing(here: Path) -> None:
    written("README.md", "mine")
    os.symlink("nowhere", "handlers.py")
    result = run("init")
    assert (result.stdout, result.exit_code) == ("", 2)
    assert "error: . holds handlers.py, README.md already; move them away" in result.stderr
    assert sorted(path.name for path in here.iterdir()) == ["README.md", "handlers.py"]
