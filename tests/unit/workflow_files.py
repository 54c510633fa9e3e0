"""Workflow files for the tests of loading."""

from typing import Final

REVIEW: Final = """\
name: document-review
version: "1"
inputs: {type: object, required: [topic], properties: {topic: {type: string}}}   # JSON Schema, checked at submission
defaults: {agentic: {provider: anthropic, model: claude-sonnet-4-6, max_tokens: 1024}, retry: {max_attempts: 3, initial: 1s, max: 30s, jitter: true}}
phases:
  - id: draft
    assigned_to: agentic
    prompt: "Write three sentences on {{ inputs.topic }}.{% if feedback %} Fix: {{ feedback }}{% endif %}"
  - id: lint
    depends_on: [draft]
    assigned_to: functional
    command: [python3, checks/lint.py]            # argv, never a shell string
    on_reject: {target: draft, max_attempts: 3}
  - id: approve
    depends_on: [lint]
    assigned_to: human
    prompt: Publish this?
    show: ["{{ phases.draft.output }}"]
    form: {type: object, required: [decision], properties: {decision: {enum: [approve, reject]}, comment: {type: string}}}
    due: 2d
    on_reject: {target: draft, max_attempts: 3}
"""  # noqa: E501 - as it stands in the documentation

FAN_OUT: Final = """\
name: proofs
version: 1.10
description: |
  Every chapter is read by itself,
  then the whole is put together.
inputs: {type: object, properties: {chapters: {type: array}}}
max_concurrency: 8
phases:
  - id: read
    for_each: "{{ inputs.chapters }}"
    assigned_to: agentic
    prompt: Read {{ item }}
    retry: &often {max_attempts: 5, initial: 500ms}
    compensate: forget
  - id: rest
    depends_on: [read]
    wait: 1h30m
  - id: together
    depends_on: [rest]
    assigned_to: functional
    command: ["{python}", -c, "print(1)"]
    retry: *often
    timeout: 30
"""

IN_ORDER: Final = """\
{"name": "in-order", "version": "2", "phases": [
  {"id": "one", "next_classifications": ["two", "three"], "assigned_to": "human", "prompt": "Which?"},
  {"target_classification": "two", "assigned_to": "human", "prompt": "Is \\ud83d\\ude00 right?", "due": 60},
  {"id": "three", "assigned_to": "human", "prompt": "And this?", "candidates": ["editors"], "max_visits": 5}
]}
"""

GOOD: Final = {"review": REVIEW, "fan-out": FAN_OUT, "in-order": IN_ORDER}


def graph(phases: int) -> str:
    """Return a workflow in which each phase depends on the two before it."""
    listed = "".join(
        f"  - id: p{number}\n    assigned_to: human\n    prompt: Go on?\n"
        f"    depends_on: [{', '.join(f'p{before}' for before in range(max(0, number - 2), number))}]\n"
        for number in range(phases)
    )
    return f"name: graph\nphases:\n{listed}"
