"""Roles, and the marks by which views say which role they need.

    @app.get("/tasks")
    @needs(Role.VIEWER)
    def tasks() -> str: ...

A view without a mark is a mistake: the app does not start with it.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Role(StrEnum):
    """What somebody may do; each role may do all that the ones before it may."""

    VIEWER = "viewer"  # looks
    OPERATOR = "operator"  # submits, answers, retries, cancels
    ADMIN = "admin"  # changes what runs and who answers

    def allows(self, needed: "Role") -> bool:
        """Return whether somebody of this role may do what *needed* may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


def needs(role: Role) -> Callable[[View], View]:
    """Mark a view: only people who have *role*, or one above it, are let in."""
    return lambda view: _marked(view, role)


def public(view: View) -> View:
    """Mark a view: everybody is let in who reaches the server.  It must not tell anything about tasks."""
    return _marked(view, None)


def demand_of(endpoint: str, view: Callable[..., Any]) -> Role | None:
    """Return which role the view of *endpoint* needs, None where it is public.

    Raises:
        AssertionError: it does not say.
    """
    if not hasattr(view, _MARK):
        raise AssertionError(
            f"the view {endpoint} does not say who may see it; mark it with @needs(Role...) or @public"
        )
    role: Role | None = getattr(view, _MARK)
    return role


def _marked(view: View, role: Role | None) -> View:
    setattr(view, _MARK, role)
    return view


_MARK: Final = "workflow_engine_needs"
