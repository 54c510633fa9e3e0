"""Adapters of installed packages, found by entry point: real packages on the path of the interpreter."""

import logging
import sys
from pathlib import Path

import pytest

from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase

ADAPTER = """
from workflow_engine.adapter import Output

class FaxAdapter:
    async def execute(self, task, phase):
        return Output(f"faxed {task.data}")

made = FaxAdapter()

class Broken:
    pass
"""


def install(place: Path, offered: str, name: str = "fax") -> None:
    """Put a package on disk that offers an adapter, as an installer would."""
    (place / f"{name}_machine.py").write_text(ADAPTER)
    info = place / f"{name}_machine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-machine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[workflow_engine.adapters]\n{name} = {name}_machine:{offered}\n")


@pytest.mark.parametrize("offered", ["FaxAdapter", "made"])
async def test_a_task_type_that_an_installed_package_brings_needs_no_registration(
    offered: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"fax{offered.lower()}"
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, offered, name)
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    async with ECSWorkflowEngine(tmp_path / "data") as engine:
        engine.register_workflow("w", [Phase(id="send", assigned_to=name)])
        done = await engine.wait(await engine.submit_task("a page", "w"), timeout=10)
    assert done.output == "faxed a page"


async def test_a_registered_adapter_goes_before_an_installed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, "Broken", "phone")
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    namespace: dict[str, object] = {}
    exec(ADAPTER, namespace)
    async with ECSWorkflowEngine(tmp_path / "data") as engine:
        engine.register_adapter("phone", namespace["made"])  # type: ignore[arg-type]  # made by exec
        engine.register_workflow("w", [Phase(id="call", assigned_to="phone")])
        done = await engine.wait(await engine.submit_task(1, "w"), timeout=10)
    assert done.output == "faxed 1"


@pytest.mark.parametrize(("offered", "why"), [("Broken", "without `execute`"), ("Absent", "cannot be loaded")])
async def test_a_package_that_offers_no_adapter_is_named_and_the_task_waits(
    offered: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"telex{offered.lower()}"
    packages = tmp_path / "packages"
    packages.mkdir()
    install(packages, offered, name)
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    with caplog.at_level(logging.ERROR, "workflow_engine"):
        async with ECSWorkflowEngine(tmp_path / "data") as engine:
            engine.register_workflow("w", [Phase(id="send", assigned_to=name)])
            task = await engine.submit_task("a page", "w")
            with pytest.raises(TimeoutError):
                await engine.wait(task, timeout=0.5)
            assert "an adapter for the task type" in await engine.explain(task)
    assert why in caplog.text
    assert name in caplog.text
