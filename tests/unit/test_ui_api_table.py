"""The table of operations, and the document and page that are made of it."""

import json
import re
from typing import Any

from workflow_engine.ui.api import paths
from workflow_engine.ui.api.chapters import chapters, engine_errors
from workflow_engine.ui.api.models.common import Reply, Request
from workflow_engine.ui.api.openapi import described, document, models
from workflow_engine.ui.api.operation import JsonBody
from workflow_engine.ui.api.table import NAMED, OPERATIONS
from workflow_engine.ui.security.roles import Role


def test_every_operation_has_its_own_name_and_address() -> None:
    assert len(NAMED) == len(OPERATIONS) == len({(one.method, one.path) for one in OPERATIONS})


def test_every_operation_says_what_it_does() -> None:
    assert [one.name for one in OPERATIONS if not one.summary or not one.replies] == []


def test_what_only_looks_is_for_viewers_and_what_changes_something_is_not() -> None:
    assert {one.name for one in OPERATIONS if (one.method == "GET") != (one.role is Role.VIEWER)} == set()
    admins = {one.name for one in OPERATIONS if one.role is Role.ADMIN}
    assert admins == {"purge", "import_task", "save_workflow"}


def test_requests_refuse_what_they_do_not_know_and_answers_may_grow() -> None:
    sent = [one.body.model for one in OPERATIONS if isinstance(one.body, JsonBody) and one.body.model is not None]
    assert [model for model in sent if not issubclass(model, Request)] == []
    assert Request.model_config.get("extra") == "forbid"
    assert "extra" not in Reply.model_config


def test_examples_fit_their_models() -> None:
    for one in OPERATIONS:
        if isinstance(one.body, JsonBody) and one.body.model is not None:
            one.body.model.model_validate_json(json.dumps(one.body.example))


def test_examples_of_paths_fit_their_schemas() -> None:
    assert [name for name, part in paths.PARTS.items() if not re.search(part.schema["pattern"], part.example)] == []


def test_links_lead_to_operations_and_their_parameters() -> None:
    for one in OPERATIONS:
        for link in one.links:
            assert link.parameter in paths.names(NAMED[link.operation].path)


def test_models_of_one_name_are_one_model() -> None:
    found = {pair[0] for one in OPERATIONS for pair in models(one)}
    assert len({model.__name__ for model in found}) == len(found)


def test_all_that_the_document_refers_to_is_in_it() -> None:
    told = described()
    for reference in _references(told):
        at: Any = told
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]
    assert json.loads(document()) == told


def test_the_page_shows_every_operation_with_a_call() -> None:
    entries = [entry for chapter in chapters() for entry in chapter.entries]
    assert [entry.operation for entry in entries] == list(OPERATIONS)
    assert [entry.example for entry in entries if "curl" not in entry.example or "{root}" not in entry.example] == []


def test_the_page_names_errors_with_their_statuses() -> None:
    found = {kind: status for kind, status, _ in engine_errors()}
    assert (found["UnknownTask"], found["AlreadyAnswered"], found["SpecError"]) == (404, 409, 422)


def _references(document: dict[str, Any]) -> list[str]:
    return re.findall(r'"\$ref": "([^"]*)"', json.dumps(document))
