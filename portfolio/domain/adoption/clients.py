"""Clients and what they are served on, as a note says."""

from portfolio.domain.adoption import reading
from portfolio.domain.adoption.reading import Adopter
from portfolio.formats.handoff import Handoff
from portfolio.formats.handoff_rows import HandoffRow, RowKind
from portfolio.models import BillingModel, Client, ClientContract, ContractState, Entity


def _adopt_client(entity: Entity, note: Handoff, row: HandoffRow) -> int:
    contract, billing, rate = row.cell("Contract"), row.cell("Billing model"), row.cell("Rate")
    state = contract.word or contract.text if contract else ""
    model = (billing.word or billing.text) if billing else ""
    client, _ = Client.objects.get_or_create(entity=entity, name=row.label[:120])
    _, made = ClientContract.objects.get_or_create(
        entity=entity,
        client=client,
        defaults={
            "state": state if state in ContractState.values else ContractState.NONE,
            "expired_on": contract.on if contract and contract.word == "expired" else None,
            "billing_model": model if model in BillingModel.values else BillingModel.UNDEFINED,
            "rate_minor": (billing.minor if billing else None) or (rate.minor if rate else None),
            "terms_days": reading.whole(row.cell("Terms")),
            "source": reading.source(note, row),
        },
    )
    return int(made)


ADOPTERS: dict[RowKind, Adopter] = {
    RowKind.CLIENT: _adopt_client,
}
