"""Forms without scripts: rows, optional groups and shapes are changed by buttons, and nothing typed is lost."""

from typing import Final

from tests.unit.ui_forms_given import Page, drawn
from workflow_engine.ui.forms.form import Reading, fields_of, read
from workflow_engine.ui.forms.json_values import Json

LINES: Final[Json] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "lines": {
            "type": "array",
            "items": {"type": "object", "properties": {"what": {"type": "string"}, "n": {"type": "integer"}}},
        },
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


def pressed(schema: Json, typed: dict[str, list[str]], action: str) -> tuple[Reading, Page]:
    """Return what is read when the button for *action* is pressed, and the page that comes back."""
    reading = read(schema, typed | {"_action": [action]})
    form = fields_of(schema, posted=reading.posted_back, problems=reading.problems, focus=reading.focus)
    return reading, Page(drawn(form))


def focused(page: Page) -> list[str]:
    """Return the ids of what has the focus."""
    return [given["id"] for _, given in page.elements if "autofocus" in given]


def test_a_row_is_added_and_what_is_typed_stays() -> None:
    typed = {"/title": ["t"], "/lines~rows": ["0"], "/lines/0/what": ["tea"], "/lines/0/n": ["x"]}
    reading, page = pressed(LINES, typed, "add:/lines")
    assert (reading.complete, reading.problems) == (False, ())
    assert page.posted == typed | {"/lines~rows": ["0", "1"], "/lines/1/what": [""], "/lines/1/n": [""]}
    assert focused(page) == ["field/lines/1/what"]


def test_a_row_is_removed_and_the_others_keep_what_is_typed() -> None:
    typed = {"/title": [""], "/lines~rows": ["0", "1"], "/lines/0/what": ["a"], "/lines/0/n": [""]}
    typed |= {"/lines/1/what": ["b"], "/lines/1/n": ["2"]}
    reading, page = pressed(LINES, typed, "remove:/lines/0")
    assert page.posted == {"/title": [""], "/lines~rows": ["1"], "/lines/1/what": ["b"], "/lines/1/n": ["2"]}
    assert read(LINES, reading.posted_back).value == {"lines": [{"what": "b", "n": 2}]}


def test_a_new_row_never_has_the_number_of_one_that_is_there() -> None:
    typed = {"/lines~rows": ["7", "2"], "/lines/7/what": ["a"], "/lines/2/what": ["b"]}
    reading, _ = pressed(LINES, typed, "add:/lines")
    assert reading.posted_back["/lines~rows"] == ["7", "2", "8"]


def test_a_value_with_a_name_is_added_and_removed() -> None:
    reading, page = pressed(LINES, {}, "add:/labels")
    assert focused(page) == ["field/labels/~row0~name"]
    typed = reading.posted_back | {"/labels/~row0~name": ["team"], "/labels/~row0": ["blue"]}
    assert read(LINES, typed).value == {"labels": {"team": "blue"}}
    assert read(LINES, pressed(LINES, typed, "remove:/labels/~row0")[0].posted_back).value == {}


UNION: Final[Json] = {
    "type": "object",
    "properties": {
        "source": {
            "anyOf": [
                {"type": "string", "title": "Address"},
                {
                    "type": "object",
                    "title": "Person",
                    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                },
            ]
        }
    },
}


def test_another_shape_is_chosen_and_choosing_back_brings_back_what_was_typed() -> None:
    typed = {"/source~as": ["1"], "/source/name": ["Ada"], "/source/age": ["36"]}
    _, page = pressed(UNION, typed, "as:0:/source")
    assert page.posted == {"/source~as": ["0"], "/source": [""], "/source/name": ["Ada"], "/source/age": ["36"]}
    assert read(UNION, page.posted).value == {}
    again, _ = pressed(UNION, page.posted, "as:1:/source")
    assert read(UNION, again.posted_back).value == {"source": {"name": "Ada", "age": 36}}


def test_an_optional_group_far_inside_is_added_by_a_button() -> None:
    leaf: Json = {"type": "object", "properties": {"x": {"type": "string"}}}
    for _ in range(4):
        leaf = {"type": "object", "properties": {"in": leaf}}
    _, page = pressed(leaf, {}, "stay")
    (button,) = [given for _, given in page.named("_action") if given["value"].startswith("add:")]
    reading, page = pressed(leaf, {}, button["value"])
    assert any(given["value"] == "add:/in/in/in/in" for _, given in page.named("_action"))
    assert read(leaf, reading.posted_back).value == {"in": {"in": {"in": {}}}}
    removed, _ = pressed(leaf, reading.posted_back, "remove:/in/in/in")
    assert read(leaf, removed.posted_back).value == {}


def test_an_action_for_what_is_not_there_changes_nothing() -> None:
    typed = {"/title": ["t"]}
    for action in (
        "add:/title",
        "add:/nowhere",
        "remove:/title",
        "remove:",
        "as:9:/title",
        "as:x:/title",
        "add:",
        "stay",
    ):
        reading, page = pressed(LINES, typed, action)
        assert (reading.posted_back, page.posted, reading.complete) == (typed, typed, False)


def test_a_list_has_a_longest_length() -> None:
    rows = {"/lines~rows": [str(n) for n in range(200)]}
    reading, _ = pressed(LINES, rows, "add:/lines")
    assert reading.posted_back == rows


def test_an_answer_is_complete_only_when_it_was_sent_and_nothing_is_wrong() -> None:
    assert read(LINES, {"/title": ["t"]}).complete
    assert not read(LINES, {"/title": ["t"], "_action": ["stay"]}).complete
    assert not read(LINES, {"/lines~rows": ["0"], "/lines/0/n": ["x"]}).complete
    assert read(LINES, {"/title": ["t"], "_action": ["nonsense"]}).complete
