"""The REST API under requests that are made up from its OpenAPI document, right ones and wrong ones."""

from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi import checks as openapi_checks

from tests.contract.api_helpers import WITHIN, Served, served
from workflow_engine.ui.api.openapi import described

SCHEMA: Any = from_dict(described())

CHECKS: list[Any] = [
    getattr(module, name)
    for module, name in (
        (checks, "not_a_server_error"),
        (openapi_checks, "status_code_conformance"),
        (openapi_checks, "content_type_conformance"),
        (openapi_checks, "response_headers_conformance"),
        (openapi_checks, "response_schema_conformance"),
        (openapi_checks, "negative_data_rejection"),
    )
]
"""What answers have to fulfil; the last is about requests that are wrong on purpose."""

TOO_LONG = (414, 431)
"""Statuses of addresses that are longer than any server takes, which the document cannot say."""

BOUNDED = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large),
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """Serve the tasks that the examples of the document name."""
    with served(tmp_path_factory.mktemp("generated")) as found:
        found.ask("POST", "/tasks", json={"workflow": "approve-order", "task_id": "order-1001", "data": {}})
        found.ask("PUT", "/tasks/order-1001/artifacts/report.txt", content=b"Three boxes were damaged.")
        found.ask("POST", "/tasks", json={"workflow": "packing", "task_id": "order-1002", "data": {"fail": 1}})
        yield found


@pytest.mark.slow
@SCHEMA.parametrize()  # type: ignore[untyped-decorator] # of a library that says no more
@BOUNDED
def test_no_request_makes_an_error_of_the_server(api: Served, case: Any) -> None:
    answer = case.call(**call_of(api, case))
    if answer.status_code not in TOO_LONG:
        case.validate_response(answer, checks=CHECKS)


@pytest.mark.slow
def test_no_sequence_of_requests_makes_an_error_of_the_server(api: Served) -> None:
    class Following(SCHEMA.as_state_machine()):  # type: ignore[misc] # made at run time
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return call_of(api, case)

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            if response.status_code not in TOO_LONG:
                case.validate_response(response, checks=CHECKS[:-1])

    Following.run(settings=settings(BOUNDED, max_examples=15, stateful_step_count=8))


def _is_patient(timeout: object) -> bool:
    try:
        return float(str(timeout)) >= 0
    except ValueError:
        return False


def call_of(api: Served, case: Any) -> dict[str, Any]:
    """Return how a request is sent: to our server, as an admin, and without waiting for what may come."""
    query: dict[str, Any] = dict(case.query or {})
    if any(one.name == "timeout" for one in case.operation.query) and _is_patient(query.get("timeout", 1)):
        case.query = {**query, "timeout": 0}
    headers = {"Authorization": f"Bearer {api.tokens['ann']}"}
    return {"base_url": f"{api.url}/api/v1", "headers": headers, "timeout": WITHIN}
