"""Tools in workflow files: which names phases may use, and files beside the file that tools name."""

from pathlib import Path
from typing import Any

import pytest

from workflow_engine.errors import SpecError
from workflow_engine.spec.loading import load_workflow

FILE = """\
name: w
tools:
{tools}
phases:
  - id: p
    assigned_to: agentic
    prompt: Look.
    tools: [{used}]
"""


def load(folder: Path, tools: str, used: str = "filesystem") -> dict[str, Any]:
    """Return the config of the first tool of a file."""
    path = folder / "w.yaml"
    path.write_text(FILE.format(tools=tools, used=used))
    spec = load_workflow(path).spec
    return spec.tools[0].config


def refused(folder: Path, tools: str, used: str = "filesystem") -> str:
    """Return why a file is refused."""
    with pytest.raises(SpecError) as caught:
        load(folder, tools, used)
    return str(caught.value)


def test_folders_and_programs_beside_the_file_are_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/count.py").write_text("")
    mounts = "{docs: {path: ./docs}, here: {path: .}, etc: {path: /etc}}"
    assert load(tmp_path, f"  - {{id: filesystem, config: {{mounts: {mounts}}}}}") == {
        "mounts": {"docs": {"path": f"{tmp_path}/docs"}, "here": {"path": str(tmp_path)}, "etc": {"path": "/etc"}}
    }
    commands = "{count: {argv: [python3, docs/count.py, '{file}'], cwd: docs}}"
    assert load(tmp_path, f"  - {{id: subprocess, config: {{commands: {commands}}}}}") == {
        "commands": {"count": {"argv": ["python3", f"{tmp_path}/docs/count.py", "{file}"], "cwd": f"{tmp_path}/docs"}}
    }


@pytest.mark.parametrize("path", ["gone", "../other", "w.yaml"])
def test_a_folder_that_is_not_beside_the_file_is_named(tmp_path: Path, path: str) -> None:
    told = refused(tmp_path, f"  - {{id: filesystem, config: {{mounts: {{docs: {{path: {path}}}}}}}}}")
    assert f"{path} is no folder beside this one" in told


def test_a_program_that_is_not_beside_the_file_is_named(tmp_path: Path) -> None:
    told = refused(tmp_path, "  - {id: sea, type: mcp, command: [python3, servers/sea.py]}", "sea")
    assert "servers/sea.py is no file beside this one" in told


@pytest.mark.parametrize("used", ["sea", "sea_tide", "'*'", "http", "filesystem_read", "registered_by_the_program"])
def test_a_phase_may_name_what_is_declared_built_in_or_perhaps_registered(tmp_path: Path, used: str) -> None:
    load(tmp_path, "  - {id: sea, type: plugin, plugin: 'm:N'}", used)


def test_a_name_that_is_nearly_a_declared_one_is_refused(tmp_path: Path) -> None:
    told = refused(tmp_path, "  - {id: seashore, type: plugin, plugin: 'm:N'}", "seashor")
    assert "phase 'p' uses the tool 'seashor', which is not declared" in told
    assert "did you mean 'seashore'?" in told
