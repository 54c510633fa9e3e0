"""Answers in a file: what is said to the questions of a task where nobody is there to be asked."""

from pathlib import Path
from typing import Any, Final, NamedTuple

from workflow_engine.cli.run_standing import Asked
from workflow_engine.errors import AnswerRefused, ConfigError, InputRefused
from workflow_engine.forms import check_answer
from workflow_engine.values import to_json


class Given(NamedTuple):
    """An answer, and its *place* in the file, for people."""

    value: Any
    place: str


class Answers:
    """The answers of one file.

    Args:
        name: what messages call the file.
        given: a list, of which each question takes the next; or by phase id, step name or prompt an answer for each
            time the question is asked, or a list of answers, of which each time takes the next.

    Raises:
        ConfigError: it is neither.
    """

    def __init__(self, name: str = "", given: Any = None) -> None:
        if not isinstance(given, list | dict | None):
            raise ConfigError(f"{name} holds no answers; write `approve: {{decision: approve}}`, by phase, or a list")
        self._name = name
        self._given: dict[str, Any] = {"": given} if isinstance(given, list) else given or {}
        self._taken: dict[str, int] = {}

    def take(self, asked: Asked) -> Given | None:
        """Return the answer to a question, None where the file has none, or none any more.

        Raises:
            InputRefused: the answer does not fit the question's form.
        """
        found = self._found(asked)
        if found is None:
            return None
        try:
            check_answer(asked.question.id, asked.question.form, to_json(found.value, found.place))
        except AnswerRefused as refusal:
            raise InputRefused(f"{found.place}, to {asked.question.prompt!r}: {refusal.why}") from refusal
        return found

    def _found(self, asked: Asked) -> Given | None:
        for key in ("", asked.phase, asked.step, asked.question.prompt):
            if key is not None and key in self._given:
                value = self._given[key]
                return self._next(key, value) if isinstance(value, list) else Given(value, f"{self._name}: {key}")  # pyright: ignore[reportUnknownArgumentType] - JSON
        return None

    def _next(self, key: str, answers: list[Any]) -> Given | None:
        number = self._taken.get(key, 0)
        if number >= len(answers):
            return None
        self._taken[key] = number + 1
        return Given(answers[number], f"{self._name}: {f'{key}, ' if key else ''}answer {number + 1}")


NOBODY: Final = Answers()
"""No answers at all."""


def load_answers(path: Path) -> Answers:
    """Return the answers in a YAML or JSON file.

    Raises:
        ConfigError: it cannot be read, or does not hold answers.
        SpecError: it is neither YAML nor JSON; with the places.
    """
    from workflow_engine.spec.files.nodes import plain
    from workflow_engine.spec.files.reading import read
    from workflow_engine.spec.files.yaml_tree import compose

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); name a file of answers") from error
    return Answers(str(path), plain(compose(read(data, str(path)))))
