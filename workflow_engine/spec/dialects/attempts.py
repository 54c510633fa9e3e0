"""Attempts: retry policies and time limits of other dialects, whose pauses are in milliseconds."""

from typing import Final

from workflow_engine.spec.dialects.fields import Fields, Native, Remarks, named, placed, spelled
from workflow_engine.spec.files.nodes import Entry, MappingNode, Node, ScalarNode, made, plain
from workflow_engine.spec.problems import did_you_mean, listed

_STRATEGIES: Final = {"exponential": None, "linear": None, "fixed": 1.0, "constant": 1.0, "none": 1.0}
"""Growth of the pause, None where that is not one number for all."""


def retry_of(entry: Entry, remarks: Remarks, before: Native | None = None) -> Entry:
    """Return the native ``retry`` for a policy, or for a number of attempts.

    Args:
        entry: what is written.
        remarks: where problems go.
        before: what holds where it says nothing: the native policy of the whole file.
    """
    if not isinstance(entry.value, MappingNode):
        policy: Native = {**(before or {}), "max_attempts": named("max_attempts", entry)}
        return named("retry", entry, MappingNode(entry.value.span, policy))
    fields, native = Fields(entry.value, "retry", remarks), dict(before or {})
    _count(fields, native)
    for name, words in (
        ("initial", ("initial_delay", "initial_delay_ms", "backoff_ms", "delay", "delay_ms")),
        ("max", ("max_delay", "max_delay_ms", "max_backoff_ms")),
    ):
        written = fields.take(*words)
        if written is not None:
            native[name] = named(name, written, milliseconds(written.value))
    more: dict[str, tuple[str, ...]] = {
        "multiplier": ("backoff_multiplier", "multiplier", "factor"),
        "jitter": ("jitter",),
    }
    for name, factors in more.items():
        written = fields.take(*factors)
        if written is not None:
            native[name] = named(name, written)
    _strategy(fields, native)
    fields.finish()
    return named("retry", entry, MappingNode(entry.value.span, native))


def _count(fields: Fields, native: Native) -> None:
    attempts, again = fields.take("max_attempts", "attempts"), fields.take("max_retries", "retries")
    if attempts is not None:
        native["max_attempts"] = named("max_attempts", attempts)
    elif again is not None:
        count = plain(again.value)
        value = made(count + 1, again.value) if isinstance(count, int) else again.value
        native["max_attempts"] = named("max_attempts", again, value)


def _strategy(fields: Fields, native: Native) -> None:
    written = fields.take("strategy", "backoff", "backoff_strategy")
    if written is None:
        return
    word = spelled(written.value).lower()
    if word not in _STRATEGIES:
        fact = f"strategy {word!r} is not known{did_you_mean(word, _STRATEGIES)}; known are {listed(_STRATEGIES)}"
        fields.remarks.problem(written.value, fact)
    elif word == "linear":
        _linear(written, native, fields.remarks)
    elif _STRATEGIES[word] is not None:
        native["multiplier"] = named("multiplier", written, made(_STRATEGIES[word], written.value))


def _linear(written: Entry, native: Native, remarks: Remarks) -> None:
    """Let pauses grow by a factor so that the last of them is the one that would have been reached in equal steps."""
    count = plain(native["max_attempts"].value) if "max_attempts" in native else 3
    pauses = max(count - 1, 1) if isinstance(count, int) else 1
    factor = round(pauses ** (1 / (pauses - 1)), 6) if pauses > 1 else 1.0
    native["multiplier"] = named("multiplier", written, made(factor, written.value))
    if pauses > 2:
        fact = f"pauses grow by the factor {factor:.2f} here, not in equal steps; the last of them is the same"
        remarks.warning(written.value, fact)


def timeout_in(fields: Fields) -> Entry | None:
    """Return the native ``timeout``: ``timeout_seconds``, ``timeout`` (seconds, or ``30s``) or ``timeout_ms``."""
    short = fields.take("timeout_ms")
    long = fields.take("timeout", "timeout_seconds", "timeout_secs")
    if short is not None and long is not None:
        fields.remarks.problem(short.key, f"there is {long.key.text!r} already; remove one of the two")
    if long is not None:
        return named("timeout", long)
    return named("timeout", short, milliseconds(short.value)) if short is not None else None


def milliseconds(node: Node) -> Node:
    """Return a number of milliseconds as seconds; a text such as ``30s`` stays what it is."""
    value = plain(node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return node
    return made(value / 1000, node)


def defaults_of(fields: Fields, remarks: Remarks, whole: Fields | None = None) -> Native:
    """Return the native ``defaults`` for those of a file, as keys of its own or at its top."""
    native: Native = {}
    agentic: Native = {}
    for source in (whole, fields):
        if source is None:
            continue
        for name, words in _AGENTIC.items():
            entry = source.take(*words)
            if entry is not None:
                agentic[name] = named(name, entry)
        limit = timeout_in(source) if source is fields else None
        if limit is not None:
            agentic["timeout"] = limit
        entry = source.take("retry", "retry_policy")
        if entry is not None:
            native["retry"] = retry_of(entry, remarks)
    if agentic:
        native["agentic"] = placed("agentic", MappingNode(fields.node.span, agentic))
    return native


_AGENTIC: Final = {
    "provider": ("provider",),
    "model": ("model",),
    "system": ("system", "system_prompt"),
    "temperature": ("temperature",),
    "max_tokens": ("max_tokens",),
}


def is_number(node: Node) -> bool:
    """Return whether *node* is a number."""
    return isinstance(node, ScalarNode) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
