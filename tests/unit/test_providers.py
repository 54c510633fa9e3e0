"""Who runs the model of a phase, and why."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from workflow_engine.adapter import Missing
from workflow_engine.adapters.offline import OfflineModel
from workflow_engine.agents.messages import Message, ModelReply, ModelRequest
from workflow_engine.agents.models import Models, log_choice
from workflow_engine.agents.no_tools import NoTools
from workflow_engine.agents.provider import OnText
from workflow_engine.agents.providers import Choice, Providers
from workflow_engine.agents.settings import AgentSettings, ModelLimits
from workflow_engine.errors import PermanentFailure, SpecError
from workflow_engine.spec.model import Phase

OPENAI = {"OPENAI_API_KEY": "sk-secret"}
ANTHROPIC = {"ANTHROPIC_API_KEY": "sk-ant-secret"}


class Ours:
    """A provider that a program registers."""

    def __init__(self, name: str = "ours") -> None:
        self.name = name
        self.life: list[str] = []

    async def start(self) -> None:
        """See `Starts`."""
        self.life.append("started")

    async def reply(self, request: ModelRequest, on_text: OnText | None = None) -> ModelReply:
        """See `ModelProvider`."""
        return ModelReply(Message("assistant", "Hello"), "end")

    async def close(self) -> None:
        """See `Closes`."""
        self.life.append("closed")


def chosen(environment: Mapping[str, str], phase: Mapping[str, Any] | None = None, **settings: Any) -> Choice:
    return Providers(AgentSettings(**settings), environment).choose(Phase(id="p", **(phase or {})))


@pytest.mark.parametrize(
    ("environment", "phase", "settings", "said"),
    [
        ({}, {}, {}, "the offline model replies, since no provider of models is set up"),
        (OPENAI, {}, {}, "gpt-4o of openai replies, since OPENAI_API_KEY is set"),
        (ANTHROPIC, {}, {}, "claude-sonnet-4-6 of anthropic replies, since ANTHROPIC_API_KEY is set"),
        (OPENAI | ANTHROPIC, {}, {}, "claude-sonnet-4-6 of anthropic replies, since ANTHROPIC_API_KEY is set"),
        (
            OPENAI | ANTHROPIC,
            {},
            {"default_provider": "openai", "default_models": {"openai": "gpt-4.1"}},
            "gpt-4.1 of openai replies, since it is agents.default_provider in the settings",
        ),
        (
            OPENAI | ANTHROPIC,
            {"model": "gpt-5-mini"},
            {"default_provider": "anthropic"},
            "gpt-5-mini of openai replies, since gpt-5-mini is a model of openai",
        ),
        (OPENAI, {"model": "o3"}, {}, "o3 of openai replies, since o3 is a model of openai"),
        (
            OPENAI | ANTHROPIC,
            {"model": ["claude-haiku-4-5", "gpt-4o"]},
            {},
            "claude-haiku-4-5 of anthropic replies, since claude-haiku-4-5 is a model of anthropic",
        ),
        (OPENAI, {"model": "olive"}, {}, "olive of openai replies, since OPENAI_API_KEY is set"),
        (
            OPENAI | ANTHROPIC,
            {"provider": "openai", "model": "claude-clone"},
            {},
            "claude-clone of openai replies, since the phase says so",
        ),
        (OPENAI, {"provider": "offline"}, {}, "the offline model replies, since the phase says so"),
        (
            OPENAI,
            {"provider": "anthropic"},
            {},
            "the offline model replies, since there is no key for anthropic in ANTHROPIC_API_KEY",
        ),
        (
            OPENAI,
            {"provider": "openai"},
            {"offline": "always"},
            'the offline model replies, since the settings say agents.offline = "always"',
        ),
        (
            {},
            {},
            {"base_urls": {"openai": "http://localhost:11434/v1"}, "default_models": {"openai": "llama3"}},
            "llama3 of openai replies, since its server is on this machine, at localhost",
        ),
        (
            {"OPENAI_BASE_URL": "https://models.example/v1"},
            {},
            {},
            "the offline model replies, since no provider of models is set up",
        ),
        (OPENAI, {"provider": "mistral", "model": "m"}, {}, "m of mistral replies, since the phase says so"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_replies_is_said_with_the_reason(
    environment: dict[str, str], phase: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    assert str(chosen(environment, phase, **settings)) == said


def test_no_choice_shows_a_key() -> None:
    choices = [chosen(OPENAI | ANTHROPIC, phase) for phase in ({}, {"provider": "openai"}, {"model": "claude-x"})]
    assert "secret" not in repr(choices)


@pytest.mark.parametrize(
    ("phase", "needs"),
    [
        ({}, "a key for models in ANTHROPIC_API_KEY or OPENAI_API_KEY"),
        ({"provider": "openai"}, "a key for models in OPENAI_API_KEY"),
        ({"model": "claude-x"}, "a key for models in ANTHROPIC_API_KEY"),
    ],
)
def test_where_the_offline_model_may_not_stand_in_the_run_waits_for_a_key(phase: dict[str, Any], needs: str) -> None:
    with pytest.raises(Missing) as caught:
        chosen({}, phase, offline="never")
    assert caught.value.needs == needs


def test_standing_in_for_a_provider_without_a_key_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        for phase in ({"provider": "openai"}, {}):
            log_choice(chosen({}, phase))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_a_registered_provider_goes_before_keys_and_in_place_of_a_built_in_one() -> None:
    providers = Providers(AgentSettings(default_models={"ours": "m1"}), ANTHROPIC)
    providers.register(Ours())
    assert str(providers.choose(Phase(id="p"))) == "m1 of ours replies, since the program has registered it"
    own = Ours("openai")
    providers.register(own)
    assert providers.choose(Phase(id="p", model="gpt-4o")) == Choice(
        "openai", "gpt-4o", "since gpt-4o is a model of openai"
    )
    assert providers.provider("openai") is own
    assert providers.names() == ["anthropic", "offline", "openai", "ours"]


def test_what_is_no_provider_is_refused() -> None:
    fact = "the provider of models is a NoTools without `name` and `async def reply(request, on_text)`"
    with pytest.raises(SpecError, match=re.escape(fact)):
        Providers().register(NoTools())  # type: ignore[arg-type]  # what is refused


def test_a_provider_that_nobody_knows_is_waited_for() -> None:
    with pytest.raises(Missing, match="a provider of models 'mistral' is not registered"):
        Providers().provider("mistral")


class Point:
    """An entry point of an installed package."""

    def __init__(self, offered: object) -> None:
        self.name = self.value = "plugged"
        self._offered = offered

    def load(self) -> object:
        """Import what is offered."""
        if isinstance(self._offered, Exception):
            raise self._offered
        return self._offered


@pytest.mark.parametrize("offered", [Ours, Ours("plugged"), lambda: Ours("plugged")], ids=["class", "object", "maker"])
def test_an_installed_package_brings_a_provider(offered: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workflow_engine.agents.providers.entry_points", lambda **_: [Point(offered)])  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    providers = Providers()
    assert isinstance(providers.provider("plugged"), Ours)
    assert providers.provider("plugged") is providers.provider("plugged")


@pytest.mark.parametrize(
    ("offered", "fact"), [(ImportError("gone"), "cannot be loaded: ImportError('gone')"), (dict, "is a dict without")]
)
def test_a_package_that_cannot_be_used_fails_the_phase(
    offered: object, fact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow_engine.agents.providers.entry_points", lambda **_: [Point(offered)])  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(PermanentFailure, match=re.escape(fact)):
        Providers().provider("plugged")


def test_limits_of_a_model_go_before_those_of_its_provider() -> None:
    of_all, of_one = ModelLimits(concurrency=9), ModelLimits(concurrency=1)
    settings = AgentSettings(limits={"openai": of_all, "openai/gpt-4o": of_one})
    assert [settings.limits_of("openai", "gpt-4o"), settings.limits_of("openai", "o3")] == [of_one, of_all]
    assert settings.limits_of("anthropic", "claude-x") == ModelLimits()


# ---------------------------------------------------------------- what an engine does with them


async def test_a_provider_is_started_when_it_is_needed_and_again_after_it_was_closed() -> None:
    models, ours = Models(AgentSettings(default_models={"ours": "m"})), Ours()
    models.register(ours)
    phase = Phase(id="p", provider="ours", prompt="Hi")
    assert ours.life == []
    agents = [await models.agent(phase, NoTools()) for _ in range(2)]
    assert (ours.life, agents[0].provider is ours, agents[0].model) == (["started"], True, "m")
    await models.close()
    await models.agent(phase, NoTools())
    assert ours.life == ["started", "closed", "started"]
    await models.close()


async def test_a_provider_that_was_replaced_is_closed_with_the_others() -> None:
    models, first, second = Models(AgentSettings(default_models={"ours": "m"})), Ours(), Ours()
    for provider in (first, second):
        models.register(provider)
        await models.agent(Phase(id="p", provider="ours", prompt="Hi"), NoTools())
    await models.close()
    assert (first.life, second.life) == (["started", "closed"], ["started", "closed"])


async def test_each_reason_is_told_once() -> None:
    models, told = Models(AgentSettings(offline="always")), list[Choice]()
    models.announce = told.append
    for _ in range(3):
        await models.agent(Phase(id="p", prompt="Hi"), NoTools())
    assert [choice.provider for choice in told] == ["offline"]


async def test_a_phase_without_a_model_is_refused_where_the_provider_has_no_default() -> None:
    models = Models()
    models.register(Ours())
    with pytest.raises(PermanentFailure, match="names no model, and ours has no default; write `model:"):
        await models.agent(Phase(id="p", provider="ours", prompt="Hi"), NoTools())


async def test_the_offline_model_is_asked_as_the_phase_wants() -> None:
    models = Models(AgentSettings(offline="always"))
    models.register(OfflineModel({"p": "scripted"}))
    agent = await models.agent(Phase(id="p", prompt="Hi"), NoTools())
    said = await agent.provider.reply(ModelRequest("m", (Message("user", "Hi"),), key="t/p/1/turn"))
    assert said.message.text == "scripted"


def test_a_key_is_found_where_the_settings_refer_to(tmp_path: Path) -> None:
    place = tmp_path / "key"
    place.write_text("a-key\n")
    choose = Phase(id="p", assigned_to="agentic", provider="anthropic", prompt="x")
    settings = AgentSettings(keys={"anthropic": f"file:{place}"})
    assert Providers(settings, {}).choose(choose).why == "since the phase says so"
    assert Providers(AgentSettings(keys={"anthropic": "env:MINE"}), {"MINE": "k"}).has_key("anthropic")
    assert not Providers(AgentSettings(keys={"anthropic": "env:MINE"}), {}).has_key("anthropic")


def test_a_key_itself_is_refused_in_settings() -> None:
    with pytest.raises(ValidationError):
        AgentSettings(keys={"openai": "sk-123"})
