"""Reading ``/proc``."""

from pathlib import Path

import pytest

from workflow_engine.adapters.process_table import ProcessStatus, boot_id, living_groups, status_of

AFTER_GROUP = "7 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 8765 1000 10"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    for pid, name, state, group in ((7, "sh", "S", 7), (8, "a) R (b", "S", 7), (9, "gone", "Z", 9), (10, "x", "R", 10)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} ({name}) {state} 1 {group} {AFTER_GROUP}\n")
    (tmp_path / "sys").mkdir()
    return tmp_path


def test_a_name_with_blanks_and_parentheses_does_not_confuse_the_fields(proc: Path) -> None:
    assert status_of(8, proc) == ProcessStatus(pid=8, group=7, started=8765, is_zombie=False)


def test_there_is_no_status_of_a_process_that_does_not_exist(proc: Path) -> None:
    assert status_of(11, proc) is None


def test_a_group_of_zombies_does_not_live(proc: Path) -> None:
    assert living_groups(proc) == {7, 10}


def test_without_a_process_table_nothing_is_known(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert (status_of(1, absent), living_groups(absent), boot_id(absent)) == (None, set(), "")
