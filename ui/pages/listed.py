"""All pages, one blueprint a module, in the order of the bar."""

from typing import Final

from flask import Blueprint

from workflow_engine.ui.pages.artifacts import artifacts
from workflow_engine.ui.pages.failures import failures
from workflow_engine.ui.pages.health import health
from workflow_engine.ui.pages.inbox import inbox
from workflow_engine.ui.pages.live import live
from workflow_engine.ui.pages.overview import overview
from workflow_engine.ui.pages.task import task
from workflow_engine.ui.pages.tasks import tasks
from workflow_engine.ui.pages.workflows import workflows

PAGES: Final[tuple[Blueprint, ...]] = (overview, inbox, tasks, task, workflows, failures, artifacts, live, health)
