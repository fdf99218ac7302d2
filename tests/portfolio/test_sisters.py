"""What sister entities sell each other is in both their books, and in neither's when they are read together."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser

from core import months
from portfolio.domain import statements
from portfolio.domain.payables import bills, vendors
from portfolio.domain.payables import queries as payables
from portfolio.domain.payables.vendors import VendorRefusedError, VendorTerms
from portfolio.domain.receivables import ageing, clients, credit, drafting, invoices, payments
from portfolio.domain.receivables.clients import Particulars
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.domain.statement_columns import Asked, By, Form
from portfolio.domain.statement_views import Statement, total
from portfolio.models import (
    Bill,
    BillingModel,
    Client,
    ClientContract,
    ContractState,
    Entity,
    Invoice,
    Milestone,
    Vendor,
)
from portfolio.render.statements import Style
from tests.factories import people
from tests.factories.portfolio import BookingFactory
from tests.portfolio.conftest import AT, Books, open_books

NOV = months.parse("2026-11")
TODAY = dt.date(2026, 11, 10)
BETWEEN = "Between the entities, not matched"
LIKE: dict[str, Any] = {"by": None, "at": AT}


@dataclass
class Sisters:
    """An agency that works for a charter company, and what each has written down of the other."""

    agency: Books
    charter: Books
    client: Client
    vendor: Vendor

    @property
    def both(self) -> list[Entity]:
        return [self.agency.entity, self.charter.entity]

    def sell(self, minor: int) -> Invoice:
        """Invoice a milestone, as the agency does: the line's account is proposed."""
        contract, _ = ClientContract.objects.get_or_create(
            entity=self.agency.entity, client=self.client, state=ContractState.SIGNED, billing_model=BillingModel.MILESTONE
        )  # fmt: skip
        Milestone.objects.create(
            contract=contract, name=f"Site {minor}", amount_minor=minor, reached_on=TODAY
        )
        draft = drafting.from_milestones(contract=contract, up_to=TODAY, **LIKE)
        return invoices.issue(invoice=draft, on=TODAY, today=TODAY, **LIKE)

    def buy(self, minor: int) -> Bill:
        assert self.vendor.account is not None
        return bills.enter(
            vendor=self.vendor, reference=f"INV-{minor}", issued_on=TODAY, due_on=TODAY,
            lines=[bills.LineDraft(self.vendor.account, minor)], **LIKE,
        )  # fmt: skip

    def take(self, minor: int) -> None:
        payments.take(
            entity=self.agency.entity, client=self.client, on=TODAY, amount_minor=minor,
            cash_account=self.agency.accounts["1010"], reference="", **LIKE,
        )  # fmt: skip

    def lines(self, form: Form, by: By = By.TOTAL) -> dict[str, tuple[int | None, ...]]:
        """Return both entities' statement of November as it is shown, by label."""
        made = Statement(entities=self.both, asked=Asked(form, NOV, NOV, by))
        return {line.label: line.cells for line in made.table().lines if line.style is not Style.HEADING}


@pytest.fixture
def sisters(db: None) -> Sisters:
    agency, charter = open_books("dc", "Dockside"), open_books("qos", "Queen")
    agency.post("1010", "3000", 1_000_00, on=TODAY)
    charter.post("1010", "4000", 900_00, on=TODAY)
    return Sisters(
        agency,
        charter,
        clients.add(entity=agency.entity, particulars=Particulars("Queen", sister_id=charter.entity.pk), **LIKE),
        vendors.add(entity=charter.entity, terms=VendorTerms("Dockside", sister_id=agency.entity.pk), **LIKE),
    )  # fmt: skip


def test_what_both_sides_booked_is_in_neither_statement_of_both(sisters: Sisters) -> None:
    sisters.sell(300_00)
    bill = sisters.buy(300_00)
    bills.pay(bill=bill, on=TODAY, amount_minor=200_00, account=sisters.charter.accounts["1010"], **LIKE)
    sisters.take(200_00)
    assert sisters.lines(Form.INCOME) == {"Sales": (900_00,), "Total revenue": (900_00,), "Result": (900_00,)}
    assert sisters.lines(Form.BALANCE) == {
        "Operating checking": (1_900_00,),
        "Total assets": (1_900_00,),
        "Owner capital": (1_000_00,),
        "Result kept so far": (900_00,),
        "Total equity": (1_900_00,),
        "Liabilities and equity": (1_900_00,),
    }
    assert list(sisters.lines(Form.TRIAL)) == ["Operating checking", "Owner capital", "Sales", "Total"]
    flow = sisters.lines(Form.CASH)
    assert flow["Cash at the end"] == (1_900_00,)
    assert not [label for label in flow if "sister" in label or label == BETWEEN]
    # Each one's own books know them as any other revenue, cost, debt and claim, apart from those of strangers.
    own = statements.three(entities=sisters.both, first=NOV, last=NOV).each
    assert [(row.code, row.amounts) for row in own["dc"].income.revenue.rows] == [("4800", (300_00,))]
    assert [(row.code, row.amounts) for row in own["qos"].income.direct_cost.rows] == [("5900", (300_00,))]
    assert own["dc"].balance.assets.rows[-1].code == "1300"
    aged = ageing.age(entity=sisters.agency.entity, as_of=TODAY)
    assert (aged.clients, aged.total_minor, aged.difference_minor) == ((), 0, 0)
    assert [(row.client, row.total_minor) for row in aged.sisters] == [("Queen", 100_00)]
    owed = payables.payables(entity=sisters.charter.entity, as_of=TODAY)
    assert (owed.bills_minor, owed.other_minor, owed.sisters_minor) == (0, 0, 100_00)


def test_what_one_side_alone_booked_stays_in_one_row(sisters: Sisters) -> None:
    invoice = sisters.sell(300_00)
    assert sisters.lines(Form.INCOME)[BETWEEN] == (300_00,)
    sheet = sisters.lines(Form.BALANCE)
    assert sheet[BETWEEN] == (300_00,)
    assert sheet["Result kept so far"] == (1_200_00,)
    assert sheet["Total assets"] == sheet["Liabilities and equity"] == (2_200_00,)
    sisters.take(300_00)
    assert sisters.lines(Form.CASH)[BETWEEN] == (300_00,)
    sisters.buy(200_00)
    assert sisters.lines(Form.INCOME)[BETWEEN] == (100_00,)
    assert sisters.lines(Form.BALANCE)[BETWEEN] == (-200_00,)
    with pytest.raises(RefusedError, match="no more than that can be credited"):
        credit.note(invoice=invoice, amount_minor=300_01, reason="Late", on=TODAY, today=TODAY, **LIKE)


@pytest.mark.parametrize("form", Form)
def test_columns_by_entity_and_what_is_taken_off_add_up(sisters: Sisters, form: Form) -> None:
    sisters.sell(300_00)
    sisters.buy(200_00)
    made = Statement(entities=sisters.both, asked=Asked(form, NOV, NOV, By.ENTITY))
    wide = 2 if form is Form.TRIAL else 1
    for line in (line for line in made.table().lines if line.style is not Style.HEADING):
        cells = [cell or 0 for cell in line.cells]
        signed = [
            sum(cells[at : at + 1]) - (cells[at + 1] if wide == 2 else 0) for at in range(0, len(cells), wide)
        ]
        *parts, together = signed
        assert sum(parts) == together, line
        for at in range(len(cells)):
            if made.leads(line, at) and (figure := made.figure(key=line.key, at=at)) is not None:
                assert figure.sign * total(figure.postings) == figure.amount_minor, (line, at)


def test_who_is_a_sister_is_said_before_anything_is_booked(sisters: Sisters) -> None:
    agency, charter = sisters.agency.entity, sisters.charter.entity
    booking = BookingFactory.create(entity=agency)
    with pytest.raises(RefusedError, match="sister entity"):
        drafting.from_booking(booking=booking, client=sisters.client, **LIKE)
    with pytest.raises(RefusedError, match="no client of its own"):
        clients.add(entity=agency, particulars=Particulars("Us", sister_id=agency.pk), **LIKE)
    with pytest.raises(VendorRefusedError, match="sells itself nothing"):
        vendors.add(entity=charter, terms=VendorTerms("Us", sister_id=charter.pk), **LIKE)
    for rows, entity in ((Client.objects, agency), (Vendor.objects, charter)):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.filter(entity=entity).update(sister=entity)  # type: ignore[attr-defined]
    sisters.sell(300_00)
    sisters.buy(300_00)
    with pytest.raises(RefusedError, match="write a new client down"):
        clients.change(client=sisters.client, particulars=Particulars("Queen"), **LIKE)
    with pytest.raises(VendorRefusedError, match="add a new vendor"):
        vendors.change(vendor=sisters.vendor, terms=VendorTerms("Dockside"), **LIKE)


@pytest.mark.once
def test_pages_offer_the_sisters_and_show_them_apart(sisters: Sisters) -> None:
    browser = Browser()
    browser.force_login(people.bookkeeper(name="Bo Bookkeeper"))
    said = {
        "name": "Queen again",
        "terms_days": "30",
        "active": "on",
        "sister_id": str(sisters.charter.entity.pk),
    }
    answer = browser.post("/portfolio/entities/dc/receivables/clients/add/", said)
    client = Client.objects.get(name="Queen again")
    assert (answer.status_code, client.sister) == (302, sisters.charter.entity)
    said["sister_id"] = str(sisters.agency.entity.pk)
    assert browser.post(f"/portfolio/clients/{client.pk}/change/", said).status_code == 422
    drafting_page = browser.get(f"/portfolio/clients/{client.pk}/invoices/add/").content.decode()
    assert drafting_page.index("4800 Sales to sister entities") < drafting_page.index("4000 Sales")
    sisters.sell(300_00)
    bill = sisters.buy(300_00)
    aged = browser.get("/portfolio/entities/dc/receivables/?on=2026-11-10").content.decode()
    assert "Sister entities, on their own account" in aged
    assert "the same to the cent" in aged
    files = browser.get("/portfolio/entities/dc/receivables/ageing.csv?on=2026-11-10").content.decode()
    assert files.index("Difference") < files.index("Sister entities") < files.index("300.00")
    page = browser.get(f"/portfolio/bills/{bill.pk}/").content.decode()
    assert "300.00" in page
    changed = browser.get(f"/portfolio/vendors/{sisters.vendor.pk}/change/").content.decode()
    assert f'<option value="{sisters.agency.entity.pk}" selected' in changed
