"""Loading: workflow files, read into checked workflows or refused with every line that has to change."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from workflow_engine.errors import SpecError
from workflow_engine.spec.dialects import DIALECTS
from workflow_engine.spec.files.beside import find_beside
from workflow_engine.spec.files.diagnostics import Diagnostic, Source, in_order, refusal
from workflow_engine.spec.files.mending import other_problems
from workflow_engine.spec.files.nodes import MappingNode, Node, ScalarNode, plain
from workflow_engine.spec.files.placing import inside, placed
from workflow_engine.spec.files.reading import BYTES_MAX, read
from workflow_engine.spec.files.translation import Dialect, Remark, Translation
from workflow_engine.spec.files.yaml_tree import compose
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.problems import Problem, did_you_mean
from workflow_engine.spec.strict import COLLECT
from workflow_engine.spec.suspicions import suspicions


def _as_it_is(root: MappingNode, _folder: Path | None) -> Translation:
    return Translation(root)


NATIVE: Final = Dialect("native", "phases", _as_it_is)


class Loaded(NamedTuple):
    """A workflow that was read from a file.

    Attributes:
        spec: the workflow, checked.
        warnings: what loads but may not mean what its author expects.
        dialect: in which words the file is written: "native", or the name of another.
    """

    spec: WorkflowSpec
    warnings: tuple[Diagnostic, ...]
    dialect: str


def load_workflow(path: str | Path) -> Loaded:
    """Return the workflow of the file at *path*: YAML or JSON, in any dialect.

    Raises:
        SpecError: the file cannot be read or is wrong; ``problems`` are the `Diagnostic`s of all that was found.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SpecError(f"{path}: the file cannot be read: {reason}") from error
    return load_text(data, str(path), path.parent)


def load_text(text: str | bytes, name: str, folder: Path | None = None) -> Loaded:
    """Return the workflow that *text* holds.

    Args:
        text: YAML or JSON.
        name: what messages call it.
        folder: where programs and mounts that are named by relative paths are looked for; None leaves them as they are.

    Raises:
        SpecError: it is wrong; ``problems`` are the `Diagnostic`s of all that was found.
    """
    source = read(text, name)
    root = compose(source)
    if not isinstance(root, MappingNode):
        raise source.refused("a workflow file is a mapping with a name and phases", root.span)
    dialect = _dialect(root, source)
    translation = dialect.translate(root, folder)
    if translation.problems:
        raise refusal(_remarks(translation.problems, source))
    spec = _checked(translation.root, source, folder if dialect is NATIVE else None)
    odd = [placed(problem, translation.root, source) for problem in suspicions(spec)]
    return Loaded(spec, in_order([*_remarks(translation.warnings, source), *odd]), dialect.name)


def _dialect(root: MappingNode, source: Source) -> Dialect:
    known = {dialect.key: dialect for dialect in (*DIALECTS, NATIVE)}
    for key, dialect in known.items():
        if key in root.entries:
            return dialect
    near = next((entry.key for key, entry in root.entries.items() if did_you_mean(key, known)), None)
    if near is not None:
        raise source.refused(f"{near.text!r} is not known here{did_you_mean(near.text, known)}", near.span)
    others = " or ".join(f"{dialect.key!r} of a {dialect.name} file" for dialect in DIALECTS)
    instead = f", and there is no {others}" if others else ""
    raise source.refused(f"the key 'phases' is missing{instead}; a workflow has a name and phases", root.span)


def _checked(root: Node, source: Source, folder: Path | None) -> WorkflowSpec:
    """Return the workflow of the native form *root*, or refuse it with all its problems."""
    from workflow_engine.spec.checking import problems  # templates are heavy

    data = _data(root)
    missing = list(find_beside(data, folder)) if folder is not None else []
    try:
        spec = WorkflowSpec.model_validate(data, context={COLLECT: True})
    except ValidationError as error:
        from workflow_engine.spec.files import validation  # it makes the JSON Schema, which only a wrong file needs

        found = [*missing, *validation.problems(error, root), *other_problems(data, error)]
        raise _refusal(found, root, source) from error
    found = [*missing, *problems(spec)]
    if found:
        raise _refusal(found, root, source)
    return spec


def _data(root: Node) -> dict[str, Any]:
    """Return the native form as data, with the version as it is written: 1.10 is not 1.1."""
    data: dict[str, Any] = plain(root)
    version = root.entries.get("version") if isinstance(root, MappingNode) else None
    if version is not None and isinstance(version.value, ScalarNode) and version.value.value is not None:
        data["version"] = version.value.text
    return data


def _refusal(problems: Iterable[Problem], root: Node, source: Source) -> SpecError:
    return refusal(placed(problem, root, source) for problem in problems)


def _remarks(remarks: Iterable[Remark], source: Source) -> tuple[Diagnostic, ...]:
    return tuple(source.diagnostic(said.fact, inside(said.node, said.within, source)) for said in remarks)
