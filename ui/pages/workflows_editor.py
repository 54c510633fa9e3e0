"""The editor: a workflow file is written, looked at while it is written, and saved as a new version."""

import time
from typing import Any, Final

import msgspec
from flask import flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from workflow_engine.errors import EngineError, SpecError
from workflow_engine.spec.model import WorkflowSpec
from workflow_engine.spec.writing import to_yaml
from workflow_engine.ui.desk import desk
from workflow_engine.ui.forms.naming import unix
from workflow_engine.ui.library import NewerVersion, seal_of
from workflow_engine.ui.pages.workflows_checking import Checked, check
from workflow_engine.ui.pages.workflows_drawing import drawn
from workflow_engine.ui.pages.workflows_known import Known, every, found
from workflow_engine.ui.pages.workflows_templates import existing, ready_made, template_of
from workflow_engine.ui.problems import problem
from workflow_engine.ui.refusals import status_of
from workflow_engine.ui.security.current import person, record
from workflow_engine.ui.showing.diff import diff
from workflow_engine.ui.showing.shown import ShownDiff

Answered = Response | tuple[str, int]

DRAFTED: Final = "_at"
"""Name under which a draft says when it was kept."""


class Edited(msgspec.Struct, frozen=True):
    """A text that somebody works on.

    Attributes:
        text: the file.
        name: of the workflow that they have begun from; empty for a new one.
        seal: of the text that they have begun from; see `workflow_engine.ui.library.seal_of`.
        drafted_at: when it was kept as a draft, None where it comes from none.
    """

    text: str
    name: str
    seal: str
    drafted_at: float | None = None


class Newer(msgspec.Struct, frozen=True):
    """What stands in the way of saving: another text under the name of the workflow, and how this one differs.

    Attributes:
        name: of the workflow.
        taken: whether they meant to make a new workflow, or to rename one.
        diff: from that text to this one.
    """

    name: str
    taken: bool
    diff: ShownDiff


class _Sent(msgspec.Struct, frozen=True):
    """What a page sends while a text is being written."""

    text: str
    name: str = ""
    began: str = ""
    seal: str = ""


def edit_page(name: str | None) -> Answered:
    """Return the editor: with a draft, where somebody has one, else with the workflow, or with a template for None."""
    begun = _begun(name)
    chosen = name is None and ("ready" in request.args or "copied" in request.args)
    draft = None if chosen else desk().drafts.get(person().name, _key(name))
    if draft is not None and draft.get("text", [""])[-1] != begun.text:
        kept = draft.get(DRAFTED, [""])[-1]
        begun = Edited(
            draft.get("text", [""])[-1],
            draft.get("began", [""])[-1],
            draft.get("seal", [""])[-1],
            float(kept) if kept.replace(".", "", 1).isdecimal() else time.time(),
        )
    return _page(name, begun, check(desk().library, begun.text))


def edited(name: str | None) -> Answered:
    """Check or save what was sent, or forget the draft; nothing that was typed is lost."""
    if name is not None:
        found(desk(), name)
    if request.form.get("do") == "discard":
        desk().drafts.drop(person().name, _key(name))
        return redirect(_address(name), 303)
    given = Edited(unix(request.form.get("text", "")), request.form.get("began", ""), request.form.get("seal", ""))
    _keep(name, given)
    if request.form.get("do") != "save":
        return _page(name, given, check(desk().library, given.text))
    return _saved(name, given)


def checked() -> Response:
    """Return as JSON what is to be said of a text that is being written, and keep it as a draft.

    The body is ``{"text": ..., "name": ..., "began": ..., "seal": ...}``; *name* is that of the page.
    """
    try:
        body: Any = request.get_json(silent=True)
    except RecursionError:  # no page of ours nests like that
        body = None
    try:
        sent = msgspec.convert(body, _Sent)
    except msgspec.ValidationError as error:
        return problem(422, "That cannot be checked", f'{error}; send {{"text": "..."}}, with the file as the text')
    text = unix(sent.text)
    kept = _keep(sent.name or None, Edited(text, sent.began, sent.seal))
    seen = check(desk().library, text)
    graph = drawn(seen.spec) if seen.spec is not None else None
    return jsonify(
        problems=[msgspec.to_builtins(one) for one in seen.problems],
        more=seen.more,
        graph=graph,
        name=seen.spec.name if seen.spec is not None else None,
        effect=_effect(seen),
        kept=kept,
    )


def _begun(name: str | None) -> Edited:
    if name is None:
        return Edited(template_of(desk(), request.args.get("ready", ""), request.args.get("copied", "")), "", "")
    known = found(desk(), name)
    text = desk().library.current(name)
    if text is None:  # it is not registered here: only tasks know it
        return Edited(to_yaml(known.spec) if known.spec is not None else "", name, "")
    return Edited(text, name, seal_of(text))


def _saved(name: str | None, given: Edited) -> Answered:
    seen = check(desk().library, given.text)
    if seen.spec is None:
        return _page(name, given, seen, 422)
    behind = _under_way(seen.spec)
    try:
        spec = desk().library.save(given.text, given.seal if given.name == seen.spec.name else "")
    except NewerVersion as error:
        return _conflict(name, given, seen, error.name)
    except SpecError:  # a program beside it has gone since it was checked
        return _page(name, given, check(desk().library, given.text), 422)
    except EngineError as error:
        record("save workflow", seen.spec.name, f"{status_of(error)}: {error}")
        return _page(name, given, seen, status_of(error), str(error))
    record("save workflow", spec.name)
    desk().drafts.drop(person().name, _key(name))
    desk().settle()
    flash(f"Saved: {_new_tasks(behind)}", "done")
    return redirect(url_for("workflows.workflow", name=spec.name), 303)


def _conflict(name: str | None, given: Edited, seen: Checked, workflow: str) -> Answered:
    """Show what is there by now; what is sent next replaces that, and nothing newer."""
    there = desk().library.current(workflow) or ""
    newer = Newer(workflow, given.name != workflow, ShownDiff(diff=diff(there, given.text, prose=False)))
    again = Edited(given.text, workflow, seal_of(there))
    _keep(name, again)
    record("save workflow", workflow, "409: there is a newer version")
    return _page(name, again, seen, 409, newer=newer)


def _page(
    name: str | None, given: Edited, seen: Checked, status: int = 200, refused: str = "", newer: Newer | None = None
) -> Answered:
    library = desk().library
    return render_template(
        "workflows/edit.html",
        name=name,
        edited=given,
        checked=seen,
        graph=drawn(seen.spec) if seen.spec is not None else None,
        effect=_effect(seen),
        refused=refused,
        newer=newer,
        folder=str(library.folder(seen.spec.name if seen.spec is not None else name or "NAME")),
        ready=ready_made() if name is None else {},
        existing=existing(desk()) if name is None else [],
    ), status


def _effect(seen: Checked) -> str:
    """Return what saving does, in words; empty where it cannot be saved."""
    if seen.spec is None:
        return ""
    known = every(desk(), [seen.spec.name])
    if not known:
        return f"Saving makes a new workflow, {seen.spec.name}."
    return f"Saving makes a new version of {seen.spec.name}: {_new_tasks(_under_way(seen.spec))}"


def _new_tasks(behind: int) -> str:
    """Return what becomes of tasks."""
    if not behind:
        return "new tasks use it."
    stay = "1 task under way stays" if behind == 1 else f"{behind:,} tasks under way stay"
    return f"new tasks use it; {stay} on the version {'it' if behind == 1 else 'they'} began with."


def _under_way(spec: WorkflowSpec) -> int:
    """Return how many tasks live that go by another definition of the workflow."""
    known: list[Known] = every(desk(), [spec.name])
    rows = known[0].row.definitions if known and known[0].row is not None else ()
    digest = spec.digest()
    return sum(one.in_flight for one in rows if one.digest != digest)


def _keep(name: str | None, given: Edited) -> bool:
    """Keep a draft; return whether that could be done."""
    posted = {"text": [given.text], "began": [given.name], "seal": [given.seal], DRAFTED: [str(time.time())]}
    return desk().drafts.keep(person().name, _key(name), posted)


def _key(name: str | None) -> str:
    return "new workflow" if name is None else f"workflow {name}"


def _address(name: str | None) -> str:
    return url_for("workflows.new") if name is None else url_for("workflows.edit", name=name)
