"""Performing: attempts are carried out by adapters, and what came of them goes back to the core."""

import asyncio
import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from workflow_engine.adapter import Adapter, Missing, Output, Suspend
from workflow_engine.adapters.classifier import CLASSIFIER
from workflow_engine.artifacts.names import checked_name
from workflow_engine.artifacts.port import ArtifactRef
from workflow_engine.core.effects import Abort, Effect, Perform
from workflow_engine.core.inputs import AttemptFailed, Declined, Entered, HandedBack, Input, Settled, Unfit
from workflow_engine.core.inputs import Suspend as SuspendInput
from workflow_engine.core.record import RunView
from workflow_engine.errors import EngineError, InputRefused, PermanentFailure, TransientFailure
from workflow_engine.runtime.asking import to_form, to_names, wait_kind, when_due
from workflow_engine.runtime.local import LocalHost
from workflow_engine.runtime.outputs import fitted, misfit, verdict_of
from workflow_engine.runtime.preparing import judged, prepare
from workflow_engine.runtime.scope import Asking, HandlerScope, Suspension
from workflow_engine.spec.model import Phase
from workflow_engine.task import Task, kept, moved_to
from workflow_engine.values import cleaned, to_json, to_json_if, to_seconds, to_text, to_text_if

LOG: Final = logging.getLogger("workflow_engine")

STUBBORN: Final = 10.0
"""Seconds that a handler which was cancelled is given to end."""

DETAIL_MAX: Final = 8_000
"""Most characters of a trace that are journaled; the end is what tells."""


Resolve = Callable[[Any], tuple[str, str | None]]
"""Returns the definition hash, and the phase to begin with, that a classifier's word means; refuses unknown words."""


_NULL: Final = msgspec.Raw(b"null")


class Under:
    """An attempt under way: its asyncio task, and whether it is to be given back rather than aborted."""

    __slots__ = ("aborted", "attempt", "hand_back", "work")

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.aborted = False
        self.work: asyncio.Task[None] | None = None
        self.hand_back = False


class AdapterPerformer:
    """Carries out effects with adapters, which are looked up by task type each time.

    Attributes:
        ending: whether the engine is about to stop: what is cancelled from now on was cancelled with it.
    """

    def __init__(
        self,
        host: LocalHost,
        adapters: Mapping[str, Adapter],
        scope: Asking,
        resolve: Resolve,
        missing: Callable[[str], None],
    ) -> None:
        """Set it up.

        Args:
            host: who is told what came of each attempt.
            adapters: by task type; it may change.
            scope: what a handler may ask for.
            resolve: see there.
            missing: called with a task type that no adapter is registered for.
        """
        self._host = host
        self._adapters = adapters
        self._scope = scope
        self._resolve = resolve
        self._missing = missing
        self._under_way: dict[str, Under] = {}
        self.ending = False

    @property
    def under_way(self) -> int:
        """How many attempts are being carried out."""
        return len(self._under_way)

    def perform(self, effect: Effect) -> None:
        """See `Performer.perform`."""
        if isinstance(effect, Abort):
            under = self._under_way.get(effect.run)
            if under is not None and under.attempt == effect.attempt and under.work is not None:
                under.aborted = True
                under.work.cancel()
            return
        under = Under(effect.attempt)
        self._under_way[effect.run] = under
        under.work = asyncio.get_running_loop().create_task(self._carry_out(effect, under))

    async def finish(self, grace: float) -> None:
        """Wait up to *grace* seconds for what is under way, then take the rest back from the adapters."""
        loop = asyncio.get_running_loop()
        until = loop.time() + grace
        while self._under_way and (left := until - loop.time()) > 0:
            await asyncio.wait(self._works(), timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for under in self._under_way.values():
            under.hand_back = True
            if under.work is not None:
                under.work.cancel()
        if self._under_way:
            await asyncio.wait(self._works(), timeout=STUBBORN)
        for run in self._under_way:
            LOG.error("%s was cancelled and does not end; it is left behind, and done again at the next start", run)

    def _works(self) -> list[asyncio.Task[None]]:
        return [under.work for under in self._under_way.values() if under.work is not None]

    async def _carry_out(self, effect: Perform, under: Under) -> None:
        run, attempt = effect.run, effect.attempt
        came: Input | None = None
        news = self._host.news
        try:
            view = self._host.core.view(run, attempt)
            if view is not None:  # else it was cancelled between the decision and now
                came = await self._attempt(effect, view)
        except Suspension as suspension:
            came = suspension.wait
        except asyncio.CancelledError:
            came = await self._cancelled(run, attempt, under)
        except Missing as missing:
            came = Declined(run, attempt, cleaned(str(missing.needs))[:DETAIL_MAX], news)
        except (KeyboardInterrupt, GeneratorExit):
            raise  # the process, or the loop, ends here
        except BaseException as error:  # whatever else it is, the run must not be left hanging
            came = failure(run, attempt, error)
        finally:
            if self._under_way.get(run) is under:
                del self._under_way[run]
        if came is not None:
            self._host.send(came)

    async def _cancelled(self, run: str, attempt: int, under: Under) -> Input | None:
        """Return what comes of an attempt that was cancelled: by us, with the whole loop, or by the handler itself."""
        if under.aborted:
            return None
        if not under.hand_back:
            await asyncio.sleep(0)  # where the whole loop is cancelled, the engine hears of it in the same turn
        if under.hand_back or self.ending:
            return HandedBack(run, attempt)
        message = "the handler cancelled itself; return, or raise an exception"
        return AttemptFailed(run, attempt, "CancelledError", message)

    async def _attempt(self, effect: Perform, view: RunView) -> Input:
        phase = prepare(view) if view.phase.dynamic else view.phase.spec
        if not isinstance(phase, Phase):
            return phase
        if phase.when is not None and phase.stages is not None:
            self._host.send(Entered(view.run, view.attempt))
        adapter = self._adapters.get(effect.adapter)
        if adapter is None:
            self._missing(effect.adapter)
            what = (
                "a classifier" if effect.adapter == CLASSIFIER else f"an adapter for the task type {effect.adapter!r}"
            )
            raise Missing(what)
        scope = HandlerScope(self._scope, view, phase.input)
        task = Task(view.task, phase.target_classification, phase.id, scope)
        try:
            gave = await adapter.execute(task, phase)
        except BaseExceptionGroup as group:  # a task group, say, around a step that waits
            if scope.suspended is not None and group.subgroup(Suspension) is not None:
                raise scope.suspended from None
            raise
        scope.finish()
        if isinstance(gave, Suspend):
            return _waits(view, gave)
        return self._settled(view, gave, task, phase)

    def _settled(self, view: RunView, gave: Output, task: Task, phase: Phase) -> Input:
        run, attempt = view.run, view.attempt
        if not isinstance(gave, Output):  # pyright: ignore[reportUnnecessaryIsInstance] - adapters are other people's
            gift = type(gave).__name__
            raise PermanentFailure(f"the adapter of phase {phase.id!r} returned a {gift}; return Output or Suspend")
        if phase.assigned_to == CLASSIFIER:
            digest, start = self._resolve(gave.value)
            return Settled(run, attempt, to_json(gave.value, "the classification"), rebind=digest, start=start)
        if gave.rebind is not None:
            digest, start = self._resolve(gave.rebind)
            return Settled(run, attempt, to_json(gave.value, "the definition"), rebind=digest, start=start)
        value = gave.value
        if phase.output is not None or phase.outputs:
            value, unfit = fitted(value, phase)
            if unfit:
                return Unfit(run, attempt, to_json(unfit, "the reasons"), misfit(phase, unfit))
        output = to_json(value, f"the output of phase {phase.id!r}") if value is not None else _NULL
        artifacts = _references(phase, gave.artifacts) if gave.artifacts else None
        pick = gave.pick if gave.pick is not None else picked(value, view.phase.picks)
        if pick is not None and not isinstance(pick, str):  # pyright: ignore[reportUnnecessaryIsInstance] - user input
            raise PermanentFailure(f"phase {phase.id!r} picked {pick!r}; pick a classification by its name")
        issues = verdict_of(view.phase, gave.value, judged(view, gave.value)) if view.phase.reviews else msgspec.UNSET
        return Settled(run, attempt, output, pick, kept(task), artifacts, None, None, issues, moved_to(task))


def picked(value: Any, choices: tuple[str, ...]) -> str | None:
    """Return what an output or answer says of the phase to follow: its "next_classification", if there is a choice."""
    if not choices or not isinstance(value, dict):
        return None
    said: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType] - of anything
    found: str | None = said.get("next_classification")
    return found


def _references(phase: Phase, artifacts: Any) -> dict[str, msgspec.Raw]:
    """Return the references of artifacts as JSON.

    Raises:
        PermanentFailure: they are not what the artifact store returned.
    """
    given: dict[Any, Any] = artifacts
    if not isinstance(given, dict):  # pyright: ignore[reportUnnecessaryIsInstance] - adapters are other people's
        kind = type(artifacts).__name__
        raise PermanentFailure(f"the artifacts of phase {phase.id!r} are a {kind}; pass a dict by name")
    found: dict[str, msgspec.Raw] = {}
    for name, reference in given.items():
        try:
            kept_as = checked_name(to_text(name, "the name"))
            found[kept_as] = to_json(msgspec.convert(reference, ArtifactRef), "the reference")
        except (EngineError, msgspec.ValidationError) as error:
            raise PermanentFailure(
                f"artifact {name!r} of phase {phase.id!r}: {error}; pass what `ArtifactStore.put` returned"
            ) from error
    return found


def failure(run: str, attempt: int, error: BaseException) -> AttemptFailed:
    """Return how an exception of an adapter or handler is told to the core."""
    name = cleaned(type(error).__name__)[:200]
    message = _said(error) or name
    if isinstance(error, TransientFailure):
        return AttemptFailed(run, attempt, name, message, retry_after=_pause(error.retry_after))
    if isinstance(error, EngineError):
        return AttemptFailed(run, attempt, name, message, permanent=True)
    detail = cleaned("".join(traceback.format_exception(error))[-DETAIL_MAX:])
    if isinstance(error, SystemExit):
        message = f"the handler called sys.exit({error.code!r}); return, or raise an exception"
    return AttemptFailed(run, attempt, name, message, permanent=isinstance(error, SystemExit), detail=detail)


def _said(error: BaseException) -> str:
    """Return the message of an exception, as far as it can be shown and stored."""
    try:
        return cleaned(str(error)[:DETAIL_MAX])
    except Exception as another:
        return f"its message cannot be shown, since __str__ raised {type(another).__name__}"


def _pause(retry_after: Any) -> float | None:
    """Return the pause that the outside asks for, in seconds; None where it is no such thing."""
    try:
        return to_seconds(float(retry_after), "retry_after")
    except (TypeError, ValueError, OverflowError, InputRefused):
        return None


def _waits(view: RunView, wait: Suspend) -> SuspendInput:
    on_due, escalate_to = when_due(wait.on_due, wait.escalate_to)
    return SuspendInput(
        view.run,
        view.attempt,
        wait_kind(wait.kind),
        prompt=to_text(wait.prompt, "the prompt"),
        form=to_form(wait.form),
        show=to_json_if(wait.show, "what the question shows"),
        assignee=to_text_if(wait.assignee, "the assignee"),
        candidates=to_names(wait.candidates, "the candidates"),
        due_in=to_seconds(wait.due, "due") if wait.due is not None else None,
        on_due=on_due,
        escalate_to=escalate_to,
    )
