"""The account: who I am here, my tokens, my password."""

import time
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from workflow_engine.errors import InputRefused
from workflow_engine.ui.security.current import access, address, person, record
from workflow_engine.ui.security.login import begin_session
from workflow_engine.ui.security.login import pages as pages
from workflow_engine.ui.security.passwords import LENGTH_MIN
from workflow_engine.ui.security.roles import Role, needs
from workflow_engine.ui.security.users import Token, User

LIFETIMES: Final = (("30", "30 days"), ("90", "90 days"), ("365", "one year"), ("", "until it is revoked"))
"""How long a token may last, in days, and in words."""


@pages.get("/account")
@needs(Role.VIEWER)
def account() -> AnyResponse:
    """Show who is here."""
    return _page()


@pages.post("/account/tokens")
@needs(Role.VIEWER)
def make_token() -> AnyResponse:
    """Make a token, and show it this once."""
    try:
        user = _owner()
        days = request.form.get("days", "")
        if days not in dict(LIFETIMES):
            raise InputRefused("choose one of the times that a token may last")
        label = request.form.get("label", "").strip() or "without a name"
        token = access().people.add_token(user.name, label, float(days) if days else None)
    except InputRefused as refusal:
        return _page(422, token_error=str(refusal))
    record("make token", token.split("_")[1])
    return _page(201, new_token=token)


@pages.post("/account/tokens/<token>/revoke")
@needs(Role.VIEWER)
def revoke_token(token: str) -> AnyResponse:
    """Revoke a token of one's own."""
    try:
        access().people.remove_token(_owner().name, token)
    except InputRefused as refusal:
        return _page(404, token_error=str(refusal))
    record("revoke token", token)
    return redirect(url_for("security.account"), 303)


@pages.post("/account/password")
@needs(Role.VIEWER)
def change_password() -> AnyResponse:
    """Change one's own password; all other sessions end."""
    try:
        user = _owner()
        new = request.form.get("new", "")
        if new != request.form.get("again", ""):
            raise InputRefused("the new password was typed in two different ways; type it once more")
        _check_password(user, request.form.get("current", ""))
        changed = access().people.set_password(user.name, new)
    except InputRefused as refusal:
        return _page(422, password_error=str(refusal))
    access().sessions.end_all(user.name)
    if person().via == "session":
        begin_session(changed)
    record("change password", user.name)
    return redirect(url_for("security.account", changed=1), 303)


@pages.post("/account/sessions/end")
@needs(Role.VIEWER)
def end_sessions() -> AnyResponse:
    """Log out everywhere else."""
    who = person()
    user = access().people.find(who.name)
    access().sessions.end_all(who.name)
    if user is not None and who.via == "session":
        begin_session(user)
    record("end sessions", who.name)
    return redirect(url_for("security.account"), 303)


def _check_password(user: User, password: str) -> None:
    """Check that whoever sits there knows the password: the browser may have been left alone.

    Raises:
        InputRefused: they do not, or have tried too often.
    """
    if access().throttle.attempt(user.name, address()):
        raise InputRefused("that was tried too often; wait some minutes")
    if access().people.by_password(user.name, password) is None:
        record("change password", user.name, "refused: wrong password")
        raise InputRefused("the current password is another one")
    access().throttle.succeeded(user.name, address())


def _owner() -> User:
    """Return the user whom the person here is, where that may be changed here.

    Raises:
        InputRefused: a token cannot make tokens, and people without a place in the users file have none.
    """
    who = person()
    user = access().people.find(who.name)
    if who.via not in ("session", "proxy"):
        raise InputRefused("log in with your password for that")
    if user is None:
        raise InputRefused(f"{who.name} is not in the users file; have an admin run `workflow-engine user add`")
    return user


def _page(status: int = 200, **more: Any) -> Response:
    who = person()
    user = access().people.find(who.name) if who.via in ("session", "proxy") else None
    now = time.time()
    text = render_template(
        "account.html",
        who=who,
        user=user,
        tokens=[_shown(token) for token in user.tokens if token.live(now)] if user else [],
        lifetimes=LIFETIMES,
        length_min=LENGTH_MIN,
        changed="changed" in request.args,
        **more,
    )
    return Response(text, status, mimetype="text/html")


def _shown(token: Token) -> dict[str, str]:
    ends = "when it is revoked" if token.expires_at is None else _day(token.expires_at)
    return {"id": token.id, "label": token.label, "made": _day(token.created_at), "ends": ends}


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")
