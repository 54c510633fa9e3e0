"""Who asks, as the API has it."""

from workflow_engine.ui.api.models.common import Reply
from workflow_engine.ui.security.roles import Role


class Me(Reply):
    """Who you are here; `csrf_token` goes into `X-CSRF-Token` of requests without a token that change something."""

    name: str
    groups: tuple[str, ...]
    role: Role
    via: str
    csrf_token: str
