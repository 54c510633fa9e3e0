"""What models cost, from the turn to the tables of the command line, and who is asked at all."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.engine_helpers import ONCE, done, engine_on, standing
from tests.contract.test_cli import cli
from workflow_engine.agents.breaker import FAILURES
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest, Usage
from workflow_engine.agents.provider import OnText
from workflow_engine.ecs_workflow import ECSWorkflowEngine, Phase, Task, TaskState, WorkflowSpec
from workflow_engine.errors import TransientFailure
from workflow_engine.spec.parts import Budget

PRICED = ModelReply(Message("assistant", "Hello"), "end", Usage(1_000, 100), "gpt-4o")
UNPRICED = ModelReply(Message("assistant", "Hello"), "end", Usage(7, 3), "llama-of-ours")
DOLLARS = (1_000 * 2.5 + 100 * 10) / 1e6


class Scripted:
    """A provider that gives one reply again and again."""

    def __init__(self, reply: ModelReply | Exception) -> None:
        self.name = "openai"
        self.asked = 0
        self._reply = reply

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider`."""
        self.asked += 1
        if isinstance(self._reply, Exception):
            raise self._reply
        return self._reply


def phase(name: str = "p", model: str = "gpt-4o") -> Phase:
    return Phase(id=name, assigned_to="ai", prompt="Hi", model=model, retry=ONCE)


def shown(data: Path, *words: str) -> Any:
    ran = cli(data, *words, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def doctor(data: Path) -> dict[str, dict[str, Any]]:
    checks = json.loads(cli(data, "doctor", "--json").out)["checks"]
    return {check["name"]: check for check in checks}


async def spent(engine: ECSWorkflowEngine, workflow: str, *replies: ModelReply) -> list[Task]:
    """Carry a task out for each of these replies."""
    ended: list[Task] = []
    for reply in replies:
        engine.register_provider(Scripted(reply))
        engine.register_workflow(workflow, [phase(model=reply.model)])
        ended.append(await done(engine, await engine.submit_task({}, workflow)))
    return ended


async def test_costs_are_shown_by_task_and_by_workflow(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        tasks = await spent(engine, "letters", PRICED, UNPRICED)
        await spent(engine, "notes", PRICED)
    assert [(task.spent.tokens, task.spent.dollars, task.spent.unpriced) for task in tasks] == [
        (1_100, pytest.approx(DOLLARS), 0),
        (10, 0.0, 1),
    ]
    nothing = {"tokens": 0, "dollars": 0.0}
    first = {"tokens": 1_100, "dollars": pytest.approx(DOLLARS), "unpriced": 0, "extended_by": nothing}
    assert shown(tmp_path, "show", tasks[0].id)["cost"] == first
    assert shown(tmp_path, "tasks", "--order", "id")["tasks"][0]["cost"] == first
    assert shown(tmp_path, "costs") == {
        "costs": [
            {"workflow": "letters", **first, "tokens": 1_110, "unpriced": 1},
            {"workflow": "notes", **first},
        ]
    }
    assert cli(tmp_path, "costs", "--workflow", "letters").out.splitlines() == [
        "WORKFLOW\tTOKENS\tDOLLARS\tUNPRICED\tEXTENDED",
        "letters\t1,110\t$0.0035\t1\t",
    ]
    assert "cost\t10 tokens, $0.0000 and 1 turn of unknown price\n" in cli(tmp_path, "show", tasks[1].id).out


async def test_costs_outlive_the_tasks_and_the_index(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        [task] = await spent(engine, "letters", PRICED)
        before = await asyncio.to_thread(shown, tmp_path, "costs")
        await engine.purge(task)
    assert cli(tmp_path, "reindex").code == 0
    assert shown(tmp_path, "costs") == before


async def test_a_budget_is_kept_across_tasks_and_a_person_extends_it(tmp_path: Path) -> None:
    budget = Budget(workflow=0.02)
    async with engine_on(tmp_path) as engine:
        provider = Scripted(PRICED)
        engine.register_provider(provider)
        engine.register_workflow(
            WorkflowSpec(name="w", phases=[phase().model_copy(update={"max_tokens": 1_800})], budget=budget)
        )
        first = await done(engine, await engine.submit_task({}, "w"))
        assert first.status is TaskState.COMPLETED
        second = await standing(engine, await engine.submit_task({}, "w"), TaskState.WAITING_HUMAN)
        assert provider.asked == 1
        await engine.resume(second, {"decision": "extend", "by": 0.5})
        assert (await done(engine, second)).status is TaskState.COMPLETED
    [costs] = shown(tmp_path, "costs")["costs"]
    assert (costs["dollars"], costs["extended_by"]["dollars"]) == (pytest.approx(2 * DOLLARS), 0.5)
    assert cli(tmp_path, "costs").out.splitlines()[1].endswith("\t$0.5000")


def test_run_tells_what_its_task_has_cost(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("name: w\nphases: [{id: p, assigned_to: agentic, prompt: Hi there}]\n")
    found = shown(tmp_path / "data", "run", str(tmp_path / "w.yaml"))
    assert found["cost"] == {
        "tokens": 8, "dollars": 0.0, "unpriced": 0, "extended_by": {"tokens": 0, "dollars": 0.0}
    }  # fmt: skip


def test_run_says_for_whom_the_offline_model_stands_in(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text("name: w\nphases: [{id: p, assigned_to: ai, provider: openai, prompt: Hi}]\n")
    ran = cli(tmp_path / "data", "run", str(tmp_path / "w.yaml"))
    assert (ran.out, ran.err) == (
        "[offline model] Hi\n",
        "the offline model replies, since there is no key for openai in OPENAI_API_KEY\n",
    )


def test_run_waits_for_a_key_where_the_offline_model_may_not_reply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKFLOW_ENGINE_AGENTS_OFFLINE", "never")
    (tmp_path / "w.yaml").write_text("name: w\nphases: [{id: p, assigned_to: ai, provider: openai, prompt: Hi}]\n")
    ran = cli(tmp_path / "data", "run", str(tmp_path / "w.yaml"))
    assert ran.code == 3
    assert "waits in phase 'p' for a key for models in OPENAI_API_KEY" in ran.err


# ---------------------------------------------------------------- the doctor


def test_the_doctor_says_that_the_offline_model_replies_and_what_to_do(tmp_path: Path) -> None:
    checks = doctor(tmp_path)
    assert (checks["models"]["verdict"], checks["models"]["fact"], checks["models"]["remedy"]) == (
        "warn",
        "the offline model replies, since no provider of models is set up",
        "set ANTHROPIC_API_KEY or OPENAI_API_KEY in the environment of the engine",
    )
    fact = "no key in OPENAI_API_KEY: phases that name it are answered by the offline model"
    assert (checks["openai"]["verdict"], checks["openai"]["fact"]) == ("ok", fact)


def test_the_doctor_sees_keys_and_shows_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://me:hidden@models.example/v1?key=veiled")
    settings = tmp_path / "settings.toml"
    settings.write_text('[agents.base_urls]\nanthropic = "https://me:hidden@other.example"\n')
    checks = doctor(tmp_path)
    assert checks["models"]["fact"] == "gpt-4o of openai replies, since OPENAI_API_KEY is set"
    assert checks["openai"]["fact"] == "OPENAI_API_KEY is set, at https://models.example/v1"
    for words in (("doctor",), ("doctor", "--json"), ("doctor", "--config", str(settings))):
        ran = cli(tmp_path, *words)
        assert [word for word in ("sk-very-secret", "hidden", "veiled") if word in ran.out + ran.err] == []
    told = cli(tmp_path, "doctor", "--config", str(settings)).out
    assert "agents.base_urls.anthropic\thttps://other.example\t" in told


def test_the_doctor_finds_a_run_that_would_wait_for_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKFLOW_ENGINE_AGENTS_OFFLINE", "never")
    checks = doctor(tmp_path)
    fact = (
        'agentic phases wait for a key for models in ANTHROPIC_API_KEY or OPENAI_API_KEY, as agents.offline = "never"'
    )
    assert (checks["models"]["verdict"], checks["models"]["fact"]) == ("problem", fact)
    assert checks["openai"]["fact"] == "no key in OPENAI_API_KEY: phases that name it wait for one"


@pytest.mark.parametrize(
    ("text", "verdict", "fact"),
    [
        (
            'default_provider = "opnai"',
            "warn",
            "agents.default_provider names the provider 'opnai', which is not known",
        ),
        (
            'limits."opnai/m" = {concurrency = 1}',
            "warn",
            "agents.limits names the provider 'opnai', which is not known",
        ),
        ('base_urls.openai = "localhost"', "problem", "agents.base_urls.openai is no address"),
        ('base_urls.ours = "https://a"', "warn", "agents.base_urls names 'ours', whose address is not set here"),
    ],
)
def test_the_doctor_finds_names_that_mean_nothing(tmp_path: Path, text: str, verdict: str, fact: str) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f"[agents]\n{text}\n")
    checks = json.loads(cli(tmp_path, "doctor", "--json", "--config", str(settings)).out)["checks"]
    assert (verdict, fact) in [(check["verdict"], check["fact"]) for check in checks]


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ('offline = "sometimes"', "agents.offline: Input should be 'auto', 'never' or 'always', not 'sometimes'"),
        (
            "limits.openai = {concurrency = 0}",
            "agents.limits.openai.concurrency: Input should be greater than or equal",
        ),
        ('provider = "openai"', "agents.provider is not a setting; did you mean agents.default_provider?"),
    ],
)
def test_wrong_settings_of_agents_are_refused(tmp_path: Path, text: str, fact: str) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(f"[agents]\n{text}\n")
    ran = cli(tmp_path, "doctor", "--config", str(settings))
    assert ran.code == 2
    assert fact in ran.err


@pytest.mark.parametrize(
    ("failure", "times", "fact"),
    [
        (TransientFailure("busy", retry_after=500.0), 1, "wants to be left alone for "),
        (TransientFailure("broken"), FAILURES, f"{FAILURES} failures in a row; open"),
    ],
)
async def test_the_doctor_asks_a_running_engine_how_its_models_stand(
    tmp_path: Path, failure: Exception, times: int, fact: str
) -> None:
    async with engine_on(tmp_path) as engine:
        engine.register_provider(Scripted(failure))
        engine.register_workflow("w", [phase()])
        for _ in range(times):
            await done(engine, await engine.submit_task({}, "w"))
        check = (await asyncio.to_thread(doctor, tmp_path))["gpt-4o of openai"]
    assert check["verdict"] == "warn"
    assert check["fact"].startswith(fact)
