"""The variable parts of paths."""

from typing import Any, Final, NamedTuple


class Part(NamedTuple):
    """A variable part.

    Attributes:
        means: what it is.
        example: one.
        schema: JSON Schema of it.
        slashes: whether it may hold slashes, as they are or as ``%2F``: a server cannot tell them apart.
    """

    means: str
    example: str
    schema: dict[str, Any]
    slashes: bool = False


PARTS: Final = {
    "task": Part(
        "Id of a task.",
        "order-1001",
        {"type": "string", "minLength": 1, "maxLength": 8000, "pattern": r"^[^\s/#\x00-\x1f\x7f]+$"},
    ),
    "question": Part(
        "Id of a question, whose slashes may be written as they are or as `%2F`; or id of a task that has one open "
        "question.",
        "order-1001/approve/1/1q0",
        {"type": "string", "minLength": 1, "maxLength": 9000, "pattern": r"^[^/\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"},
        slashes=True,
    ),
    "artifact": Part(
        "Name of an artifact, whose slashes may be written as they are or as `%2F`.",
        "report.txt",
        {
            "type": "string",
            "minLength": 1,
            "maxLength": 1024,
            "pattern": r"^[^/\\\x00-\x1f\x7f-\x9f][^\\\x00-\x1f\x7f-\x9f]*$",
        },
        slashes=True,
    ),
    "workflow": Part(
        "Name of a workflow.",
        "approve-order",
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"^[^/\x00-\x1f\x7f]+$"},
    ),
}
"""By their names in paths."""


def names(path: str) -> list[str]:
    """Return the variables of a path, in their order."""
    return [piece.partition("}")[0] for piece in path.split("{")[1:]]


def rule(path: str) -> str:
    """Return a path as the routes of the app have it."""
    for name in names(path):
        path = path.replace(f"{{{name}}}", f"<path:{name}>" if PARTS[name].slashes else f"<{name}>")
    return path
