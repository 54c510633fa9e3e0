"""The parts of phases and workflows: retry policies, feedback, gates, fan-out, stages, schedules, defaults."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from workflow_engine.spec.durations import Seconds
from workflow_engine.spec.strict import Name, Strict

ModelName = Annotated[str, Field(min_length=1)]
Models = ModelName | Annotated[tuple[ModelName, ...], Field(min_length=1)]
"""The name of a model, or several: each after the first is asked where those before it do not answer."""

ToolPolicy = Literal["allow", "ask", "deny"]
"""Whether a tool is called at once, after a person has approved the call, or never."""


class RetryPolicy(Strict):
    """When a failed attempt is tried again.

    The pause before attempt *n* + 1 is ``min(max, initial * multiplier ** (n - 1))`` seconds, of which, with jitter, a
    part between a half and the whole is taken.

    Attributes:
        max_attempts: attempts in all, the first included.
        initial: the first pause, in seconds.
        multiplier: growth of the pause from one attempt to the next.
        max: the longest pause, in seconds.
        jitter: whether pauses are spread, so that what failed together does not return together.
    """

    if TYPE_CHECKING:  # what may be written is wider than what is held

        def __init__(
            self,
            *,
            max_attempts: int = 3,
            initial: float | str = 1.0,
            multiplier: float = 2.0,
            max: float | str = 60.0,
            jitter: bool = True,
        ) -> None: ...

    max_attempts: Annotated[int, Field(ge=1, le=1_000)] = 3
    initial: Seconds = 1.0
    multiplier: Annotated[float, Field(ge=1.0, le=100.0)] = 2.0
    max: Seconds = 60.0
    jitter: bool = True


class OnReject(Strict):
    """What happens when a reviewing phase rejects: the work goes back to an earlier phase, with the issues.

    Attributes:
        target: the phase that does its work again; it sees the issues as ``feedback``.
        max_attempts: how often this phase may send the work back.
        then: what happens at the next rejection: ``"fail"`` fails the task, ``"human"`` asks a person whether to accept
            the work as it is, to send it back once more, or to stop.
        when: an expression over ``output`` that says whether the phase rejects; without it the output says so itself
            (``decision: reject``, ``passed: false``, a list of ``issues`` and the like).
        issues: an expression over ``output`` for the list of issues; without it they are looked for.
    """

    target: Name
    max_attempts: Annotated[int, Field(ge=1, le=1_000)] = 3
    then: Literal["fail", "human"] = "fail"
    when: str | None = None
    issues: str | None = None


class Gate(Strict):
    """A decision over the verdicts of reviewing phases.

    Attributes:
        of: the reviewing phases.
        require: how many of them have to pass: ``"all"``, ``"any"``, or a number.  Those that were skipped do not
            count.
    """

    of: Annotated[tuple[Name, ...], Field(min_length=1)]
    require: Literal["all", "any"] | Annotated[int, Field(ge=1)] = "all"


class ForEach(Strict):
    """A fan-out: the phase is carried out once for each item of a list, and its output is the list of the results.

    Attributes:
        items: an expression, or a template that is one expression, for the list; or the list itself.
        max_concurrency: how many items may be under way at once.
        max_items: the longest list that is accepted.
        on_item_failure: ``"fail"`` fails the task with the first item that fails for good; ``"collect"`` puts
            ``{"error": ..., "message": ...}`` in the place of its result and goes on.
    """

    items: str | list[Any]
    max_concurrency: Annotated[int, Field(ge=1, le=1_000)] = 100
    max_items: Annotated[int, Field(ge=1, le=1_000_000)] = 100_000
    on_item_failure: Literal["fail", "collect"] = "fail"

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        short: Any = {"items": given}
        return short if isinstance(given, str | list) else given


class Compensation(Strict):
    """What undoes a completed phase when its task fails or is cancelled; a word alone is a classification.

    Attributes:
        target_classification: names the handler; the phase's id and ``:compensate`` unless given.
        assigned_to: who carries it out; see `Phase`.
        command: see `Phase`.
        environment: see `Phase`.
        prompt: see `Phase`.
        retry: see `Phase`.
        timeout: see `Phase`.
    """

    target_classification: Name | None = None
    assigned_to: Name | None = None
    command: tuple[str, ...] | None = None
    environment: tuple[str, ...] = ()
    prompt: str | None = None
    retry: RetryPolicy | None = None
    timeout: Seconds | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        return {"target_classification": given} if isinstance(given, str) else given


class Stages(Strict):
    """The stages that a phase moves its task to, at four moments; see `StateMachine`.

    Attributes:
        start: when a visit to the phase begins.
        complete: when it ends, and does not reject.
        reject: when it rejects.
        fail: when it fails for good.
    """

    start: Name | None = None
    complete: Name | None = None
    reject: Name | None = None
    fail: Name | None = None


class StateMachine(Strict):
    """The stages of a task in its users' own words.

    Attributes:
        initial: the stage a task begins in.
        stages: all of them, where they are to be known beforehand; a stage that is not among them is then an error.
        terminal: stages that are not left.
        transitions: which stages may follow each; None where any may follow any but a terminal one.
    """

    initial: Name
    stages: tuple[Name, ...] = ()
    terminal: tuple[Name, ...] = ()
    transitions: dict[Name, tuple[Name, ...]] | None = None

    def allows(self, stage: str, following: str) -> bool:
        """Return whether a task may go from *stage* to *following*; staying is always allowed."""
        if stage == following:
            return True
        if stage in self.terminal or (self.stages and following not in self.stages):
            return False
        return self.transitions is None or following in self.transitions.get(stage, ())


class Schedule(Strict):
    """When tasks are submitted by themselves.

    Attributes:
        cron: five fields: minute, hour, day of month, month, day of week.
        timezone: an IANA name such as ``Europe/Berlin``, or ``UTC``.
        catch_up: what happens with moments that passed while no engine ran: ``"skip"`` leaves them out, ``"once"``
            makes one task for the latest of them, ``"all"`` one for each, the latest 1,000 at most.
        data: what is submitted; the engine adds nothing.
    """

    cron: str
    timezone: str
    catch_up: Literal["skip", "once", "all"] = "once"
    data: Any = Field(default_factory=dict)


class AgentLimits(Strict):
    """What an agentic phase may take, from its first turn to its output; at a limit the phase fails.

    Attributes:
        turns: replies of the model.
        tool_calls: calls of tools.
        tokens: tokens of all turns, read and written.
        cost: US dollars, as far as the prices of the models are known.
        time: seconds that its turns and tool calls take, of calls made side by side the longest; waiting for people,
            pauses before another attempt, and what did not succeed are not included.
    """

    turns: Annotated[int, Field(ge=1, le=1_000)] = 25
    tool_calls: Annotated[int, Field(ge=0, le=10_000)] = 100
    tokens: Annotated[int, Field(ge=1)] | None = None
    cost: Annotated[float, Field(gt=0)] | None = None
    time: Seconds | None = None


class Batch(Strict):
    """When the turns of many tasks that wait together are sent, and how long they wait; see ``mode`` of `Phase`.

    They are sent at once while no batch of their kind is being worked on: same provider, same model, same settings.

    Attributes:
        size: else, as soon as there are so many; no batch is larger.
        wait: or when the first of them has waited so many seconds.
        max_wait: seconds after which a turn that is not answered yet is asked live, at the full price.
    """

    if TYPE_CHECKING:  # what may be written is wider than what is held

        def __init__(self, *, size: int = 100, wait: float | str = 300.0, max_wait: float | str = 86_400.0) -> None: ...

    size: Annotated[int, Field(ge=1, le=10_000)] = 100
    wait: Seconds = 300.0
    max_wait: Seconds = 86_400.0


class Budget(Strict):
    """What models may cost, in US dollars and in tokens; each is None for no bound.

    What a turn may cost at most is reserved before it begins, and settled with what it did cost.

    Attributes:
        task: dollars for each task.
        task_tokens: tokens for each task.
        workflow: dollars for all tasks of the workflow together, in one engine.
        workflow_tokens: tokens for all of them together.
        then: what happens at a bound: ``"ask"`` asks a person whether to extend it, to go on with the *cheaper* model,
            or to stop; ``"fail"`` fails the phase.
        cheaper: the model to go on with where a person says so, or None.
    """

    task: Annotated[float, Field(gt=0)] | None = None
    task_tokens: Annotated[int, Field(ge=1)] | None = None
    workflow: Annotated[float, Field(gt=0)] | None = None
    workflow_tokens: Annotated[int, Field(ge=1)] | None = None
    then: Literal["ask", "fail"] = "ask"
    cheaper: str | None = None


class Defaults(Strict):
    """What holds for phases that do not say otherwise.

    Attributes:
        retry: for all phases.
        agentic: fields for agentic phases, by name: provider, model, system, temperature, max_tokens, tools,
            tool_policy, limits, mode, batch, timeout, retry.
        human: fields for human phases: assignee, candidates, due, on_due, escalate_to, timeout.
        functional: fields for functional phases: environment, memory, timeout, retry.
    """

    retry: RetryPolicy = Field(default_factory=RetryPolicy)
    agentic: "AgenticDefaults | None" = None
    human: "HumanDefaults | None" = None
    functional: "FunctionalDefaults | None" = None


class AgenticDefaults(Strict):
    """See `Defaults`; the fields are those of `Phase`."""

    provider: str | None = None
    model: Models | None = None
    system: str | None = None
    temperature: Annotated[float, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    tools: tuple[str, ...] | None = None
    tool_policy: dict[str, ToolPolicy] | None = None
    limits: AgentLimits | None = None
    mode: Literal["live", "batch"] | None = None
    batch: Batch | None = None
    timeout: Seconds | None = None
    retry: RetryPolicy | None = None


class HumanDefaults(Strict):
    """See `Defaults`; the fields are those of `Phase`."""

    assignee: str | None = None
    candidates: tuple[str, ...] | None = None
    due: Seconds | None = None
    on_due: Literal["notify", "fail", "escalate"] | None = None
    escalate_to: tuple[str, ...] | None = None
    timeout: Seconds | None = None


class FunctionalDefaults(Strict):
    """See `Defaults`; the fields are those of `Phase`."""

    environment: tuple[str, ...] | None = None
    memory: Annotated[int, Field(ge=1)] | None = None
    timeout: Seconds | None = None
    retry: RetryPolicy | None = None


class ToolDeclaration(Strict):
    """A tool that agentic phases may name.

    Attributes:
        id: its name in the phases.
        type: ``"builtin"``; ``"plugin"`` for one that is imported; ``"mcp"`` for the tools of an MCP server.
        plugin: where a plugin is found: ``module:Name``.
        command: argv that starts an MCP server, which is spoken to over its stdin and stdout.
        url: where an MCP server is reached over HTTP.
        environment: names of environment variables that the server may see, beside a harmless few.
        policy: what holds for all of its tools; the tools say so themselves unless given.
        config: settings, passed through.
    """

    id: Name
    type: Literal["builtin", "plugin", "mcp"] = "builtin"
    plugin: str | None = None
    command: tuple[str, ...] | None = None
    url: str | None = None
    environment: tuple[str, ...] = ()
    policy: ToolPolicy | None = None
    config: dict[str, Any] = Field(default_factory=dict)
