"""The REST API over a socket: what it answers, and what it refuses."""

import json
import threading
from collections.abc import Generator
from typing import Any

import httpx2
import pytest

from tests.contract.api_helpers import WITHIN, Served, served, waiting

J = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with served(tmp_path_factory.mktemp("api")) as found:
        yield found


def submitted(api: Served, data: Any = None, workflow: str = "packing") -> str:
    """Return the id of a task that has ended, or asks."""
    task = api.ask("POST", "/tasks", json={"workflow": workflow, "data": data}).json()["id"]
    api.ask("GET", f"/tasks/{task}/wait?timeout=5")
    return str(task)


def test_a_submitted_task_is_in_lists_at_once_and_can_be_waited_for(api: Served) -> None:
    answer = api.ask("POST", "/tasks", json={"workflow": "packing", "data": {"order": 7}, "labels": {"a": "b=c"}})
    task = answer.json()
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1/tasks/{task['id']}")
    listed = api.ask("GET", "/tasks", params={"label": "a=b=c"}).json()
    assert [row["id"] for row in listed["tasks"]] == [task["id"]]
    done = api.ask("GET", f"/tasks/{task['id']}/wait?timeout=10").json()
    assert (done["status"], done["output"], done["context"]) == (
        "completed",
        {"packed": {"order": 7}},
        {"packed": True},
    )
    assert done["submitted_at"].endswith("Z")
    assert [phase["outcome"] for phase in done["phases"]] == ["completed"]


def test_a_wait_that_is_over_gives_the_task_as_it_is(api: Served) -> None:
    question = waiting(api.client())
    task = question.partition("/")[0]
    assert api.ask("GET", f"/tasks/{task}/wait?timeout=0.01").json()["status"] == "waiting_human"


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b"{", 400, None),
        (b"", 400, None),
        (b"\xff", 400, None),
        (b'{"data": NaN}', 400, None),
        (b'{"data": 1, "data": 2}', 422, "#"),
        (b'{"data": {"a": ["\\u0000"]}}', 422, "#/data/a/0"),
        (b'{"data": "\\ud800"}', 422, "#/data"),
        (b'{"data": {"a/b~c": 1e999}}', 422, "#/data/a~1b~0c"),
        (b'{"data": ' + b"9" * 5_000 + b"}", 422, "#/data"),
        (b'{"data": -9223372036854775809}', 422, "#/data"),
        (b"[" * 100_000, 422, "#"),
        (b'{"data": ' + b"[" * 65 + b"]" * 65 + b"}", 422, "#/data" + "/0" * 64),
        (b'{"priority": "high"}', 422, "#/priority"),
        (b'{"priority": true}', 422, "#/priority"),
        (b'{"labels": {"a": 1}}', 422, "#/labels/a"),
        (b'{"color": "red"}', 422, "#/color"),
        (b'{"task_id": "a/b"}', 422, "#/task_id"),
        (b'{"task_id": "counts"}', 422, "#/task_id"),
        (b"[]", 422, "#"),
    ],
)
def test_a_wrong_body_is_refused_with_its_place(api: Served, body: bytes, status: int, pointer: str | None) -> None:
    answer = api.ask("POST", "/tasks", content=body, headers=J)
    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert problem["status"] == status
    found: list[dict[str, Any]] = problem.get("errors", [{}])
    assert found[0].get("pointer") == pointer


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/tasks?limit=0", "limit"),
        ("/tasks?limit=1e3", "limit"),
        ("/tasks?limit=1&limit=2", "limit"),
        ("/tasks?colour=red", "colour"),
        ("/tasks?status=asleep", "status"),
        ("/tasks?submitted_after=yesterday", "submitted_after"),
        ("/tasks?submitted_after=2026-02-30T00:00:00Z", "submitted_after"),
        ("/tasks?text=%00", "text"),
        ("/questions?mine=1", "mine"),
        ("/events?after=1", "after"),
    ],
)
def test_a_wrong_query_string_is_refused_with_its_parameter(api: Served, path: str, parameter: str) -> None:
    answer = api.ask("GET", path)
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, parameter)


def test_a_cursor_of_strangers_is_refused(api: Served) -> None:
    assert api.ask("GET", "/tasks?after=AAAA").status_code == 422


def test_bodies_of_other_types_and_sizes_are_refused(api: Served) -> None:
    assert api.ask("POST", "/tasks", content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    latin = {"Content-Type": "application/json; charset=latin-1"}
    assert api.ask("POST", "/tasks", content=b"{}", headers=latin).status_code == 415
    assert api.ask("POST", "/tasks", content=b" " * (8 << 20) + b"{}", headers=J).status_code == 413
    assert api.ask("GET", "/tasks", content=b"{}").status_code == 413


def test_a_data_that_is_too_large_is_refused_by_the_engine(api: Served) -> None:
    answer = api.ask("POST", "/tasks", json={"workflow": "packing", "data": "x" * (5 << 20)})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (422, "InputRefused")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/tasks/nobody", None, 404, "UnknownTask"),
        ("POST", "/tasks/nobody/cancel", {}, 404, "UnknownTask"),
        ("GET", "/tasks/nobody/events", None, 404, "UnknownTask"),
        ("GET", "/tasks/nobody/events/stream", None, 404, "UnknownTask"),
        ("GET", "/questions/nobody/a/1/1q0", None, 404, "UnknownTask"),
        ("GET", "/workflows/nobody", None, 404, "UnknownTask"),
        ("POST", "/tasks", {"workflow": "nobody"}, 422, "InputRefused"),
        ("POST", "/tasks/import", {"format": 1}, 422, "InputRefused"),
    ],
)
def test_errors_of_the_engine_are_named(api: Served, method: str, path: str, body: Any, status: int, kind: str) -> None:
    answer = api.ask(method, path, **({"json": body} if body is not None else {}))
    assert (answer.status_code, answer.json()["error"]["kind"]) == (status, kind)
    assert answer.json()["type"] == f"/api/v1/docs#error-{kind}"


def test_a_task_that_has_ended_is_not_cancelled_and_one_that_lives_is_not_purged(api: Served) -> None:
    ended, live = submitted(api), waiting(api.client()).partition("/")[0]
    answer = api.ask("POST", f"/tasks/{ended}/cancel")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "IllegalTransition")
    assert api.ask("DELETE", f"/tasks/{live}").status_code == 409
    assert api.ask("DELETE", f"/tasks/{ended}").status_code == 204
    assert api.ask("GET", f"/tasks/{ended}").status_code == 404


# ---------------------------------------------------------------- who may what


@pytest.mark.parametrize(
    ("person", "method", "path", "status"),
    [
        (None, "GET", "/status", 200),  # on a loopback address, nobody has to log in
        (None, "POST", "/tasks", 201),  # nor does a program that is no browser
        ("cleo", "GET", "/tasks", 200),
        ("cleo", "POST", "/tasks", 403),
        ("ben", "DELETE", "/tasks/nobody", 403),
        ("ben", "POST", "/tasks/import", 403),
        ("ben", "POST", "/workflows", 403),
        ("ben", "POST", "/tasks/nobody/cancel", 404),
    ],
)
def test_roles_are_kept(api: Served, person: str | None, method: str, path: str, status: int) -> None:
    given: dict[str, Any] = {"content": b"{}", "headers": J} if method == "POST" else {}
    assert api.ask(method, path, person, **given).status_code == status


@pytest.mark.parametrize("name", ["Cookie", "Origin", "Referer"])
def test_what_a_page_could_have_a_browser_send_is_refused_without_a_token_of_ours(api: Served, name: str) -> None:
    headers = {**J, name: "http://127.0.0.1" if name != "Cookie" else "a=b"}
    assert api.ask("POST", "/tasks", None, content=b"{}", headers=headers).status_code == 403


def test_a_token_that_is_not_known_is_refused(api: Served) -> None:
    answer = api.ask("GET", "/tasks", None, headers={"Authorization": "Bearer wfe_a_b"})
    assert (answer.status_code, "Bearer" in answer.headers["WWW-Authenticate"]) == (401, True)


def test_to_export_with_cancel_and_to_purge_in_bulk_takes_an_admin(api: Served) -> None:
    task = waiting(api.client()).partition("/")[0]
    assert api.ask("POST", f"/tasks/{task}/export", "ben", json={"cancel": True}).status_code == 403
    assert api.ask("POST", f"/tasks/{task}/export", "ben", json={}).status_code == 200
    assert api.ask("POST", "/tasks/bulk", "ben", json={"action": "purge", "tasks": [task]}).status_code == 403


def test_only_whom_a_question_is_for_answers_it(api: Served) -> None:
    ann, question = api.client(), waiting(api.client())
    ann.assign_question(question, candidates=["packers"])
    refused = api.ask("POST", f"/questions/{question}/answer", json={"value": 1})
    assert (refused.status_code, "for packers" in refused.json()["detail"]) == (403, True)
    assert api.ask("POST", f"/questions/{question}/answer", "cleo", json={"value": 1}).status_code == 403
    assert api.ask("GET", f"/questions/{question}", "ben").json()["answerable"] is True
    assert api.ask("POST", f"/questions/{question}/answer", "ben", json={"value": 1}).status_code == 200
    again = api.ask("POST", f"/questions/{question}/answer", "ben", json={"value": 2})
    assert (again.status_code, again.json()["error"]["kind"]) == (409, "AlreadyAnswered")


def test_slashes_of_question_ids_may_be_written_either_way(api: Served) -> None:
    question = waiting(api.client())
    plain = api.ask("GET", f"/questions/{question}").json()
    assert api.ask("GET", f"/questions/{question.replace('/', '%2F')}").json() == plain
    assert api.ask("POST", f"/questions/{question.replace('/', '%2F')}/claim").json()["claimed_by"] == "ann"


def test_an_answer_to_what_has_changed_is_refused(api: Served) -> None:
    question = waiting(api.client())
    answer = api.ask("POST", f"/questions/{question}/answer", json={"value": 1, "shown": "0" * 64})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "ShownChanged")


def test_what_is_done_is_in_the_audit(api: Served) -> None:
    task = submitted(api)
    api.ask("POST", f"/tasks/{task}/cancel", "ben")
    lines = (api.engine.data_dir / "ui" / "audit.jsonl").read_text().splitlines()
    noted = [entry for entry in map(json.loads, lines) if entry["about"] == task]
    assert [(entry["who"], entry["what"], entry["outcome"].partition(":")[0]) for entry in noted] == [
        ("ben", "cancel", "IllegalTransition")
    ]


# ---------------------------------------------------------------- idempotency


def test_the_same_key_makes_one_task_and_is_answered_alike(api: Served) -> None:
    body, key = {"workflow": "packing", "data": {"once": 1}}, {"Idempotency-Key": '"8e03978e"'}
    first, second = (api.ask("POST", "/tasks", json=body, headers=key) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert ("Idempotent-Replayed" in first.headers, second.headers["Idempotent-Replayed"]) == (False, "true")
    assert second.headers["Location"] == first.headers["Location"]
    other = api.ask("POST", "/tasks", json={**body, "priority": 5}, headers=key)
    assert other.status_code == 422
    somebody_else = api.ask("POST", "/tasks", "ben", json=body, headers=key)
    assert somebody_else.json()["id"] != first.json()["id"]


def test_a_key_finds_its_task_where_answers_are_lost(api: Served) -> None:
    body, key = {"workflow": "packing", "data": {"lost": 1}}, {"Idempotency-Key": "lost"}
    first = api.ask("POST", "/tasks", json=body, headers=key)
    (api.engine.data_dir / "ui" / "replays.sqlite").unlink()
    for rest in (api.engine.data_dir / "ui").glob("replays.sqlite-*"):
        rest.unlink()
    assert api.ask("POST", "/tasks", json=body, headers=key).json()["id"] == first.json()["id"]


def test_a_comment_is_made_once_under_a_key(api: Served) -> None:
    question, key = waiting(api.client()), {"Idempotency-Key": "comment"}
    path = f"/questions/{question}/comments"
    answers = [api.ask("POST", path, json={"text": "hm"}, headers=key) for _ in range(2)]
    assert [comment["text"] for comment in answers[1].json()["comments"]] == ["hm"]
    assert [comment["text"] for comment in api.ask("GET", f"/questions/{question}").json()["comments"]] == ["hm"]


def test_what_is_refused_is_not_kept_under_its_key(api: Served) -> None:
    key = {"Idempotency-Key": "refused"}
    assert api.ask("POST", "/tasks", json={"workflow": "nobody"}, headers=key).status_code == 422
    assert api.ask("POST", "/tasks", json={"workflow": "packing"}, headers=key).status_code == 201


def test_keys_are_bounded(api: Served) -> None:
    answer = api.ask("POST", "/tasks", json={"workflow": "packing"}, headers={"Idempotency-Key": "k" * 256})
    assert answer.status_code == 422


# ---------------------------------------------------------------- artifacts, workflows, bulk


def test_an_artifact_is_sent_as_a_file_and_not_sent_twice(api: Served) -> None:
    task = submitted(api)
    first = api.ask("GET", f"/tasks/{task}/artifacts/notes/packed.txt")
    assert (first.content, first.headers["Content-Disposition"]) == (
        b"three boxes",
        'attachment; filename="packed.txt"',
    )
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = api.ask(
        "GET", f"/tasks/{task}/artifacts/notes%2Fpacked.txt", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert api.ask("GET", f"/tasks/{task}/artifacts/nothing").status_code == 404


def test_an_artifact_is_kept_under_its_name_and_refused_under_a_bad_one(api: Served) -> None:
    task = waiting(api.client()).partition("/")[0]
    kept = api.ask("PUT", f"/tasks/{task}/artifacts/a/b.csv", content=b"1,2")
    assert (kept.json()["name"], kept.json()["size"], kept.json()["media_type"]) == ("a/b.csv", 3, "text/csv")
    typed = api.ask("PUT", f"/tasks/{task}/artifacts/c", content=b"", headers={"Content-Type": "image/png; q=1"})
    assert typed.json()["media_type"] == "image/png"
    assert api.ask("PUT", f"/tasks/{task}/artifacts/a%2F..%2Fb", content=b"1").status_code == 422
    assert [one["name"] for one in api.ask("GET", f"/tasks/{task}/artifacts").json()["artifacts"]] == ["a/b.csv", "c"]


def test_a_workflow_file_is_checked_and_saved(api: Served) -> None:
    yaml = {"Content-Type": "application/yaml"}
    wrong = b"name: saved\nphases:\n  - id: work\n    retri: 3\n"
    checked = api.ask("POST", "/workflows?validate_only=true", content=wrong, headers=yaml).json()
    assert (checked["ok"], checked["saved"]) == (False, False)
    assert [(said["line"], said["column"]) for said in checked["problems"]] == [(4, 5)]
    refused = api.ask("POST", "/workflows", content=wrong, headers=yaml)
    assert (refused.status_code, refused.json()["errors"][0]["line"]) == (422, 4)
    right = b"name: saved\nphases: [{id: work}]\n"
    assert api.ask("POST", "/workflows?validate_only=true", content=right, headers=yaml).json()["saved"] is False
    assert api.ask("GET", "/workflows/saved").status_code == 404
    saved = api.ask("POST", "/workflows", content=right, headers=yaml)
    assert (saved.status_code, saved.json()["name"]) == (201, "saved")
    found = api.ask("GET", "/workflows/saved").json()
    assert (found["registered"], found["digest"], len(found["files"])) == (True, saved.json()["digest"], 1)
    assert api.ask("GET", "/workflows/saved/graph").text.startswith("<svg")
    assert api.ask("GET", "/workflows/saved/graph?format=mermaid").text.startswith("flowchart")


def test_bulk_tells_what_became_of_each(api: Served) -> None:
    failed, done = submitted(api, {"fail": 3}), submitted(api)
    asked = {"action": "retry", "tasks": [failed, done, "nobody", failed]}
    tried = api.ask("POST", "/tasks/bulk", json={**asked, "dry_run": True}).json()
    assert [(one["task"], one["outcome"], one["error"]) for one in tried["tasks"]] == [
        (failed, "would be done", None),
        (done, "refused", "IllegalTransition"),
        ("nobody", "refused", "UnknownTask"),
    ]
    result = api.ask("POST", "/tasks/bulk", json=asked).json()
    assert (result["done"], result["refused"], result["more"]) == (1, 2, False)
    api.ask("GET", f"/tasks/{failed}/wait?timeout=5")
    group = api.ask("GET", f"/tasks/{failed}").json()["failure"]
    assert group["message"] == "order 3 cannot be packed"
    listed = api.ask("GET", "/failures?workflow=packing").json()["failures"]
    by_group = {"action": "purge", "filter": {"failure_group": listed[0]["key"]}}
    assert api.ask("POST", "/tasks/bulk", json=by_group).json()["refused"] == 0


def test_bulk_answers_only_what_one_may_answer(api: Served) -> None:
    ann, mine, theirs = api.client(), waiting(api.client()), waiting(api.client())
    ann.assign_question(theirs, "zoe")
    tasks = [question.partition("/")[0] for question in (mine, theirs)]
    result = api.ask("POST", "/tasks/bulk", json={"action": "answer", "tasks": tasks, "value": 1}).json()
    assert [one["outcome"] for one in result["tasks"]] == ["done", "refused"]


def test_bulk_takes_tasks_or_a_filter(api: Served) -> None:
    assert api.ask("POST", "/tasks/bulk", json={"action": "retry"}).status_code == 422
    both: dict[str, Any] = {"action": "retry", "tasks": ["a"], "filter": {}}
    assert api.ask("POST", "/tasks/bulk", json=both).status_code == 422


# ---------------------------------------------------------------- pages and streams


def test_pages_go_to_the_end_and_hold_everything_once(api: Served) -> None:
    tasks = {submitted(api, {"page": f"leaf {number}"}) for number in range(5)}
    found, after = list[str](), None
    while True:
        query = {"limit": 2, "text": "leaf", **({"after": after} if after else {})}
        page = api.ask("GET", "/tasks", params=query).json()
        found += [row["id"] for row in page["tasks"]]
        after = page["next"]
        if after is None:
            break
    assert (set(found), len(found)) == (tasks, 5)


def test_events_are_paged_by_their_place(api: Served) -> None:
    task = submitted(api)
    whole = api.ask("GET", f"/tasks/{task}/events").json()
    names = [entry["event"]["event"] for entry in whole["events"]]
    assert names == ["TaskSubmitted", "PhaseStarted", "PhaseCompleted", "TaskCompleted"]
    first = api.ask("GET", f"/tasks/{task}/events?limit=3").json()
    rest = api.ask("GET", f"/tasks/{task}/events?after={first['next']}").json()
    assert (first["events"] + rest["events"], rest["next"]) == (whole["events"], None)
    nothing = api.ask("GET", f"/tasks/{task}/events?after={whole['last']}").json()
    assert nothing == {"events": [], "next": None, "last": whole["last"]}


def stream(api: Served, path: str, headers: dict[str, str] | None = None, until: str = "TaskCompleted") -> list[Any]:
    """Return (id, data) of the messages of a stream up to an event."""
    found: list[Any] = []
    sent = {"Authorization": f"Bearer {api.tokens['ann']}", **(headers or {})}
    with httpx2.stream("GET", f"{api.url}/api/v1{path}", headers=sent, timeout=WITHIN) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        place = ""
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            place = value if name == "id" else place
            if name == "data":
                found.append((place, json.loads(value)))
                if found[-1][1]["event"]["event"] == until:
                    break
    return found


def test_a_stream_of_a_task_begins_with_its_beginning_and_is_resumed(api: Served) -> None:
    task = submitted(api)
    whole = stream(api, f"/tasks/{task}/events/stream")
    paged = api.ask("GET", f"/tasks/{task}/events").json()["events"]
    assert [data for _, data in whole] == paged
    resumed = stream(api, f"/tasks/{task}/events/stream", {"Last-Event-ID": whole[1][0]})
    assert resumed == whole[2:]
    assert api.ask("GET", "/events/stream", headers={"Last-Event-ID": "soon"}).status_code == 422


def test_a_stream_of_everything_tells_what_is_decided_from_now_on(api: Served) -> None:
    seen: list[Any] = []
    listening = threading.Thread(target=lambda: seen.extend(stream(api, "/events/stream")))
    listening.start()
    tasks: set[str] = set()
    while listening.is_alive():
        tasks.add(submitted(api))
        listening.join(0.1)
    assert {data["task"] for _, data in seen} <= tasks
    places = [tuple(map(int, place.split("."))) for place, _ in seen]
    assert places == sorted(places)


def test_a_stream_ends_after_its_time(api: Served) -> None:
    answer = api.ask("GET", "/events/stream?timeout=0&after=0.0")
    assert answer.text.count("event: event") == len(api.ask("GET", "/events?limit=1000").json()["events"])


# ---------------------------------------------------------------- the whole


def test_the_whole_is_told(api: Served) -> None:
    submitted(api)
    assert api.ask("GET", "/status").json()["status"] == "ok"
    assert api.ask("GET", "/overview?window=1h").json()["statuses"]["completed"] >= 1
    assert api.ask("GET", "/tasks/counts?workflow=packing").json()["total"]["n"] >= 1
    assert api.ask("GET", "/costs").json() == {"costs": []}
    assert api.ask("GET", "/schedules").json() == {"schedules": []}
    assert api.ask("GET", "/questions/counts", "cleo").json()["mine"] == {"n": 0, "capped": False}
    me = api.ask("GET", "/me", "ben").json()
    assert (me["name"], me["groups"], me["role"], me["via"]) == ("ben", ["packers"], "operator", "token")


def test_the_reference_page_shows_every_operation_and_needs_nothing_from_elsewhere(api: Served) -> None:
    document = api.ask("GET", "/openapi.json").json()
    page = api.ask("GET", "/docs").text
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert [name for name in names if f'id="{name}"' not in page] == []
    assert ' style="' not in page
    assert "<script>" not in page
    assert 'src="http' not in page
    assert f"curl -H &#34;Authorization: Bearer $TOKEN&#34; {api.url}/api/v1/tasks" in page


def test_the_document_is_not_sent_twice(api: Served) -> None:
    first = api.ask("GET", "/openapi.json")
    again = api.ask("GET", "/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
