"""Loading: a workflow file becomes the workflow its author meant, or an error at every line that has to change."""

import pickle
from pathlib import Path

import pytest

from tests.unit.workflow_files import FAN_OUT, GOOD, IN_ORDER, REVIEW
from workflow_engine.errors import SpecError
from workflow_engine.spec import loading
from workflow_engine.spec.files.diagnostics import Diagnostic
from workflow_engine.spec.files.nodes import ListNode, MappingNode, Node, made, mapping, plain
from workflow_engine.spec.files.placing import placed
from workflow_engine.spec.files.reading import read
from workflow_engine.spec.files.translation import Dialect, Remark, Translation
from workflow_engine.spec.files.yaml_tree import compose
from workflow_engine.spec.loading import Loaded, load_text, load_workflow
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.problems import Place, Problem

NAME = "a name (1 to 200 characters without '/' and '#', no space at its ends)"


def refused(text: str | bytes, folder: Path | None = None) -> list[tuple[int, int, str]]:
    """Return line, column (both from 1) and fact of all that is wrong with *text*."""
    with pytest.raises(SpecError) as refusal:
        load_text(text, "w.yaml", folder)
    return [(said.line, said.column, said.fact) for said in refusal.value.problems]


def phase(*lines: str) -> str:
    """Return a workflow of one phase; *lines* begin in line 4, their keys in column 5."""
    return "name: w\nphases:\n  - id: a\n" + "".join(f"    {line}\n" for line in lines)


def pointed(
    text: str, place: Place, within: tuple[int, int] | None = None, at_key: bool = False
) -> tuple[int, int, int]:
    """Return line, column (both from 1) and width of a problem at *place* of *text*."""
    source = read(text, "w.yaml")
    said = placed(Problem(place, "wrong", at_key, within), compose(source), source)
    return said.line, said.column, said.width


def test_the_documented_example_loads() -> None:
    loaded = load_text(REVIEW, "review.yaml")
    assert isinstance(loaded, Loaded)
    assert (loaded.dialect, loaded.warnings) == ("native", ())
    assert [one.id for one in loaded.spec.phases] == ["draft", "lint", "approve"]
    assert loaded.spec.phases[2].due == 172_800.0


@pytest.mark.parametrize("name", GOOD)
def test_a_file_gives_the_workflow_that_its_data_gives(name: str) -> None:
    spec = load_text(GOOD[name], "w.yaml").spec
    assert WorkflowSpec.from_stored(spec.stored()) == spec


def test_a_json_file_loads() -> None:
    spec = load_text(IN_ORDER, "w.json").spec
    assert spec.phases[1].prompt == "Is \U0001f600 right?"


def test_shorthands_aliases_and_block_texts_mean_what_they_say() -> None:
    spec = load_text(FAN_OUT, "w.yaml").spec
    assert spec.description == "Every chapter is read by itself,\nthen the whole is put together.\n"
    first, rest, together = spec.phases
    assert first.for_each is not None
    assert first.for_each.items == "{{ inputs.chapters }}"
    assert first.compensate is not None
    assert first.compensate.target_classification == "forget"
    assert rest.wait == 5_400.0
    assert together.retry == first.retry


@pytest.mark.parametrize(
    ("written", "meant"), [("1.10", "1.10"), ("2", "2"), ('"3.0"', "3.0"), ("1e3", "1e3"), ("v4", "v4")]
)
def test_a_version_is_taken_as_it_is_written(written: str, meant: str) -> None:
    text = phase("assigned_to: human", "prompt: Go on?") + f"version: {written}\n"
    assert load_text(text, "w.yaml").spec.version == meant


@pytest.mark.parametrize(
    ("line", "column", "fact"),
    [
        ("depend_on: [a]", 5, "'depend_on' is not known here; did you mean 'depends_on'?"),
        ("retry: {xyz: 1}", 13, "'xyz' is not known here; known are max_attempts, initial, multiplier, max, jitter"),
        ("concurrency: three", 18, "expected a whole number of at least 1, got 'three'"),
        ("concurrency: 0", 18, "expected a whole number of at least 1, got 0"),
        ("max_visits: 1.5", 17, "expected a whole number from 1 to 1000000, got 1.5"),
        ("temperature: hot", 18, "expected a number of at least 0, got 'hot'"),
        ("timeout: soon", 14, "'soon' is not a duration; write for example 30s, 1h30m, 2d or a number of seconds"),
        ("timeout: [1]", 14, "expected a number of at least 0 or a duration such as 30s, 1h30m or 2d, got a list"),
        ("on_due: notfy", 13, "expected 'notify' or 'fail' or 'escalate', got 'notfy'; did you mean 'notify'?"),
        ("provider: 4", 15, 'expected a text, got 4; write it in quotes: "4"'),
        ("provider: 4.10", 15, 'expected a text, got 4.1; write it in quotes: "4.10"'),
        ("prompt: true", 13, 'expected a text, got true; write it in quotes: "true"'),
        ("prompt: {a: 1}", 13, "expected a text, got a mapping"),
        ("outputs:", 13, "expected a list, got nothing"),
        ("depends_on: b", 17, "expected a list, got 'b'"),
        ("depends_on: [b, c/d]", 21, f"expected {NAME}, got 'c/d'"),
        ("retry: {jitter: perhaps}", 21, "expected true or false, got 'perhaps'"),
        ("gate: {of: []}", 16, "expected a list that is not empty, got an empty list"),
        ("gate: {of: [b], require: most}", 30, "expected 'all' or 'any' or a whole number of at least 1, got 'most'"),
        ("gate: {require: 1}", 11, "the key 'of' is missing here; it is a list that is not empty"),
        ("mounts: {x: 1}", 17, 'expected a text, got 1; write it in quotes: "1"'),
        ("for_each: 3", 15, "expected a text or a list or a mapping, got 3"),
        ("compensate: a/b", 17, f"expected {NAME}, got 'a/b'"),
        ("retry: 3", 12, "expected a mapping, got 3"),
        ("retry: []", 12, "expected a mapping, got an empty list"),
    ],
)
def test_a_wrong_value_is_told_in_our_words_at_its_place(line: str, column: int, fact: str) -> None:
    assert (4, column, fact) in refused(phase(line))


def test_a_long_value_is_shortened_in_a_message() -> None:
    [(_, _, fact)] = refused(phase(f"concurrency: {'x' * 500}"))
    assert fact == f"expected a whole number of at least 1, got '{'x' * 60}...'"


def test_a_bad_name_is_told_once_though_other_fields_take_it_over() -> None:
    assert refused("name: w\nphases:\n  - id: a/b\n") == [(3, 9, f"expected {NAME}, got 'a/b'")]


def test_a_bad_key_of_a_table_is_marked_itself() -> None:
    text = phase("prompt: x") + "states: {initial: a, transitions: {a/b: [c]}}\n"
    assert (5, 36, f"expected {NAME}, got 'a/b'") in refused(text)


def test_all_problems_are_reported_at_once_in_the_order_of_the_file() -> None:
    text = "nme: x\nname: w\nphases:\n  - id: a\n    concurrency: x\n  - 3\n  - id: c\n    due: never\n"
    assert [(line, column) for line, column, _ in refused(text)] == [(1, 1), (5, 18), (6, 5), (8, 10)]


def test_an_error_reads_as_its_diagnostics_and_survives_pickling() -> None:
    with pytest.raises(SpecError) as refusal:
        load_text(phase("concurrency: three"), "w.yaml")
    fact = "expected a whole number of at least 1, got 'three'"
    assert str(refusal.value) == f"w.yaml:4:18: {fact}\n  4 |     concurrency: three\n    |                  ^^^^^"
    assert refusal.value.problems == (Diagnostic("w.yaml", 4, 18, fact, "    concurrency: three", 5),)
    assert pickle.loads(pickle.dumps(refusal.value)).problems == refusal.value.problems


def test_what_only_the_whole_workflow_shows_is_placed_too() -> None:
    text = REVIEW.replace("depends_on: [lint]", "depends_on: [lnt]")
    [(line, column, fact), *_] = [said for said in refused(text) if "'lnt'" in said[2]]
    assert (line, column) == (15, 18)
    assert "did you mean 'lint'?" in fact


@pytest.mark.parametrize(
    ("text", "line", "column", "fact"),
    [
        ("hello", 1, 1, "a workflow file is a mapping with a name and phases"),
        ("- a", 1, 1, "a workflow file is a mapping with a name and phases"),
        ("name: w\nphase: []\n", 2, 1, "'phase' is not known here; did you mean 'phases'?"),
        ("name: w\nphases: []\n", 2, 9, "expected a list that is not empty, got an empty list"),
        ("name: w\nphases:\n", 2, 8, "expected a list that is not empty, got nothing"),
        ("phases: [{id: a, assigned_to: human, prompt: x}]", 1, 1, f"the key 'name' is missing here; it is {NAME}"),
        ("name: w\nphases: [{}]", 2, 10, "a phase needs an id or a target_classification"),
    ],
)
def test_a_file_that_is_no_workflow_says_what_is_missing(text: str, line: int, column: int, fact: str) -> None:
    assert refused(text) == [(line, column, fact)]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as refusal:
        load_workflow(tmp_path / "no.yaml")
    assert str(refusal.value) == f"{tmp_path / 'no.yaml'}: the file cannot be read: No such file or directory"
    with pytest.raises(SpecError, match="Is a directory"):
        load_workflow(tmp_path)
    with pytest.raises(SpecError, match="null byte"):
        load_workflow("a\0b")


def test_programs_and_mounts_beside_the_file_are_found(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "lint.py").touch()
    (tmp_path / "python3").touch()
    (tmp_path / "w.yaml").write_text(
        phase(
            "assigned_to: functional",
            'command: [python3, checks/lint.py, "{python}", -v, a/b, --config=checks/lint.py]',
            "mounts: {rules: checks, etc: /etc}",
            "compensate: {assigned_to: functional, command: [./checks/lint.py]}",
        )
    )
    [found] = load_workflow(tmp_path / "w.yaml").spec.phases
    lint = str(tmp_path / "checks" / "lint.py")
    assert found.command == ("python3", lint, "{python}", "-v", "a/b", "--config=checks/lint.py")
    assert found.mounts == {"rules": str(tmp_path / "checks"), "etc": "/etc"}
    assert found.compensate is not None
    assert found.compensate.command == (lint,)


def test_programs_and_mounts_that_are_not_there_are_named(tmp_path: Path) -> None:
    text = phase("assigned_to: functional", "command: [python3, checks/lint.py]", "mounts: {rules: rules.txt}")
    assert refused(text, tmp_path) == [
        (5, 24, "checks/lint.py is no file beside this one"),
        (6, 21, "rules.txt is no file or folder beside this one"),
    ]


def test_a_program_above_the_folder_is_not_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "lint.py").touch()
    text = phase("assigned_to: functional", "command: [python3, ../lint.py]")
    assert refused(text, tmp_path / "below") == [(5, 24, "../lint.py is no file beside this one")]


def test_without_a_folder_paths_stay_as_they_are() -> None:
    text = phase("assigned_to: functional", "command: [python3, checks/lint.py]")
    assert load_text(text, "w.yaml").spec.phases[0].command == ("python3", "checks/lint.py")


@pytest.mark.parametrize(
    ("written", "within", "line", "column"),
    [
        ("plain {{ x }}", (0, 6), 1, 10),
        ('"with \\u00e9 {{ x }}"', (0, 7), 1, 17),
        ("'it''s {{ x }}'", (0, 5), 1, 11),
        ("|\n  one\n\n  {{ x }}", (2, 3), 4, 6),
        ("|2-\n    one\n  {{ x }}", (0, 3), 2, 6),
        ("&anchor plain", (0, 2), 1, 4),
        (">\n  one\n  two", (0, 5), 1, 4),
        ("one\n  two", (0, 5), 1, 4),
        ("x", (0, 9), 1, 4),
        ("|\n  one\n", (7, 0), 1, 4),
    ],
)
def test_a_place_within_a_text_is_found_where_its_style_tells(
    written: str, within: tuple[int, int], line: int, column: int
) -> None:
    assert pointed(f"a: {written}", ("a",), within)[:2] == (line, column)


def test_a_place_is_followed_as_far_as_the_file_goes() -> None:
    text = "phases:\n  - for_each: '{{ x }}'\n    mounts: {one: two}\n"
    assert pointed(text, ("phases", 0, "for_each", "items")) == (2, 15, 9)
    assert pointed(text, ("phases", 0, "mounts", "one")) == (3, 19, 3)
    assert pointed(text, ("phases", 0, "mounts", "one"), at_key=True) == (3, 14, 3)
    assert pointed(text, ("phases", 0, "absent"), at_key=True) == (2, 5, 19)
    assert pointed(text, ("phases", 7)) == (2, 3, 21)
    assert pointed(text, ()) == (1, 1, 7)


def test_made_values_have_the_place_of_what_they_were_made_from() -> None:
    source = read("a: x", "w.yaml")
    root = made({"phases": [{"id": "b"}]}, compose(source))
    said = placed(Problem(("phases", 0, "id"), "wrong", within=(0, 1)), root, source)
    assert said == Diagnostic("w.yaml", 1, 1, "wrong", "a: x", 4)


def tasks(root: MappingNode, folder: Path | None) -> Translation:
    """Translate a dialect whose ``tasks`` are names of phases that people carry out; ``old`` is passed over."""
    listed = root.entries["tasks"].value
    if not isinstance(listed, ListNode):
        return Translation(root, problems=(Remark(listed, "tasks are a list"),))
    phases = [made({"id": plain(task), "assigned_to": "human", "prompt": "Go on?"}, task) for task in listed.items]
    old = [Remark(entry.key, "old is passed over") for key, entry in root.entries.items() if key == "old"]
    native: dict[str, Node] = {"name": root.entries["name"].value, "phases": ListNode(listed.span, tuple(phases))}
    return Translation(mapping(root, native), warnings=tuple(old))


@pytest.fixture
def _with_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "DIALECTS", (Dialect("task", "tasks", tasks),))


@pytest.mark.usefixtures("_with_tasks")
def test_a_file_of_another_dialect_is_known_by_its_key_and_translated() -> None:
    loaded = load_text("name: w\nold: 1\ntasks: [a, b]\n", "w.yaml")
    assert (loaded.dialect, [one.id for one in loaded.spec.phases]) == ("task", ["a", "b"])
    assert loaded.warnings == (Diagnostic("w.yaml", 2, 1, "old is passed over", "old: 1", 3),)


@pytest.mark.usefixtures("_with_tasks")
def test_a_problem_of_a_translated_file_points_into_the_file_that_was_written() -> None:
    assert refused("name: w\ntasks: [a, b/c]\n") == [(2, 12, f"expected {NAME}, got 'b/c'")]
    assert refused("name: w\ntasks: a\n") == [(2, 8, "tasks are a list")]


@pytest.mark.usefixtures("_with_tasks")
def test_a_file_of_no_dialect_is_told_the_keys_of_all() -> None:
    fact = "the key 'phases' is missing, and there is no 'tasks' of a task file; a workflow has a name and phases"
    assert refused("name: w") == [(1, 1, fact)]
    assert refused("name: w\ntask: []")[0][2] == "'task' is not known here; did you mean 'tasks'?"


def test_what_else_is_wrong_is_said_beside_wrong_values() -> None:
    text = "name: w\nphases:\n  - {id: a, promt: hi}\n  - {id: b, depends_on: [a, aa]}\n"
    with pytest.raises(SpecError) as refused:
        load_text(text, "w.yaml")
    assert [(found.line, found.column) for found in refused.value.problems] == [(3, 13), (4, 29)]


def test_a_task_type_that_is_nearly_a_known_one_is_warned_about() -> None:
    loaded = load_text("name: w\nphases:\n  - {id: a, assigned_to: humn}\n  - {id: b, assigned_to: fax}\n", "w.yaml")
    assert [(said.line, said.fact) for said in loaded.warnings] == [
        (3, "phase 'a' waits until an adapter for 'humn' is registered; did you mean 'human'?")
    ]
