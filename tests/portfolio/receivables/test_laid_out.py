"""What is paid for clients, and which work an invoice of another program billed."""

import pytest
from django.test import Client as Browser

from portfolio.domain.receivables import billed, drafting, invoices, measures, rebillables, work
from portfolio.domain.receivables.landing import land_invoices
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.domain.receivables.work import Stretch
from portfolio.models import BillingModel, ClientContract, ContractState, Invoice, Rebillable
from tests.factories import people
from tests.factories.portfolio import ClientFactory, ContractFactory, EntityFactory
from tests.portfolio.receivables.conftest import AT, TODAY, Office, day

pytestmark = pytest.mark.django_db


def landed(office: Office, client: str = "Harbor Dental", minor: str = "95.00") -> Invoice:
    head = "entity,number,client,issued_on,terms_days,amount,paid_on\n"
    row = f"{office.books.entity.slug},X-1,{client},2026-10-20,30,{minor},\n"
    land_invoices(data=f"{head}{row}".encode(), name="invoices.csv", by=None, at=AT)
    return Invoice.objects.get(reference="X-1")


def paid(contract: ClientContract, what: str = "Hosting") -> Rebillable:
    return rebillables.add(
        contract=contract, on=day("10-02"), what=what, amount_minor=3_800, today=TODAY, by=None, at=AT
    )


def test_what_is_paid_waits_until_it_is_invoiced_and_a_draft_thrown_away_frees_it(office: Office) -> None:
    first, second = paid(office.contract), paid(office.contract, "Domain")
    with pytest.raises(RefusedError, match="written down"):
        paid(office.contract)
    with pytest.raises(RefusedError, match="ahead"):
        rebillables.add(
            contract=office.contract, on=day("12-01"), what="x", amount_minor=1, today=TODAY, by=None, at=AT
        )
    draft = drafting.from_rebillables(contract=office.contract, up_to=TODAY, by=None, at=AT)
    assert draft.total_minor == 7_600
    assert not rebillables.waiting(entity=office.books.entity).exists()
    with pytest.raises(RefusedError, match="stands on an invoice"):
        rebillables.delete(rebillable=first, by=None, at=AT)
    with pytest.raises(RefusedError, match="waits to be billed"):
        drafting.from_rebillables(contract=office.contract, up_to=TODAY, by=None, at=AT)
    invoices.discard(invoice=draft, by=None, at=AT)
    rebillables.delete(rebillable=second, by=None, at=AT)
    assert list(rebillables.waiting(entity=office.books.entity)) == [first]


def test_a_landed_invoice_is_told_what_it_billed_of_a_sister_s_work_and_of_no_other_client(
    office: Office,
) -> None:
    sister = EntityFactory(slug="works", kind="receivables")
    client = ClientFactory(entity=sister, name="HARBOR  dental")
    contract = ContractFactory(
        entity=sister,
        client=client,
        state=ContractState.SIGNED,
        billing_model=BillingModel.HOURLY,
        rate_minor=9_500,
    )
    stretch = Stretch(day("10-10"), 60, "Form", "Jo")
    done = work.add(contract=contract, stretch=stretch, today=TODAY, by=None, at=AT)
    hosting = paid(contract)
    invoice = landed(office)
    offered = billed.waiting(invoice=invoice, entity_ids=[sister.pk, office.books.entity.pk])
    assert offered == ([done], [], [hosting])
    (gap,) = measures.billing_gap(entity=sister, as_of=TODAY)
    assert gap.total_minor == 9_500

    billed.stand_on(invoice=invoice, work=[done.pk], rebillables=[hosting.pk], by=None, at=AT)
    assert measures.billing_gap(entity=sister, as_of=TODAY) == []
    with pytest.raises(RefusedError, match="already"):
        billed.stand_on(invoice=invoice, work=[done.pk], by=None, at=AT)
    other = ContractFactory(entity=sister, client=ClientFactory(entity=sister, name="Cove"))
    theirs = work.add(contract=other, stretch=stretch, today=TODAY, by=None, at=AT)
    with pytest.raises(RefusedError, match="somebody else"):
        billed.stand_on(invoice=invoice, work=[theirs.pk], by=None, at=AT)
    with pytest.raises(RefusedError, match="drafted here"):
        billed.stand_on(invoice=office.issued(), work=[theirs.pk], by=None, at=AT)


def test_a_landed_invoice_for_just_the_retainer_bills_its_month(office: Office) -> None:
    sister = EntityFactory(slug="works", kind="receivables")
    ContractFactory(
        entity=sister, client=ClientFactory(entity=sister, name="harbor dental"), state=ContractState.SIGNED,
        billing_model=BillingModel.RETAINER, rate_minor=90_000, starts_on=day("09-01"),
    )  # fmt: skip
    assert [gap.total_minor for gap in measures.billing_gap(entity=sister, as_of=TODAY)] == [180_000]
    landed(office, minor="900.00")
    assert [gap.total_minor for gap in measures.billing_gap(entity=sister, as_of=TODAY)] == [90_000]


@pytest.mark.once
class TestPages:
    def test_a_bookkeeper_writes_down_drafts_and_tells_what_was_billed(self, office: Office) -> None:
        browser = Browser()
        browser.force_login(people.bookkeeper(name="Bo Bookkeeper"))
        add = f"/portfolio/contracts/{office.contract.pk}/paid-for/add/"
        said = {"on": "2026-10-02", "what": "Hosting", "amount": "38.00"}
        assert browser.post(add, {**said, "amount": "\x00"}).status_code == 422
        assert browser.post(add, said).status_code == 302
        assert browser.post(add, said).status_code == 422
        assert "Hosting" in browser.get("/portfolio/entities/dc/receivables/work/").content.decode()

        invoice = landed(office)
        bills = f"/portfolio/invoices/{invoice.pk}/bills/"
        paid_for = Rebillable.objects.get()
        assert "What it billed" in browser.get(f"/portfolio/invoices/{invoice.pk}/").content.decode()
        assert browser.post(bills, {"rebillables": ["7" * 30]}).status_code == 422
        assert browser.post(bills, {}).status_code == 422
        assert browser.post(bills, {"rebillables": [str(paid_for.pk)]}).status_code == 302
        paid_for.refresh_from_db()
        assert paid_for.invoice_line is not None
        assert "Nothing of this client waits" in browser.get(bills).content.decode()
        assert browser.post(bills, {}).status_code == 422

        browser.post(add, {**said, "what": "Domain"})
        draft = f"/portfolio/contracts/{office.contract.pk}/paid-for/draft/"
        browser.post(draft, {"up_to": "someday"})
        assert not Invoice.objects.filter(state="draft").exists()
        press = browser.post(draft, {})
        assert Invoice.objects.get(state="draft").total_minor == 3_800
        drafted = Invoice.objects.get(state="draft")
        assert press.headers["Location"].endswith(f"/invoices/{drafted.pk}/")
        bills = f"/portfolio/invoices/{drafted.pk}/bills/"
        assert "Nothing of this client waits" in browser.get(bills).content.decode()
        assert browser.post(bills, {}).status_code == 422
