"""What an engine can do: handlers, workflows, adapters, a classifier, hooks."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from workflow_engine.adapter import Adapter
from workflow_engine.adapters.agent_defaults import Lends, RegisteredAgent
from workflow_engine.adapters.classifier import CLASSIFIER, Classifier, ClassifierAdapter
from workflow_engine.agents.models import Models
from workflow_engine.agents.provider import ModelProvider
from workflow_engine.agents.toolbox.registered import RegisteredTools
from workflow_engine.agents.tools import Policy, Tool
from workflow_engine.core.components import TaskState
from workflow_engine.core.inputs import Limit
from workflow_engine.errors import SpecError
from workflow_engine.face.defining import DEFINE, Definer
from workflow_engine.handlers import Handler, Handlers
from workflow_engine.hooks import Hook, Hooks
from workflow_engine.plugins import plugged_adapter
from workflow_engine.registry import Workflows, check_name
from workflow_engine.runtime.local import Committed
from workflow_engine.runtime.saying import Listener
from workflow_engine.runtime.session import Session
from workflow_engine.spec.model import Phase, TaskType, WorkflowSpec, task_type

LOG: Final = logging.getLogger("workflow_engine")


class Registering:
    """Holds what is registered, and tells an engine that is open what is new.

    Attributes:
        tools: the tools that models may have called.
    """

    def __init__(
        self,
        adapters: Callable[[Handlers, RegisteredTools], dict[str, Adapter]],
        limits: Mapping[str, int],
        models: Models,
    ) -> None:
        """Begin with *adapters* by task type, made of handlers and tools, *limits* by pool, and who runs *models*."""
        self.models = models
        self._handlers = Handlers()
        self.tools = RegisteredTools()
        self._hooks = Hooks()
        self._workflows = Workflows(self._handlers)
        self._adapters = adapters(self._handlers, self.tools)
        definer = Definer(self._handlers, self._adapters, self._known, self.register_workflow)
        self._handlers.register(DEFINE, definer.handler())
        self._limits: dict[tuple[str, str], int | None] = {("pool", name): most for name, most in limits.items()}
        self._watchers: list[Callable[[Committed], None]] = []
        self._listeners: list[Listener] = []
        self._session: Session | None = None
        self._sought: set[str] = set()

    def register_handler(self, classification: str, handler: Handler, *, concurrency: int | None = None) -> None:
        """Have *handler* do the work of phases that target *classification*.

        Args:
            classification: what the phases say.
            handler: ``async def handler(task)``, or a plain function, which is run in a thread.  What it returns, or
                leaves in ``task.output``, is the phase's output.  It may be called again after a crash.
            concurrency: how many calls may be under way at once; None leaves that to the task type.

        Raises:
            SpecError: it cannot be called, or the name is not one.
        """
        check_name("classification", classification)
        self._handlers.register(classification, handler)
        self._registered("classification", classification, concurrency)

    def register_workflow(
        self, name: str | WorkflowSpec, phases: Sequence[Phase | Mapping[str, Any]] = ()
    ) -> WorkflowSpec:
        """Make a workflow known under its name, in place of the one before.

        Tasks that are under way stay on the definition they started with.

        Args:
            name: the name, or a whole specification.
            phases: the phases, where a name is given.

        Raises:
            SpecError: the workflow cannot be run as it is written.
        """
        spec = self._workflows.register(name, phases)
        session = self._session
        if session is not None and not session.loop.is_closed():
            session.loop.call_soon_threadsafe(self._workflows.announce, spec.name, session.host)
        for phase in spec.phases:
            if phase.concurrency is not None:
                self._registered("classification", phase.target_classification, phase.concurrency)
        return spec

    def workflows(self) -> tuple[WorkflowSpec, ...]:
        """Return the registered workflows, by name.  From any thread."""
        return tuple(spec for _, spec in sorted(self._workflows.registered().items()))

    def register_adapter(self, kind: TaskType | str, adapter: Adapter, *, concurrency: int | None = None) -> None:
        """Have *adapter* carry out the phases of a task type, in place of the one before.

        An installed package may bring adapters along; see `workflow_engine.plugins`.

        Args:
            kind: one of `TaskType`, or a name of your own.
            adapter: see `workflow_engine.adapter.Adapter`.
            concurrency: how many runs may be under way at once; None leaves that as it is.

        Raises:
            SpecError: it has no ``execute``, or the name is not one.
        """
        name = task_type(str(kind))
        check_name("task type", name)
        if not callable(getattr(adapter, "execute", None)):
            raise SpecError(
                f"the adapter for {name!r} is a {type(adapter).__name__} without `async def execute(task, phase)`"
            )
        before = self._adapters.get(name)
        if isinstance(adapter, RegisteredAgent) and isinstance(before, Lends):
            adapter.take(before.means())
        self._adapters[name] = adapter
        self._registered("pool", name, concurrency)

    def register_provider(self, provider: ModelProvider) -> None:
        """Have *provider* run the models of phases that name it, and of those that leave it open.

        An installed package may bring providers along; see `workflow_engine.agents.providers`.

        Raises:
            SpecError: it is no provider.
        """
        self.models.register(provider)
        self._registered("pool", str(TaskType.AGENTIC), None)

    def register_tool(
        self, tool: Tool | Callable[..., Any], name: str | None = None, *, policy: Policy | None = None
    ) -> None:
        """Let agentic phases name a tool that models may have called, in place of the one before.

        Args:
            tool: a function, async or plain, whose type hints and docstring say what it takes and does; see
                `workflow_engine.agents.toolbox.functions.tool`; or a `workflow_engine.agents.tools.Tool`.
            name: what phases call it; the function's own name unless given.
            policy: "allow", "ask" or "deny", where the phase says nothing; the tool says so itself unless given.

        Raises:
            SpecError: it is no tool, has no name, or the policy is none.
        """
        self.tools.register(tool, name, policy)

    def register_classifier(self, classifier: Classifier) -> None:
        """Have *classifier* say what tasks are that are submitted with neither workflow nor classification.

        It is called with the task and returns the name of a workflow, or a classification that has a handler.

        Raises:
            SpecError: it cannot be called.
        """
        self._adapters[CLASSIFIER] = ClassifierAdapter(classifier)
        self._registered("pool", CLASSIFIER, None)

    def register_task_completed_hook(self, hook: Hook) -> None:
        """Have *hook* called with every task that completes, once that is durable.

        A hook that fails is logged; it hurts neither the task nor other hooks.
        """
        self._hooks.register(TaskState.COMPLETED, hook)

    def register_task_failed_hook(self, hook: Hook) -> None:
        """Have *hook* called with every task that fails, once that is durable."""
        self._hooks.register(TaskState.FAILED, hook)

    def register_task_cancelled_hook(self, hook: Hook) -> None:
        """Have *hook* called with every task that is cancelled, once that is durable."""
        self._hooks.register(TaskState.CANCELLED, hook)

    def _known(self, workflow: str) -> WorkflowSpec | None:
        """Return the workflow of this name, registered or journaled, None where there is none."""
        chosen = self._workflows.find(workflow, self._session.host.core if self._session is not None else None)
        return chosen.spec if chosen is not None else None

    def _provide(self, kind: str) -> None:
        """Look, once and in a thread, whether an installed package has the adapter that is missing."""
        if kind not in self._sought:
            self._sought.add(kind)
            asyncio.get_running_loop().run_in_executor(None, self._plug, kind)

    def _plug(self, kind: str) -> None:
        try:
            adapter = plugged_adapter(kind)
        except SpecError as error:
            LOG.error("%s", error)
            return
        if adapter is not None and kind not in self._adapters:
            self.register_adapter(kind, adapter)

    def _registered(self, scope: str, name: str, concurrency: int | None) -> None:
        """Tell an engine that is open what it can do now."""
        if concurrency is not None:
            if concurrency < 1:
                raise SpecError(f"concurrency of {name!r} is {concurrency}; allow at least 1")
            self._limits[(scope, name)] = concurrency
        session = self._session
        if session is None or session.loop.is_closed():
            return
        if concurrency is not None:
            session.loop.call_soon_threadsafe(session.host.send, Limit(scope, name, concurrency))
        session.loop.call_soon_threadsafe(session.announce)
