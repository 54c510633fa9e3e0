"""What the YAML parser finds wrong, in words that help the author of a workflow file."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import yaml

_WORDS: Final = {
    "mapping values are not allowed in this context": (
        "a ':' cannot stand here; write a text that holds ': ' in quotes, or mend the indentation"
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot begin here; begin it in a line of its own, or write a text that begins with '- ' in quotes"
    ),
    "could not find expected ':'": "a ':' after the key is missing, or the indentation is wrong",
    "did not find expected key": "a key is expected here; the indentation or a quote before it may be wrong",
    "did not find expected '-' indicator": "a '-' of the list is expected here, or less indentation",
    "did not find expected ',' or ']'": "a ',' or the ']' of the list is missing before this",
    "did not find expected ',' or '}'": "a ',' or the '}' of the mapping is missing before this",
    "did not find expected node content": "a value is expected here",
    "found unexpected end of stream": "the quote that begins here is not closed",
    "did not find expected comment or line break": "after | or > the text begins in the next line, or needs quotes",
    "mapping keys are not allowed in this context": "a '?' cannot begin a value; write the text in quotes",
    "found invalid Unicode character escape code": "this escape is no character; write the character itself",
    "found unknown escape character": "this escape is not known; write \\\\ for a backslash, or use single quotes",
    "did not find expected <document start>": "the whole file's value ended before this; check quotes and indentation",
}
_AT_CONTEXT: Final = frozenset({"found unexpected end of stream"})  # where the mistake began tells more


def in_words(error: "yaml.MarkedYAMLError", lines: list[str]) -> tuple[str, int, int]:
    """Return the fact of *error*, its line and its column, both from 0."""
    problem = str(error.problem or error.context or "it cannot be read")
    mark = error.context_mark if problem in _AT_CONTEXT else error.problem_mark
    mark = mark or error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if problem.startswith("found a tab"):
        return _bad_start("\t"), line, column
    if problem.startswith("found character"):
        char = lines[line][column : column + 1] if line < len(lines) else ""
        return _bad_start(char), line, column
    if "tag" in problem:
        return "a tag is not allowed; a workflow file holds plain values only, so remove it", line, column
    return _WORDS.get(problem, f"this is not YAML: {problem}"), line, column


def _bad_start(char: str) -> str:
    if char == "\t":
        return "a tab cannot indent YAML; use spaces"
    return f"a text cannot begin with {char!r}; write it in quotes"
