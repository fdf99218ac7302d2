"""Cases of what is wrong with how clients are served, billed and paid."""

import datetime as dt

from django.conf import settings

from portfolio.domain import handoffs
from portfolio.domain.receivables import contracts, credit, drafting, invoices
from portfolio.models import Account, Client, ClientContract, ContractState, Invoice, Rebillable
from tests.reports.rules.cases import Case, World, appears_and_clears
from tests.reports.sample_case import AS_OF, AT


def _contract(name: str) -> ClientContract:
    return ClientContract.objects.select_related("entity", "client").get(
        entity__slug="dc-clients", client__name=name
    )


def _of(name: str) -> str:
    return f"dc-clients:contract-{_contract(name).pk}"


def _move(contract: ClientContract, to: ContractState, world: World) -> None:
    contracts.move(contract=contract, to=to, on=AS_OF, today=AS_OF, by=world.by, at=AT)


@appears_and_clears("work-without-contract")
def a_client_without_paper_signs(world: World) -> Case:
    yield _of("Tide Yoga")
    _move(_contract("Tide Yoga"), ContractState.SIGNED, world)


@appears_and_clears("contract-expired")
def an_expired_contract_is_renewed(world: World) -> Case:
    yield _of("Cove Realty")
    _move(_contract("Cove Realty"), ContractState.SIGNED, world)


@appears_and_clears("cycle-without-invoice")
def the_months_time_is_invoiced(world: World) -> Case:
    yield _of("Mesa Roofing")
    draft = drafting.from_time(contract=_contract("Mesa Roofing"), up_to=AS_OF, by=world.by, at=AT)
    invoices.issue(invoice=draft, on=AS_OF, today=AS_OF, by=world.by, at=AT)


@appears_and_clears("hosting-not-rebilled")
def hosting_is_invoiced_on(world: World) -> Case:
    yield "dc-clients"
    for contract in ClientContract.objects.filter(entity__slug="dc-clients").select_related(
        "entity", "client"
    ):
        draft = drafting.from_rebillables(contract=contract, up_to=AS_OF, by=world.by, at=AT)
        assert draft.total_minor == sum(
            Rebillable.objects.filter(contract=contract).values_list("amount_minor", flat=True)
        )
        invoices.issue(invoice=draft, on=AS_OF, today=AS_OF, by=world.by, at=AT)


@appears_and_clears("invoice-never-sent")
def a_draft_is_thrown_away_and_a_letter_goes(world: World) -> Case:
    draft = Invoice.objects.get(entity__slug="dc-clients", state="draft")
    yield f"dc-clients:invoice-{draft.pk}"
    invoices.discard(invoice=draft, by=world.by, at=AT)


@appears_and_clears("terms-breached-twice")
def one_of_two_late_invoices_is_credited(world: World) -> Case:
    agency = world.entity("dc")
    yoga = Client.objects.select_related("entity").get(entity=agency, name="Tide Yoga")
    line = invoices.LineSaid("Class timetable", 10_000, Account.objects.get(entity=agency, code="4000"))
    late = []
    for month in (9, 10):
        draft = invoices.draft(client=yoga, lines=[line], by=world.by, at=AT)
        on = dt.date(2026, month, 1)
        late.append(invoices.issue(invoice=draft, on=on, due_on=on, today=AS_OF, by=world.by, at=AT))
    first = Client.objects.filter(name="Tide Yoga").order_by("pk").first()
    assert first is not None
    yield f"dc-clients:client-{first.pk}"
    credit.note(
        invoice=late[0],
        amount_minor=late[0].total_minor,
        reason="Not agreed",
        on=AS_OF,
        today=AS_OF,
        by=world.by,
        at=AT,
    )


@appears_and_clears("client-note-contradicts")
def the_note_is_brought_up_to_date(world: World) -> Case:
    _move(_contract("Tide Yoga"), ContractState.SIGNED, world)
    yield _of("Tide Yoga")
    note = (settings.BASE_DIR / "demo" / "handoffs" / "dc-clients.md").read_bytes()
    told = note.replace(b"| Tide Yoga | none |", b"| Tide Yoga | signed |")
    handoffs.land(files=[("dc-clients.md", told)], at=AT, by=world.by)


@appears_and_clears("renewal-near")
def a_contract_runs_for_another_year(world: World) -> Case:
    yield _of("Harbor Dental")
    harbor = _contract("Harbor Dental")
    term = contracts.Term(
        title=harbor.title, starts_on=harbor.starts_on, ends_on=dt.date(2027, 12, 31), renews=True, notice_days=30,
        terms_days=harbor.terms_days,
    )  # fmt: skip
    contracts.change(contract=harbor, term=term, by=world.by, at=AT)
