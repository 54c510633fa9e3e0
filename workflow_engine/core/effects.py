"""Effects: what the core asks of its host, to be done once the commit that led to them is durable."""

import msgspec


class Perform(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Have *adapter* carry out one attempt of a run.  After a crash it comes again, with the same run and attempt.

    Attributes:
        run: id of the run; with the attempt it makes the idempotency key, ``<run>/<attempt>``.
        task: id of the task.
        phase: id of the phase.
        attempt: from 1.
        adapter: name of the task type.
    """

    run: str
    task: str
    phase: str
    attempt: int
    adapter: str


class Abort(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Stop carrying out an attempt; whatever it still gives is ignored."""

    run: str
    attempt: int


Effect = Perform | Abort
