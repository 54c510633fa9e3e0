"""A definition, compiled for the core: what the systems ask of a workflow, answered in one look-up."""

import math
import zlib

import msgspec

from workflow_engine.core.lanes import LaneKey
from workflow_engine.spec.model import Phase, RetryPolicy, WorkflowSpec, follow


class Place(msgspec.Struct, frozen=True):
    """Who carries a run out, and where it queues.

    Attributes:
        adapter: name of the task type.
        lane: key of the lane.
    """

    adapter: str
    lane: LaneKey


class PhasePlan(msgspec.Struct, frozen=True):
    """What the core needs to know of one phase.

    Attributes:
        spec: the phase as it was written.
        following: ids of the phases that may follow, the default one first; empty where the task ends here.
        retry: the policy that holds here.
        timeout: seconds that one attempt may take, or None.
    """

    spec: Phase
    following: tuple[str, ...]
    retry: RetryPolicy
    timeout: float | None
    _places: dict[str | None, Place]

    @property
    def picks(self) -> tuple[str, ...]:
        """What may be picked, as the author wrote it; empty where there is no choice."""
        names = self.spec.next_classifications or ()
        return names if len(names) > 1 else ()

    def place(self, assigned_to: str | None) -> Place:
        """Return who carries the phase out for a task that asks for *assigned_to*, and where a ready run queues."""
        found = self._places.get(assigned_to)
        if found is None:
            adapter = self.spec.assigned_to or assigned_to or "functional"
            # Programs have a pool of their own: a thousand waiting coroutines are fine, a thousand processes are not.
            pool = "process" if self.spec.command and adapter == "functional" else adapter
            found = self._places[assigned_to] = Place(adapter, LaneKey(pool, self.spec.target_classification))
        return found

    def pick(self, name: str | None) -> str | None:
        """Return the id of the phase to follow when *name* was picked, None where the task ends.

        Raises:
            ValueError: *name* is not among the phases that may follow.
        """
        if name is None:
            return self.following[0] if self.following else None
        names = self.spec.next_classifications or self.following
        for written, phase in zip(names, self.following, strict=True):
            if name in (written, phase):
                return phase
        allowed = ", ".join(names) or "none: the task ends here"
        raise ValueError(
            f"phase {self.spec.id!r} picked {name!r}, which is not among its next classifications ({allowed})"
        )


class Plan:
    """A compiled workflow.

    Attributes:
        name: of the workflow.
        phases: by id, in the order they were written.
        first: id of the phase a task begins with.
    """

    def __init__(self, spec: WorkflowSpec) -> None:
        following = follow(spec)
        self.name = spec.name
        self.phases = {
            phase.id: PhasePlan(phase, following[phase.id], phase.retry or spec.retry, phase.timeout, {})
            for phase in spec.phases
        }
        self.first = spec.phases[0].id

    @classmethod
    def stored(cls, spec: bytes) -> "Plan":
        """Compile a definition from the journal."""
        return cls(WorkflowSpec.model_validate_json(spec))


def pause(policy: RetryPolicy, attempt: int, key: str) -> float:
    """Return the seconds to wait after *attempt* (from 1) failed.

    The jitter is drawn from *key*, the attempt's idempotency key: it spreads tasks, and a replay finds the same.
    """
    exponent = min(attempt - 1, math.ceil(math.log(1e9, max(policy.multiplier, 1.001))))
    longest = min(policy.max, policy.initial * policy.multiplier**exponent)
    if not policy.jitter:
        return longest
    return longest * (0.5 + zlib.crc32(key.encode()) / 2**33)
