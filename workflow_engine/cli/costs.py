"""``workflow-engine costs``."""

from typing import TYPE_CHECKING, Any

import click

from workflow_engine.cli.options import Invocation, engine_options, examples, json_option, pass_invocation
from workflow_engine.cli.output import print_json, print_table
from workflow_engine.cli.reading import reading

if TYPE_CHECKING:
    from workflow_engine.core.components import Ledger


@click.command(epilog=examples("costs", "costs --workflow review", "costs --json | jq '[.costs[].dollars] | add'"))
@click.option("-w", "--workflow", multiple=True, metavar="NAME", help="Of this workflow; may be repeated.")
@json_option
@engine_options
@pass_invocation
def costs(invocation: Invocation, /, workflow: tuple[str, ...], as_json: bool) -> None:
    """Say what models have cost, by workflow.

    Tasks that are removed count as well. UNPRICED are turns of models whose prices are not known: their tokens are
    counted, their dollars are not. EXTENDED is by how much people have extended the budget of the workflow.
    """
    with reading(invocation) as model:
        found = [ledger for ledger in model.ledgers() if not workflow or ledger.workflow in workflow]
    if as_json:
        print_json({"costs": [_document(ledger) for ledger in found]})
        return
    print_table(("WORKFLOW", "TOKENS", "DOLLARS", "UNPRICED", "EXTENDED"), (_cells(ledger) for ledger in found))


def _document(ledger: "Ledger") -> dict[str, Any]:
    from workflow_engine.cli.document import cost_document
    from workflow_engine.core.components import Spent

    return {"workflow": ledger.workflow, **cost_document(Spent(ledger.cost, ledger.extended))}


def _cells(ledger: "Ledger") -> tuple[str, ...]:
    from workflow_engine.cli.shown import dollars

    cost, extended = ledger.cost, ledger.extended
    more = [dollars(extended.dollars)] if extended.dollars else []
    more += [f"{extended.tokens:,} tokens"] if extended.tokens else []
    unpriced = str(cost.unpriced) if cost.unpriced else ""
    return ledger.workflow, f"{cost.tokens:,}", dollars(cost.dollars), unpriced, ", ".join(more)
