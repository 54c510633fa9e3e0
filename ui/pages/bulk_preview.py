"""The preview: what will happen to many tasks, before it does, and what has to be said for it."""

from collections.abc import Sequence

import msgspec
from flask import render_template, url_for

from workflow_engine.readmodel.rows import LIMIT_MAX, Counted
from workflow_engine.ui.bulk import Action, Outcome
from workflow_engine.ui.forms.fields import Form
from workflow_engine.ui.forms.form import Reading, fields_of
from workflow_engine.ui.pages import bulk_told
from workflow_engine.ui.pages.bulk_chosen import Chosen
from workflow_engine.ui.pages.bulk_told import Group, Shape
from workflow_engine.ui.pages.bulk_words import WORDS, Words, tasks_in_words
from workflow_engine.ui.security.current import person


class Typed(msgspec.Struct, frozen=True):
    """What was typed in the form of a preview.

    Attributes:
        reason: of a cancellation.
        phase: from which to retry; empty for what failed.
        reading: the answer, as far as it goes.
        fault: why it was not carried out, as a sentence; empty for nothing.
    """

    reason: str = ""
    phase: str = ""
    reading: Reading | None = None
    fault: str = ""


class Preview(msgspec.Struct, frozen=True):
    """What the page shows.

    Attributes:
        action: what is to be done.
        words: how that is spoken of.
        chosen: ids of those that were chosen.
        tasks: ids of those with which it can be done.
        shown: digests of what their questions show, in the same order.
        will: what will happen to them.
        cannot: why it cannot be done with the others.
        matching: whether all that match were chosen, as far as can be done at once.
        more: how many more match, None for all.
        phases: from which all can be retried.
        form: of the answer, None for none.
        shapes: the forms, where there are several.
        why_not: why no answer can be given to all at once; empty where it can.
        notes: what else is to be known, as sentences.
        typed: what was typed.
    """

    action: Action
    words: Words
    chosen: tuple[str, ...]
    tasks: tuple[str, ...]
    shown: tuple[str, ...]
    will: tuple[Group, ...]
    cannot: tuple[Group, ...]
    matching: bool
    more: Counted | None
    phases: tuple[str, ...]
    form: Form | None
    shapes: tuple[Shape, ...]
    why_not: str
    notes: tuple[str, ...]
    typed: Typed

    @property
    def title(self) -> str:
        """What the page asks."""
        return f"{self.words.verb} {tasks_in_words(len(self.tasks))}?"

    @property
    def refused(self) -> Counted:
        """With how many it cannot be done."""
        return Counted(sum(one.count.n for one in self.cannot), any(one.count.capped for one in self.cannot))


def preview_of(action: Action, chosen: Chosen, outcomes: Sequence[Outcome], typed: Typed) -> Preview:
    """Return what will happen, from what a dry run found."""
    questions = bulk_told.questions_of(outcomes)
    shapes = bulk_told.shapes_of(questions)
    form, why_not = _form(outcomes, shapes, typed) if action == "answer" else (None, "")
    return Preview(
        action=action,
        words=WORDS[action],
        chosen=chosen.tasks,
        tasks=() if why_not else bulk_told.doable(outcomes),
        shown=tuple(question.shown for question in questions),
        will=bulk_told.will(outcomes),
        cannot=bulk_told.refused(action, outcomes, {state.value: n for state, n in chosen.others.items()}),
        matching=chosen.wanted is not None,
        more=chosen.more,
        phases=bulk_told.phases_to_retry(outcomes),
        form=form,
        shapes=shapes if len(shapes) > 1 else (),
        why_not=why_not,
        notes=tuple(_notes(outcomes)),
        typed=typed,
    )


def preview_page(preview: Preview, filtered: str, back: str, status: int = 200) -> tuple[str, int]:
    """Return the page and its status of HTTP."""
    page = render_template(
        "tasks/preview.html",
        preview=preview,
        filtered=filtered,
        back=back,
        back_url=back_url(filtered, back),
        at_once=LIMIT_MAX,
        in_words=tasks_in_words,
    )
    return page, status


def back_url(filtered: str, back: str) -> str:
    """Return where it was begun."""
    if back == "failures":
        return url_for("failures.show")
    return f"{url_for('tasks.show')}{'?' if filtered else ''}{filtered}"


def _form(outcomes: Sequence[Outcome], shapes: tuple[Shape, ...], typed: Typed) -> tuple[Form | None, str]:
    """Return the form that all questions have, or why there is none."""
    questions = bulk_told.questions_of(outcomes)
    if not questions:
        return None, ""
    if len(shapes) > 1:
        return None, f"they ask for {len(shapes)} different things, so that one answer cannot fit all of them"
    schema = questions[0].form
    reading = typed.reading
    form = (
        fields_of(schema)
        if reading is None
        else fields_of(schema, problems=reading.problems, posted=reading.posted_back, focus=reading.focus)
    )
    if form.files:
        return None, "they ask for files, which belong to one task each; answer them one by one"
    return form, ""


def _notes(outcomes: Sequence[Outcome]) -> list[str]:
    questions = bulk_told.questions_of(outcomes)
    claimed = sum(question.claimed_by not in (None, person().name) for question in questions)
    machines = sum(question.kind != "human" for question in questions)
    notes: list[str] = []
    if claimed:
        notes.append(
            f"Others work on {claimed} of these questions. You may answer all the same; the first answer counts."
        )
    if machines:
        notes.append(f"{machines} of these questions are for agents or systems, which answer by themselves.")
    if any(question.show is not None or question.artifacts for question in questions):
        notes.append("Each question shows something of its own to decide on, which is not shown here.")
    return notes
