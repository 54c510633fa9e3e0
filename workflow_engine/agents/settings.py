"""Settings of agents: which provider runs the models that phases leave open, and how much it is asked."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from workflow_engine.agents.secret_references import REFERENCE

Reference = Annotated[str, Field(pattern=f"^(?:{REFERENCE.pattern})$")]
Most = Annotated[int, Field(ge=1)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelLimits(_Settings):
    """How much one model is asked; None for no bound of ours.

    Attributes:
        requests_per_minute: requests that are begun.
        tokens_per_minute: tokens, read and written.
        concurrency: requests under way at once.
    """

    requests_per_minute: Most | None = None
    tokens_per_minute: Most | None = None
    concurrency: Most | None = None


class AgentSettings(_Settings):
    """Who runs the models of agentic phases.

    Attributes:
        default_provider: for phases that name neither provider nor a model that tells it; None for the one whose key is
            in the environment.
        offline: when the offline model replies: ``"auto"`` where the provider has no key, ``"never"``, ``"always"``.
        default_models: by provider, the model of phases that name none.
        base_urls: by provider ("openai", "anthropic"), where it is reached, in place of its own address and of what
            the environment says.
        keys: by provider, where its key is found in place of the usual variable: ``env:NAME`` or ``file:PATH``.
        limits: by ``provider/model``, or by provider for each of its models.
    """

    default_provider: str | None = None
    offline: Literal["auto", "never", "always"] = "auto"
    default_models: dict[str, str] = Field(default_factory=dict)
    base_urls: dict[str, str] = Field(default_factory=dict)
    keys: dict[str, Reference] = Field(default_factory=dict)
    limits: dict[str, ModelLimits] = Field(default_factory=dict)

    def limits_of(self, provider: str, model: str) -> ModelLimits:
        """Return how much a model of a provider is asked."""
        return self.limits.get(f"{provider}/{model}") or self.limits.get(provider) or ModelLimits()
