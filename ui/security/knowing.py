"""Knowing who makes a request: by a token, a proxy, a session, or by sitting at this machine."""

from flask import request

from workflow_engine.errors import InputRefused
from workflow_engine.ui.security.access import Access
from workflow_engine.ui.security.current import sent_cookie
from workflow_engine.ui.security.person import Person, Via, local_person
from workflow_engine.ui.security.proxies import FORWARDING, parse_address
from workflow_engine.ui.security.refusing import Refusal
from workflow_engine.ui.security.roles import Role
from workflow_engine.ui.security.users import User


def known(access: Access) -> Person | Refusal | None:
    """Return who makes the request, None where they do not say, or why what they say is refused."""
    authorization = request.authorization
    if authorization is not None and authorization.type == "bearer":
        user = access.people.by_token(authorization.token or "")
        return _TOKEN_REFUSED if user is None else _person(user, "token")
    named = _named(access)
    if named is not None:  # before a session: whoever was logged in here before may be somebody else
        return named
    return _of_session(access) if access.login_needed else _local()


def _named(access: Access) -> Person | Refusal | None:
    try:
        named = access.proxies.named(request.remote_addr or "", request.headers)
    except InputRefused as refusal:
        return Refusal(403, "You may not come in", str(refusal))
    if named is None:
        return None
    folded = named.name.casefold()
    user = next((user for user in access.people.everyone() if user.name.casefold() == folded), None)
    if user is None:
        return Person(named.name, Role(access.settings.proxy_role), "proxy", named.groups)
    if user.disabled:
        return Refusal(403, "You may not come in", f"{user.name} is disabled; ask an admin")
    return Person(user.name, user.role, "proxy", tuple(sorted({*user.groups, *named.groups})))


def _of_session(access: Access) -> Person | None:
    cookie = sent_cookie()
    session = access.sessions.find(cookie) if cookie is not None else None
    user = access.people.find(session.name) if session is not None else None
    if session is None or user is None or session.epoch != user.epoch:
        return None
    return _person(user, "session")


def _local() -> Person | Refusal:
    peer = parse_address(request.remote_addr or "")
    if peer is None or not peer.is_loopback:
        return Refusal(403, "You may not come in", "without login, only this machine itself is let in")
    passed_on = next((name for name in FORWARDING if name in request.headers), None)
    if passed_on is not None:
        return Refusal(
            403,
            "You may not come in",
            f"a proxy has passed this on ({passed_on}), so it may come from anywhere, and nobody has to log in here; "
            "set public_url in [ui], which has people log in",
        )
    return local_person("loopback")


def _person(user: User, via: Via) -> Person:
    return Person(user.name, user.role, via, user.groups)


_TOKEN_REFUSED = Refusal(401, "Please log in", "the token is not known, has been revoked, or has ended; make a new one")
