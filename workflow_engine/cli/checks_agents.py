"""What `workflow-engine doctor` looks at of agents: who would run their models, and how the models stand."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from workflow_engine.adapter import Missing
from workflow_engine.agents.providers import BUILT_IN, OFFLINE, Providers
from workflow_engine.agents.settings import AgentSettings
from workflow_engine.cli.checks import Check
from workflow_engine.spec.model import Phase
from workflow_engine.spec.problems import did_you_mean, listed

PHASE: Final = Phase(id="phase")
"""A phase that leaves everything open."""

KEYS: Final = " or ".join(one.key for one in BUILT_IN.values())


def agents(settings: AgentSettings) -> Iterator[Check]:
    """Say who runs the models of phases that leave it open, and why; and what the settings get wrong."""
    providers = Providers(settings)
    yield _chosen(providers)
    for name, built_in in BUILT_IN.items():
        if providers.has_key(name):
            fact = f"{built_in.key} is set" if providers.is_set(built_in.key) else "on this machine, without a key"
            yield Check(name, "ok", fact + _at(providers.url(name)))
        else:
            then = "wait for one" if settings.offline == "never" else "are answered by the offline model"
            yield Check(name, "ok", f"no key in {built_in.key}: phases that name it {then}")
    yield from _mistakes(settings, providers.names())


def asked(states: Sequence[Mapping[str, Any]]) -> Iterator[Check]:
    """Say how the models stand that an engine has asked, as it says itself."""
    for state in states:
        name = f"{state['model']} of {state['provider']}"
        if state["state"] != "closed":
            fact = f"{state['failures']} failures in a row; {state['state']}"
            yield Check(name, "warn", fact, "look at the provider's status page: it is asked again by itself")
        elif state["paused"] > 0:
            fact = f"wants to be left alone for {state['paused']:.0f} s more; {state['waiting']} requests wait"
            yield Check(name, "warn", fact, "ask less of it ([agents.limits]), or have the provider raise its limits")
        else:
            yield Check(name, "ok", f"{state['under_way']} requests under way, {state['waiting']} wait for their turn")


def shown_url(url: str) -> str:
    """Return an address without what it may hold of a password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _chosen(providers: Providers) -> Check:
    try:
        choice = providers.choose(PHASE)
    except Missing as missing:
        return Check(
            "models",
            "problem",
            f'agentic phases wait for {missing.needs}, as agents.offline = "never"',
            f"set {KEYS} in the environment of the engine",
        )
    if choice.provider != OFFLINE:
        known = choice.provider in providers.names()
        return Check("models", "ok" if known else "problem", str(choice), "" if known else "see settings")
    if providers.settings.offline == "always":
        return Check("models", "ok", str(choice))
    return Check("models", "warn", str(choice), f"set {choice.lacks or KEYS} in the environment of the engine")


def _at(url: str | None) -> str:
    return f", at {shown_url(url)}" if url else ""


def _mistakes(settings: AgentSettings, known: Sequence[str]) -> Iterator[Check]:
    """Find names of providers that there are not: a program that registers them has settings of its own."""
    named = [("default_provider", settings.default_provider)] if settings.default_provider is not None else []
    named += [("default_models", name) for name in settings.default_models]
    named += [("limits", name.partition("/")[0]) for name in settings.limits]
    for setting, name in named:
        if name not in known:
            remedy = f"the providers are {listed(known)}{did_you_mean(name, known)}"
            yield Check("settings", "warn", f"agents.{setting} names the provider {name!r}, which is not known", remedy)
    for name, url in settings.base_urls.items():
        if name not in BUILT_IN:
            fact = f"agents.base_urls names {name!r}, whose address is not set here"
            yield Check("settings", "warn", fact, f"name {listed(BUILT_IN)}")
        elif urlsplit(url).scheme not in ("http", "https"):
            yield Check("settings", "problem", f"agents.base_urls.{name} is no address", "write https://...")
