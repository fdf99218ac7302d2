"""Pages of receivables: what they cost, what odd input gets, and that nothing typed is lost."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client as Browser

from portfolio.domain import tax
from portfolio.domain.receivables import paying_back, work
from portfolio.domain.receivables.work import Stretch
from portfolio.models import Client, Invoice, Payment, PaymentRefund, TaxRate
from tests.factories import people
from tests.portfolio.receivables.conftest import AT, TODAY, Office

pytestmark = pytest.mark.django_db
BASE = "/portfolio/entities/dc/receivables/"


@pytest.fixture
def browser(office: Office) -> Browser:
    browser = Browser()
    browser.force_login(people.bookkeeper(name="Bo Bookkeeper"))
    return browser


def fill(office: Office, many: int) -> None:
    for number in range(many):
        client = Client.objects.create(
            entity=office.books.entity, name=f"Client {number}", email="c@example.com"
        )
        issued = office.issued(10_000, "08-01", client=client)
        office.pay(4_000, client=client, to=[(issued, 4_000)])
        stretch = Stretch(TODAY, 60 + number, "Form", "Jo")
        work.add(contract=office.contract, stretch=stretch, today=TODAY, by=None, at=AT)


@pytest.mark.parametrize(
    ("path", "queries"),
    [("", 20), ("invoices/", 8), ("clients/", 10), ("work/", 14), ("payments/", 8), ("reminders/", 11)],
)
@pytest.mark.parametrize("many", [1, 12])
def test_a_page_costs_the_same_for_one_row_and_many(
    office: Office, browser: Browser, django_assert_num_queries: Any, path: str, queries: int, many: int
) -> None:
    fill(office, many)
    browser.get(BASE + path)
    with django_assert_num_queries(queries):
        assert browser.get(BASE + path).status_code == 200


@pytest.mark.once
@pytest.mark.parametrize(
    "path",
    [
        "?on=2026-02-31&basis=%00",
        "?on=0001-01-01",
        "invoices/?view=%00&q=%00%ed%a0%80&page=-9",
        "invoices/?q=" + "x" * 5000,
        "work/?contract=99999999999999999999999&view=x",
        "payments/?page=1e9",
    ],
)
def test_odd_addresses_show_the_usual_page(browser: Browser, path: str) -> None:
    assert browser.get(BASE + path).status_code == 200


ODD = ("", "\x00", "x" * 100_000, "1e9", "-5", "99999999999999999999", "2026-13-40", "\ud800")


@pytest.mark.once
@pytest.mark.parametrize("odd", ODD, ids=[f"odd{number}" for number in range(len(ODD))])
def test_odd_values_are_refused_on_the_form_with_422_and_write_nothing(
    office: Office, browser: Browser, odd: str
) -> None:
    issued, draft = office.issued(10_000), office.draft(5_000)
    office.pay(500, to=[])
    paying_back.pay_back(
        client=office.client, on=TODAY, amount_minor=200, cash_account=office.account("1010"), by=None, at=AT
    )
    before = (Invoice.objects.count(), Payment.objects.count())
    client, shapes = office.client.pk, {}
    shapes[f"/portfolio/clients/{client}/pay/"] = (
        "once",
        "amount",
        "on",
        "cash_account",
        "reference",
        "invoice",
    )
    shapes[f"/portfolio/invoices/{issued.pk}/credit/"] = ("amount", "on", "reason")
    shapes[f"/portfolio/clients/{client}/pay-back/"] = ("once", "amount", "on", "cash_account", "reference")
    shapes[f"/portfolio/refunds/{PaymentRefund.objects.get().pk}/undo/"] = ("what", "on", "reason")
    shapes[f"/portfolio/invoices/{draft.pk}/issue/"] = ("on", "due_on")
    shapes[f"/portfolio/clients/{client}/invoices/add/"] = ("lines-TOTAL_FORMS", "lines-INITIAL_FORMS", "lines-0-description", "lines-0-unit", "lines-0-quantity", "note")  # fmt: skip
    shapes[BASE + "clients/add/"] = ("name", "email", "terms_days")
    shapes[BASE + "work/"] = ("contract", "on", "minutes", "description", "who")
    shapes[BASE + "paper/"] = ("name", "first_days", "second_days", "third_days")
    for address, names in shapes.items():
        body = urlencode(dict.fromkeys(names, odd), errors="surrogatepass")
        answer = browser.post(address, body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 422, (address, answer.status_code)
    assert (Invoice.objects.count(), Payment.objects.count()) == before


@pytest.mark.once
def test_a_refused_line_keeps_everything_that_was_typed(office: Office, browser: Browser) -> None:
    said = {
        "lines-TOTAL_FORMS": "2", "lines-INITIAL_FORMS": "0", "lines-0-description": "Logo, three drafts", "lines-0-unit": "350",
        "lines-0-quantity": "1.25", "lines-0-account": str(office.account("4000").pk), "lines-1-description": "Hosting without a price",
        "note": "Thank you for the trust",
    }  # fmt: skip
    answer = browser.post(f"/portfolio/clients/{office.client.pk}/invoices/add/", said)
    page = answer.content.decode()
    assert answer.status_code == 422
    for typed in (
        "Logo, three drafts",
        "350",
        "1.25",
        "Hosting without a price",
        "Thank you for the trust",
        "Give this line a price.",
    ):
        assert typed in page
    said["lines-1-unit"] = "20"
    assert browser.post(f"/portfolio/clients/{office.client.pk}/invoices/add/", said).status_code == 302
    assert Invoice.objects.get().total_minor == 45_750


@pytest.mark.once
def test_the_way_from_work_to_money_by_the_pages_alone(office: Office, browser: Browser) -> None:
    time = {
        "contract": office.contract.pk,
        "on": "2026-11-02",
        "minutes": "1:30",
        "description": "Form",
        "who": "Jo",
        "billable": "on",
    }
    browser.post(BASE + "work/", time)
    browser.post(f"/portfolio/contracts/{office.contract.pk}/draft/", {"up_to": "2026-11-10", "tax": "7.75"})
    invoice = Invoice.objects.get()
    assert invoice.total_minor == 15_354
    browser.post(f"/portfolio/invoices/{invoice.pk}/issue/", {"on": "2026-11-10"})
    pdf = browser.get(f"/portfolio/invoices/{invoice.pk}/invoice.pdf")
    assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    paid = {
        "once": "a", "amount": "153.54", "on": "2026-11-10", "cash_account": office.account("1010").pk, "reference": "", "invoice": "",
    }  # fmt: skip
    for _ in range(2):
        browser.post(f"/portfolio/clients/{office.client.pk}/pay/", paid)
    invoice.refresh_from_db()
    assert (invoice.settled_minor, Payment.objects.count()) == (15_354, 1)
    for kind, begins in (("csv", b"\xef\xbb\xbfClient"), ("xlsx", b"PK")):
        assert browser.get(f"{BASE}ageing.{kind}").content.startswith(begins)
    assert browser.get(f"/portfolio/clients/{office.client.pk}/statement.csv").status_code == 200


def test_the_sales_tax_in_force_is_proposed_and_a_person_may_change_it(
    office: Office, browser: Browser
) -> None:
    entity = office.books.entity
    for kind, to, bp, day in (
        ("sales", tax.INVOICES, 725, "2020-01-01"),
        ("sales", tax.INVOICES, 775, "2026-07-01"),
        ("sales", tax.INVOICES, 800, "2027-01-01"),
        ("sales", "charter", 900, "2026-01-01"),
        ("occupancy", tax.INVOICES, 1100, "2026-01-01"),
    ):
        TaxRate.objects.create(
            entity=entity, kind=kind, applies_to=to, rate_bp=bp, effective_on=day, source="Notice 12"
        )
    client = office.client.pk
    path = f"/portfolio/clients/{client}/invoices/add/"
    page = browser.get(path).content.decode()
    assert page.count('value="7.75"') == 3
    assert "7.75 % is proposed, in force since 1 July 2026: Notice 12" in page
    assert 'value="7.75"' in browser.get(f"/portfolio/clients/{client}/").content.decode()

    typed = {
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-description": "Logo",
        "lines-0-unit": "100",
    }
    words = []
    for said in ("7.75", ""):
        browser.post(path, {**typed, "lines-0-tax": said, "lines-0-account": str(office.account("4000").pk)})
        made = Invoice.objects.latest("pk")
        words.append(
            (
                made.total_minor,
                "Sales tax" in browser.get(f"/portfolio/invoices/{made.pk}/issue/").content.decode(),
            )
        )
    assert words == [(107_75, False), (100_00, True)]
