"""Checks that the items of an invoice add up to its total."""

from decimal import Decimal
from typing import Any

from workflow_engine.workflows.programs.given import give, reject, task


def total_of(invoice: dict[str, Any]) -> Decimal:
    """Return what the items of *invoice* come to; in decimals, since binary fractions would be off by a little."""
    return sum((item["count"] * Decimal(str(item["price"])) for item in invoice["items"]), Decimal(0))


def main() -> None:
    """Do what the module says."""
    invoice = task()["input"]
    total = total_of(invoice)
    if total != Decimal(str(invoice["total"])):
        reject([f"the items come to {total}, and the total is {invoice['total']}"])
    give({"passed": True, "total": str(total)})


if __name__ == "__main__":
    main()
