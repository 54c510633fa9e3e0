"""Showing what agents, programs and strangers wrote, so that it can be read and cannot do anything."""

from workflow_engine.ui.showing.artifacts import show_artifact
from workflow_engine.ui.showing.headers import artifact_headers
from workflow_engine.ui.showing.registering import register
from workflow_engine.ui.showing.shown import Shown
from workflow_engine.ui.showing.values import show_diff, show_text, show_value
from workflow_engine.ui.showing.visible import marked, plain, shortened, visible

__all__ = [
    "Shown",
    "artifact_headers",
    "marked",
    "plain",
    "register",
    "shortened",
    "show_artifact",
    "show_diff",
    "show_text",
    "show_value",
    "visible",
]
