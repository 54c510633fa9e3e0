"""Handlers of ticket-triage.yaml."""

from collections.abc import Callable, Mapping
from email.message import EmailMessage
from typing import Any, Final

from workflow_engine.ecs_workflow import Task

SENDER: Final = "support@example.org"


async def billing(task: Task) -> dict[str, Any]:
    """Look up the payments of the person who asks.  Where yours are, you ask your own system."""
    payments = await task.step("payments", payments_of, task.data["from"])
    return {"payments": payments, "total": sum(payment["amount"] for payment in payments)}


def payments_of(address: str) -> list[dict[str, Any]]:
    """Return the latest payments of a customer; always the same two."""
    return [{"on": "2026-03-02", "amount": 20}, {"on": "2026-03-03", "amount": 20}]


async def send(task: Task) -> dict[str, Any]:
    """Send the answer, once: what a step has done is not done again after a crash.  Here it is put into an artifact."""
    message = await task.step("message", message_for, task.input["to"], task.input["text"], task.id)
    await task.add_artifact("answer.eml", message, "message/rfc822")
    return {"sent_to": task.input["to"], "artifact": "answer.eml"}


def message_for(address: str, text: str, ticket: str) -> str:
    """Return an answer as an e-mail."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, address, f"Your ticket {ticket}"
    message.set_content(text)
    return message.as_string()


HANDLERS: Final[Mapping[str, Callable[[Task], Any]]] = {"billing": billing, "send": send}
