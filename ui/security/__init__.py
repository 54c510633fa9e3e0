"""Who may do what in the dashboard and the REST API: logging in, roles, sessions, and what is refused.

security.check_binding(settings, people)   # before anything listens
security.install(app, desk)                # after all routes are registered
"""

from typing import TYPE_CHECKING

from workflow_engine.ui.security.binding import check_binding as check_binding

if TYPE_CHECKING:
    from flask import Flask

    from workflow_engine.ui.security.access import Desk


def install(app: "Flask", desk: "Desk") -> None:
    """Guard every route of *app*, and add the pages for logging in and for one's account.

    Args:
        app: all of its views say which role they need, see `workflow_engine.ui.security.roles`.
        desk: knows the settings, the data directory, the people and the audit.

    Raises:
        AssertionError: a view does not say which role it needs.
        ConfigError: the users file is damaged.
    """
    from workflow_engine.ui.security.installing import install_into  # Flask, which the command line need not load

    install_into(app, desk)
