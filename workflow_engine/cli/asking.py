"""Asking a person at the terminal for an answer, field by field as its form has them."""

from collections.abc import Mapping
from typing import Any

import click

from workflow_engine.cli.given import parsed
from workflow_engine.cli.output import clean, compact


def asked(prompt: str, show: Any, form: Mapping[str, Any]) -> Any:
    """Ask for an answer to *prompt*, and return it.

    Args:
        prompt: the question.
        show: what it is about, JSON; None for nothing.
        form: JSON Schema of the answer; empty for any.
    """
    click.secho(clean(prompt), bold=True, err=True)
    if show is not None:
        click.echo(clean(show if isinstance(show, str) else compact(show)), err=True)
    fields: Mapping[str, Mapping[str, Any]] = form.get("properties", {})
    if not fields:
        return _field("answer", form, required=True)
    required = form.get("required", ())
    answers = {name: _field(name, schema, required=name in required) for name, schema in fields.items()}
    return {name: value for name, value in answers.items() if value is not None}


def _field(name: str, schema: Mapping[str, Any], *, required: bool) -> Any:
    """Return the value of one field, None where it is left out."""
    kind = schema.get("type")
    label = clean(str(schema.get("title") or name))
    if schema.get("description"):
        click.echo(clean(f"  {schema['description']}"), err=True)
    if isinstance(schema.get("enum"), list):
        return _choice(label, schema["enum"], schema, required)
    if kind == "boolean" and required:
        return click.confirm(label, default=schema.get("default"), err=True)
    hint = f" ({kind})" if kind not in (None, "string") else ""
    while True:
        text = _line(label + hint, schema, required)
        if text is None or kind == "string":
            return text
        value = parsed(text)
        if kind is None or _fits(value, str(kind)):
            return value
        click.echo(f"  {text!r} is no {kind}", err=True)


def _choice(label: str, choices: list[Any], schema: Mapping[str, Any], required: bool) -> Any:
    words = {str(choice): choice for choice in choices}
    while True:
        text = _line(f"{label} ({', '.join(words)})", schema, required)
        if text is None or text in words:
            return words[text] if text is not None else None
        click.echo(f"  choose one of {', '.join(words)}", err=True)


def _line(label: str, schema: Mapping[str, Any], required: bool) -> str | None:
    """Return a line that was typed, None for an empty one where that will do."""
    default = schema.get("default")
    default = "" if default is None and not required else default
    shown = default not in ("", None)
    text = str(click.prompt(label, default=default, show_default=shown, err=True))
    return text if text or required else None


def _fits(value: Any, kind: str) -> bool:
    kinds: dict[str, tuple[type, ...]] = {
        "integer": (int,),
        "number": (int, float),
        "boolean": (bool,),
        "array": (list,),
        "object": (dict,),
    }
    if isinstance(value, bool):
        return kind == "boolean"
    return kind not in kinds or isinstance(value, kinds[kind])
