"""People: who asks."""

from typing import Final

from workflow_engine.ui.api.models.common import NoQuery
from workflow_engine.ui.api.models.people import Me
from workflow_engine.ui.api.operation import Answer, Asked, Operation, Reply, operation
from workflow_engine.ui.security.current import csrf_token

TAG: Final = "The whole"


@operation("GET", "/me", TAG, Reply(Me, "You."))
def get_me(asked: Asked[NoQuery, None]) -> Answer:
    """Say who you are here, and what you may do.

    Without a token, as a browser and as somebody at the machine itself, requests that change something have to carry
    `csrf_token` as `X-CSRF-Token`, and the cookie that comes with this answer.
    """
    person = asked.person
    me = Me(name=person.name, groups=person.groups, role=person.role, via=person.via, csrf_token=csrf_token())
    return Answer(me)


OPERATIONS: Final[tuple[Operation, ...]] = (get_me,)
"""In the order in which they are shown."""
