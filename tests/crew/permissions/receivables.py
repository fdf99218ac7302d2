"""What the pages of receivables of the matrix are about: one record of every kind."""

import datetime as dt
from typing import Any

from portfolio.domain.receivables import (
    clients,
    credit,
    invoices,
    letters,
    paying_back,
    payments,
    rebillables,
    work,
)
from portfolio.domain.receivables.clients import Particulars
from portfolio.domain.receivables.invoices import LineSaid
from portfolio.domain.receivables.work import Stretch
from portfolio.models import (
    Account,
    Allocation,
    BillingModel,
    ClientContract,
    ContractState,
    Entity,
    ImportedLine,
    ImportKind,
    PaymentRefund,
)
from tests.factories.crew import NOW

_ON = dt.date(2026, 11, 1)


def records(entity: Entity) -> dict[str, int]:
    """Make one record of every kind for an entity."""
    client = clients.add(
        entity=entity, particulars=Particulars("Harbor Dental", "harbor@example.com"), by=None, at=NOW
    )
    contract = ClientContract.objects.create(
        entity=entity,
        client=client,
        state=ContractState.SENT,
        billing_model=BillingModel.HOURLY,
        rate_minor=9_500,
    )
    stretch = Stretch(_ON, 60, "Form", "Jo")
    entry = work.add(contract=contract, stretch=stretch, today=_ON, by=None, at=NOW)
    milestone = work.add_milestone(
        contract=contract, name="Live", amount_minor=100, due_on=None, by=None, at=NOW
    )
    paid = rebillables.add(
        contract=contract, on=_ON, what="Hosting", amount_minor=3_800, today=_ON, by=None, at=NOW
    )
    line = LineSaid("Work", 10_000, Account.objects.get(entity=entity, code="4000"))
    draft, issued = (invoices.draft(client=client, lines=[line], by=None, at=NOW) for _ in range(2))
    issued = invoices.issue(invoice=issued, on=_ON, today=_ON, by=None, at=NOW)
    note = credit.note(invoice=issued, amount_minor=100, reason="Slip", on=_ON, today=_ON, by=None, at=NOW)
    cash = Account.objects.get(entity=entity, code="1010")
    payment = payments.take(
        entity=entity,
        client=client,
        on=_ON,
        amount_minor=500,
        cash_account=cash,
        reference="1",
        by=None,
        at=NOW,
    )
    letter = letters.draft_invoice(invoice=issued, on=_ON, by=None, at=NOW)
    allocation = Allocation.objects.get(payment=payment)
    shared: dict[str, Any] = {
        "entity": entity,
        "client": client,
        "on": _ON,
        "cash_account": cash,
        "by": None,
        "at": NOW,
    }
    payments.take(amount_minor=300, reference="2", to=[], **shared)
    shared.pop("entity")
    refund = PaymentRefund.objects.get(entry=paying_back.pay_back(amount_minor=100, **shared))
    line_back = ImportedLine.objects.create(
        entity=entity, kind=ImportKind.STRIPE, external_id=f"re_{entity.pk}", line=1, on=_ON, amount_minor=-100,
        description="REFUND", reference=f"re_{entity.pk}",
    )  # fmt: skip
    return {
        "rebillable": paid.pk, "refund": refund.pk, "refund_line": line_back.pk,
        "client": client.pk, "contract": contract.pk, "entry": entry.pk, "milestone": milestone.pk, "draft": draft.pk,
        "issued": issued.pk, "note": note.pk, "payment": payment.pk, "letter": letter.pk, "allocation": allocation.pk,
    }  # fmt: skip
