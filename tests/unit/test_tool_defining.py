"""Workflows that are made of data: they may use tools that are registered, and decide nothing about them."""

from typing import Any

import pytest

from workflow_engine.errors import PermanentFailure
from workflow_engine.face.defining import Definer
from workflow_engine.spec.model import WorkflowSpec

PHASE: dict[str, Any] = {"id": "p", "assigned_to": "agentic", "prompt": "x", "tools": ["tide"]}


def define(phase: dict[str, Any], **workflow: Any) -> WorkflowSpec:
    """Return the workflow that data describes."""
    definer = Definer((), ("agentic",), lambda name: None, lambda spec: None)
    return definer.define({"name": "w", "phases": [{**PHASE, **phase}], **workflow})


@pytest.mark.parametrize(
    ("phase", "workflow", "fact"),
    [
        ({"tool_policy": {"tide": "allow"}}, {}, "phase 'p' allows tools, which data may not"),
        ({}, {"defaults": {"agentic": {"tool_policy": {"*": "allow"}}}}, "its defaults allow tools"),
        ({}, {"tools": [{"id": "tide"}]}, "declares no tools"),
    ],
)
def test_data_neither_allows_nor_declares_tools(phase: dict[str, Any], workflow: dict[str, Any], fact: str) -> None:
    with pytest.raises(PermanentFailure, match=fact):
        define(phase, **workflow)


def test_data_may_use_registered_tools_and_make_them_ask() -> None:
    assert define({"tool_policy": {"*": "ask", "tide": "deny"}}).phases[0].tools == ("tide",)
