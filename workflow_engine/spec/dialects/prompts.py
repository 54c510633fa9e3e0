"""Prompts: what the agents of a pipeline file are told, and how their work is handed over to them."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from workflow_engine.spec.dialects.fields import Remarks
from workflow_engine.spec.files.nodes import Node, ScalarNode, made
from workflow_engine.spec.files.translation import Remark

BYTES_MAX: Final = 1 << 20
"""The largest file of a prompt that is read."""

_PATH: Final = re.compile(
    r"[^\s{}<>]+\.(md|markdown|txt|text|prompt|tmpl|j2|jinja|jinja2)|\.{0,2}/?[\w.-]+(/[\w.-]+)+", re.IGNORECASE
)
"""What looks like the path of a file."""

_ROOTS: Final = frozenset(("inputs", "phases", "steps", "context", "input", "item", "index", "feedback", "task"))


def told(node: Node, folder: Path | None, remarks: Remarks) -> Node:
    """Return what an agent is told: the text of the file that *node* names, or its own.

    A text whose braces are no templates is told word for word, with a warning.
    """
    if not isinstance(node, ScalarNode) or not isinstance(node.value, str):
        return node
    text = node.value if "\n" in node.value.strip() else _read(node, node.value.strip(), folder, remarks)
    fault = _fault(text)
    if fault is not None:
        remarks.warnings.append(Remark(node, f"the braces in this prompt are told word for word: {fault}"))
        text = _literal(text)
    return node if text == node.value else made(text, node)


def _read(node: ScalarNode, written: str, folder: Path | None, remarks: Remarks) -> str:
    """Return the text of the file *written*, or the text itself where it does not look like a path."""
    looks = _PATH.fullmatch(written) is not None
    if folder is None:
        if looks:
            remarks.problem(
                node, f"{written} cannot be read, since the folder of this file is not known; write the text"
            )
        return str(node.value)
    try:
        path = folder / written
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
        if len(data) > BYTES_MAX:
            remarks.problem(node, f"{written} is larger than {BYTES_MAX >> 20} MiB; shorten it")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        remarks.problem(node, f"{written} is no text in UTF-8; save it as such")
    except (OSError, ValueError):  # also a name that is too long to be one, or holds a null byte
        if looks:
            remarks.problem(node, f"{written} is no file beside this one; mend the path, or write the prompt itself")
    return str(node.value)


def _fault(text: str) -> str | None:
    """Return why the templates in *text* are none, None where they are, or where there are none."""
    from workflow_engine.spec.templates import check_template, is_template, references  # templates are heavy

    if not is_template(text):
        return None
    fault = check_template(text)
    if fault is not None:
        return fault.fact
    unknown = next((path[0] for path in references(text) if path[0] not in _ROOTS), None)
    return f"there is no {unknown!r} here" if unknown is not None else None


def _literal(text: str) -> str:
    """Return a template that gives *text*."""
    return re.sub(r"\{(?=[{%#])", lambda found: "{{ '" + found[0] + "' }}", text)


def handed_over(agent: str, before: Iterable[str], *, shared: bool, revises: bool) -> str:
    """Return the prompt of an agent: what was submitted, and what it works on.

    Args:
        agent: its id.
        before: the agents whose work it is handed as a whole.
        shared: whether it is given one item of the work of another.
        revises: whether work is sent back to it, which it then is shown with the issues.
    """
    parts = ["Input:\n{{ inputs | tojson }}"]
    parts += [f"Output of {_plain(name)}:\n{{{{ {output(name)} }}}}" for name in before]
    if shared:
        parts.append("Item {{ index + 1 }}:\n{{ item }}")
    if revises:
        own = f"Your work so far:\n{{{{ {output(agent)} }}}}"
        issues = "Issues to resolve:{% for issue in feedback %}\n- {{ issue.message }}{% endfor %}"
        parts[-1] += f"{{% if feedback %}}\n\n{own}\n\n{issues}{{% endif %}}"
    return "\n\n".join(parts)


def output(agent: str) -> str:
    """Return the expression for what an agent gave."""
    if re.fullmatch(r"[A-Za-z_]\w*", agent):
        return f"steps.{agent}"
    escaped = agent.replace("\\", "\\\\").replace("'", "\\'")
    return f"steps['{escaped}']"


def _plain(name: str) -> str:
    return name.replace("{", "(").replace("}", ")")
