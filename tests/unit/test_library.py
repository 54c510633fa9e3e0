"""Saved workflow files: every version is kept, the newest is registered, and no name leads out of the folder."""

import re
import threading
from pathlib import Path

import pytest

from tests.contract.engine_helpers import engine_on
from tests.unit.hostile_strings import ALL
from workflow_engine.ecs_workflow import ECSWorkflowEngine
from workflow_engine.errors import ConfigError, InputRefused, SpecError
from workflow_engine.spec.loading import load_text
from workflow_engine.spec.strict import NAME
from workflow_engine.ui.library import BYTES_MAX, FOLDER, Library, NewerVersion, folder_name, seal_of

FILE = """\
name: review
version: "{version}"
phases:
  - id: look
    assigned_to: human
    prompt: Is it good?
"""
ONE, TWO = FILE.format(version=1), FILE.format(version=2)
PROGRAM = "name: checked\nphases:\n  - id: lint\n    assigned_to: functional\n    command: [python3, checks/lint.py]\n"


def library_on(folder: Path) -> tuple[Library, ECSWorkflowEngine]:
    engine = engine_on(folder)
    return Library(engine), engine


def versions(engine: ECSWorkflowEngine) -> dict[str, str]:
    return {spec.name: spec.version for spec in engine.workflows()}


def test_a_saved_file_is_registered_at_once_and_after_a_restart(tmp_path: Path) -> None:
    library, engine = library_on(tmp_path)
    library.save(ONE)
    library.save(TWO)
    assert versions(engine) == {"review": "2"}
    again, restarted = library_on(tmp_path)
    again.register_all()
    assert versions(restarted) == {"review": "2"}
    assert again.problems == {}


def test_every_version_is_kept_as_it_was_written(tmp_path: Path) -> None:
    library, _ = library_on(tmp_path)
    texts = [ONE, TWO, "# with words of its author\n" + ONE]
    for text in texts:
        library.save(text)
    kept = [version.path.read_text() for version in library.versions("review")]
    assert kept == texts[::-1]
    assert library.text("review") == library.current("review") == texts[-1]


def test_a_wrong_file_is_not_saved_and_the_one_before_stays(tmp_path: Path) -> None:
    library, engine = library_on(tmp_path)
    library.save(ONE)
    with pytest.raises(SpecError, match="phases"):
        library.save("name: review\n")
    with pytest.raises(InputRefused, match="split the workflow"):
        library.save(ONE + "#" * BYTES_MAX)
    assert versions(engine) == {"review": "1"}
    assert library.text("review") == ONE


def test_a_saved_file_that_went_wrong_is_told_and_the_others_are_registered(tmp_path: Path) -> None:
    library, _ = library_on(tmp_path)
    library.save(ONE)
    library.save(ONE.replace("review", "other"))
    library.versions("review")[0].path.write_text("name: review\nphases:\n  - id: a\n    depends_on: [b]\n")
    again, restarted = library_on(tmp_path)
    again.register_all()
    assert versions(restarted) == {"other": "1"}
    assert list(again.problems) == ["review"]
    assert ":4:18: depends_on of phase 'a' names 'b'" in again.problems["review"]
    assert again.current("review") == again.text("review")
    again.save(ONE)
    assert again.problems == {}


def test_what_was_saved_meanwhile_is_not_overwritten_unseen(tmp_path: Path) -> None:
    library, _ = library_on(tmp_path)
    library.save(ONE, since="")
    begun = seal_of(library.current("review"))
    library.save(TWO, since=begun)
    with pytest.raises(NewerVersion, match="changed meanwhile"):
        library.save(ONE, since=begun)
    with pytest.raises(NewerVersion):
        library.save(ONE, since="")
    assert library.text("review") == TWO
    library.save(ONE, since=seal_of(TWO))
    assert library.text("review") == ONE


def test_of_many_who_began_from_the_same_text_one_saves(tmp_path: Path) -> None:
    library, _ = library_on(tmp_path)
    library.save(ONE)
    begun, saved, refused = seal_of(ONE), list[str](), list[str]()
    barrier = threading.Barrier(8)

    def save(number: int) -> None:
        barrier.wait(10)
        try:
            saved.append(library.save(FILE.format(version=f"by {number}"), since=begun).version)
        except NewerVersion as error:
            refused.append(error.name)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (len(saved), refused) == (1, ["review"] * 7)


def test_a_program_that_registers_another_definition_later_is_what_is_edited(tmp_path: Path) -> None:
    library, engine = library_on(tmp_path)
    library.save(ONE)
    engine.register_workflow(load_text(FILE.format(version=3), "x").spec)
    current = library.current("review")
    assert current is not None
    assert load_text(current, "x").spec.version == "3"
    assert library.text("review") == ONE
    assert library.current("nothing") is None


def test_programs_are_looked_for_in_the_folder_of_the_workflow(tmp_path: Path) -> None:
    library, engine = library_on(tmp_path)
    with pytest.raises(SpecError, match=r"the file:5:24: checks/lint\.py is no file beside this one"):
        library.save(PROGRAM)
    program = library.folder("checked") / "checks" / "lint.py"
    program.parent.mkdir(parents=True)
    program.write_text("")
    library.save(PROGRAM)
    assert engine.workflows()[0].phases[0].command == ("python3", str(program))
    again, restarted = library_on(tmp_path)
    again.register_all()
    assert restarted.workflows() == engine.workflows()


OWN = ("..", ".", "...", ".hidden", "a b", "new", "~", "con", "a%2Eb", "%2E", "trailing.", "A", "a", "-rf")
LONG = ("x" * 200, "\u00e9" * 200, "\u65e5\u672c\u8a9e" * 60)
HOSTILE = sorted({*OWN, *LONG, *(text for text in ALL.values() if NAME.fullmatch(text))})
WRITABLE = [name for name in HOSTILE if name not in (".", "..", "new") and not re.search("[\ud800-\udfff]", name)]


def test_no_name_leads_out_of_the_folder_and_no_two_share_one(tmp_path: Path) -> None:
    library, _ = library_on(tmp_path)
    folders = {name: library.folder(name) for name in HOSTILE}
    assert len(set(folders.values())) == len(HOSTILE)
    for name, folder in folders.items():
        assert folder.parent == tmp_path / FOLDER, name
        assert not folder.name.startswith("."), name
        assert len(folder.name.encode()) <= 255, name
    assert folder_name("document-review 2") == "document-review 2"


@pytest.mark.parametrize("name", WRITABLE)
def test_a_workflow_of_any_name_is_saved_and_found_again(name: str, tmp_path: Path) -> None:
    library, engine = library_on(tmp_path)
    quoted = '"' + "".join(f"\\U{ord(char):08x}" for char in name) + '"'
    library.save(ONE.replace("review", quoted, 1))
    assert [spec.name for spec in engine.workflows()] == [name]
    again, restarted = library_on(tmp_path)
    again.register_all()
    assert restarted.workflows() == engine.workflows()
    assert len(again.versions(name)) == 1


@pytest.mark.parametrize("name", [".", "..", "new"])
def test_a_name_that_no_address_can_have_is_refused(name: str, tmp_path: Path) -> None:
    library, engine = library_on(tmp_path)
    with pytest.raises(InputRefused, match="choose another name"):
        library.save(ONE.replace("review", f'"{name}"', 1))
    assert engine.workflows() == ()


def test_a_disk_that_refuses_changes_nothing(tmp_path: Path) -> None:
    library, engine = library_on(tmp_path)
    (tmp_path / FOLDER).write_text("a file where the folder should be")
    with pytest.raises(ConfigError, match="nothing was changed"):
        library.save(ONE)
    assert engine.workflows() == ()
    library.register_all()


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    library, _ = library_on(tmp_path)
    library.save(ONE)
    folder = library.folder("review")
    for name in ("notes.yaml", "99999999T999999999999Z-4086f265.yaml", "20261120T101500000000Z-4086f265.partial"):
        (folder / name).write_text("nothing")
    assert len(library.versions("review")) == 1
    assert library.versions("../review") == library.versions("a/b") == []
