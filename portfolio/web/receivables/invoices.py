"""Invoices: the list, one with what settled it, drafting, issuing, crediting, giving up, its PDF and its letter."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import access, clock, months
from core.money import format_minor
from portfolio.domain import pages, tax
from portfolio.domain.receivables import (
    clients,
    credit,
    drafting,
    invoices,
    letters,
    papers,
    queries,
    settling,
)
from portfolio.domain.receivables.invoices import LineSaid
from portfolio.domain.receivables.refusals import RefusedError
from portfolio.domain.receivables.work import hours_milli
from portfolio.models import (
    Account,
    AccountKind,
    AccountRole,
    BillingModel,
    Booking,
    Client,
    ClientContract,
    CreditNote,
    Invoice,
    InvoiceState,
)
from portfolio.render import invoice as render_paper
from portfolio.web.access import entity as entity_or_404
from portfolio.web.access import record
from portfolio.web.entities import ROWS_A_PAGE
from portfolio.web.receivables.common import REFUSALS, act, data, file_answer, frame, press
from portfolio.web.receivables.forms import DraftForm, IssueForm, LineForm, NoteForm, TakeOffForm

VIEWS = (
    ("", "All"),
    (queries.DRAFTS, "Drafts"),
    (queries.OPEN, "Open"),
    (queries.OVERDUE, "Overdue"),
    (queries.PAID, "Done"),
)
BLANK_LINES = 3

forms_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@access.staff
def invoice_list(request: HttpRequest, slug: str) -> HttpResponse:
    """List an entity's invoices, drafts first, then the newest."""
    entity = entity_or_404(request, slug)
    view = request.GET.get("view", "")
    search = request.GET.get("q", "").replace("\x00", "")[:80].strip()
    as_of = pages.as_of_date()
    rows = queries.invoices(entity=entity, as_of=as_of, view=view, search=search)
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    endings = queries.endings(invoices=list(page.object_list))
    return render(
        request,
        "portfolio/receivables/invoices.html",
        frame(
            request,
            entity,
            "invoices",
            as_of=as_of,
            search=search,
            page_obj=page,
            rows=[(row, endings.get(row.pk, "")) for row in page.object_list],
            query=f"view={view}&" if view in dict(VIEWS) and view else "",
            views=[{"label": label, "url": f"?view={key}", "current": key == view} for key, label in VIEWS],
        ),
    )


@require_safe
@access.staff
def invoice_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one invoice: its lines, what settled it, its letters, and what can be done."""
    row = _invoice(request, pk, "read")
    return render(
        request,
        "portfolio/receivables/invoice.html",
        frame(
            request,
            row.entity,
            "invoices",
            invoice=row,
            ending=queries.endings(invoices=[row]).get(row.pk, ""),
            lines=[(line, papers.quantity(line.quantity_milli)) for line in row.lines.select_related("account")],
            open_minor=settling.open_minor(row),
            paid_minor=credit.paid_minor(row),
            as_of=pages.as_of_date(),
            allocations=list(
                row.allocations.select_related("payment", "credit_note", "write_off", "reversed_by").order_by("on", "pk")
            ),
            letters=list(row.dunning_letters.select_related("message")),
        ),
    )  # fmt: skip


@forms_methods
@access.staff
def draft_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an invoice by hand."""
    client = record(request, Client.objects.select_related("entity"), pk=pk, verb="keep")
    return _lines_page(
        request,
        client,
        heading=f"An invoice to {client}",
        initial=[],
        note="",
        back=reverse("portfolio:client", args=[pk]),
        do=lambda lines, note: invoices.draft(
            client=client, lines=lines, note=note, by=request.user, at=clock.now()
        ),
    )


@forms_methods
@access.staff
def change_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a draft other lines."""
    row = _invoice(request, pk, "keep")
    if row.state != InvoiceState.DRAFT:
        messages.error(request, f"{row} is issued and never changes; correct it with a credit note.")
        return redirect(_to(row))
    initial = [
        {
            "line": line.pk, "description": line.description, "quantity": line.quantity_milli, "unit": line.unit_minor,
            "tax": line.tax_bp, "account": line.account_id,
        }
        for line in row.lines.all()
    ]  # fmt: skip

    def change(lines: list[LineSaid], note: str) -> Invoice:
        invoices.change(invoice=row, lines=lines, note=note, by=request.user, at=clock.now())
        return row

    return _lines_page(
        request,
        row.client,
        heading=f"Change the draft for {row.client}",
        initial=initial,
        note=row.note,
        back=_to(row),
        do=change,
        row=row,
    )


@require_POST
@access.staff
def draft_from(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an invoice of what a contract has waiting: time, milestones or a month's retainer, as it is billed."""
    contract = record(request, ClientContract.objects.select_related("entity", "client"), pk=pk, verb="keep")
    form = DraftForm(request.POST)
    form.is_valid()
    said, at = form.cleaned_data, clock.now()
    up_to: dt.date = said.get("up_to") or clock.today(contract.entity.zone, at=at)
    tax = said.get("tax") or 0

    def draft() -> Invoice:
        if form.errors:
            raise RefusedError(" ".join(str(error) for errors in form.errors.values() for error in errors))
        if contract.billing_model == BillingModel.RETAINER:
            month = said.get("month")
            if month is None:
                raise RefusedError("Say which month's retainer is billed.")
            return drafting.from_retainer(contract=contract, month=month, tax_bp=tax, by=request.user, at=at)
        if contract.billing_model == BillingModel.MILESTONE:
            return drafting.from_milestones(
                contract=contract, up_to=up_to, tax_bp=tax, by=request.user, at=at
            )
        return drafting.from_time(contract=contract, up_to=up_to, tax_bp=tax, by=request.user, at=at)

    return press(
        request,
        do=draft,
        done="Drafted. Look at it, then issue it.",
        back=reverse("portfolio:client", args=[contract.client_id]),
        lands_on=_to,
    )


class _ClientChoice(forms.Form):
    """Whom a booking's invoice goes to."""

    client = forms.ChoiceField(label="Client", required=False)


@forms_methods
@access.staff
def draft_booking(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft an invoice of what a booking's client has neither paid nor been asked for."""
    booking = record(request, Booking.objects.select_related("entity"), pk=pk, verb="keep")
    entity, at = booking.entity, clock.now()
    known = list(Client.objects.filter(entity=entity, active=True).select_related("entity"))
    form = _ClientChoice(data(request))
    name = booking.client_name or booking.title
    offered = [("", f"{name}, written down now"), *[(str(row.pk), row.name) for row in known]]
    form.fields["client"].choices = offered  # type: ignore[attr-defined]

    def draft(said: dict[str, Any]) -> Invoice:
        client = next((row for row in known if str(row.pk) == said["client"]), None)
        client = client or next((row for row in known if row.name == name), None)
        if client is None:
            particulars = clients.Particulars(name=name, email=booking.client_email)
            client = clients.add(entity=entity, particulars=particulars, by=request.user, at=at)
        return drafting.from_booking(booking=booking, client=client, by=request.user, at=at)

    return act(
        request,
        entity=entity,
        part="invoices",
        heading=f"An invoice for {booking}",
        lede="It asks for what is neither paid nor invoiced yet.",
        facts=[("Left to ask for", format_minor(invoices.due_of_booking(booking), entity.currency))],
        form=form,
        submit="Draft the invoice",
        do=draft,
        done="Drafted. Look at it, then issue it.",
        back=reverse("portfolio:booking", args=[pk]),
        lands_on=_to,
    )


@require_POST
@access.staff
def discard_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    row = _invoice(request, pk, "keep")
    return press(
        request,
        do=lambda: invoices.discard(invoice=row, by=request.user, at=clock.now()),
        done="The draft is thrown away; its work waits to be billed again.",
        back=_to(row),
        lands_on=lambda _: reverse("portfolio:invoices", args=[row.entity.slug]),
    )


@forms_methods
@access.staff
def issue_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue a draft."""
    row, at = _invoice(request, pk, "keep"), clock.now()
    return act(
        request,
        entity=row.entity,
        part="invoices",
        heading=f"Issue the invoice to {row.client}",
        lede="It takes the next number and goes into the books. From then on it never changes; a credit note corrects it.",
        facts=[
            ("Total", format_minor(row.total_minor, row.currency)),
            ("Client", row.client.name),
            *[("Missing on the paper", words) for words in [papers.missing(entity=row.entity)] if words],
            *[("Sales tax", words) for words in [tax.differs(invoice=row, on=pages.as_of_date())] if words],
        ],
        form=IssueForm(data(request), initial={"on": pages.as_of_date()}),
        submit="Issue the invoice",
        do=lambda said: invoices.issue(
            invoice=row, on=said["on"], due_on=said["due_on"], today=clock.today(row.entity.zone, at=at),
            by=request.user, at=at,
        ),
        done="The invoice is issued and in the books.",
        back=_to(row),
    )  # fmt: skip


@forms_methods
@access.staff
def credit_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Credit an issued invoice, whole or in part."""
    row, at = _invoice(request, pk, "keep"), clock.now()
    paid = credit.paid_minor(row)
    return act(
        request,
        entity=row.entity,
        part="invoices",
        heading=f"Credit {row}",
        lede="A credit note takes so much of the invoice back, its tax in proportion. It is numbered and never changes. What "
        "was paid of it beyond what is open stands to the client’s credit and can be paid back.",
        facts=[
            ("Open", format_minor(settling.open_minor(row), row.currency)),
            ("Paid", format_minor(paid, row.currency)),
        ],
        form=_take_off(request, row, paid),
        submit="Issue the credit note",
        do=lambda said: credit.note(
            invoice=row, amount_minor=said["amount"], reason=said["reason"], on=said["on"],
            today=clock.today(row.entity.zone, at=at), by=request.user, at=at,
        ),
        done="The credit note is issued.",
        back=_to(row),
    )  # fmt: skip


@forms_methods
@access.staff
def write_off_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up what is open of an invoice as a bad debt."""
    row, at = _invoice(request, pk, "own"), clock.now()
    return act(
        request,
        entity=row.entity,
        part="invoices",
        heading=f"Write {row} off",
        lede="What nobody will pay any more becomes a bad debt, a cost of the business. The invoice itself stays.",
        facts=[("Open", format_minor(settling.open_minor(row), row.currency)), ("Due", months.spelled(row.due_on) if row.due_on else "not issued")],
        form=_take_off(request, row),
        submit="Write it off",
        do=lambda said: credit.write_off(
            invoice=row, amount_minor=said["amount"], reason=said["reason"], on=said["on"],
            today=clock.today(row.entity.zone, at=at), by=request.user, at=at,
        ),
        done="The amount is written off.",
        back=_to(row),
    )  # fmt: skip


@require_safe
@access.staff
def invoice_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the invoice as PDF."""
    row = _invoice(request, pk, "read")
    named = papers.invoice(row)
    return file_answer(
        render_paper.pdf(named.paper, on=row.issued_on or pages.as_of_date()), named.name, "pdf"
    )


@require_safe
@access.staff
def credit_note_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with a credit note as PDF."""
    note = record(request, CreditNote.objects.select_related("entity", "invoice__client"), pk=pk)
    named = papers.credit_note(note)
    return file_answer(render_paper.pdf(named.paper, on=note.issued_on), named.name, "pdf")


@require_POST
@access.staff
def mail_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft the letter that an invoice goes with; a person sends it from the reminders page or the mailbox."""
    row, at = _invoice(request, pk, "keep"), clock.now()
    return press(
        request,
        do=lambda: letters.draft_invoice(
            invoice=row, on=clock.today(row.entity.zone, at=at), by=request.user, at=at
        ),
        done="The letter is drafted; look at it, then send it.",
        back=_to(row),
        lands_on=lambda _: reverse("portfolio:reminders", args=[row.entity.slug]),
    )


def _take_off(request: HttpRequest, row: Invoice, paid_minor: int = 0) -> TakeOffForm:
    initial = {"amount": settling.open_minor(row) or paid_minor, "on": pages.as_of_date()}
    return TakeOffForm(data(request), currency=row.currency, initial=initial)


def _lines_page(
    request: HttpRequest, client: Client, *, heading: str, initial: list[dict[str, Any]], note: str, back: str, do: Any,
    row: Invoice | None = None,
) -> HttpResponse:  # fmt: skip
    """Show the lines of a draft as a form, or write them."""
    entity, accounts = client.entity, _accounts(client, row)
    lines_of = formset_factory(LineForm, extra=BLANK_LINES, max_num=invoices.LINES_AT_MOST, absolute_max=600)
    on_booking = row is not None and row.booking_id is not None
    rate = None if on_booking else tax.on_invoices(entity=entity, on=pages.as_of_date())
    given = {"accounts": accounts, "currency": entity.currency, "tax_bp": rate.rate_bp if rate else 0}
    lines = lines_of(data(request), initial=initial, prefix="lines", form_kwargs=given)
    form = NoteForm(data(request), initial={"note": note})
    if request.method == "POST" and form.is_valid() and lines.is_valid():
        try:
            made = do(_said(lines, accounts, row), form.cleaned_data["note"])
        except REFUSALS as error:
            form.add_error(None, str(error))
        else:
            return redirect(_to(made))
    wrong = bool(form.errors or (lines.is_bound and not lines.is_valid()))
    return render(
        request,
        "portfolio/receivables/lines.html",
        frame(
            request,
            entity,
            "invoices",
            heading=heading,
            form=form,
            lines=lines,
            back=back,
            wrong=wrong,
            rate=rate,
        ),
        status=422 if wrong else 200,
    )


def _said(lines: Any, accounts: list[Account], row: Invoice | None) -> list[LineSaid]:
    """Return the lines that were begun, each with the work it billed before."""
    by_id = {str(account.pk): account for account in accounts}
    billed: dict[int, tuple[tuple[int, ...], int | None, int]] = {}
    if row is not None:
        for line in row.lines.prefetch_related("work", "milestones"):
            reached = next(iter(line.milestones.all()), None)
            entries = line.work.all()
            billed[line.pk] = (
                tuple(entry.pk for entry in entries),
                reached.pk if reached else None,
                sum(entry.minutes for entry in entries),
            )
    said = []
    for form in lines.forms:
        if not form.begun():
            continue
        typed = form.cleaned_data
        # Popped: a line's work is billed once, whatever the form says twice.
        work, milestone, minutes = billed.pop(typed.get("line") or 0, ((), None, 0))
        quantity = 1000 if typed["quantity"] is None else typed["quantity"]
        said.append(
            LineSaid(
                description=typed["description"], unit_minor=typed["unit"],
                quantity_milli=quantity, tax_bp=typed["tax"],
                account=by_id.get(typed["account"], accounts[0]), work=work, milestone=milestone,
                minutes=minutes if minutes and quantity == hours_milli(minutes) else None,
            )
        )  # fmt: skip
    return said


def _accounts(client: Client, row: Invoice | None) -> list[Account]:
    """Return the accounts a line may earn, for a sister entity its own first; a booking's invoice keeps its own."""
    if row is not None and row.booking_id is not None:
        return list({line.account for line in row.lines.select_related("account")})
    found = Account.objects.filter(entity=client.entity_id, active=True, kind=AccountKind.INCOME)
    rows = found.exclude(role=AccountRole.UNCATEGORISED).order_by("code")
    if client.sister_id is None:
        return list(rows.exclude(role=AccountRole.INTERCOMPANY))
    return sorted(rows, key=lambda row: (row.role != AccountRole.INTERCOMPANY, row.code))


def _invoice(request: HttpRequest, pk: int, verb: str) -> Invoice:
    rows = Invoice.objects.select_related("entity", "client__entity", "contract", "booking", "entry")
    return record(request, rows, pk=pk, verb=verb)


def _to(row: Invoice) -> str:
    return reverse("portfolio:invoice", args=[row.pk])


urlpatterns = [
    path("entities/<slug:slug>/receivables/invoices/", invoice_list, name="invoices"),
    path("clients/<int:pk>/invoices/add/", draft_invoice, name="draft_invoice"),
    path("contracts/<int:pk>/draft/", draft_from, name="draft_from"),
    path("bookings/<int:pk>/invoice/", draft_booking, name="draft_booking"),
    path("invoices/<int:pk>/", invoice_page, name="invoice"),
    path("invoices/<int:pk>/change/", change_invoice, name="change_invoice"),
    path("invoices/<int:pk>/discard/", discard_invoice, name="discard_invoice"),
    path("invoices/<int:pk>/issue/", issue_invoice, name="issue_invoice"),
    path("invoices/<int:pk>/credit/", credit_invoice, name="credit_invoice"),
    path("invoices/<int:pk>/write-off/", write_off_invoice, name="write_off_invoice"),
    path("invoices/<int:pk>/invoice.pdf", invoice_pdf, name="invoice_pdf"),
    path("invoices/<int:pk>/letter/", mail_invoice, name="mail_invoice"),
    path("credit-notes/<int:pk>/note.pdf", credit_note_pdf, name="credit_note_pdf"),
]
